/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Calls at a time, as the observer counts them: how many there are, and the end of those whose end
 * nobody saw.
 */
#ifndef SIPWARD_KERNEL_CALLS_H
#define SIPWARD_KERNEL_CALLS_H

#include "kernel/state_maps.h"

/* When calls of each zone are over: those of which the server said nothing since then, in
 * CLOCK_MONOTONIC nanoseconds. By zone number; UINT64_MAX: all of the zone. */
struct calls_over {
	uint64_t before[SW_ZONES_MAX];
};

/* Takes out what is over, and counts of sources without a call for SW_CALLS_IDLE. One caller at a
 * time: it alone writes how many calls ended so. -1 and *e when the tables cannot be read. */
int calls_sweep(const struct state *state, const struct calls_over *over, uint64_t now,
		struct error *e);

#define SW_CALLS_IDLE (3600 * SW_NS_PER_SEC)

/* How many calls the source has now, or the zone (a key of length 0). */
uint32_t calls_live(const struct state *state, const struct sw_source *key);

#endif
