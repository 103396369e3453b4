/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Why packets of each source were refused, kept through floods: a row for each reason, with count
 * and times. The table is bounded. A source that was refused once makes room for the next one. One
 * that was refused again, best at another time as phones are that try again, is pushed out only by
 * sources that were refused as often. So a flood from random sources leaves it.
 */
#ifndef SIPWARD_AGENT_EVIDENCE_H
#define SIPWARD_AGENT_EVIDENCE_H

#include "kernel/state_maps.h"

#define EVIDENCE_SETS 512 /* a keyed hash chooses one */
#define EVIDENCE_WAYS 16  /* sources of each */
#define EVIDENCE_GHOSTS \
	64              /* and of those that were pushed out: they are told when they come again */
#define EVIDENCE_ROWS 8 /* of one source; the oldest makes room */

/* Refusals of one kind. */
struct evidence_row {
	struct sw_event last;
	uint64_t first; /* when */
	uint64_t count;
};

struct evidence;

struct evidence *evidence_new(void);
void evidence_free(struct evidence *evidence);

/* A ban or a packet; what the agent repaired is of no source. */
void evidence_add(struct evidence *evidence, const struct sw_event *event);

/* Copies the rows of a source, as bans name it (ban_source()); returns how many there are. */
size_t evidence_of(const struct evidence *evidence, const struct sw_source *source,
		   struct evidence_row rows[EVIDENCE_ROWS]);

/* The source that an event is about: what the server sends is about the one that it is for. */
void evidence_source(const struct sw_event *event, struct sw_source *source);

#endif
