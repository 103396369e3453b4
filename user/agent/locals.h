/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Keeps the table of this host's addresses, by which the data path tells its own traffic from
 * transit. The kernel tells of one address after the other, and a host may get thousands at once:
 * they are asked for once, when it has told of no more for a moment.
 */
#ifndef SIPWARD_AGENT_LOCALS_H
#define SIPWARD_AGENT_LOCALS_H

#include "agent/loop.h"
#include "kernel/state_maps.h"

struct locals {
	const struct state *state;
	void (*say)(const char *text);
	int timer; /* of what was told and not asked for yet */
	bool told;
	uint64_t first_told; /* monotonic ns */
	uint64_t syncs;      /* ever */
	char trouble[1024];  /* what was said last, or empty */
};

int locals_open(struct locals *locals, struct loop *loop, struct error *e);
void locals_close(struct locals *locals);

/* An address came or went: the table is set right soon. */
void locals_changed(struct locals *locals);

/* Makes the table hold exactly the addresses there are now. */
int locals_sync(const struct state *state, struct error *e);

#endif
