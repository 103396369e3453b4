/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How many entries each map of the state gets from the `tables` of a policy.
 */
#ifndef SIPWARD_KERNEL_TABLE_SIZES_H
#define SIPWARD_KERNEL_TABLE_SIZES_H

#include "kernel/state_maps.h"

/* The entries that the policy wants of a map; 0 when policies do not size it. */
uint32_t state_table_size(enum state_map map, const struct tables *tables);

/* Lines of a table of so many entries that evicts nothing (SW_WAYS). */
static inline uint32_t way_lines(uint32_t entries)
{
	return (entries + SW_WAYS - 1) / SW_WAYS;
}

#endif
