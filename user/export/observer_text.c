/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/observer_text.h"

#include "base/base.h"

static struct spoken between(uint64_t from, uint64_t to)
{
	return spoken(to > from ? (to - from + SW_NS_PER_SEC - 1) / SW_NS_PER_SEC : 0);
}

const char *observer_word(enum sw_observer_state state)
{
	static const char *const words[SW_OBSERVER_STATE_COUNT] = {
		[SW_OBSERVER_GOOD] = "good",
		[SW_OBSERVER_NOT_RUNNING] = "not_running",
		[SW_OBSERVER_WARMING_UP] = "warming_up",
		[SW_OBSERVER_OVERFLOWED] = "overflowed",
		[SW_OBSERVER_UNANSWERED] = "unanswered",
	};

	return words[state];
}

char *observer_text(const struct sw_health *health, uint64_t now)
{
	switch (sw_observer_state(health, now)) {
	case SW_OBSERVER_NOT_RUNNING:
		return xasprintf("observer: not running (no agent, or it cannot be attached); "
				 "rules that need it are inactive");
	case SW_OBSERVER_WARMING_UP:
		return xasprintf("observer: warming up, running for %s; rules that need it are "
				 "inactive for another %s (Timer C)",
				 between(health->observed_from, now).text,
				 between(now, health->observed_from + SW_OBSERVED_FOR).text);
	case SW_OBSERVER_OVERFLOWED:
		return xasprintf("observer: its table of branches overflowed; rules that need it "
				 "are inactive for %s; raise tables: {branches: ...}",
				 between(now, health->overflowed_until).text);
	case SW_OBSERVER_UNANSWERED:
		return xasprintf(
			"observer: for %s requests came in and no answer left through "
			"an observed interface; rules that need it are inactive; check that "
			"the server runs and that its answers leave by an interface of "
			"'observe' in the policy",
			between(health->unanswered_from, now).text);
	default:
		return xasprintf("observer: running for %s",
				 between(health->observed_from, now).text);
	}
}

char *dialogs_text(const struct sw_health *health, const struct sw_observed *observed, uint64_t now)
{
	uint64_t from = sw_dialogs_known_from(health, observed);

	if (sw_observer_state(health, now) == SW_OBSERVER_NOT_RUNNING)
		return xasprintf("to_tag: inactive while the observer is not running");
	if ((int64_t)(now - from) >= 0)
		return xasprintf("to_tag: active; every open dialog is known");
	if (from == observed->dialogs_full + SW_DIALOG_LIFE)
		return xasprintf("to_tag: inactive for another %s: the table of dialogs "
				 "overflowed; raise tables: {dialogs: ...}",
				 between(now, from).text);
	return xasprintf("to_tag: inactive for another %s: calls may be older than the "
			 "observer",
			 between(now, from).text);
}
