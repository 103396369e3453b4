/* SPDX-License-Identifier: GPL-2.0-only */
#include "audit/audit.h"

#include <string.h>

#include "audit/html.h"
#include "audit/json.h"
#include "audit/markdown.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/policy.h"
#include "kernel/privilege.h"

struct audit_options {
	const char *policy;
	const char *vectors;
	void (*print)(const struct audit *audit, FILE *out);
};

static int read_options(const struct command *self, int argc, char **argv, struct audit_options *to,
			struct error *e)
{
	/* clang-format off */
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'},
		{"format", required_argument, NULL, 'f'},
		{"vectors", required_argument, NULL, 'V'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	/* clang-format on */
	static const char *const formats[] = {"md", "html", "json", NULL};
	int letter;

	to->print = audit_markdown;
	while ((letter = next_option(self, argc, argv, "p:f:j", options, e)) >= 0) {
		if (letter == 'p')
			to->policy = optarg;
		else if (letter == 'V')
			to->vectors = optarg;
		else if (letter == 'j' || strcmp(optarg, "json") == 0)
			to->print = audit_json;
		else if (strcmp(optarg, "html") == 0)
			to->print = audit_html;
		else if (strcmp(optarg, "md") == 0)
			to->print = audit_markdown;
		else
			return unknown_word("audit: --format", optarg, formats, e);
	}
	if (letter == -2)
		return -1;
	if (optind == argc)
		return 0;
	return fail(e, EXIT_USAGE, "audit: unexpected '%s'; see: sipward audit --help",
		    argv[optind]);
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_loaded_policy struct loaded_policy loaded = {};
	auto_audit struct audit audit = {};
	struct audit_options options = {};

	if (read_options(self, argc, argv, &options, e) < 0 || privilege_check(e) < 0)
		return -1;
	if (loaded_policy_of(options.policy, "audited", &loaded, e) < 0 ||
	    audit_make(&audit, &loaded, options.vectors, e) < 0)
		return -1;
	options.print(&audit, stdout);
	return 0;
}

const struct command command_audit = {
	.name = "audit",
	.summary = "shows how a policy answers each known threat, and runs attacks to prove it",
	.help = "Usage: sipward audit [-p POLICY] [--format md|html|json] [--vectors DIR] [-j]\n\n"
		"  -p, --policy FILE    this policy (default: the policy of the running agent)\n"
		"  -f, --format F       md (default), html (one file, prints well) or json, like -j\n"
		"      --vectors DIR    also run the vectors (attacks) of DIR/*.txt\n\n"
		"A separate copy of the compiled policy judges the vectors in the kernel; live state\n"
		"does not change. For every threat the report has its controls; whether each is on, in\n"
		"would-drop or off; its line of the policy; and what sipward cannot see (blind).\n",
	.run = run,
};
