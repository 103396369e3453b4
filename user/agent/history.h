/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The last refused packets. A ring buffer has one reader, so the agent reads it and hands the
 * events on to everybody who asks over the control socket.
 */
#ifndef SIPWARD_AGENT_HISTORY_H
#define SIPWARD_AGENT_HISTORY_H

#include "agent/ring.h"
#include "kernel/state_maps.h"

#define HISTORY_SIZE 4096 /* events kept for `sipward events` without -f */

struct history {
	struct ring ring;
	const struct state *state;
	struct sw_event *events; /* HISTORY_SIZE, oldest overwritten */
	uint64_t count;          /* ever seen */
	void (*seen)(void *context, const struct sw_event *event);
	void *context;
};

/* Starts to read the ring of events; `seen` is called for each one. */
int history_open(struct history *history, const struct state *state,
		 void (*seen)(void *context, const struct sw_event *event), void *context,
		 struct error *e);
void history_close(struct history *history);
int history_fd(const struct history *history);
/* Reads what is in the ring, for a bounded time (agent/ring.h); true when it is empty. */
bool history_read(struct history *history);
/* Adds one that is not from the ring. */
void history_add(struct history *history, const struct sw_event *event);
/* Waits for the next events: 0, or -1 when that was interrupted. */
int history_wait(struct history *history);

/* Events have numbers, from 0 on: that of the oldest one that is kept; the next one that comes has
 * history->count. */
uint64_t history_oldest(const struct history *history);
const struct sw_event *history_get(const struct history *history, uint64_t number);

#endif
