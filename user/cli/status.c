/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>

#include "agent/tuned.h"
#include "cli/ask.h"
#include "cli/attached.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/tune.h"
#include "export/json.h"
#include "export/observer_text.h"
#include "kernel/bans.h"
#include "kernel/known.h"
#include "kernel/lock.h"
#include "kernel/memory.h"
#include "kernel/paths.h"
#include "kernel/quotas.h"
#include "kernel/state_open.h"
#include "kernel/state_values.h"

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

static int tables_json(const struct state *state, struct json_object *o, struct error *e)
{
	struct ban_counts counts;

	if ((!bans_of_agent(o, &counts) && ban_sweep_counts(state, &counts, e) < 0) ||
	    admission_json(state, o, e) < 0)
		return -1;
	json_count(o, "bans", counts.denies);
	json_count(o, "allowed", counts.allows);
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

/* With no pin left, an agent or a program that still runs is worth to be told. */
static bool anything_runs(struct json_object *o)
{
	return json_object_object_get(o, "agent") || text_of(o, "agent_trouble") ||
	       json_object_array_length(json_object_object_get(o, "interfaces"));
}

static int status_json(struct json_object **result, struct error *e)
{
	auto_state struct state state = STATE_CLOSED;
	auto_json struct json_object *o = json_object_new_object();
	struct json_object *interfaces = json_object_new_array();
	struct json_object *notes = json_object_new_array();
	struct wants wants = {};
	struct error no_state = {};

	add_agent(o);
	json_object_object_add(o, "network", network_json());
	json_object_object_add(o, "interfaces", interfaces);
	json_object_object_add(o, "notes", notes);
	if (state_open_existing(&state, &no_state) < 0 && no_state.code != EXIT_NOT_RUNNING)
		return fail(e, no_state.code, "%s", no_state.text);
	if (attached_json(interfaces, &wants, e) < 0)
		return -1;
	if (no_state.code && !anything_runs(o))
		return fail(e, no_state.code, "%s", no_state.text);
	json_text(o, "state_trouble", no_state.code ? no_state.text : NULL);
	if (!no_state.code) {
		if (tables_json(&state, o, e) < 0)
			return -1;
		json_object_object_add(o, "observer", observer_json(&state, &wants));
	}
	for (size_t i = 0; i < array_size(blind_spots); i++)
		json_object_array_add(notes, json_object_new_string(blind_spots[i]));
	*result = take(o);
	return 0;
}

static void print_tuned(struct json_object *tuned)
{
	for (size_t i = 0; tuned && i < json_object_array_length(tuned); i++) {
		printf("  tuned: ");
		print_override(json_object_array_get_idx(tuned, i));
	}
}

static void print_saved(struct json_object *saved)
{
	if (!saved)
		puts("  bans and known endpoints are not saved for a reboot (state: {save: FILE})");
	else if (text_of(saved, "error"))
		printf("  not saved for a reboot: %s\n", text_of(saved, "error"));
	else if (text_of(saved, "saved_seconds_ago"))
		printf("  saved for a reboot %s s ago: %s\n", text_of(saved, "saved_seconds_ago"),
		       text_of(saved, "file"));
}

/* Only when something is wrong with it. */
static void print_exporter(struct json_object *o)
{
	if (o && text_of(o, "error"))
		printf("  /metrics on %s is not served now: %s; the agent starts it again\n",
		       text_of(o, "listen"), text_of(o, "error"));
}

static void print_no_agent(const char *trouble, struct json_object *left)
{
	if (trouble)
		printf("%s; what follows comes from the kernel\n", trouble);
	else
		puts("agent: not running; attached programs keep protecting, but nothing is "
		     "reloaded or exported (start it: sipward run)");
	print_tuned(left);
}

static void print_renamed(struct json_object *renamed)
{
	for (size_t i = 0; renamed && i < json_object_array_length(renamed); i++) {
		struct json_object *o = json_object_array_get_idx(renamed, i);

		printf("  interface %s is named %s in the policy or on the command line: write %s "
		       "there before the next start\n",
		       text_of(o, "name"), text_of(o, "meant"), text_of(o, "name"));
	}
}

static void print_repairs(struct json_object *repairs)
{
	struct json_object *counts = json_object_object_get(repairs, "counts");

	if (!counts || !text_of(repairs, "last"))
		return;
	printf("  repaired since the start:");
	json_object_object_foreach(counts, kind, count)
		if (json_object_get_int64(count))
			printf(" %s %s", kind, json_object_get_string(count));
	printf("; the last %s s ago: %s\n", text_of(repairs, "seconds_ago"),
	       text_of(repairs, "last"));
}

static void print_agent(struct json_object *agent)
{
	struct json_object *missing = json_object_object_get(agent, "missing");

	printf("agent: pid %s, version %s, up %s s, policy %s\n", text_of(agent, "pid"),
	       text_of(agent, "version"), text_of(agent, "uptime"), text_of(agent, "policy"));
	if (text_of(agent, "reload_error"))
		printf("  the last reload was refused: %s\n", text_of(agent, "reload_error"));
	if (text_of(agent, "confirm_seconds_left"))
		printf("  not confirmed: the previous policy comes back in %s s, unless you run: "
		       "sipward confirm\n",
		       text_of(agent, "confirm_seconds_left"));
	print_tuned(json_object_object_get(agent, "tuned"));
	print_saved(json_object_object_get(agent, "saved"));
	print_exporter(json_object_object_get(agent, "exporter"));
	for (size_t i = 0; i < json_object_array_length(missing); i++)
		printf("  interface %s is not attached: it is missing or down, or it has another "
		       "XDP program; sipward attaches as soon as it can\n",
		       json_object_get_string(json_object_array_get_idx(missing, i)));
	print_renamed(json_object_object_get(agent, "renamed"));
	print_repairs(json_object_object_get(agent, "repairs"));
}

static void print_admission(struct json_object *o)
{
	struct json_object *greylist = json_object_object_get(o, "greylist");

	printf("known: %s endpoints, room for %s (%s added; not added: %s table full, %s over the "
	       "share of their network; %s unserved ones removed to make room), %s probes "
	       "answered\n",
	       text_of(o, "known"), text_of(o, "known_room"), text_of(o, "known_promoted"),
	       text_of(o, "known_refused_full"), text_of(o, "known_refused_quota"),
	       text_of(o, "known_made_room"), text_of(o, "probes_answered"));
	printf("greylist: %s requests dropped, %s admitted when retransmitted; at %d newcomers a "
	       "second about %.1f a second are admitted by "
	       "chance\n",
	       text_of(greylist, "turned_away"), text_of(greylist, "let_in_again"), STATED_FLOOD,
	       json_object_get_double(
		       json_object_object_get(greylist, "let_in_by_chance_per_second_at_1000000")));
	printf("memory: %.0f MB when every table is full; `tables:` of the policy may use up to "
	       "%.0f MB\n",
	       json_object_get_int64(json_object_object_get(o, "memory_octets")) / 1e6,
	       json_object_get_int64(json_object_object_get(o, "memory_allowed_octets")) / 1e6);
}

static void print_closings(struct json_object *agent)
{
	struct json_object *o = json_object_object_get(agent, "tcp_close");

	if (!o)
		return;
	if (!json_object_get_boolean(json_object_object_get(o, "possible")))
		puts("tcp: close: this kernel cannot close connections (it lacks "
		     "CONFIG_INET_DIAG_DESTROY); violations are only counted");
	json_object_object_foreach(json_object_object_get(o, "closed"), reason, count)
		printf("tcp: %s connections were closed for %s\n", json_object_get_string(count),
		       reason);
}

static void print_observer(struct json_object *o)
{
	if (!o)
		return;
	puts(text_of(o, "text"));
	if (text_of(o, "dialogs"))
		puts(text_of(o, "dialogs"));
	if (json_object_get_boolean(json_object_object_get(o, "server_falls_behind")))
		puts("the server leaves most requests unanswered; newcomers wait (greylist)");
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_json struct json_object *o = NULL;
	bool json;

	if (only_json(self, argc, argv, &json, e) < 0 || status_json(&o, e) < 0)
		return -1;
	if (json) {
		print_json(o);
		return 0;
	}
	if (json_object_object_get(o, "agent"))
		print_agent(json_object_object_get(o, "agent"));
	else
		print_no_agent(text_of(o, "agent_trouble"),
			       json_object_object_get(o, "tuned_left"));
	print_network(json_object_object_get(o, "network"));
	print_attached(json_object_object_get(o, "interfaces"));
	print_observer(json_object_object_get(o, "observer"));
	print_closings(json_object_object_get(o, "agent"));
	if (text_of(o, "state_trouble")) {
		printf("state: %s\n", text_of(o, "state_trouble"));
	} else {
		print_admission(o);
		printf("bans: %s; allowed manually: %s\n", text_of(o, "bans"),
		       text_of(o, "allowed"));
	}
	for (size_t i = 0; i < array_size(blind_spots); i++)
		printf("note: %s\n", blind_spots[i]);
	return 0;
}

const struct command command_status = {
	.name = "status",
	.summary = "shows interfaces, modes, policy and the state of the agent",
	.help = "Usage: sipward status [-j]\n\n"
		"Asks the kernel itself, so the output is right with and without an agent. It\n"
		"does not wait for an agent that is stopped or hangs. Exit code 6: nothing of\n"
		"sipward is attached.\n",
	.run = run,
};
