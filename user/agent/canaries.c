/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/canaries.h"

#include <bpf/bpf.h>
#include <sys/random.h>

static void plant(struct canaries *canaries, const struct state *state, uint64_t now)
{
	struct canary *canary = &canaries->all[canaries->planted++ % CANARIES];
	const struct sw_proof proof = {.expires = now + SW_RINGS_FOR};

	canary->at = now;
	if (getrandom(&canary->token, sizeof(canary->token), 0) != sizeof(canary->token) ||
	    bpf_map_update_elem(state->fds[STATE_BRANCHES], &canary->token, &proof, BPF_ANY) < 0)
		canary->token = 0;
}

/* A look from user space leaves an entry as old as it is. */
static bool sings(const struct canary *canary, const struct state *state)
{
	struct sw_proof proof;

	return canary->token &&
	       bpf_map_lookup_elem(state->fds[STATE_BRANCHES], &canary->token, &proof) == 0;
}

void canaries_step(struct canaries *canaries, const struct state *state, uint64_t now)
{
	if (canaries->planted - canaries->present > CANARIES)
		canaries->present = canaries->planted - CANARIES;
	for (; canaries->present < canaries->planted; canaries->present++) {
		const struct canary *oldest = &canaries->all[canaries->present % CANARIES];

		if (oldest->at + SW_RINGS_FOR <= now)
			continue;
		if (sings(oldest, state))
			break;
		canaries->overflowed_until = oldest->at + SW_RINGS_FOR;
	}
	plant(canaries, state, now);
}
