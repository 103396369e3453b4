/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Two maps may have an entry of one key while a table changes its size. These functions merge the
 * two.
 */
#ifndef SIPWARD_KERNEL_MERGE_H
#define SIPWARD_KERNEL_MERGE_H

#include <sipward/guard.h>

#include "kernel/state_maps.h"

/* False for an entry of this map whose time is over. */
bool entry_lives(enum state_map map, const void *value, uint64_t now);

/* False for maps whose entries are found by the size of their table, or made anew at once. */
bool entries_move(enum state_map map);

/* Octets of the largest value of a map whose entries move. */
#define ENTRY_MAX sizeof(struct sw_dialer)

/* Writes into *value (of the map from now on) what *before (of the old one) knows better. True
 * when that changed the `size` octets at `value`, which are at most ENTRY_MAX. */
bool entry_merge(enum state_map map, const void *before, void *value, size_t size);

/* True when they are one ban: the same reason for the same time. */
bool same_ban(const struct sw_ban *a, const struct sw_ban *b);

#endif
