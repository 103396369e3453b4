/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Was the table of branches large enough? It forgets the oldest without a word. So entries that
 * nobody looks for are put into it, one a second: as long as they are all there, so is what the
 * server sent since the oldest of them.
 */
#ifndef SIPWARD_AGENT_CANARIES_H
#define SIPWARD_AGENT_CANARIES_H

#include <sipward/health.h>

#include "kernel/state_maps.h"

#define CANARIES (SW_RINGS_FOR / SW_NS_PER_SEC)

struct canary {
	uint64_t token; /* 0: could not be put there */
	uint64_t at;
};

struct canaries {
	struct canary all[CANARIES];
	uint64_t planted;          /* ever */
	uint64_t present;          /* the oldest that may still be there */
	uint64_t overflowed_until; /* out: until when something that went may still be waited for */
};

/* Once a second: looks for the oldest and puts one more there. `now` in the clock of the maps. */
void canaries_step(struct canaries *canaries, const struct state *state, uint64_t now);

#endif
