/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shares of the table of known endpoints (<sipward/quota.h>), as the agent keeps them: counted
 * anew with each sweep, and room is made when more than half of the table is taken.
 */
#ifndef SIPWARD_KERNEL_QUOTAS_H
#define SIPWARD_KERNEL_QUOTAS_H

#include <sipward/quota.h>

#include "kernel/state_maps.h"

/* An endpoint as the sweep finds it. */
struct known_row {
	struct sw_source endpoint;
	uint8_t served; /* the server took its credentials or its call */
	uint8_t old;    /* it had time enough for that */
	uint8_t gone;
	uint8_t pad;
};

/* How many endpoints there are, by what entered and left. */
uint64_t known_filled(const struct state *state);

/* How many endpoints entered until now. It is read before a sweep begins, so that the sweep knows
 * how many came meanwhile. */
uint64_t known_entered(const struct state *state);

/* Takes out endpoints that the server never served, until half of the table is free or only few of
 * each address, network and block are left: always of those that have most. Sorts the rows, and
 * leaves only those that stay. Returns how many went. */
size_t quotas_make_room(const struct state *state, struct known_row *rows, size_t *count);

/* Writes the counts of the rows, which are sorted, and forgets all others; `entered` as above. */
int quotas_write(const struct state *state, const struct known_row *rows, size_t count,
		 uint64_t entered, struct error *e);

/* Counts an endpoint that comes back from the disk; false when it has no room. */
bool quotas_take(const struct state *state, const struct sw_source *endpoint, bool served);

#endif
