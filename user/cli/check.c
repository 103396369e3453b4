/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/cli.h"
#include "export/json.h"
#include "kernel/memory.h"
#include "policy/model.h"

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_policy struct policy policy = {};
	struct error wrong = {};
	uint64_t memory;
	const char *path;
	bool json;

	path = only_policy(self, argc, argv, &json, e);
	if (!path)
		return -1;
	if ((policy_load(path, &policy, &wrong) < 0 ||
	     memory_check(&policy, memory_allowed(&policy), &wrong) < 0) && !json)
		return fail(e, wrong.code, "%s", wrong.text);
	memory = wrong.code ? 0 : policy_memory(&policy, &wrong);
	if (json) {
		auto_json struct json_object *o = json_object_new_object();

		json_flag(o, "ok", !wrong.code);
		json_text(o, "error", wrong.code ? wrong.text : NULL);
		json_count(o, "zones", policy.zone_count);
		json_count(o, "services", policy.service_count);
		json_count(o, "list_entries", policy.list_count);
		json_count(o, "memory_octets", memory);
		print_json(o);
	} else {
		printf("%s: good: %s mode, %zu zone%s, %zu service%s, %zu list %s, tables of %.0f "
		       "MB when they are full\n",
		       path, mode_name(policy.mode), policy.zone_count,
		       policy.zone_count == 1 ? "" : "s", policy.service_count,
		       policy.service_count == 1 ? "" : "s", policy.list_count,
		       policy.list_count == 1 ? "entry" : "entries", memory / 1e6);
	}
	/* The text is in the object already; only the code is left to say. */
	e->code = wrong.code;
	return wrong.code ? -1 : 0;
}

const struct command command_check = {
	.name = "check",
	.summary = "reads a policy and says what is wrong with it; touches nothing",
	.help = "Usage: sipward check [-j] POLICY\n\n"
		"Every error is FILE:LINE:COLUMN: what is wrong, and what would be right. Exit\n"
		"code 3. Tables that this host has no memory for are wrong here.\n",
	.run = run,
};
