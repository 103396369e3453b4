/* SPDX-License-Identifier: GPL-2.0-only
 *
 * May a rule rely on what the observers noted? Others can take an observer off without a sound,
 * and a rule that then called everything unknown would end calls: it says nothing instead.
 */
#ifndef SIPWARD_HEALTH_H
#define SIPWARD_HEALTH_H

#include <sipward/state.h>

/* The agent looks every second. */
#define SW_HEARTBEAT_LIFE (5 * SW_NS_PER_SEC)

/* After this time every transaction that was under way when an observer came is over, or has been
 * repeated: Timer C (RFC 3261 16.6). */
#define SW_OBSERVED_FOR (180 * SW_NS_PER_SEC)

/* How long a response with the branch of a request that the server sent is waited for. Timer F (RFC
 * 3261 17.1.2.2) ends a request that is no INVITE after 32 s. Timer C ends an INVITE without a
 * provisional answer after three minutes; an INVITE that rings may ring on. */
#define SW_BRANCH_LIFE (200 * SW_NS_PER_SEC)
#define SW_RINGS_FOR   (600 * SW_NS_PER_SEC)

/* How long a dialog that says nothing is known. Longer than session timers let a call go
 * unrefreshed (RFC 4028), shorter than state costs. */
#define SW_DIALOG_LIFE (4 * 3600 * SW_NS_PER_SEC)

enum sw_observer_state {
	SW_OBSERVER_GOOD,
	SW_OBSERVER_NOT_RUNNING, /* no agent says that the observers are attached */
	SW_OBSERVER_WARMING_UP,  /* they have not been there for SW_OBSERVED_FOR */
	SW_OBSERVER_OVERFLOWED,  /* the table of branches is too small for what the server sends */
	SW_OBSERVER_UNANSWERED,  /* answers seem to leave where nobody looks */
	SW_OBSERVER_STATE_COUNT
};

static inline __attribute__((always_inline)) enum sw_observer_state
sw_observer_state(const struct sw_health *health, __u64 now)
{
	/* As differences with a sign: another CPU's clock may be a little ahead. */
	if (!health->heartbeat || (__s64)(now - health->heartbeat) > (__s64)SW_HEARTBEAT_LIFE)
		return SW_OBSERVER_NOT_RUNNING;
	if (!health->observed_from || (__s64)(now - health->observed_from) < (__s64)SW_OBSERVED_FOR)
		return SW_OBSERVER_WARMING_UP;
	if ((__s64)(health->overflowed_until - now) > 0)
		return SW_OBSERVER_OVERFLOWED;
	return health->unanswered_from ? SW_OBSERVER_UNANSWERED : SW_OBSERVER_GOOD;
}

/* When every dialog that is under way will be known: a call may be older than the observers, and
 * the table may have overflowed and forgotten some. */
static inline __attribute__((always_inline)) __u64
sw_dialogs_known_from(const struct sw_health *health, const struct sw_observed *self)
{
	__u64 since = health->observed_from;

	if (self->dialogs_full && (__s64)(self->dialogs_full - since) > 0)
		since = self->dialogs_full;
	return since + SW_DIALOG_LIFE;
}

#endif
