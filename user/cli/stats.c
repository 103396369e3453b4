/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "export/json.h"
#include "export/snapshot.h"
#include "kernel/attachment.h"
#include "kernel/state_open.h"
#include "policy/names.h"

static void print_reasons(const struct sw_counters *counters)
{
	for (int mode = 0; mode < SW_MODE_COUNT; mode++)
		for (int i = SW_REASON_NONE + 1; i < SW_REASON_COUNT; i++)
			if (counters->reasons[mode][i])
				printf("    %-10s %-24s %12" PRIu64 "  %s (%s)\n",
				       mode == SW_MODE_ENFORCE ? "dropped" : "would-drop",
				       reason_name(i), (uint64_t)counters->reasons[mode][i],
				       reason_text(i), reason_rfc(i));
}

static void print_messages(const struct sw_counters *counters)
{
	bool any = false;

	for (int i = 0; i < SW_MESSAGE_COUNT; i++) {
		if (!counters->messages[i])
			continue;
		printf("%s%s %" PRIu64, any ? ", " : "    messages: ", message_name(i),
		       (uint64_t)counters->messages[i]);
		any = true;
	}
	if (any)
		putchar('\n');
}

static void print_interface(const struct snapshot_interface *iface)
{
	printf("%s (%s)\n", printable(iface->attachment.iface).text,
	       attach_mode_name(iface->attachment.mode));
	for (size_t i = 0; i < iface->zone_count; i++) {
		const struct sw_counters *counters = iface->zones[i].counters;

		printf("  zone %s: %" PRIu64 " passed, %" PRIu64 " dropped, %" PRIu64
		       " would-drop\n",
		       printable(iface->zones[i].name).text,
		       (uint64_t)counters->reasons[SW_MODE_ENFORCE][SW_REASON_NONE],
		       counters_refused(counters, SW_MODE_ENFORCE),
		       counters_refused(counters, SW_MODE_MONITOR));
		print_messages(counters);
		print_reasons(counters);
	}
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_state struct state state = STATE_CLOSED;
	auto_snapshot struct snapshot snapshot = {};
	bool json;

	if (only_json(self, argc, argv, &json, e) < 0 || state_open_existing(&state, e) < 0 ||
	    snapshot_take(&snapshot, &state, e) < 0)
		return -1;
	if (json) {
		auto_json struct json_object *o = snapshot_json(&snapshot);

		print_json(o);
		return 0;
	}
	for (size_t i = 0; i < snapshot.interface_count; i++)
		print_interface(&snapshot.interfaces[i]);
	return 0;
}

const struct command command_stats = {
	.name = "stats",
	.summary = "shows the counters: packets, messages and reasons of each zone and interface",
	.help = "Usage: sipward stats [-j]\n\n"
		"Only packets to the protected services are counted; the rest passes untouched.\n"
		"In monitor mode, and on TCP, one packet may break several rules: each is\n"
		"counted. opaque counts packets that were not read as SIP: refused before that,\n"
		"or in the middle of a TCP stream. Counters outlive reloads, restarts and\n"
		"crashes of the agent; detach removes them.\n",
	.run = run,
};
