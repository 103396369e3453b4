/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/who_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "export/json.h"

static bool flag_of(struct json_object *o, const char *key)
{
	return json_object_get_boolean(json_object_object_get(o, key));
}

static size_t length_of(struct json_object *all)
{
	return all ? json_object_array_length(all) : 0;
}

static void print_left(struct json_object *o)
{
	if (text_of(o, "seconds_left"))
		printf(", %s left", spoken(count_of(o, "seconds_left")).text);
	else
		printf(", until it is removed");
}

static void print_zone(struct json_object *zone)
{
	if (!zone)
		return;
	printf("zone         %s (trust %s, mode %s)", text_of(zone, "name"), text_of(zone, "trust"),
	       text_of(zone, "mode"));
	if (flag_of(zone, "default"))
		printf(", the default: no zone names this address");
	else
		printf(", by %s", text_of(zone, "prefix"));
	printf("%s%s\n", text_of(zone, "place") ? " at " : "", text_of(zone, "place") ?: "");
}

static void print_list(struct json_object *facts)
{
	struct json_object *list = json_object_object_get(facts, "list");
	const char *place = text_of(list, "place");

	if (list)
		printf("list         %s, by %s%s%s\n", text_of(list, "list"),
		       text_of(list, "prefix"), place ? " at " : "", place ? place : "");
	else if (text_of(facts, "interface"))
		puts("list         none");
}

static void print_ban(const char *name, struct json_object *ban)
{
	printf("%-12s ", name);
	if (!ban) {
		puts("no");
		return;
	}
	printf("%s", text_of(ban, "user") ? text_of(ban, "user") : text_of(ban, "reason"));
	if (count_of(ban, "evidence"))
		printf(", for %s offences", text_of(ban, "evidence"));
	print_left(ban);
	printf(", %s packet%s dropped", text_of(ban, "dropped"),
	       count_of(ban, "dropped") == 1 ? "" : "s");
	if (count_of(ban, "before"))
		printf(", %s ban%s before it", text_of(ban, "before"),
		       count_of(ban, "before") == 1 ? "" : "s");
	printf("%s%s\n", *(text_of(ban, "note") ?: "") ? ", note: " : "",
	       text_of(ban, "note") ?: "");
}

static void print_bans(struct json_object *facts)
{
	struct json_object *users = json_object_object_get(facts, "refused_usernames");
	struct json_object *allowed = json_object_object_get(facts, "allowed");
	struct json_object *penalty = json_object_object_get(facts, "penalty");

	print_ban("ban", json_object_object_get(facts, "ban"));
	if (allowed)
		print_ban("allow", allowed);
	for (size_t i = 0; i < length_of(users); i++)
		print_ban("username", json_object_array_get_idx(users, i));
	if (penalty)
		printf("penalty      %s left: its first requests wait (greylist)\n",
		       spoken(count_of(penalty, "seconds_left")).text);
	else
		puts("penalty      no");
}

static void print_known(struct json_object *facts)
{
	struct json_object *all = json_object_object_get(facts, "known");
	struct json_object *served = json_object_object_get(facts, "served");

	for (size_t i = 0; i < length_of(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);

		printf("known        port %s since %s, seen %s ago, grade %s%s; probes answered: "
		       "%s; TTL %s%s\n",
		       text_of(o, "port"), spoken(count_of(o, "since_seconds")).text,
		       spoken(count_of(o, "seen_seconds_ago")).text, text_of(o, "grade"),
		       strcmp(text_of(o, "grade"), "good") == 0 ? " (the server served it)" : "",
		       text_of(o, "proofs"), text_of(o, "ttl"),
		       flag_of(o, "forgotten") ? "; idle for too long" : "");
	}
	if (!length_of(all))
		puts("known        no");
	if (served)
		printf("served       %s ago; usernames that registered: %s\n",
		       spoken(count_of(served, "seconds_ago")).text, text_of(served, "usernames"));
}

