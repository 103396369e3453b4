/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/cli.h"
#include "cli/options.h"
#include "export/json.h"
#include "kernel/memory.h"
#include "policy/model.h"
#include "policy/names.h"
#include "policy/text.h"
#include "policy/warn.h"

static void print_check(const struct policy *policy, const struct memory *memory,
			const struct warnings *warnings, const struct error *wrong)
{
	auto_json struct json_object *o = json_object_new_object();
	struct json_object *texts = json_object_new_array();

	for (size_t i = 0; i < warnings->count; i++)
		json_object_array_add(texts, json_string(warnings->texts[i]));

	json_flag(o, "ok", !wrong->code);
	json_text(o, "error", wrong->code ? wrong->text : NULL);
	json_count(o, "zones", policy->zone_count);
	json_count(o, "services", policy->service_count);
	json_count(o, "list_entries", policy->list_count);
	json_count(o, "numbers", policy->number_count);
	json_count(o, "user_agents", policy->agent_count);
	json_count(o, "memory_octets", memory->sum);
	json_count(o, "memory_tables_octets", memory->tables);
	json_count(o, "memory_lists_octets", memory->lists);
	json_count(o, "memory_agent_octets", memory->agent);
	json_object_object_add(o, "warnings", texts);
	print_json(o);
}

static void print_warnings(const struct warnings *warnings)
{
	for (size_t i = 0; i < warnings->count; i++) {
		auto_free char *text = printable_text(warnings->texts[i]);

		printf("warning: %s\n", text);
	}
}

static void print_good(const char *path, const struct policy *policy, const struct memory *memory)
{
	printf("%s: good: %s mode, %zu zone%s, %zu service%s, %zu list %s, %zu numbers; at most "
	       "%.0f MB: %.0f for tables when they are full, %.0f for lists while one policy takes "
	       "the place of another, %.0f for the agent\n",
	       printable(path).text, mode_name(policy->mode), policy->zone_count,
	       policy->zone_count == 1 ? "" : "s", policy->service_count,
	       policy->service_count == 1 ? "" : "s", policy->list_count,
	       policy->list_count == 1 ? "entry" : "entries", policy->number_count,
	       memory->sum / 1e6, memory->tables / 1e6, memory->lists / 1e6, memory->agent / 1e6);
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_policy struct policy policy = {};
	auto_warnings struct warnings warnings = {};
	struct memory memory = {};
	struct error wrong = {};
	const char *path;
	bool json;

	path = only_policy(self, argc, argv, &json, e);
	if (!path)
		return -1;
	if ((policy_load(path, &policy, &wrong) < 0 ||
	     memory_check(&policy, memory_allowed(&policy), &wrong) < 0) &&
	    !json)
		return fail(e, wrong.code, "%s", wrong.text);
	if (!wrong.code)
		memory_measure(&policy, &memory, &wrong);
	if (!wrong.code)
		policy_warn(&policy, &warnings);
	if (json) {
		print_check(&policy, &memory, &warnings, &wrong);
	} else {
		print_good(path, &policy, &memory);
		print_warnings(&warnings);
	}
	/* The text is in the object already; only the code is left to say. */
	e->code = wrong.code;
	return wrong.code ? -1 : 0;
}

const struct command command_check = {
	.name = "check",
	.summary = "reads a policy and reports its errors; changes nothing",
	.help = "Usage: sipward check [-j] POLICY\n\n"
		"Each error has FILE:LINE:COLUMN, the cause and the cure. The exit code is then\n"
		"3. Fails if the policy's tables do not fit into this host's memory.\n\n"
		"Warnings are lines behind the first one, and leave the exit code at 0: a policy\n"
		"without rates, newcomers and signatures; example addresses (192.0.2.0/24,\n"
		"198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32); and limits that are never reached,\n"
		"since another is spent first or the zone denies the method.\n",
	.run = run,
};
