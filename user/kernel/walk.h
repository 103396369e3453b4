/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One way to visit every entry of a hash map while traffic changes it: bucket by bucket, so
 * an entry that goes meanwhile cannot send the walk back to its start.
 */
#ifndef SIPWARD_KERNEL_WALK_H
#define SIPWARD_KERNEL_WALK_H

#include <stdatomic.h>

#include "base/base.h"

/* Called for each entry; false ends the walk. Keys may be deleted and values written. */
typedef bool (*walk_entry)(const void *key, void *value, void *context);

/* Visits every entry of the map `fd` (HASH or LRU_HASH). */
int map_walk(int fd, walk_entry visit, void *context, struct error *e);

/* From now on the walks of this thread fail as soon as *hurry is true; NULL: never. */
void walk_hurry(const atomic_bool *hurry);
/* That flag, for another thread that does a part of this one's work. */
const atomic_bool *walk_hurry_flag(void);
/* True when it is: long work ends then, too. */
bool walk_hurried(void);

/* A walk in parts, of a table that may be large, by those that must not take long. */
struct walk_part {
	uint32_t cursor; /* the kernel's: a bucket */
	bool begun;      /* false: the next part is the first one */
};

/* Visits entries for about `nanoseconds`, from where the last part ended. 1 when it came to the
 * end, after which the next part begins anew; 0 when there is more, or visit() ended it; -1 and
 * *e. */
int map_walk_part(int fd, struct walk_part *part, uint64_t nanoseconds, walk_entry visit,
		  void *context, struct error *e);

#endif
