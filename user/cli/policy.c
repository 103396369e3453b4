/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/policy.h"

#include <string.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "export/json.h"
#include "policy/text.h"
#include "policy/tune.h"

/* The policy of the running agent, with what is tuned in it. */
static int load_running(const char *doing, struct loaded_policy *loaded, struct error *e)
{
	struct error no_agent = {};
	auto_json struct json_object *status = ask_agent("status", NULL, &no_agent);
	struct json_object *tuned = json_object_object_get(status, "tuned");
	const char *name = text_of(status, "policy");
	auto_free char *hash = NULL;

	if (!status)
		fprintf(stderr, "sipward: %s; %s by the embedded policy (another: -p POLICY)\n",
			no_agent.code == EXIT_FAILED ? no_agent.text : "no agent runs", doing);
	if (name && strcmp(name, POLICY_PIPE) == 0)
		return fail(e, EXIT_FAILED,
			    "the running policy came through a pipe and is not in "
			    "a file; name one with -p POLICY");
	if (policy_text_load(name && name[0] != '(' ? name : NULL, &loaded->text, e) < 0)
		return -1;
	for (size_t i = 0; tuned && i < json_object_array_length(tuned); i++) {
		struct json_object *o = json_object_array_get_idx(tuned, i);
		struct override override = {};

		if (override_make(&loaded->text, text_of(o, "key"), text_of(o, "now"), &override,
				  e) < 0)
			return -1;
		append(loaded->overrides, loaded->override_count, override);
	}
	if (loaded_policy_parse(loaded, e) < 0)
		return -1;
	hash = policy_hash(&loaded->policy);
	if (status && strcmp(hash, text_of(status, "policy_hash") ?: hash) != 0)
		fprintf(stderr,
			"sipward: %s changed since the agent read it; %s by the file as it "
			"is now (SIGHUP applies it)\n",
			printable(name).text, doing);
	return 0;
}

int loaded_policy_of(const char *path, const char *doing, struct loaded_policy *loaded,
		     struct error *e)
{
	return path ? loaded_policy_load(path, loaded, e) : load_running(doing, loaded, e);
}
