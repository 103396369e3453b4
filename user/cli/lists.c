/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/list_text.h"
#include "cli/options.h"
#include "export/json.h"

static int take_list(const char *file, bool json, struct error *e)
{
	struct json_object *args = json_object_new_object();
	auto_json struct json_object *answer = NULL;
	uint64_t taken;

	json_text(args, "file", file);
	answer = ask_agent("take_list", args, e);
	if (!answer)
		return -1;
	taken = count_of(answer, "taken");
	if (json)
		print_json(json_object_object_get(answer, "lists"));
	else
		printf("%llu list%s taken as %s now\n", (unsigned long long)taken,
		       taken == 1 ? " is" : "s are", taken == 1 ? "it is" : "they are");
	return 0;
}

static int show(bool json, struct error *e)
{
	auto_json struct json_object *answer = ask_agent("status", NULL, e);
	struct json_object *lists;

	if (!answer)
		return -1;
	lists = json_object_object_get(answer, "lists");
	if (json)
		print_json(lists);
	else if (!lists || !json_object_array_length(lists))
		puts("the policy names no list file");
	else
		print_lists(lists);
	return 0;
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	static const char *const words[] = {"take", NULL};
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	bool json = false;
	int letter;

	while ((letter = next_option(self, argc, argv, "j", options, e)) >= 0)
		json = true;
	if (letter == -2)
		return -1;
	if (optind == argc)
		return show(json, e);
	if (strcmp(argv[optind], words[0]) != 0)
		return unknown_word("lists", argv[optind], words, e);
	if (argc - optind > 2)
		return fail(e, EXIT_USAGE, "lists: take one file, or all that are kept; not '%s'",
			    argv[optind + 2]);
	return take_list(argv[optind + 1], json, e);
}

const struct command command_lists = {
	.name = "lists",
	.summary = "shows the list files that run, and takes one that was kept",
	.help = "Usage: sipward lists [-j]              shows each file of lists and of zones\n"
		"       sipward lists take [FILE] [-j]  takes a file as it is now; without\n"
		"                                       FILE all that are kept\n\n"
		"The agent watches the files that `lists`, `sources` and `geo` name, and takes\n"
		"over each change within two seconds; the policy, its generation and all\n"
		"counters stay. A file that cannot be read, is no list, or has less than half of\n"
		"its entries is not taken: what ran before is kept, and shown here with the\n"
		"reason.\n",
	.run = run,
};
