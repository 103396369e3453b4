/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The state of the observer (struct sw_health) in words.
 */
#ifndef SIPWARD_EXPORT_OBSERVER_TEXT_H
#define SIPWARD_EXPORT_OBSERVER_TEXT_H

#include <stdint.h>

#include <sipward/health.h>
#include <sipward/state.h>

/* "good", "not_running", "warming_up", "overflowed", "unanswered": for JSON and metrics. */
const char *observer_word(enum sw_observer_state state);

/* One sentence about the effect on the rules, and the action to take. Owned by the caller. */
char *observer_text(const struct sw_health *health, uint64_t now);

/* Likewise for `to_tag: proven`, which waits until every dialog that is under way is known. */
char *dialogs_text(const struct sw_health *health, const struct sw_observed *observed,
		   uint64_t now);

#endif
