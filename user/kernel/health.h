/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What struct sw_health says, in words.
 */
#ifndef SIPWARD_KERNEL_HEALTH_H
#define SIPWARD_KERNEL_HEALTH_H

#include <sipward/health.h>

#include "kernel/state_maps.h"

/* Reads what the data path is told, lets change() alter its own fields, and writes it: one thread
 * after the other. */
void health_change(const struct state *state,
		   void (*change)(struct sw_health *health, void *context), void *context);

/* "good", "stale", "young", "forgot", "unanswered": for JSON and metrics. */
const char *observer_word(enum sw_observer_state state);

/* One sentence: what it means for the rules, and what to do. Owned by the caller. */
char *observer_text(const struct sw_health *health, uint64_t now);

/* Likewise for `to_tag: proven`, which waits until every dialog that is under way is known. */
char *dialogs_text(const struct sw_health *health, const struct sw_observed *observed,
		   uint64_t now);

#endif
