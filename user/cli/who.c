/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "cli/address.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/who_facts.h"
#include "cli/who_text.h"
#include "export/json.h"
#include "export/who_judge.h"

/* "fd77::10:5060" is an address, and may be meant as one with a port. */
static void hint_at_port(const char *text)
{
	const char *last = strrchr(text, ':');

	if (last && last != strchr(text, ':') && *text != '[' && strlen(last) == 5 &&
	    last[-1] != ':' && strspn(last + 1, "0123456789") == 4)
		fprintf(stderr,
			"sipward: %s is taken as an address; for its port %s write [%.*s]:%s\n",
			text, last + 1, (int)(last - text), text, last + 1);
}

static int read_options(const struct command *self, int argc, char **argv, struct who_query *to,
			bool *json, struct error *e)
{
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int letter;

	*json = false;
	while ((letter = next_option(self, argc, argv, "p:j", options, e)) >= 0) {
		if (letter == 'p')
			to->policy = optarg;
		else
			*json = true;
	}
	if (letter == -2)
		return -1;
	if (optind != argc - 1)
		return fail(e, EXIT_USAGE,
			    "who: name one address, as in sipward who 192.0.2.1; see: sipward who "
			    "--help");
	if (read_address("who", argv[optind], &to->from, e) < 0)
		return -1;
	hint_at_port(argv[optind]);
	return 0;
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_json struct json_object *facts = NULL;
	struct who_query query = {};
	bool json;

	if (read_options(self, argc, argv, &query, &json, e) < 0)
		return -1;
	facts = who_facts(&query, e);
	if (!facts)
		return -1;
	who_judge(facts);
	if (json)
		print_json(facts);
	else
		print_who(facts);
	if (!who_is_out(facts))
		return 0;
	/* The answer says why. */
	e->code = EXIT_FAILED;
	return -1;
}

const struct command command_who = {
	.name = "who",
	.summary = "tells whether sipward keeps a source out, why, and how to let it in",
	.help = "Usage: sipward who ADDRESS[:PORT] [-p POLICY] [-j]\n\n"
		"  -p, --policy FILE  has the lines of lists and zones (default: the policy of the\n"
		"                     running agent)\n"
		"  -j, --json         one JSON object\n\n"
		"  sipward who 198.51.100.23\n"
		"  sipward who '[2001:db8::7]:5060'\n\n"
		"Shows the zone, lists, ban, refused usernames and penalty of the address, its\n"
		"limits, connections and dialogs, whether it is known, and the last packets that\n"
		"were dropped. The last lines answer the question, and have the commands that let\n"
		"it in. Without an agent it reads the kernel's tables, and says what it could not\n"
		"see. Of IPv6 a ban is for the /64.\n\n"
		"Exit code: 0 when nothing keeps the source out, also in monitor mode; 1 when\n"
		"something does, also in part, or it cannot be told; 6 when sipward is not running.\n",
	.run = run,
};
