/* SPDX-License-Identifier: GPL-2.0-only
 *
 * State maps for another thread: descriptors of its own, so that a table that is made anew under
 * the agent's loop does not change under its feet.
 */
#ifndef SIPWARD_KERNEL_SHARE_H
#define SIPWARD_KERNEL_SHARE_H

#include "kernel/state_maps.h"

/* Fills *to with the maps that are named, and no others. Owned by the caller: state_close. */
void state_share(struct state *to, const struct state *from, const enum state_map *maps,
		 size_t count);

#endif
