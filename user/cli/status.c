/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/tuned.h"
#include "cli/ask.h"
#include "cli/attached.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/status_text.h"
#include "export/attack_now.h"
#include "export/json.h"
#include "export/observer_text.h"
#include "export/verdict.h"
#include "kernel/bans.h"
#include "kernel/known.h"
#include "kernel/lock.h"
#include "kernel/memory.h"
#include "kernel/paths.h"
#include "kernel/quotas.h"
#include "kernel/state_open.h"
#include "kernel/state_values.h"
#include "kernel/table_fill.h"
#include "policy/names.h"

/* Limits of this version, shown where operators look. */
static const char *const blind_spots[] = {
	"TCP: content is judged only where a segment begins a message, and never drops a segment",
	"TLS: sipward does not see what is inside",
};

/* The flood that the design is measured against (packets a second). */
#define STATED_FLOOD 1000000

/* A table with more entries than this is not walked: a million take a second. The count that is
 * kept beside it is shown, which lacks only the changes since the last sweep. */
#define WALKED_MAX 20000

static long count_known(const struct state *state, struct error *e)
{
	uint64_t filled = known_filled(state);

	return filled > WALKED_MAX ? (long)filled : known_count(state, e);
}

/* From the agent, which counts them at each sweep; false when there is none, or when they are
 * few. */
static bool bans_of_agent(struct json_object *o, struct ban_counts *counts)
{
	struct json_object *agent = json_object_object_get(o, "agent");
	struct json_object *bans = json_object_object_get(agent, "bans");

	*counts = (struct ban_counts){
		.by_hand = count_of(bans, "by_hand"),
		.earned = count_of(bans, "earned"),
		.allows = count_of(bans, "allowed_by_hand"),
		.remembered = count_of(bans, "remembered"),
	};
	counts->denies = counts->by_hand + counts->earned;
	return counts->denies + counts->allows + counts->remembered > WALKED_MAX;
}

static int admission_json(const struct state *state, struct json_object *o, struct error *e)
{
	struct json_object *greylist = json_object_new_object(), *by_chance;
	uint64_t tallies[SW_TALLY_COUNT];
	uint32_t lines = state_entries(state, STATE_GREYLIST);
	long known;

	json_object_object_add(o, "greylist", greylist);
	if ((known = count_known(state, e)) < 0 || tallies_read(state, tallies, e) < 0)
		return -1;
	json_count(o, "known", known);
	json_count(o, "known_room", state_entries(state, STATE_KNOWN));
	json_count(o, "known_promoted", tallies[SW_TALLY_PROMOTED]);
	json_count(o, "known_refused_full", tallies[SW_TALLY_KNOWN_FULL]);
	json_count(o, "known_refused_quota", tallies[SW_TALLY_KNOWN_QUOTA]);
	json_count(o, "known_made_room", tallies[SW_TALLY_KNOWN_LEFT]);
	json_count(o, "probes_answered", tallies[SW_TALLY_PROBE_ANSWERS]);
	json_count(greylist, "lines", lines);
	json_count(greylist, "turned_away", tallies[SW_TALLY_GREYLISTED]);
	json_count(greylist, "let_in_again", tallies[SW_TALLY_AGAIN]);
	by_chance = json_object_new_double(greylist_false_admissions(lines, STATED_FLOOD));
	json_object_object_add(greylist, "let_in_by_chance_per_second_at_1000000", by_chance);
	json_count(o, "memory_octets", state_memory(state));
	json_count(o, "memory_allowed_octets", memory_allowed(NULL));
	return 0;
}

/* NULL when no rule of what is attached needs the observer. */
static struct json_object *observer_json(const struct state *state, const struct wants *wants)
{
	struct json_object *o = wants->observer ? json_object_new_object() : NULL;
	auto_free char *text = NULL, *dialogs = NULL;
	struct sw_observed observed;
	struct sw_health health = {};
	uint64_t now = monotonic_ns();

