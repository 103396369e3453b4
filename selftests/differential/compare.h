/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where another parser read something that sipward missed, or read differently.
 */
#ifndef SIPWARD_DIFFERENTIAL_COMPARE_H
#define SIPWARD_DIFFERENTIAL_COMPARE_H

#include "reading.h"

enum difference_kind {
	MISSED,    /* the other one has a value, sipward has none */
	DIFFERENT, /* both have one, but not the same */
	INVENTED,  /* sipward has one where the other one has none */
	UNREAD,    /* it passes as no SIP, and the other one reads it */
	DIFFERENCE_KINDS
};

extern const char *const difference_names[DIFFERENCE_KINDS];

struct difference {
	enum difference_kind kind;
	enum field field;
	struct value theirs; /* empty for INVENTED */
	struct value ours;   /* the nearest; empty for MISSED and UNREAD */
	const struct parser *parser;
	const struct message_text *message;
};

/* Calls `found` for each difference of a message that sipward passes. */
typedef void difference_found(const struct difference *d, void *arg);
void compare(const struct reading *ours, const struct reading *theirs, struct difference *d,
	     difference_found *found, void *arg);

/* --- what is tolerated: tolerated.c --- */

struct tolerance {
	const char *name;
	const char *reason;
	bool (*applies)(const struct difference *d);
};

extern const struct tolerance tolerances[];
extern const size_t tolerance_count;

/* The one that applies, or NULL. */
const struct tolerance *tolerance_of(const struct difference *d);

#endif
