/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One way to visit every entry of a hash map while traffic changes it: bucket by bucket, so
 * an entry that goes meanwhile cannot send the walk back to its start.
 */
#ifndef SIPWARD_KERNEL_WALK_H
#define SIPWARD_KERNEL_WALK_H

#include "base/base.h"

/* Called for each entry; false ends the walk. Keys may be deleted and values written. */
typedef bool (*walk_entry)(const void *key, void *value, void *context);

/* Visits every entry of the map `fd` (HASH or LRU_HASH). */
int map_walk(int fd, walk_entry visit, void *context, struct error *e);

#endif
