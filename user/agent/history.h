/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The last refused packets. A ring buffer has one reader, so the agent reads it and hands the
 * events on to everybody who asks over the control socket.
 *
 * A flood must not erase what it is not about: each reason keeps its last events, however many of
 * other reasons came since, and each source what it was refused for (agent/evidence.h).
 */
#ifndef SIPWARD_AGENT_HISTORY_H
#define SIPWARD_AGENT_HISTORY_H

#include "agent/evidence.h"
#include "agent/ring.h"
#include "kernel/state_maps.h"

#define HISTORY_SIZE  4096 /* events kept for `sipward events` without -f, */
#define HISTORY_SHARE 64   /* and of each reason */

/* One for each reason, and for what the agent repaired. */
#define HISTORY_KINDS (SW_REASON_COUNT + 1)

/* The last events of one kind. */
struct history_share {
	uint64_t count; /* ever seen */
	uint64_t numbers[HISTORY_SHARE];
	struct sw_event events[HISTORY_SHARE];
};

/* An event, with what it carries of its message. */
typedef void (*history_seen)(void *context, const struct sw_event *event, const void *payload,
			     size_t size);

struct history {
	struct ring ring;
	const struct state *state;
	struct sw_event *events;                     /* HISTORY_SIZE, oldest overwritten */
	uint64_t count;                              /* ever seen */
	struct history_share *shares[HISTORY_KINDS]; /* NULL: none of that kind was seen */
	struct evidence *evidence;
	uint64_t began;    /* when it began to read */
	uint64_t left_out; /* refused packets over the event budget, which nobody can tell apart */
	uint64_t left_out_at; /* when that was last told */
	history_seen seen;
	void *context;
};

/* Starts to read the ring of events; `seen` is called for each one. */
int history_open(struct history *history, const struct state *state, history_seen seen,
		 void *context, struct error *e);
void history_close(struct history *history);
int history_fd(const struct history *history);
/* Reads what is in the ring, for a bounded time (agent/ring.h); true when it is empty. */
bool history_read(struct history *history);
/* Adds one that is not from the ring. */
void history_add(struct history *history, const struct sw_event *event);
/* Waits for the next events: 0, or -1 when that was interrupted. */
int history_wait(struct history *history);

/* Events have numbers, from 0 on; the next one that comes has history->count. Returns the first of
 * those from *number on that is kept, and sets *number to its number; NULL when there is none. */
const struct sw_event *history_next(const struct history *history, uint64_t *number);

#endif
