/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/cli.h"
#include "cli/options.h"
#include "export/json.h"
#include "kernel/lock.h"
#include "kernel/namespace.h"
#include "kernel/paths.h"
#include "kernel/pinned_interfaces.h"
#include "kernel/privilege.h"
#include "kernel/state_remove.h"
#include "kernel/tc_filters.h"

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	static const char advice[] = "stop it first; it would restore everything";
	auto_string_list char **interfaces = NULL;
	auto_lock struct lock lock = LOCK_NONE;
	bool json;

	/* With an agent alive the programs would come back at its next step. */
	if (only_json(self, argc, argv, &json, e) < 0 || privilege_check(e) < 0 ||
	    paths_prepare(e) < 0 || lock_take(&lock, advice, e) < 0 || network_check(e) < 0)
		return -1;
	interfaces = state_interfaces();
	observers_detach(NULL);
	if (state_remove(e) < 0)
		return -1;
	if (json) {
		auto_json struct json_object *o = json_object_new_object();
		struct json_object *names = json_object_new_array();

		for (char **iface = interfaces; *iface; iface++)
			json_object_array_add(names, json_string(*iface));
		json_object_object_add(o, "detached", names);
		print_json(o);
		return 0;
	}
	for (char **iface = interfaces; *iface; iface++)
		printf("%s: program off, counters removed\n", printable(*iface).text);
	puts("bans and all other state are removed; nothing of sipward is left in the kernel (the "
	     "clsact qdisc of the observer stays, because other tools may use it; alone it does "
	     "nothing)");
	return 0;
}

const struct command command_detach = {
	.name = "detach",
	.summary = "detaches from all interfaces and removes the state",
	.help = "Usage: sipward detach [-j]\n\n"
		"Stop the agent first. Bans and counters are deleted. The saved file on the\n"
		"disk (state: {save: FILE} of the policy) stays, and the next start restores\n"
		"it. Remove the file to start without it.\n",
	.run = run,
};