/* Those that were spent lately, for others stand beside their rule in the policy. */
static void print_limits(struct json_object *all)
{
	size_t fresh = 0;

	for (size_t i = 0; i < length_of(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);
		const char *share = text_of(o, "share");

		if (!count_of(o, "used")) {
			fresh++;
			continue;
		}
		printf("limit        %s: %s of %s%s (%s, of the %s%s%s)\n", text_of(o, "rule"),
		       text_of(o, "used"), text_of(o, "room"), flag_of(o, "spent") ? ", SPENT" : "",
		       text_of(o, "limit"), text_of(o, "of"), share ? ", packets with " : "",
		       share ? share : "");
	}
	if (fresh)
		printf("limit        %zu%s unspent\n", fresh,
		       fresh == length_of(all) ? "" :
		       fresh == 1              ? " other" :
						 " others");
	if (all && !length_of(all))
		puts("limit        none");
}

static void print_calls(struct json_object *facts)
{
	struct json_object *zone = json_object_object_get(facts, "zone");
	uint64_t most = count_of(zone, "source_calls"), all = count_of(zone, "zone_calls");

	if (!text_of(facts, "calls"))
		return;
	printf("calls        %s", text_of(facts, "calls"));
	if (most)
		printf(" of %" PRIu64, most);
	printf("; %s", text_of(facts, "calls_of_zone"));
	if (all)
		printf(" of %" PRIu64, all);
	puts(" in its zone");
}

static void print_traffic(struct json_object *facts)
{
	uint64_t limit = count_of(json_object_object_get(facts, "zone"), "connections");

	if (text_of(facts, "connections")) {
		printf("connections  %s", text_of(facts, "connections"));
		if (limit)
			printf(" of %" PRIu64, limit);
		putchar('\n');
	}
	print_calls(facts);
	if (text_of(facts, "dialogs"))
		printf("dialogs      %s\n", text_of(facts, "dialogs"));
}

static void print_drops(struct json_object *facts)
{
	struct json_object *all = json_object_object_get(facts, "drops");

	for (size_t i = 0; i < length_of(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);
		bool enforced = strcmp(text_of(o, "mode"), "enforce") == 0;

		printf("%-12s %s %s: %s, the last %s ago at %s: %s\n",
		       enforced ? "dropped" : "would-drop", text_of(o, "count"),
		       text_of(o, "method"), text_of(o, "reason"),
		       spoken(count_of(o, "seconds_ago")).text, text_of(o, "time"),
		       text_of(o, "text"));
	}
	if (all && !length_of(all))
		puts("dropped      nothing that the agent remembers");
}

void print_keeps_out(struct json_object *facts, const char *indent)
{
	struct json_object *all = json_object_object_get(facts, "keeps_out");

	for (size_t i = 0; i < length_of(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);

		if (text_of(o, "command"))
			printf("%sTo let it in%s: %s\n", indent,
			       flag_of(o, "all_sources") ? " (this holds for all sources)" : "",
			       text_of(o, "command"));
		if (text_of(o, "advice"))
			printf("%sTo do: %s\n", indent, text_of(o, "advice"));
	}
}

void print_who(struct json_object *facts)
{
	struct json_object *not_seen = json_object_object_get(facts, "not_seen");

	printf("%s%s%s\n", text_of(facts, "address"), text_of(facts, "port") ? " port " : "",
	       text_of(facts, "port") ?: "");
	print_zone(json_object_object_get(facts, "zone"));
	print_list(facts);
	print_bans(facts);
	print_known(facts);
	print_limits(json_object_object_get(facts, "limits"));
	print_traffic(facts);
	print_drops(facts);
	for (size_t i = 0; i < length_of(not_seen); i++)
		printf("not seen     %s\n",
		       json_object_get_string(json_object_array_get_idx(not_seen, i)));
	printf("\n%s\n", text_of(facts, "answer"));
	print_keeps_out(facts, "");
}
