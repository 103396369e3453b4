/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/metrics.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "export/observer_text.h"
#include "export/repair_kinds.h"
#include "export/snapshot.h"
#include "kernel/attachment.h"
#include "kernel/calls.h"
#include "kernel/known.h"
#include "kernel/quotas.h"
#include "kernel/state_values.h"
#include "policy/names.h"

static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
	family(out, name, "gauge", help);
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void counter(FILE *out, const char *name, const char *help, uint64_t value)
{
	family(out, name, "counter", help);
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

/* A label value: octets that are no text are made harmless; backslash and quote are escaped. */
static void label(FILE *out, const char *name, const char *value)
{
	auto_free char *text = printable_text(value);

	fprintf(out, "%s=\"", name);
	for (const char *c = text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', out);
		fputc(*c, out);
	}
	fputc('"', out);
}

/* name{interface="…",zone="…", without the closing brace. */
static void start_sample(FILE *out, const char *name, const struct snapshot_interface *iface,
			 const struct snapshot_zone *zone)
{
	fprintf(out, "%s{", name);
	label(out, "interface", iface->attachment.iface);
	fputc(',', out);
	label(out, "zone", zone->name);
	fputc(',', out);
}

static void render_packets(FILE *out, const struct snapshot_interface *iface,
			   const struct snapshot_zone *zone)
{
	const struct sw_counters *counters = zone->counters;

	start_sample(out, "sipward_packets_total", iface, zone);
	fprintf(out, "verdict=\"pass\"} %" PRIu64 "\n",
		(uint64_t)counters->reasons[SW_MODE_ENFORCE][SW_REASON_NONE]);
	start_sample(out, "sipward_packets_total", iface, zone);
	fprintf(out, "verdict=\"drop\"} %" PRIu64 "\n",
		counters_refused(counters, SW_MODE_ENFORCE));
}

static void render_drops(FILE *out, const struct snapshot_interface *iface,
			 const struct snapshot_zone *zone)
{
	for (int mode = 0; mode < SW_MODE_COUNT; mode++) {
		for (int i = SW_REASON_NONE + 1; i < SW_REASON_COUNT; i++) {
			if (!zone->counters->reasons[mode][i])
				continue;
			start_sample(out, "sipward_drops_total", iface, zone);
			fprintf(out, "reason=\"%s\",mode=\"%s\"} %" PRIu64 "\n", reason_name(i),
				mode_name(mode), (uint64_t)zone->counters->reasons[mode][i]);
		}
	}
}

static void render_messages(FILE *out, const struct snapshot_interface *iface,
			    const struct snapshot_zone *zone)
{
	for (int i = 0; i < SW_MESSAGE_COUNT; i++) {
		start_sample(out, "sipward_messages_total", iface, zone);
		fprintf(out, "method=\"%s\"} %" PRIu64 "\n", message_name(i),
			(uint64_t)zone->counters->messages[i]);
	}
}

static void each_zone(FILE *out, const struct snapshot *snapshot,
		      void (*render)(FILE *, const struct snapshot_interface *,
				     const struct snapshot_zone *))
{
	for (size_t i = 0; i < snapshot->interface_count; i++)
		for (size_t j = 0; j < snapshot->interfaces[i].zone_count; j++)
			render(out, &snapshot->interfaces[i], &snapshot->interfaces[i].zones[j]);
}

static void render_attachments(FILE *out, const struct snapshot *snapshot)
{
	family(out, "sipward_interface_attached", "gauge",
	       "1 when the program is attached in this mode; generic mode costs several times more "
	       "CPU");
	for (size_t i = 0; i < snapshot->interface_count; i++) {
		const struct attachment *attachment = &snapshot->interfaces[i].attachment;

		fputs("sipward_interface_attached{", out);
		label(out, "interface", attachment->iface);
		fprintf(out, ",attach=\"%s\"} %d\n", attach_mode_name(attachment->mode),
			attachment->mode == ATTACH_NATIVE || attachment->mode == ATTACH_GENERIC);
	}
}

static void render_policy(FILE *out, const struct metrics_source *source)
{
	const struct policy *policy = source->policy;

	family(out, "sipward_policy_info", "gauge", "The policy that runs");
	fputs("sipward_policy_info{", out);
	label(out, "policy", policy->file);
	fprintf(out, ",mode=\"%s\",hash=\"", mode_name(policy->mode));
	for (size_t i = 0; i < sizeof(policy->hash); i++)
		fprintf(out, "%02x", policy->hash[i]);
	fputs("\"} 1\n", out);
	gauge(out, "sipward_policy_generation", "Number of the policy generation that runs",
	      source->generation);
	counter(out, "sipward_policy_reload_failures_total",
		"Reloads that were refused; the previous policy kept running",
		source->reload_failures);
	gauge(out, "sipward_policy_tuned",
	      "Values that `sipward tune` put in place of the policy's", source->tuned);
}

/* One of the states is 1. Nothing where no rule needs the observer: an alert on "not good" would
 * ring for nothing. */
static void render_observer(FILE *out, const struct metrics_source *source)
{
	struct sw_health health = {};
	uint64_t now = monotonic_ns();

	if (!source->observed)
		return;
	state_health_read(source->state, &health);
	family(out, "sipward_observer_state", "gauge",
	       "1 for the current state; rules that need the observer are active in state good "
	       "only");
	for (int i = 0; i < SW_OBSERVER_STATE_COUNT; i++)
		fprintf(out, "sipward_observer_state{state=\"%s\"} %d\n", observer_word(i),
			(int)sw_observer_state(&health, now) == i);
	gauge(out, "sipward_server_falls_behind",
	      "1 while the server leaves most requests unanswered and newcomers wait",
	      health.pressure_until > now);
}

/* Label values are the reasons that bans have. */
static void render_offences(FILE *out, const char *name, const uint64_t *counts, const char *label)
{
	static const enum sw_reason reasons[SW_OFFENCE_COUNT] = {
		[SW_OFFENCE_AUTH] = SW_REASON_AUTH_FAILURES,
		[SW_OFFENCE_ENUMERATION] = SW_REASON_ENUMERATION,
		[SW_OFFENCE_SANITY] = SW_REASON_SANITY_VIOLATIONS,
	};

	for (int i = 0; i < SW_OFFENCE_COUNT; i++)
		fprintf(out, "%s{reason=\"%s\",%s} %" PRIu64 "\n", name, reason_name(reasons[i]),
			label, counts[i]);
}

static void render_behaviour(FILE *out, const struct metrics_source *source)
{
	const struct behaviour_counts *counts = source->behaviour;
	uint64_t tallies[SW_TALLY_COUNT] = {};

	tallies_read(source->state, tallies, NULL);
	family(out, "sipward_offences_total", "counter",
	       "Offences that were counted; proof no: may be spoofed, and earns a penalty at most");
	render_offences(out, "sipward_offences_total", counts->evidence, "proof=\"yes\"");
	render_offences(out, "sipward_offences_total", counts->hints, "proof=\"no\"");
	counter(out, "sipward_offences_lost_total",
		"Offences that did not reach the agent: over "
		"their budget",
		tallies[SW_TALLY_OFFENCES_LOST]);
	family(out, "sipward_bans_total", "counter",
	       "Bans for behaviour; mode monitor: would have been banned");
	render_offences(out, "sipward_bans_total", counts->bans, "mode=\"enforce\"");
	render_offences(out, "sipward_bans_total", counts->would_ban, "mode=\"monitor\"");
	family(out, "sipward_logins_refused_total", "counter",
	       "Usernames that were refused to one source for wrong passwords; mode monitor: would "
	       "have been");
	fprintf(out, "sipward_logins_refused_total{mode=\"enforce\"} %" PRIu64 "\n",
		counts->refused);
	fprintf(out, "sipward_logins_refused_total{mode=\"monitor\"} %" PRIu64 "\n",
		counts->would_refuse);
	family(out, "sipward_accounts_attacked_total", "counter",
	       "Usernames whose password was guessed at from many sources; mode enforce: newcomers "
	       "with them got a limit");
	fprintf(out, "sipward_accounts_attacked_total{mode=\"enforce\"} %" PRIu64 "\n",
		counts->accounts);
	fprintf(out, "sipward_accounts_attacked_total{mode=\"monitor\"} %" PRIu64 "\n",
		counts->accounts_watched);
	counter(out, "sipward_bans_full_total",
		"Bans and penalties that were not set: the table "
		"is full",
		counts->full);
	counter(out, "sipward_penalties_total",
		"Penalties of sources for offences that may be spoofed", counts->penalties);
}

static void render_calls(FILE *out, const struct metrics_source *source)
{
	bool begun = false;

	for (uint32_t number = 0; number < SW_ZONES_MAX; number++) {
		struct sw_source all = {.zone = number};
		const struct zone *zone = state_zone(source->state, source->policy, number);

		if (!zone || !(zone->calls.source || zone->calls.zone))
			continue;
		if (!begun)
			family(out, "sipward_calls", "gauge",
			       "Calls that are up or ring, of zones with `calls`");
		begun = true;
		fprintf(out, "sipward_calls{zone=\"%s\"} %u\n", zone->name,
			calls_live(source->state, &all));
	}
}

/* Of tables that refuse a new entry when they are full, and whose entries are counted without a
 * walk: a page must not wait for one. */
static void render_tables(FILE *out, const struct metrics_source *source)
{
	family(out, "sipward_table_entries", "gauge", "Entries of a table that can be full");
	fprintf(out, "sipward_table_entries{table=\"known\"} %" PRIu64 "\n",
		known_filled(source->state));
	if (source->ban_entries >= 0)
		fprintf(out, "sipward_table_entries{table=\"bans\"} %ld\n", source->ban_entries);
	family(out, "sipward_table_capacity", "gauge", "Entries that the table has room for");
	fprintf(out, "sipward_table_capacity{table=\"known\"} %u\n",
		state_entries(source->state, STATE_KNOWN));
	fprintf(out, "sipward_table_capacity{table=\"bans\"} %u\n",
		state_entries(source->state, STATE_BANS));
}

static void render_admission(FILE *out, const struct metrics_source *source)
{
	uint64_t tallies[SW_TALLY_COUNT] = {};

	tallies_read(source->state, tallies, NULL);
	counter(out, "sipward_known_promoted_total", "Endpoints that became known",
		tallies[SW_TALLY_PROMOTED]);
	family(out, "sipward_known_refused_total", "counter",
	       "Endpoints with a proof that did not become known: the table is full, or their "
	       "address or network has its share");
	fprintf(out, "sipward_known_refused_total{why=\"full\"} %" PRIu64 "\n",
		tallies[SW_TALLY_KNOWN_FULL]);
	fprintf(out, "sipward_known_refused_total{why=\"share\"} %" PRIu64 "\n",
		tallies[SW_TALLY_KNOWN_QUOTA]);
	counter(out, "sipward_greylist_turned_away_total",
		"Packets of newcomers that the greylist dropped, first ones and early ones",
		tallies[SW_TALLY_GREYLISTED]);
	counter(out, "sipward_greylist_admitted_total",
		"Packets of newcomers that were admitted as a retransmission",
		tallies[SW_TALLY_AGAIN]);
	counter(out, "sipward_probe_answers_total",
		"Answers to sipward's own OPTIONS that made an endpoint known",
		tallies[SW_TALLY_PROBE_ANSWERS]);
}

/* Octets that are in memory now; 0 when the kernel does not say. */
static uint64_t resident(void)
{
	auto_free char *text = read_whole_file("/proc/self/statm", 4096, NULL, NULL);
	unsigned long all, pages;

	return text && sscanf(text, "%lu %lu", &all, &pages) == 2 ?
		       (uint64_t)pages * sysconf(_SC_PAGESIZE) :
		       0;
}

/* Under the names that every exporter has for them. */
static void render_process(FILE *out, const struct metrics_source *source)
{
	struct timespec cpu = {};

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	family(out, "process_cpu_seconds_total", "counter", "Processor time of the agent");
	fprintf(out, "process_cpu_seconds_total %.2f\n", cpu.tv_sec + cpu.tv_nsec / 1e9);
	gauge(out, "process_resident_memory_bytes", "Memory of the agent, without the tables",
	      resident());
	gauge(out, "process_start_time_seconds", "When the agent started, in seconds since 1970",
	      source->started);
}

static void render_closings(FILE *out, const struct metrics_source *source)
{
	if (!source->closed)
		return;
	family(out, "sipward_connections_closed_total", "counter",
	       "TCP connections that were closed for their content, by reason");
	for (int i = SW_REASON_NONE + 1; i < SW_REASON_COUNT; i++)
		if (source->closed[i])
			fprintf(out,
				"sipward_connections_closed_total{reason=\"%s\"} %" PRIu64 "\n",
				reason_name(i), source->closed[i]);
}

static void render_patches(FILE *out, const struct metrics_source *source)
{
	struct sw_patch_name patch;
	bool any = false;

	for (uint32_t i = 0; i < SW_PATCH_NUMBERS; i++) {
		if (!state_patch_read(source->state, i, &patch))
			continue;
		if (!any)
			family(out, "sipward_rule_matches_total", "counter",
			       "Requests that a rule of the policy's `rules` matched; action "
			       "report: they passed");
		any = true;
		for (int refused = 1; refused >= 0; refused--) {
			fputs("sipward_rule_matches_total{", out);
			label(out, "rule", patch.name);
			fprintf(out, ",action=\"%s\"} %" PRIu64 "\n", refused ? "deny" : "report",
				(uint64_t)(refused ? patch.refused : patch.reported));
		}
	}
}

static void render_repairs(FILE *out, const struct metrics_source *source)
{
	family(out, "sipward_repairs_total", "counter",
	       "Repairs by the agent of what another tool changed in the kernel");
	for (int i = 0; i < REPAIR_COUNT; i++)
		fprintf(out, "sipward_repairs_total{kind=\"%s\"} %" PRIu64 "\n", repair_name(i),
			source->repairs[i]);
}

static void list_sample(FILE *out, const char *name, const char *file, uint64_t value)
{
	fprintf(out, "%s{", name);
	label(out, "file", file);
	fprintf(out, "} %" PRIu64 "\n", value);
}

static void render_lists(FILE *out, const struct metrics_source *source)
{
	const struct metrics_list *lists = source->lists;

	if (!source->list_count)
		return;
	family(out, "sipward_list_entries", "gauge", "Prefixes of a list file that hold now");
	for (size_t i = 0; i < source->list_count; i++)
		list_sample(out, "sipward_list_entries", lists[i].file, lists[i].entries);
	family(out, "sipward_list_wrong_lines", "gauge",
	       "Lines of a list file that are left out, since they are no prefixes");
	for (size_t i = 0; i < source->list_count; i++)
		list_sample(out, "sipward_list_wrong_lines", lists[i].file, lists[i].wrong);
	family(out, "sipward_list_taken_timestamp_seconds", "gauge",
	       "When what is in force of a list file was taken");
	for (size_t i = 0; i < source->list_count; i++)
		list_sample(out, "sipward_list_taken_timestamp_seconds", lists[i].file,
			    lists[i].taken);
	family(out, "sipward_list_kept", "gauge",
	       "1 while a list file as it is now is not in force: it cannot be read, is wrong, or "
	       "shrank by more than half");
	for (size_t i = 0; i < source->list_count; i++)
		list_sample(out, "sipward_list_kept", lists[i].file, lists[i].kept);
}

static void render_exported(FILE *out, const char *to, const struct export_counts *counts)
{
	const struct {
		const char *name;
		uint64_t count;
	} results[] = {
		{"sent", counts->sent},
		{"suppressed", counts->suppressed},
		{"failed", counts->failed},
	};

	for (size_t i = 0; i < array_size(results); i++)
		fprintf(out, "sipward_exported_events_total{to=\"%s\",result=\"%s\"} %" PRIu64 "\n",
			to, results[i].name, results[i].count);
}

static void render_outlets(FILE *out, const struct metrics_source *source)
{
	family(out, "sipward_exported_events_total", "counter",
	       "Events for Homer (hep) and for the event log (log), by what became of them");
	render_exported(out, "log", source->log);
	render_exported(out, "hep", source->hep);
}

static void render_hooks(FILE *out, const struct metrics_source *source)
{
	family(out, "sipward_hooks_total", "counter",
	       "Programs of `hooks:` that were to be run, by what became of them");
	for (int i = 0; i < HOOK_COUNT; i++)
		for (int j = 0; j < HOOK_OUTCOMES; j++)
			fprintf(out, "sipward_hooks_total{hook=\"%s\",result=\"%s\"} %" PRIu64 "\n",
				hook_words[i], hook_outcome_words[j], source->hooks[i].by[j]);
}

char *metrics_render(const struct metrics_source *source, struct error *e)
{
	auto_snapshot struct snapshot snapshot = {};
	char *text = NULL;
	size_t size;
	FILE *out;

	if (snapshot_take(&snapshot, source->state, e) < 0)
		return NULL;
	out = open_memstream(&text, &size);
	family(out, "sipward_build_info", "gauge",
	       "Version of the agent and compiler of the data path");
	fprintf(out, "sipward_build_info{version=\"%s\",compiler=\"%s\"} 1\n", SIPWARD_VERSION,
		SIPWARD_COMPILER);
	gauge(out, "sipward_up", "1 while the agent runs", 1);
	gauge(out, "sipward_interfaces_missing", "Interfaces of the policy that are not there now",
	      source->interfaces_missing);
	if (source->bans >= 0)
		gauge(out, "sipward_bans", "Sources that are banned, as last counted",
		      source->bans);
	counter(out, "sipward_exporter_ends_total",
		"Unexpected ends of the process that serves "
		"this page; the agent restarts it",
		source->exporter_ends);
	family(out, "sipward_agent_round_seconds_max", "gauge",
	       "Processor time of the longest round of the agent's loop since it started");
	fprintf(out, "sipward_agent_round_seconds_max %.6f\n", source->round_ns / 1e9);
	render_behaviour(out, source);
	render_tables(out, source);
	render_admission(out, source);
	render_process(out, source);
	counter(out, "sipward_events_total", "Refused packets that have an event", source->events);
	render_policy(out, source);
	render_observer(out, source);
	render_calls(out, source);
	render_closings(out, source);
	render_attachments(out, &snapshot);
	render_repairs(out, source);
	render_patches(out, source);
	render_lists(out, source);
	render_outlets(out, source);
	render_hooks(out, source);
	family(out, "sipward_packets_total", "counter", "Packets to the services, by verdict");
	each_zone(out, &snapshot, render_packets);
	family(out, "sipward_drops_total", "counter",
	       "Packets refused, by reason; mode monitor: would-drop, not carried out");
	each_zone(out, &snapshot, render_drops);
	family(out, "sipward_messages_total", "counter",
	       "Messages to the services, by method or kind");
	each_zone(out, &snapshot, render_messages);
	fclose(out);
	return text;
}
