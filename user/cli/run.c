/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "agent/agent.h"
#include "cli/cli.h"
#include "cli/options.h"

static int add_interface(struct agent_options *options, const char *name, struct error *e)
{
	char copy[IFNAMSIZ] = {};

	if (strlen(name) >= sizeof(copy) || !*name || strchr(name, '/'))
		return fail(e, EXIT_USAGE,
			    "run: '%s' is not an interface name (1 to %d "
			    "characters)",
			    name, IFNAMSIZ - 1);
	strcpy(copy, name);
	for (size_t i = 0; i < options->interface_count; i++)
		if (strcmp(options->interfaces[i], name) == 0)
			return 0;
	append(options->interfaces, options->interface_count, copy);
	return 0;
}

/* Other commands ask the agent for its policy, from directories of their own. Links stay links: an
 * operator who swaps one and reloads means the new file. */
static char *whole_path(const char *path)
{
	auto_free char *here = *path == '/' ? NULL : getcwd(NULL, 0);

	return here ? xasprintf("%s/%s", here, path) : xstrdup(path);
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	static const struct option options[] = {
		{"interface", required_argument, NULL, 'i'},
		{"policy", required_argument, NULL, 'p'},
		{"keep", no_argument, NULL, 'k'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	auto_free char *policy = NULL;
	struct agent_options agent = {};
	int letter, done;

	while ((letter = next_option(self, argc, argv, "i:p:k", options, e)) >= 0) {
		if (letter == 'i' && add_interface(&agent, optarg, e) < 0)
			return -1;
		else if (letter == 'p')
			agent.policy = optarg;
		else if (letter == 'k')
			agent.keep = true;
	}
	if (letter == -2)
		return -1;
	if (optind < argc)
		return fail(e, EXIT_USAGE,
			    "run: unexpected argument '%s'; an interface is given as -i %s",
			    argv[optind], argv[optind]);
	if (agent.policy)
		agent.policy = policy = whole_path(agent.policy);
	done = agent_run(&agent, e);
	free(agent.interfaces);
	return done;
}

const struct command command_run = {
	.name = "run",
	.summary = "runs the agent in the foreground",
	.help = "Usage: sipward run [-i IFACE]... [-p POLICY] [--keep]\n\n"
		"  -i, --interface IFACE  protect this interface; repeat it for more. Replaces\n"
		"                         interfaces: of the policy\n"
		"  -p, --policy FILE      the policy (default: an embedded one in monitor mode, which\n"
		"                         drops nothing and counts what it would drop)\n"
		"  -k, --keep             when stopped, leave the programs attached and protecting\n\n"
		"SIGHUP reads the policy again and applies it; counters, bans and limits are kept. A\n"
		"wrong policy changes nothing. SIGTERM and SIGINT stop the agent: it detaches the\n"
		"programs and keeps bans and counters. After a crash the programs stay attached, and\n"
		"the next run adopts them. SIPWARD_BPF_DIR in the environment moves the pins\n"
		"(/sys/fs/bpf/sipward), and SIPWARD_RUN_DIR the run directory (/run/sipward). A second\n"
		"agent, in another network namespace, needs both.\n",
	.run = run,
};
