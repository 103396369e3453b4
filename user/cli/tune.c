/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/tune.h"

#include <inttypes.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "export/json.h"
#include "policy/duration.h"
#include "policy/model.h"

struct tune_options {
	bool json;
	bool reset;
	uint64_t duration; /* nanoseconds, 0: until it is taken back */
	const char *key;
	char *value; /* all words behind the key */
};

static void add_word(struct tune_options *to, const char *word)
{
	auto_free char *before = to->value;

	if (!to->key)
		to->key = word;
	else
		to->value = xasprintf("%s%s%s", before ? before : "", before ? " " : "", word);
}

static int read_options(const struct command *self, int argc, char **argv, struct tune_options *to,
			struct error *e)
{
	static const struct option options[] = {
		{"for", required_argument, NULL, 'f'},
		{"reset", no_argument, NULL, 'r'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	const char *why;
	int letter;

	while ((letter = next_option(self, argc, argv, "f:rj", options, e)) >= 0) {
		if (letter == 'j')
			to->json = true;
		else if (letter == 'r')
			to->reset = true;
		else if (duration_parse(optarg, &to->duration, &why) < 0)
			return fail(e, EXIT_USAGE, "tune: --for %s: %s", optarg, why);
	}
	for (; optind < argc; optind++)
		add_word(to, argv[optind]);
	return letter == -2 ? -1 : 0;
}

static int check_options(const struct tune_options *options, struct error *e)
{
	if (options->reset && options->value)
		return fail(e, EXIT_USAGE, "tune: --reset takes one key at most; not '%s'",
			    options->value);
	if (options->key && !options->value && !options->reset)
		return fail(e, EXIT_USAGE, "tune: give a value for '%s'", options->key);
	if (options->duration && !options->value)
		return fail(e, EXIT_USAGE, "tune: --for goes with a key and a value");
	return 0;
}

static struct json_object *ask(const struct tune_options *options, struct error *e)
{
	struct json_object *args = json_object_new_object();

	json_text(args, "key", options->key);
	if (options->value) {
		json_text(args, "value", options->value);
		json_count(args, "for", options->duration);
	}
	return ask_agent(options->value ? "tune" : options->reset ? "reset" : "status", args, e);
}

void print_override(struct json_object *o)
{
	const char *file = text_of(o, "file"), *left = text_of(o, "seconds_left");
	struct spoken said = spoken(count_of(o, "seconds_left"));

	printf("%s: %s now, %s in the file, %s%s%s\n", text_of(o, "key"), text_of(o, "now"),
	       file ? file : "not written", left ? "for " : "until it is reset",
	       left ? said.text : "", left ? " more" : "");
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_json struct json_object *answer = NULL;
	struct tune_options options = {};
	struct json_object *tuned;

	if (read_options(self, argc, argv, &options, e) == 0 && check_options(&options, e) == 0)
		answer = ask(&options, e);
	free(options.value);
	if (!answer)
		return -1;
	tuned = json_object_object_get(answer, "tuned");
	if (options.json) {
		print_json(tuned);
		return 0;
	}
	for (size_t i = 0; i < json_object_array_length(tuned); i++)
		print_override(json_object_array_get_idx(tuned, i));
	if (!json_object_array_length(tuned))
		puts("nothing is tuned; all values are those of the policy file");
	return 0;
}

const struct command command_tune = {
	.name = "tune",
	.summary = "changes one limit or mode on the running system, for a while; shows tuned "
		   "values",
	.help = "Usage: sipward tune [-j]                              shows tuned values\n"
		"       sipward tune KEY VALUE... [--for 10m] [-j]     puts VALUE in place of the file's\n"
		"       sipward tune --reset [KEY] [-j]                restores one value, or all\n\n"
		"  sipward tune mode monitor\n"
		"  sipward tune public.rates.source.INVITE 20/s burst 40 --for 10m\n"
		"  sipward tune public.newcomers.rate 1000/s\n"
		"  sipward tune carrier-a.sanity.profile strict\n\n"
		"KEY is a key of the policy file, with dots between: ZONE.KEY, or a key of the top\n"
		"level (zones.NAME.KEY where a zone has the name of one). The value is checked as in\n"
		"the file; a wrong value changes nothing. It takes effect within a second, on every\n"
		"interface, and keeps counters, bans and limits. It ends with --for, --reset, or the\n"
		"next reload, apply or start; the log says so. After a crash of the agent the programs\n"
		"keep tuned values until the next start, whatever --for said.\n",
	.run = run,
};
