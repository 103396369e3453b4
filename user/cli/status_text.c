/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/status_text.h"

#include <inttypes.h>
#include <string.h>

#include "cli/attached.h"
#include "cli/list_text.h"
#include "cli/tune.h"
#include "export/json.h"
#include "export/verdict.h"

/* A member that counts seconds, as people say it. */
static struct spoken said(struct json_object *o, const char *key)
{
	return spoken(count_of(o, key));
}

static void print_tuned(struct json_object *tuned)
{
	for (size_t i = 0; tuned && i < json_object_array_length(tuned); i++) {
		printf("  tuned: ");
		print_override(json_object_array_get_idx(tuned, i));
	}
}

static void print_saved(struct json_object *saved, bool verbose)
{
	if (!saved && verbose)
		puts("  bans and known endpoints are not saved for a reboot (state: {save: FILE})");
	else if (text_of(saved, "error"))
		printf("  not saved for a reboot: %s\n", text_of(saved, "error"));
	else if (text_of(saved, "saved_seconds_ago"))
		printf("  saved for a reboot %s ago: %s\n", said(saved, "saved_seconds_ago").text,
		       text_of(saved, "file"));
}

/* Only when something is wrong with it. */
static void print_exporter(struct json_object *o)
{
	if (o && text_of(o, "error"))
		printf("  /metrics on %s is not served now: %s; the agent starts it again\n",
		       text_of(o, "listen"), text_of(o, "error"));
}

/* Of the log and of Homer: always when something is wrong with it. */
static void print_outlet(struct json_object *o, const char *what, bool verbose)
{
	uint64_t failed = count_of(o, "failed");

	if (!o || (!verbose && !failed && !text_of(o, "error")))
		return;
	printf("  events go to %s %s: %s sent, %s over the budget, %s failed%s%s\n", what,
	       text_of(o, "to"), text_of(o, "sent"), text_of(o, "suppressed"), text_of(o, "failed"),
	       text_of(o, "error") ? "; " : "", text_of(o, "error") ? text_of(o, "error") : "");
}

static void print_hooks(struct json_object *hooks, bool verbose)
{
	if (!hooks)
		return;
	if (!json_object_get_boolean(json_object_object_get(hooks, "running")))
		puts("  hooks do not run: their process has ended; restart the agent");
	json_object_object_foreach(hooks, name, o) {
		uint64_t bad;

		if (!json_object_is_type(o, json_type_object))
			continue;
		bad = count_of(o, "failed") + count_of(o, "killed") + count_of(o, "left_out");
		if (verbose || bad)
			printf("  hook %s (%s): %s done, %s failed, %s killed, %s left out\n", name,
			       text_of(o, "program"), text_of(o, "done"), text_of(o, "failed"),
			       text_of(o, "killed"), text_of(o, "left_out"));
	}
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
	printf("; the last %s ago: %s\n", said(repairs, "seconds_ago").text,
	       text_of(repairs, "last"));
}

static void print_agent(struct json_object *agent, bool verbose)
{
	struct json_object *missing = json_object_object_get(agent, "missing");

	printf("agent: running for %s, policy %s\n", said(agent, "uptime").text,
	       text_of(agent, "policy"));
	if (verbose)
		printf("  pid %s, version %s\n", text_of(agent, "pid"), text_of(agent, "version"));
	if (text_of(agent, "reload_error"))
		printf("  the last reload was refused: %s\n", text_of(agent, "reload_error"));
	if (text_of(agent, "confirm_seconds_left"))
		printf("  not confirmed: the previous policy comes back in %s, unless you run: "
		       "sipward confirm\n",
		       said(agent, "confirm_seconds_left").text);
	print_tuned(json_object_object_get(agent, "tuned"));
	print_saved(json_object_object_get(agent, "saved"), verbose);
	print_exporter(json_object_object_get(agent, "exporter"));
	print_outlet(json_object_object_get(agent, "log"), "the log", verbose);
	print_outlet(json_object_object_get(agent, "hep"), "Homer", verbose);
	print_hooks(json_object_object_get(agent, "hooks"), verbose);
	for (size_t i = 0; i < json_object_array_length(missing); i++)
		printf("  interface %s is not attached: it is missing or down, or it has another "
		       "XDP program; sipward attaches as soon as it can\n",
		       json_object_get_string(json_object_array_get_idx(missing, i)));
	print_renamed(json_object_object_get(agent, "renamed"));
	print_repairs(json_object_object_get(agent, "repairs"));
	print_list_trouble(json_object_object_get(agent, "lists"));
}

