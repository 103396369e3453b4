/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Keeps the tables of the data path in order: removes expired entries and counts the others. A
 * table may have millions of entries, so a thread of its own goes through them.
 */
#ifndef SIPWARD_AGENT_UPKEEP_H
#define SIPWARD_AGENT_UPKEEP_H

#include "agent/worker.h"
#include "kernel/bans.h"
#include "kernel/calls.h"
#include "policy/model.h"

/* The task of one run. It belongs to the worker while it runs. */
struct upkeep_job {
	struct state state; /* descriptors of its own */
	bool bans, known, behaviour, calls;
	struct calls_over calls_over;
	uint64_t known_for;
	uint64_t took; /* out: processor time */
	bool counted;  /* likewise */
	struct ban_counts counts;
	struct error error;
};

struct upkeep {
	const struct state *state;
	void (*say)(const char *text);
	struct worker worker;
	struct upkeep_job job;
	bool counted; /* `counts` are those of the last sweep */
	struct ban_counts counts;
	/* When the next sweep is due, monotonic ns; 0: at once. */
	uint64_t bans_at, known_at, calls_at;
	bool paused;
	char trouble[1024]; /* what was said last, or empty */
};

#define UPKEEP_CLOSED .worker = {.finished = -1, .yields = true}, .job = {.state = STATE_CLOSED}

int upkeep_open(struct upkeep *upkeep, struct loop *loop, struct error *e);
void upkeep_close(struct upkeep *upkeep);

/* Once a second: starts what is due, as the policy needs it. */
void upkeep_tick(struct upkeep *upkeep, const struct policy *policy);

/* Ends a sweep that is under way, and lets none begin until upkeep_resume(): tables are copied, and
 * an entry that a sweep takes out of one must not come back with its copy. */
void upkeep_pause(struct upkeep *upkeep);
void upkeep_resume(struct upkeep *upkeep);

#endif
