/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "export/bundle.h"
#include "export/json.h"
#include "policy/duration.h"

/* Before anything is written for it. */
static int agent_runs(struct error *e)
{
	auto_json struct json_object *status = ask_agent("status", NULL, e);

	return status ? 0 : -1;
}

/* Asks the agent about a policy. It is read once, since it may be a pipe, and judged here first:
 * its author sees the same errors with and without an agent. Takes over `args`. */
static struct json_object *ask_about(const char *command, const char *path,
				     struct json_object *args, struct error *e)
{
	auto_json struct json_object *owned = args;
	auto_loaded_policy struct loaded_policy loaded = {};
	struct json_object *answer;
	char bundle[PATH_MAX];

	if (loaded_policy_load(path, &loaded, e) < 0 || agent_runs(e) < 0)
		return NULL;
	policy_text_settle(&loaded.text);
	if (bundle_write(&loaded.text, bundle, e) < 0)
		return NULL;
	json_text(args, "bundle", bundle);
	answer = ask_agent(command, json_object_get(args), e);
	unlink(bundle);
	return answer;
}

static int read_options(const struct command *self, int argc, char **argv, bool *json,
			uint64_t *confirm, const char **path, struct error *e)
{
	static const struct option options[] = {
		{"confirm", required_argument, NULL, 'c'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	const char *why;
	int letter;

	while ((letter = next_option(self, argc, argv, "c:j", options, e)) >= 0) {
		if (letter == 'j')
			*json = true;
		else if (duration_parse(optarg, confirm, &why) < 0)
			return fail(e, EXIT_USAGE, "apply: --confirm %s: %s", optarg, why);
	}
	if (letter == -2)
		return -1;
	*path = argv[optind];
	if (!*path)
		return fail(e, EXIT_USAGE,
			    "apply: name a policy file; see: sipward apply "
			    "--help");
	if (argv[optind + 1])
		return fail(e, EXIT_USAGE, "apply: unexpected argument '%s'", argv[optind + 1]);
	return 0;
}

/* The file that the agent was started with is what it reads next time. */
static void print_next_time(struct json_object *answer)
{
	const char *start = text_of(answer, "policy_at_start"), *now = text_of(answer, "policy");
	auto_free char *at_start = start ? realpath(start, NULL) : NULL;
	auto_free char *running = realpath(now, NULL);

	if (!at_start || !running || strcmp(at_start, running) != 0)
		printf("a reload (SIGHUP) and the next start read %s; copy this file there to keep "
		       "it\n",
		       start ? start : "the embedded policy, or the file of -p");
}

static int run_apply(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_json struct json_object *answer = NULL;
	struct json_object *args;
	const char *path = NULL;
	uint64_t confirm = 0;
	bool json = false;

	if (read_options(self, argc, argv, &json, &confirm, &path, e) < 0)
		return -1;
	args = json_object_new_object();
	json_count(args, "confirm", confirm);
	answer = ask_about("apply", path, args, e);
	if (!answer)
		return -1;
	if (json) {
		print_json(answer);
		return 0;
	}
	printf("%s is running, as generation %s\n", printable(path).text,
	       text_of(answer, "generation"));
	if (text_of(answer, "note"))
		puts(text_of(answer, "note"));
	if (confirm)
		printf("the previous policy comes back in %llu s, unless you run: sipward "
		       "confirm\n",
		       (unsigned long long)(confirm / SW_NS_PER_SEC));
	else
		print_next_time(answer);
	return 0;
}

static int run_confirm(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_json struct json_object *answer = NULL;
	bool json;

	if (only_json(self, argc, argv, &json, e) < 0 || !(answer = ask_agent("confirm", NULL, e)))
		return -1;
	if (json) {
		print_json(answer);
		return 0;
	}
	printf("%s stays\n", text_of(answer, "policy"));
	print_next_time(answer);
	return 0;
}

static int run_diff(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_json struct json_object *answer = NULL;
	struct json_object *changes;
	const char *path;
	bool json;

	path = only_policy(self, argc, argv, &json, e);
	if (!path)
		return -1;
	answer = ask_about("diff", path, json_object_new_object(), e);
	if (!answer)
		return -1;
	changes = json_object_object_get(answer, "changes");
	if (json)
		print_json(changes);
	for (size_t i = 0; !json && i < json_object_array_length(changes); i++) {
		struct json_object *o = json_object_array_get_idx(changes, i);
		const char *now = text_of(o, "now"), *then = text_of(o, "then");

		printf("%s: %s -> %s\n", text_of(o, "key"), now ? now : "(not written)",
		       then ? then : "(not written)");
	}
	if (!json && !json_object_array_length(changes))
		puts("nothing would change");
	return 0;
}

const struct command command_apply = {
	.name = "apply",
	.summary = "applies a policy to the running agent; with --confirm it reverts by itself",
	.help = "Usage: sipward apply POLICY [--confirm 60s] [-j]\n\n"
		"  -c, --confirm DURATION  the previous policy comes back after this time, unless you run\n"
		"                          `sipward confirm`: you cannot lock yourself out\n\n"
		"Replaces the policy in one step and keeps counters, bans and limits. A wrong policy,\n"
		"or one that the kernel refuses, changes nothing. Tuned values belong to the policy\n"
		"that they were tuned in: they go with it, and come back with it. A reload (SIGHUP) and\n"
		"the next start read the file that `sipward run -p` names. If the agent is killed\n"
		"before `sipward confirm`, the new policy stays until that start.\n",
	.run = run_apply,
};

const struct command command_confirm = {
	.name = "confirm",
	.summary = "keeps the policy that `sipward apply --confirm` applied",
	.help = "Usage: sipward confirm [-j]\n",
	.run = run_confirm,
};

const struct command command_diff = {
	.name = "diff",
	.summary = "compares another policy with the running one, key by key",
	.help = "Usage: sipward diff POLICY [-j]\n\n"
		"Compares the file with the running policy and its tuned values. \"not\n"
		"written\" means that the key is absent and its default holds. Entries of\n"
		"lists, also of list files, are only counted.\n",
	.run = run_diff,
};