	if (!o)
		return NULL;
	state_health_read(state, &health);
	text = observer_text(&health, now);
	json_text(o, "state", observer_word(sw_observer_state(&health, now)));
	json_text(o, "text", text);
	json_count(o, "in_place_seconds",
		   health.observed_from ? (now - health.observed_from) / SW_NS_PER_SEC : 0);
	json_flag(o, "server_falls_behind", health.pressure_until > now);
	if (!wants->dialogs)
		return o;
	state_observed_read(state, &observed);
	dialogs = dialogs_text(&health, &observed, now);
	json_text(o, "dialogs", dialogs);
	return o;
}

/* The time that counting a table may take: more entries than that are "at least so many". */
#define COUNTED_FOR 2000000

static void add_table(struct json_object *tables, const char *name, uint64_t filled, bool at_least,
		      uint64_t capacity)
{
	struct json_object *o = json_object_new_object();

	json_text(o, "name", name);
	json_count(o, "filled", filled);
	json_count(o, "capacity", capacity);
	json_flag(o, "at_least", at_least);
	json_object_array_add(tables, o);
}

static void add_counted(struct json_object *tables, const char *name, const struct state *state,
			enum state_map map)
{
	struct table_fill fill;

	if (table_fill(state, map, COUNTED_FOR, &fill))
		add_table(tables, name, fill.filled, fill.at_least, fill.capacity);
}

/* Those that refuse a new entry when they are full; the others push out the oldest. */
static void add_tables(const struct state *state, struct json_object *o,
		       const struct ban_counts *counts)
{
	struct json_object *tables = json_object_new_array();

	add_table(tables, "bans", counts->denies + counts->allows + counts->remembered, false,
		  state_entries(state, STATE_BANS));
	add_table(tables, "known", count_of(o, "known"), false, count_of(o, "known_room"));
	add_counted(tables, "penalties", state, STATE_PENALTIES);
	add_counted(tables, "connections", state, STATE_CONNECTION_COUNTS);
	json_object_object_add(o, "tables", tables);
}

static void add_limits(const struct state *state, const struct sw_policy *policy,
		       struct json_object *o)
{
	auto_attack_now struct attack_now attack = {};

	attack_look(state, policy, monotonic_ns(), &attack);
	attack_now_json(&attack, o);
}

static void add_zones(const struct state *state, const struct sw_policy *policy,
		      struct json_object *o)
{
	struct json_object *monitored = json_object_new_array();
	char name[SW_NAME_MAX];
	uint64_t zones = 0;

	for (uint32_t i = 0; policy && i < SW_ZONES_MAX; i++) {
		if (!policy->zones[i].methods)
			continue;
		zones++;
		if (policy->zones[i].mode == SW_MODE_MONITOR)
			json_object_array_add(monitored,
					      json_string(state_zone_name(state, i, name)));
	}
	json_count(o, "zones", zones);
	json_object_object_add(o, "zones_monitored", monitored);
}

/* Reasons that drop nothing, whether the file or `tune` says so. */
static void add_shadow(const struct sw_policy *policy, struct json_object *o)
{
	struct json_object *shadow = json_object_new_array();

	for (int i = 0; policy && i < SW_REASON_COUNT; i++)
		if (policy->shadow[i / 64] >> i % 64 & 1)
			json_object_array_add(shadow, json_string(reason_name(i)));
	json_object_object_add(o, "shadow", shadow);
}

static int tables_json(const struct state *state, struct json_object *o, struct error *e)
{
	struct ban_counts counts;

	if ((!bans_of_agent(o, &counts) && ban_sweep_counts(state, &counts, e) < 0) ||
	    admission_json(state, o, e) < 0)
		return -1;
	json_count(o, "bans", counts.denies);
	json_count(o, "allowed", counts.allows);
	add_tables(state, o, &counts);
	return 0;
}

/* The agent's own word, or why there is none. */
static void add_agent(struct json_object *o)
{
	struct error no_agent = {};
	long holder;

	json_object_object_add(o, "agent", ask_agent("status", NULL, &no_agent));
	if (!no_agent.code)
		return;
	holder = lock_holder();
	if (no_agent.code == EXIT_NOT_RUNNING && holder) {
		auto_free char *text = xasprintf(
			"process %ld has the state but does not listen in "
			"%s: it uses another SIPWARD_RUN_DIR, it is starting or stopping, or its "
			"socket was removed",
			holder, run_dir());

		json_text(o, "agent_trouble", text);
	} else if (no_agent.code != EXIT_NOT_RUNNING) {
		json_text(o, "agent_trouble", no_agent.text);
	}
	json_object_object_add(o, "tuned_left", tuned_left());
}

