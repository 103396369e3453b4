/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/who_answer.h"

#include <inttypes.h>
#include <string.h>

#include "export/json.h"
#include "export/who_drops.h"
#include "policy/names.h"

/* The agent was started while sipward filtered, and has not seen the last minutes. */
static bool forgot(const struct verdict *v)
{
	return text_of(v->facts, "memory_seconds") &&
	       count_of(v->facts, "memory_seconds") < RECENT && !last_drop(v, true);
}

const char *verdict_word(const struct verdict *v)
{
	size_t count = json_object_array_length(v->causes), waits = 0, parts = 0;

	if (text_of(v->facts, "trouble"))
		return "unknown";
	if (!text_of(v->facts, "interface"))
		return "in";
	if (!count)
		return v->unsure || forgot(v) ? "unknown" : "in";
	if (strcmp(text_of(v->zone, "mode"), "monitor") == 0)
		return "monitored";
	for (size_t i = 0; i < count; i++) {
		struct json_object *o = json_object_array_get_idx(v->causes, i);

		waits += json_object_get_boolean(json_object_object_get(o, "waits"));
		parts += text_of(o, "part") != NULL;
	}
	return waits + parts < count ? "out" : waits ? "waits" : "partly";
}

static char *causes_text(const struct verdict *v)
{
	auto_free char *text = xstrdup("");

	for (size_t i = 0; i < json_object_array_length(v->causes); i++) {
		auto_free char *before = text;

		text = xasprintf("%s%s%s", before, i ? "; " : "",
				 text_of(json_object_array_get_idx(v->causes, i), "text"));
	}
	return take(text);
}

/* What the agent could not see, behind a "no". */
static char *doubts(const struct verdict *v)
{
	struct json_object *other = last_drop(v, false);
	uint64_t left_out = count_of(v->facts, "left_out");
	auto_free char *lost =
		left_out ?
			xasprintf(" This holds as far as drops were recorded; %" PRIu64 " %s not.",
				  left_out, left_out == 1 ? "was" : "were") :
			xstrdup("");

	if (!other)
		return take(lost);
	return xasprintf(" A packet of %s was dropped %s ago (%s).%s",
			 is_of_address(v, other) ? "another port" : "another address of its /64",
			 spoken(count_of(other, "seconds_ago")).text, text_of(other, "reason"),
			 lost);
}

static char *unknown_text(const struct verdict *v)
{
	struct spoken policy = spoken(count_of(v->facts, "policy_seconds"));
	struct spoken memory = spoken(count_of(v->facts, "memory_seconds"));
	auto_free char *begins =
		text_of(v->facts, "memory_seconds") ?
			xasprintf("the agent's memory begins %s ago, ", memory.text) :
			xstrdup("");

	if (text_of(v->facts, "trouble"))
		return xasprintf("It cannot be told: %s", text_of(v->facts, "trouble"));
	if (v->unsure)
		return xasprintf("It cannot be told: the last packet of %s was dropped %s ago "
				 "(%s: %s); %sthe policy changed %s ago. Ask again when it has "
				 "sent another packet.",
				 v->address, spoken(count_of(v->unsure, "seconds_ago")).text,
				 text_of(v->unsure, "reason"), text_of(v->unsure, "text"), begins,
				 policy.text);
	return xasprintf("It cannot be told: nothing in sipward's tables keeps %s out, but %sthe "
			 "policy changed %s ago. Ask again when it has sent another packet.",
			 v->address, begins, policy.text);
}

static char *partly_text(const struct verdict *v, const char *causes)
{
	auto_free char *text = xstrdup("");

	for (size_t i = 0; i < json_object_array_length(v->causes); i++) {
		const char *part = text_of(json_object_array_get_idx(v->causes, i), "part");
		auto_free char *before = text;

		text = strstr(before, part) ?
			       xstrdup(before) :
			       xasprintf("%s%s%s", before, *before ? "; and " : "", part);
	}
	return xasprintf("In part: of %s, sipward drops %s: %s.", v->address, text, causes);
}

/* Nothing keeps it out now. */
static char *no_text(const struct verdict *v)
{
	struct json_object *last = last_drop(v, true);
	auto_free char *but = doubts(v);

	if (!text_of(v->facts, "interface"))
		return xasprintf("No, sipward does not keep %s out: it is attached to no "
				 "interface, and drops nothing.",
				 v->address);
	if (last)
		return xasprintf("No, nothing in sipward keeps %s out now. It did: the last packet "
				 "was dropped %s ago (%s: %s).%s",
				 v->address, spoken(count_of(last, "seconds_ago")).text,
				 text_of(last, "reason"), text_of(last, "text"), but);
	if (!json_object_get_boolean(json_object_object_get(v->facts, "agent")))
		return xasprintf("No, nothing in sipward's tables keeps %s out; why packets were "
				 "dropped before cannot be seen without an agent.",
				 v->address);
	return xasprintf("No, nothing in sipward keeps %s out, and it remembers no packet of it "
			 "that it dropped.%s",
			 v->address, but);
}

char *answer_text(const struct verdict *v, const char *word)
{
	auto_free char *causes = causes_text(v);

	if (strcmp(word, "unknown") == 0)
		return unknown_text(v);
	if (strcmp(word, "out") == 0)
		return xasprintf("Yes, sipward drops packets of %s: %s.", v->address, causes);
	if (strcmp(word, "partly") == 0)
		return partly_text(v, causes);
	if (strcmp(word, "waits") == 0)
		return xasprintf("For now, sipward drops the first request of %s and admits it "
				 "when it is sent again: %s.",
				 v->address, causes);
	if (strcmp(word, "monitored") == 0)
		return xasprintf("No, sipward does not keep %s out: its zone is in monitor mode. "
				 "In enforce mode it would drop its packets: %s.",
				 v->address, causes);
	return no_text(v);
}
