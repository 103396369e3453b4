/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "export/json.h"
#include "kernel/bans.h"

struct ban_options {
	bool json;
	uint64_t duration;
	const char *note;
	const char *verb;
	const char *address;
	struct prefix source;  /* what the address says */
};

static int wants_verb(const char *verb, struct error *e)
{
	return fail(e, EXIT_USAGE, "ban: '%s' is no verb of ban; it is add ADDRESS, del ADDRESS or list",
		    verb ? verb : "");
}

/* Options may stand before or behind the verb and the address. */
static int read_options(const struct command *self, int argc, char **argv,
			struct ban_options *to, struct error *e)
{
	static const struct option options[] = {
		{"for", required_argument, NULL, 'f'},
		{"note", required_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	const char *why;
	int letter;

	to->duration = BAN_FOREVER;
	for (;;) {
		letter = next_option(self, argc, argv, "f:n:j", options, e);
		if (letter == -2)
			return -1;
		if (letter == 'j') {
			to->json = true;
		} else if (letter == 'n') {
			to->note = optarg;
		} else if (letter == 'f') {
			if (duration_parse(optarg, &to->duration, &why) < 0)
				return fail(e, EXIT_USAGE, "ban: --for %s: %s", optarg, why);
		} else if (optind >= argc) {
			return to->verb ? 0 : wants_verb(NULL, e);
		} else if (!to->verb) {
			to->verb = argv[optind++];
		} else if (!to->address) {
			to->address = argv[optind++];
		} else {
			return fail(e, EXIT_USAGE, "ban: '%s' is not wanted", argv[optind]);
		}
	}
}

static int read_address(struct ban_options *options, struct error *e)
{
	const char *why;

	if (!options->address)
		return fail(e, EXIT_USAGE, "ban %s: an address is wanted", options->verb);
	if (prefix_parse(options->address, &options->source, &why) < 0)
		return fail(e, EXIT_USAGE, "ban %s: %s: %s", options->verb, options->address, why);
	return 0;
}

static void time_left(const struct sw_ban *ban, char *text, size_t size)
{
	uint64_t now = monotonic_ns();

	if (ban->end == BAN_FOREVER)
		snprintf(text, size, "until taken off");
	else
		snprintf(text, size, "%" PRIu64 "s left",
			 ban->end > now ? (uint64_t)((ban->end - now) / SW_NS_PER_SEC) : 0);
}

static struct json_object *ban_json(const struct ban_entry *entry)
{
	struct json_object *o = json_object_new_object();
	uint64_t now = monotonic_ns();
	char text[64];

	json_text(o, "source", prefix_text(&entry->source, text, sizeof(text)));
	json_text(o, "reason", entry->ban.reason == SW_REASON_BAN ? "manual" :
								    reason_name(entry->ban.reason));
	json_text(o, "note", entry->ban.note);
	json_count(o, "age_seconds", (now - entry->ban.start) / SW_NS_PER_SEC);
	if (entry->ban.end == BAN_FOREVER)
		json_object_object_add(o, "seconds_left", NULL);
	else
		json_count(o, "seconds_left", (entry->ban.end - now) / SW_NS_PER_SEC);
	json_count(o, "evidence", entry->ban.evidence);
	json_count(o, "dropped", entry->ban.hits);
	return o;
}

static int list(const struct state *state, bool json, struct error *e)
{
	auto_free struct ban_entry *bans = NULL;
	auto_json struct json_object *all = json_object_new_array();
	char source[64], left[32];
	size_t count;

	if (ban_list(state, &bans, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct ban_entry *entry = &bans[i];

		if (json) {
			json_object_array_add(all, ban_json(entry));
			continue;
		}
		time_left(&entry->ban, left, sizeof(left));
		printf("%-40s %-16s %-20s %" PRIu64 " dropped%s%s\n",
		       prefix_text(&entry->source, source, sizeof(source)), left,
		       entry->ban.reason == SW_REASON_BAN ? "manual" : reason_name(entry->ban.reason),
		       (uint64_t)entry->ban.hits, entry->ban.note[0] ? "  " : "", entry->ban.note);
	}
	if (json)
		print_json(all);
	else if (!count)
		puts("nobody is banned");
	return 0;
}

static int add(const struct state *state, const struct ban_options *options, struct error *e)
{
	struct prefix source;
	char text[64];

	if (ban_add(state, &options->source, options->duration, options->note, &source, e) < 0)
		return -1;
	prefix_text(&source, text, sizeof(text));
	if (!options->json)
		printf("%s is banned%s\n", text, options->duration == BAN_FOREVER ?
		       " until it is taken off (sipward ban del)" : "");
	else
		return list(state, true, e);
	return 0;
}

static int del(const struct state *state, const struct ban_options *options, struct error *e)
{
	bool found;

	if (ban_del(state, &options->source, &found, e) < 0)
		return -1;
	if (!found)
		return fail(e, EXIT_FAILED, "%s is not banned; `sipward ban list` shows who is",
			    options->address);
	if (options->json)
		return list(state, true, e);
	printf("%s is no longer banned\n", options->address);
	return 0;
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_state struct state state = STATE_CLOSED;
	struct ban_options options = {};

	if (read_options(self, argc, argv, &options, e) < 0)
		return -1;
	if (strcmp(options.verb, "add") && strcmp(options.verb, "del") && strcmp(options.verb, "list"))
		return wants_verb(options.verb, e);
	if (options.verb[0] != 'l' && read_address(&options, e) < 0)
		return -1;
	if (state_open_existing(&state, e) < 0)
		return -1;
	if (options.verb[0] == 'a')
		return add(&state, &options, e);
	return options.verb[0] == 'd' ? del(&state, &options, e) : list(&state, options.json, e);
}

const struct command command_ban = {
	.name = "ban",
	.summary = "bans by hand: add, del, list",
	.help =
	"Usage: sipward ban add ADDRESS [--for 10m] [--note TEXT] [-j]\n"
	"       sipward ban del ADDRESS [-j]\n"
	"       sipward ban list [-j]\n\n"
	"  -f, --for DURATION  ms, s, m, h or d; without it the ban stays until taken off\n"
	"  -n, --note TEXT     why (31 characters), shown by list\n"
	"  -j, --json          the bans as JSON\n\n"
	"An IPv6 address stands for its /64, which is what one subscriber has. A ban holds on every\n"
	"protected interface at once, with or without an agent, and outlives restarts and reloads.\n"
	"Sources on lists: {allow: [...]} are never banned.\n",
	.run = run,
};
