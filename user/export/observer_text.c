/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/observer_text.h"

#include "base/base.h"

static unsigned long long seconds(uint64_t from, uint64_t to)
{
	return to > from ? (to - from + SW_NS_PER_SEC - 1) / SW_NS_PER_SEC : 0;
}

const char *observer_word(enum sw_observer_state state)
{
	static const char *const words[SW_OBSERVER_STATE_COUNT] = {
		[SW_OBSERVER_GOOD] = "good",
		[SW_OBSERVER_STALE] = "stale",
		[SW_OBSERVER_YOUNG] = "young",
		[SW_OBSERVER_FORGOT] = "forgot",
		[SW_OBSERVER_UNANSWERED] = "unanswered",
	};

	return words[state];
}

char *observer_text(const struct sw_health *health, uint64_t now)
{
	switch (sw_observer_state(health, now)) {
	case SW_OBSERVER_STALE:
		return xasprintf("observer: nobody keeps it in place (no agent, or it cannot be "
				 "attached); rules that need it say nothing");
	case SW_OBSERVER_YOUNG:
		return xasprintf("observer: in place since %llu s; rules that need it say nothing "
				 "for another %llu s (Timer C)",
				 seconds(health->observed_from, now),
				 seconds(now, health->observed_from + SW_OBSERVED_FOR));
	case SW_OBSERVER_FORGOT:
		return xasprintf("observer: the table of branches is too small for what the server "
				 "sends; rules that need it say nothing for %llu s; raise tables: "
				 "{branches: ...}", seconds(now, health->forgot_until));
	case SW_OBSERVER_UNANSWERED:
		return xasprintf("observer: for %llu s requests came in and no answer left by an "
				 "observed interface; rules that need it say nothing; does the "
				 "server run, and do its answers leave by this host (observe: in "
				 "the policy)?",
				 seconds(health->unanswered_from, now));
	default:
		return xasprintf("observer: in place since %llu s",
				 seconds(health->observed_from, now));
	}
}

char *dialogs_text(const struct sw_health *health, const struct sw_observed *observed, uint64_t now)
{
	uint64_t from = sw_dialogs_known_from(health, observed);

	if (sw_observer_state(health, now) == SW_OBSERVER_STALE)
		return xasprintf("to_tag: says nothing without the observer");
	if ((int64_t)(now - from) >= 0)
		return xasprintf("to_tag: every dialog that is under way is known");
	if (from == observed->dialogs_full + SW_DIALOG_LIFE)
		return xasprintf("to_tag: there were more dialogs than the table is good for; it "
				 "says nothing for another %llu s; raise tables: {dialogs: ...}",
				 seconds(now, from));
	return xasprintf("to_tag: calls may be older than the observer; it says nothing for "
			 "another %llu s", seconds(now, from));
}
