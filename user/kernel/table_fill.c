/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/table_fill.h"

#include "kernel/walk.h"

static bool count_entry(const void *key, void *value, void *context)
{
	(void)key, (void)value;
	(*(uint64_t *)context)++;
	return true;
}

bool table_fill(const struct state *state, enum state_map map, uint64_t nanoseconds,
		struct table_fill *fill)
{
	struct walk_part part = {};
	int ended;

	*fill = (struct table_fill){.capacity = state_entries(state, map)};
	ended = map_walk_part(state->fds[map], &part, nanoseconds, count_entry, &fill->filled,
			      NULL);
	fill->at_least = !ended;
	return ended >= 0;
}
