/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Changes the tables of lists and zones of the programs that run, entry by entry: no new program
 * and no new generation, so limits, known endpoints and counters do not notice.
 */
#ifndef SIPWARD_KERNEL_LIST_CHANGE_H
#define SIPWARD_KERNEL_LIST_CHANGE_H

#include "kernel/live.h"
#include "kernel/state_maps.h"
#include "policy/model.h"

struct list_change {
	size_t put; /* entries that are new, or say something else now */
	size_t gone;
};

/* From the lists and the sources of one policy to those of another, which differs in nothing else.
 * What is new is written before what is gone is taken out: no source that stands in both lacks its
 * entry for a moment. On error the tables go back to what they were, as far as the kernel lets
 * them. Fails also when the thread is told to hurry (walk.h). */
int lists_exchange(const struct state *state, const struct policy *from, const struct policy *to,
		   struct list_change *change, struct error *e);

/* Likewise in the tables of one program. */
int lists_exchange_in(const struct live *live, const struct state *state, const struct policy *from,
		      const struct policy *to, struct error *e);

/* Entries that a table may have: `count` now, and more when feeds may make it longer. */
uint32_t watched_hosts(const struct policy *policy, size_t count);
uint32_t watched_prefixes(bool watched, size_t count);

#endif
