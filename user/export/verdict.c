/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/verdict.h"

#include <string.h>

#include "export/json.h"

static const struct {
	const char *word; /* in JSON */
	const char *said;
	enum exit_code code;
} verdicts[] = {
	[VERDICT_PROTECTED] = {"protected", "PROTECTED", EXIT_OK},
	[VERDICT_MONITORING] = {"monitoring", "MONITORING", EXIT_OK},
	[VERDICT_DEGRADED] = {"degraded", "DEGRADED", EXIT_FAILED},
	[VERDICT_NOT_PROTECTED] = {"not_protected", "NOT PROTECTED", EXIT_NOT_RUNNING},
};

static void because(struct json_object *why, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void because(struct json_object *why, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	json_object_array_add(why, json_string(text));
}

static struct json_object *item(struct json_object *o, const char *key, size_t i)
{
	return json_object_array_get_idx(json_object_object_get(o, key), i);
}

static size_t items(struct json_object *o, const char *key)
{
	struct json_object *all = json_object_object_get(o, key);

	return all ? json_object_array_length(all) : 0;
}

/* A program of sipward filters there, perhaps one of another version. */
static bool is_attached(struct json_object *iface)
{
	const char *attach = text_of(iface, "attach");

	return attach && strcmp(attach, "none") != 0;
}

static size_t count_attached(struct json_object *o, bool *enforces)
{
	size_t count = 0;

	*enforces = false;
	for (size_t i = 0; i < items(o, "interfaces"); i++) {
		struct json_object *iface = item(o, "interfaces", i);
		const char *mode = text_of(iface, "mode");

		if (!is_attached(iface))
			continue;
		count++;
		*enforces |= mode && strcmp(mode, "monitor") != 0;
	}
	return count;
}

static bool is_missing(struct json_object *agent, const char *name)
{
	for (size_t i = 0; i < items(agent, "missing"); i++)
		if (strcmp(json_object_get_string(item(agent, "missing", i)), name) == 0)
			return true;
	return false;
}

static void judge_interfaces(struct json_object *o, struct json_object *why)
{
	struct json_object *agent = json_object_object_get(o, "agent");

	for (size_t i = 0; i < items(agent, "missing"); i++)
		because(why, "interface %s is not attached",
			json_object_get_string(item(agent, "missing", i)));
	for (size_t i = 0; i < items(o, "interfaces"); i++) {
		struct json_object *iface = item(o, "interfaces", i);
		const char *name = text_of(iface, "name");

		if (text_of(iface, "trouble"))
			because(why, "%s", text_of(iface, "trouble"));
		else if (!is_attached(iface) && !is_missing(agent, name))
			because(why, "interface %s is not attached", name);
		else if (!json_object_get_boolean(json_object_object_get(iface, "pinned")))
			because(why, "interface %s has a program without a pin", name);
	}
}

static void judge_agent(struct json_object *o, struct json_object *why)
{
	struct json_object *agent = json_object_object_get(o, "agent");
	struct json_object *saved = json_object_object_get(agent, "saved");

	if (text_of(o, "agent_trouble"))
		because(why, "the agent does not answer");
	else if (!agent)
		because(why, "the agent is not running");
	if (text_of(agent, "reload_error"))
		because(why, "the last reload was refused");
	if (text_of(saved, "error"))
		because(why, "bans and known endpoints cannot be saved");
	if (text_of(json_object_object_get(agent, "exporter"), "error"))
		because(why, "/metrics is not served");
}

/* An observer that warms up is as it should be after a start. */
static void judge_observer(struct json_object *o, struct json_object *why)
{
	const char *state = text_of(json_object_object_get(o, "observer"), "state");

	if (!state || strcmp(state, "good") == 0 || strcmp(state, "warming_up") == 0)
		return;
	/* Without an agent it never runs. */
	if (strcmp(state, "not_running") != 0)
		because(why, "the observer is not good (%s)", state);
	else if (json_object_object_get(o, "agent"))
		because(why, "the observer is not running");
}

static void judge_tables(struct json_object *o, struct json_object *why)
{
	for (size_t i = 0; i < items(o, "tables"); i++) {
		struct json_object *table = item(o, "tables", i);

		if (count_of(table, "filled") >= count_of(table, "capacity"))
			because(why, "the table '%s' is full", text_of(table, "name"));
	}
}

/* What a whole and healthy sipward does not drop; true when it drops nothing. */
static bool judge_mode(struct json_object *o, bool enforces, struct json_object *why)
{
	size_t monitored = items(o, "zones_monitored"), shadow = items(o, "shadow");

	if (!enforces || (monitored && monitored == count_of(o, "zones"))) {
		because(why, "monitor mode drops nothing");
		return true;
	}
	for (size_t i = 0; i < monitored; i++)
		because(why, "zone %s is in monitor mode",
			json_object_get_string(item(o, "zones_monitored", i)));
	if (shadow)
		because(why, "%zu reason%s only counted (shadow)", shadow,
			shadow == 1 ? " is" : "s are");
	return false;
}

enum verdict verdict_add(struct json_object *o)
{
	struct json_object *why = json_object_new_array();
	enum verdict verdict = VERDICT_DEGRADED;
	bool enforces;
	size_t attached = count_attached(o, &enforces);

	judge_interfaces(o, why);
	if (!attached && !json_object_array_length(why))
		because(why, "nothing of sipward is attached to an interface");
	judge_agent(o, why);
	if (attached && text_of(o, "state_trouble"))
		because(why, "%s", text_of(o, "state_trouble"));
	judge_observer(o, why);
	judge_tables(o, why);
	if (!attached)
		verdict = VERDICT_NOT_PROTECTED;
	else if (!json_object_array_length(why))
		verdict = judge_mode(o, enforces, why) ? VERDICT_MONITORING : VERDICT_PROTECTED;
	json_text(o, "verdict", verdicts[verdict].word);
	json_object_object_add(o, "why", why);
	return verdict;
}

static const char *said_of(const char *word)
{
	for (size_t i = 0; word && i < array_size(verdicts); i++)
		if (strcmp(verdicts[i].word, word) == 0)
			return verdicts[i].said;
	return verdicts[VERDICT_NOT_PROTECTED].said;
}

char *verdict_line(struct json_object *o)
{
	char *line = xstrdup(said_of(text_of(o, "verdict")));

	for (size_t i = 0; i < items(o, "why"); i++) {
		auto_free char *before = line;

		line = xasprintf("%s%s%s", before, i ? "; " : ": ",
				 json_object_get_string(item(o, "why", i)));
	}
	return line;
}

enum exit_code verdict_code(enum verdict verdict)
{
	return verdicts[verdict].code;
}
