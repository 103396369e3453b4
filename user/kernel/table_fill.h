/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How full a table is, counted for a bounded time.
 */
#ifndef SIPWARD_KERNEL_TABLE_FILL_H
#define SIPWARD_KERNEL_TABLE_FILL_H

#include "kernel/state_maps.h"

struct table_fill {
	uint64_t filled;
	uint64_t capacity;
	bool at_least; /* the time was over: there may be more */
};

/* Counts the entries of a hash for as long as `nanoseconds`; false when it cannot be read. */
bool table_fill(const struct state *state, enum state_map map, uint64_t nanoseconds,
		struct table_fill *fill);

#endif
