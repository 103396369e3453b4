/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One audit: the catalogue of threats against one policy, with the vectors run. Evidence for a
 * tender or an auditor, in Markdown, HTML or JSON.
 */
#ifndef SIPWARD_AUDIT_AUDIT_H
#define SIPWARD_AUDIT_AUDIT_H

#include "audit/attack.h"
#include "audit/catalogue.h"

enum answer { ANSWER_ON, ANSWER_PARTLY, ANSWER_SHADOW, ANSWER_OFF, ANSWER_COUNT };

struct audit {
	const struct policy *policy;
	char *tuned;                      /* what overrides the file, NULL: nothing */
	struct control_finding *findings; /* one a control */
	struct vectors vectors;
	struct vector_result *results; /* one a vector */
	char date[32];                 /* UTC */
	char kernel[160];
	char tag[17]; /* of the program that ran the vectors */
};

/* Fills *audit: runs the built-in vectors and those in `directory` (NULL: none). 0, or -1 and *e.
 * Owned by the caller: audit_free; *loaded must outlive it. */
int audit_make(struct audit *audit, const struct loaded_policy *loaded, const char *directory,
	       struct error *e);
void audit_free(struct audit *audit);
#define auto_audit cleanup(audit_free)

/* The policy's answer to a threat: by its vectors, or, without any, by its controls. */
enum answer audit_answer(const struct audit *audit, const struct threat *threat);
const char *answer_name(enum answer answer);

/* The next vector of a threat from *i on: true, and its number is in *i. */
bool audit_next_vector(const struct audit *audit, const char *threat, size_t *i);

/* Legal packets that were dropped, of all vectors, but for methods and transports that the policy
 * does not let their zone use. */
uint32_t audit_legal_lost(const struct audit *audit);

/* "dropped 180 of 200 (rate_source_method 180)"; owned by the caller. */
char *count_text(const struct packet_count *count);

#endif