static int state_json(const struct state *state, const struct wants *wants, struct json_object *o,
		      struct error *e)
{
	if (tables_json(state, o, e) < 0)
		return -1;
	json_object_object_add(o, "observer", observer_json(state, wants));
	add_limits(state, wants->policy, o);
	add_zones(state, wants->policy, o);
	add_shadow(wants->policy, o);
	return 0;
}

static void wants_free(struct wants *wants)
{
	free(wants->policy);
}

static int status_json(struct json_object **result, struct error *e)
{
	auto_state struct state state = STATE_CLOSED;
	auto_json struct json_object *o = json_object_new_object();
	struct json_object *interfaces = json_object_new_array();
	struct json_object *notes = json_object_new_array();
	cleanup(wants_free) struct wants wants = {};
	struct error no_state = {};

	add_agent(o);
	json_object_object_add(o, "network", network_json());
	json_object_object_add(o, "interfaces", interfaces);
	json_object_object_add(o, "notes", notes);
	if (state_open_existing(&state, &no_state) < 0 && no_state.code != EXIT_NOT_RUNNING)
		return fail(e, no_state.code, "%s", no_state.text);
	if (attached_json(interfaces, &wants, e) < 0)
		return -1;
	json_text(o, "state_trouble", no_state.code ? no_state.text : NULL);
	if (!no_state.code && state_json(&state, &wants, o, e) < 0)
		return -1;
	for (size_t i = 0; i < array_size(blind_spots); i++)
		json_object_array_add(notes, json_object_new_string(blind_spots[i]));
	*result = take(o);
	return 0;
}

static int read_options(const struct command *self, int argc, char **argv, bool *json,
			bool *verbose, struct error *e)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int letter;

	while ((letter = next_option(self, argc, argv, "jv", options, e)) >= 0) {
		*json |= letter == 'j';
		*verbose |= letter == 'v';
	}
	if (letter == -2)
		return -1;
	if (optind < argc)
		return fail(e, EXIT_USAGE, "%s: unexpected argument '%s'; see: sipward %s --help",
			    self->name, argv[optind], self->name);
	return 0;
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_json struct json_object *o = NULL;
	bool json = false, verbose = false;

	if (read_options(self, argc, argv, &json, &verbose, e) < 0 || status_json(&o, e) < 0)
		return -1;
	/* The text is in the output; only the code is left to say. */
	e->code = verdict_code(verdict_add(o));
	if (json)
		print_json(o);
	else
		print_status(o, verbose);
	return e->code ? -1 : 0;
}

const struct command command_status = {
	.name = "status",
	.summary = "says whether this host is protected, and why not",
	.help = "Usage: sipward status [-v] [-j]\n\n"
		"  -v, --verbose  adds programs, counts, memory, and what sipward cannot see\n"
		"  -j, --json     the same as JSON\n\n"
		"The first line is the answer, and the exit code goes with it:\n\n"
		"  PROTECTED           0  what the policy refuses is dropped\n"
		"  PROTECTED: why      0  likewise, but not in a zone in monitor mode, and not for\n"
		"                         reasons that are only counted (shadow)\n"
		"  MONITORING          0  what the policy refuses is counted, nothing is dropped\n"
		"  DEGRADED: why       1  attached, but a part is missing or does not work\n"
		"  NOT PROTECTED: why  6  no interface has a program of sipward\n\n"
		"Then come the agent, the interfaces, the observer, the attack state (calm, limiting,\n"
		"greylist), how full the tables are, and limits of zones and services of which more\n"
		"than 80 % is spent. The kernel itself is asked, so the output is right with and\n"
		"without an agent. It does not wait for an agent that is stopped or hangs.\n",
	.run = run,
};
