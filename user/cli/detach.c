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
	static const char advice[] = "stop it first: it would put everything back";
	auto_string_list char **interfaces = NULL;
	auto_lock struct lock lock = LOCK_NONE;
	bool json;

	/* With an agent alive the programs would come back at its next step. */
	if (only_json(self, argc, argv, &json, e) < 0 || privilege_check(e) < 0 ||
	    paths_prepare(e) < 0 || lock_take(&lock, advice, e) < 0 ||
	    network_check(e) < 0)
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
	puts("bans and all other state removed; nothing of sipward is left in the kernel (a clsact "
	     "qdisc stays where the observer was: others may use it, and alone it does nothing)");
	return 0;
}

const struct command command_detach = {
	.name = "detach",
	.summary = "takes everything off all interfaces and removes the state",
	.help = "Usage: sipward detach [-j]\n\n"
		"Bans and counters are gone afterwards. Stop the agent first. The saved file on\n"
		"the disk (state: {save: FILE} of the policy) stays, and is taken up by the next\n"
		"start: remove it to start anew.\n",
	.run = run,
};