/* "known   5 of 262144   0 %": within 40 columns. */
static void print_tables(struct json_object *tables)
{
	size_t count = tables ? json_object_array_length(tables) : 0;

	if (count)
		puts("tables:");
	for (size_t i = 0; i < count; i++) {
		struct json_object *o = json_object_array_get_idx(tables, i);
		uint64_t filled = count_of(o, "filled"), capacity = count_of(o, "capacity");
		bool more = json_object_get_boolean(json_object_object_get(o, "at_least"));

		printf("  %-11s %8" PRIu64 "%s of %-8" PRIu64 " %3.0f %%\n", text_of(o, "name"),
		       filled, more ? "+" : "", capacity,
		       capacity ? (double)filled * 100 / (double)capacity : 0);
	}
}

static void print_limits(struct json_object *limits)
{
	size_t count = limits ? json_object_array_length(limits) : 0;

	if (count)
		puts("limits that are near:");
	for (size_t i = 0; i < count; i++) {
		struct json_object *o = json_object_array_get_idx(limits, i);
		bool refuses = json_object_get_boolean(json_object_object_get(o, "refuses"));

		printf("  %-28s %3s %%%s\n", text_of(o, "limit"), text_of(o, "percent"),
		       refuses ? ", refuses packets now" : "");
	}
}

static void print_attack(const char *state)
{
	if (!state)
		return;
	printf("attack: %s\n",
	       strcmp(state, "calm") == 0     ? "calm" :
	       strcmp(state, "limiting") == 0 ? "limiting: a limit refuses packets now" :
						"greylist: newcomers must retransmit");
}

static void print_counts(struct json_object *o)
{
	struct json_object *greylist = json_object_object_get(o, "greylist");

	printf("known: %s added; not added: %s table full, %s over the share of their network; "
	       "%s unserved ones removed to make room; %s probes answered\n",
	       text_of(o, "known_promoted"), text_of(o, "known_refused_full"),
	       text_of(o, "known_refused_quota"), text_of(o, "known_made_room"),
	       text_of(o, "probes_answered"));
	printf("greylist: %s requests dropped, %s admitted when retransmitted; at 1000000 "
	       "newcomers a second about %.1f a second are admitted by chance\n",
	       text_of(greylist, "turned_away"), text_of(greylist, "let_in_again"),
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

static void print_notes(struct json_object *notes)
{
	for (size_t i = 0; notes && i < json_object_array_length(notes); i++)
		printf("note: %s\n", json_object_get_string(json_object_array_get_idx(notes, i)));
}

static void print_state(struct json_object *o, bool verbose)
{
	if (text_of(o, "state_trouble")) {
		printf("state: %s\n", text_of(o, "state_trouble"));
		return;
	}
	print_attack(text_of(o, "attack"));
	print_tables(json_object_object_get(o, "tables"));
	print_limits(json_object_object_get(o, "limits_near"));
	printf("bans: %s; allowed manually: %s\n", text_of(o, "bans"), text_of(o, "allowed"));
	if (verbose)
		print_counts(o);
}

/* No pin, no program, no agent: the first line says it all. */
static bool nothing_runs(struct json_object *o)
{
	return text_of(o, "state_trouble") && !json_object_object_get(o, "agent") &&
	       !text_of(o, "agent_trouble") &&
	       !json_object_array_length(json_object_object_get(o, "interfaces"));
}

void print_status(struct json_object *o, bool verbose)
{
	struct json_object *agent = json_object_object_get(o, "agent");
	auto_free char *line = verdict_line(o);

	puts(line);
	if (nothing_runs(o))
		return;
	if (agent)
		print_agent(agent, verbose);
	else
		print_no_agent(text_of(o, "agent_trouble"),
			       json_object_object_get(o, "tuned_left"));
	print_network(json_object_object_get(o, "network"));
	print_attached(json_object_object_get(o, "interfaces"), verbose);
	print_observer(json_object_object_get(o, "observer"));
	print_closings(agent);
	print_state(o, verbose);
	if (verbose)
		print_notes(json_object_object_get(o, "notes"));
}
