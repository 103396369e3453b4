/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/top_collect.h"

#include <string.h>

#include "export/top_samples.h"
#include "kernel/known.h"
#include "kernel/quotas.h"
#include "kernel/state_values.h"
#include "kernel/table_fill.h"
#include "kernel/walk.h"
#include "policy/names.h"

/* Samples are asked for so long: the next second asks again, and who is killed asks no more. */
#define ASK_FOR (3 * SW_NS_PER_SEC)

/* Time for the walk of a table, and for that of known endpoints. */
#define FILL_FOR  (10 * 1000000ull)
#define KNOWN_FOR (60 * 1000000ull)
#define KNOWN_MAX 256 /* of those seen last that are kept */

static void moment_free(struct top_moment *moment)
{
	snapshot_free(&moment->snapshot);
}

static int take_moment(struct top_moment *moment, const struct state *state, struct error *e)
{
	*moment = (struct top_moment){.time = monotonic_ns()};
	if (snapshot_take(&moment->snapshot, state, e) == 0 &&
	    tallies_read(state, moment->tallies, e) == 0)
		return 0;
	moment_free(moment);
	return -1;
}

static struct summary *summary_of(struct top *top, int which)
{
	struct summary *all[] = {&top->sources, &top->called, &top->prefixes, &top->agents, NULL};

	return all[which];
}

int top_open(struct top_collector *collector, const struct state *state, struct error *e)
{
	*collector = (struct top_collector){.state = state, .zone = -1};
	collector->top.one_of = 1;
	for (int i = 0; summary_of(&collector->top, i); i++)
		summary_open(summary_of(&collector->top, i));
	if (samples_open(&collector->samples, state, e) < 0 ||
	    take_moment(&collector->before, state, e) < 0)
		return -1;
	collector->polled = collector->before.time;
	samples_want(&collector->samples, 1, collector->before.time + ASK_FOR);
	return 0;
}

void top_close(struct top_collector *collector)
{
	struct top *top = &collector->top;

	for (int i = 0; summary_of(top, i); i++)
		summary_close(summary_of(top, i));
	samples_close(&collector->samples);
	moment_free(&collector->before);
	free(top->zones.items);
	free(top->reasons.items);
	free(top->known);
	free(top->tables);
}

void top_filter(struct top_collector *collector, int zone)
{
	collector->zone = zone;
	for (int i = 0; summary_of(&collector->top, i); i++)
		summary_clear(summary_of(&collector->top, i));
}

/* --- samples --- */

static void visit_sample(const struct sw_sample *sample, void *context)
{
	struct top_collector *collector = context;

	if (collector->zone < 0 || collector->zone == sample->zone)
		top_add_sample(&collector->top, sample);
}

void top_poll(struct top_collector *collector)
{
	uint64_t now = monotonic_ns();
	double seconds = (now - collector->polled) / (double)SW_NS_PER_SEC;

	for (int i = 0; summary_of(&collector->top, i); i++)
		summary_age(summary_of(&collector->top, i), seconds);
	collector->polled = now;
	samples_read(&collector->samples, visit_sample, collector);
	collector->top.lost = collector->samples.lost;
}

/* --- counters --- */

/* The counters of the same zone on the same interface at another moment, or zeros. */
static const struct sw_counters *counters_before(const struct snapshot *before, const char *iface,
						 const char *zone)
{
	static const struct sw_counters none;

	for (size_t i = 0; i < before->interface_count; i++) {
		const struct snapshot_interface *from = &before->interfaces[i];

		if (strcmp(from->attachment.iface, iface) != 0)
			continue;
		for (size_t j = 0; j < from->zone_count; j++)
			if (strcmp(from->zones[j].name, zone) == 0)
				return from->zones[j].counters;
	}
	return &none;
}

/* A counter that became smaller was cleared: then nothing is known of this second. */
static double since(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static struct top_rate *rate_of(struct top_rates *rates, const char *name)
{
	struct top_rate fresh = {};

	for (size_t i = 0; i < rates->count; i++)
		if (strcmp(rates->items[i].name, name) == 0)
			return &rates->items[i];
	snprintf(fresh.name, sizeof(fresh.name), "%s", name);
	append(rates->items, rates->count, fresh);
	return &rates->items[rates->count - 1];
}

static void add_zone(struct top *top, const char *name, const struct sw_counters *now,
		     const struct sw_counters *before, double seconds)
{
	struct top_rate *zone = rate_of(&top->zones, name);

	zone->pass += since(now->reasons[SW_MODE_ENFORCE][SW_REASON_NONE],
			    before->reasons[SW_MODE_ENFORCE][SW_REASON_NONE]) /
		      seconds;
	for (int i = SW_REASON_NONE + 1; i < SW_REASON_COUNT; i++) {
		uint64_t drops = now->reasons[SW_MODE_ENFORCE][i];
		uint64_t would = now->reasons[SW_MODE_MONITOR][i];
		double drop = since(drops, before->reasons[SW_MODE_ENFORCE][i]) / seconds;
		double would_drop = since(would, before->reasons[SW_MODE_MONITOR][i]) / seconds;
		struct top_rate *reason;

		if (!drops && !would)
			continue;
		zone->drop += drop;
		zone->would_drop += would_drop;
		zone->total += drops + would;
		reason = rate_of(&top->reasons, reason_name(i));
		reason->drop += drop;
		reason->would_drop += would_drop;
		reason->total += drops + would;
	}
}

static void add_interface(struct top_collector *collector, const struct snapshot_interface *iface,
			  const struct snapshot *before, double seconds)
{
	struct top *top = &collector->top;
	const struct attachment *attachment = &iface->attachment;
	size_t used = strlen(top->interfaces);

	snprintf(top->interfaces + used, sizeof(top->interfaces) - used, "%s%s %s%s%s",
		 used ? ", " : "", printable(attachment->iface).text,
		 attach_mode_name(attachment->mode), attachment->policy ? " " : "",
		 attachment->policy ? mode_name(attachment->policy->mode) : "");
	for (size_t i = 0; i < iface->zone_count; i++)
		if (collector->zone < 0 ||
		    strcmp(iface->zones[i].name, top->zone_names[collector->zone]) == 0)
			add_zone(top, iface->zones[i].name, iface->zones[i].counters,
				 counters_before(before, attachment->iface, iface->zones[i].name),
				 seconds);
}

static void compare(struct top_collector *collector, const struct top_moment *now)
{
	const struct top_moment *before = &collector->before;
	double seconds = (now->time - before->time) / (double)SW_NS_PER_SEC;
	struct top *top = &collector->top;

	for (uint32_t i = 0; i < SW_ZONES_MAX; i++)
		state_zone_name(collector->state, i, top->zone_names[i]);
	top->zones.count = top->reasons.count = 0;
	top->interfaces[0] = '\0';
	for (size_t i = 0; i < now->snapshot.interface_count; i++)
		add_interface(collector, &now->snapshot.interfaces[i], &before->snapshot, seconds);
	top->pass = top->drop = top->would_drop = 0;
	for (size_t i = 0; i < top->zones.count; i++) {
		top->pass += top->zones.items[i].pass;
		top->drop += top->zones.items[i].drop;
		top->would_drop += top->zones.items[i].would_drop;
	}
	top->greylisted =
		since(now->tallies[SW_TALLY_GREYLISTED], before->tallies[SW_TALLY_GREYLISTED]) /
		seconds;
	top->again = since(now->tallies[SW_TALLY_AGAIN], before->tallies[SW_TALLY_AGAIN]) / seconds;
}

/* Packets of all zones in the second: every CPU's share of the samples is asked for by them. */
static double packets_now(const struct top_moment *now, const struct top_moment *before)
{
	double seconds = (now->time - before->time) / (double)SW_NS_PER_SEC, packets = 0;

	for (size_t i = 0; i < now->snapshot.interface_count; i++) {
		const struct snapshot_interface *iface = &now->snapshot.interfaces[i];

		for (size_t j = 0; j < iface->zone_count; j++) {
			const struct sw_counters *counters = iface->zones[j].counters;
			const struct sw_counters *old = counters_before(
				&before->snapshot, iface->attachment.iface, iface->zones[j].name);

			for (int k = 0; k < SW_MESSAGES_MAX; k++)
				packets += since(counters->messages[k], old->messages[k]);
		}
	}
	return packets / seconds;
}

/* Of a large table the count that is kept beside it, which lacks what changed since the sweep. */
static uint64_t count_known(const struct state *state)
{
	struct table_fill fill;

	return table_fill(state, STATE_KNOWN, FILL_FOR, &fill) && !fill.at_least ?
		       fill.filled :
		       known_filled(state);
}

int top_count(struct top_collector *collector, struct error *e)
{
	struct top *top = &collector->top;
	struct table_fill fill;
	struct sw_health health = {};
	struct top_moment now;

	if (take_moment(&now, collector->state, e) < 0)
		return -1;
	compare(collector, &now);
	top->one_of = samples_weight(packets_now(&now, &collector->before));
	samples_want(&collector->samples, top->one_of, now.time + ASK_FOR);
	moment_free(&collector->before);
	collector->before = now;
	state_health_read(collector->state, &health);
	top->behind = health.pressure_until > now.time;
	top->known_filled = count_known(collector->state);
	if (table_fill(collector->state, STATE_BANS, FILL_FOR, &fill))
		top->bans = fill.filled;
	return 0;
}

int top_next_zone(const struct top_collector *collector)
{
	const struct snapshot *snapshot = &collector->before.snapshot;

	for (int zone = collector->zone + 1; zone < SW_ZONES_MAX; zone++)
		for (size_t i = 0; i < snapshot->interface_count; i++)
			for (size_t j = 0; j < snapshot->interfaces[i].zone_count; j++)
				if (strcmp(snapshot->interfaces[i].zones[j].name,
					   collector->top.zone_names[zone]) == 0)
					return zone;
	return -1;
}

/* --- tables --- */

struct known_walk {
	struct top *top;
	uint64_t now;
};

/* Seconds; a time before the kernel's start, of an entry that was restored, is no number. */
static uint64_t ago(uint64_t now, uint64_t then)
{
	int64_t passed = now - then;

	return passed > 0 ? passed / SW_NS_PER_SEC : 0;
}

static bool visit_known(const void *key, void *value, void *context)
{
	const struct known_walk *walk = context;
	const struct sw_known *known = value;
	struct top *top = walk->top;
	struct top_known row = {
		.endpoint = *(const struct sw_source *)key,
		.since = ago(walk->now, known->since),
		.seen = ago(walk->now, known->seen),
		.proofs = known->proofs,
		.good = known->grade == SW_GRADE_GOOD,
	};
	size_t oldest = 0;

	if (top->known_count < KNOWN_MAX) {
		append(top->known, top->known_count, row);
		return true;
	}
	for (size_t i = 1; i < KNOWN_MAX; i++)
		if (top->known[i].seen > top->known[oldest].seen)
			oldest = i;
	if (row.seen < top->known[oldest].seen)
		top->known[oldest] = row;
	return true;
}

static void walk_tables(struct top_collector *collector)
{
	static const struct {
		const char *name;
		enum state_map map;
		bool evicts;
	} tables[] = {
		{"bans", STATE_BANS, false},
		{"known", STATE_KNOWN, false},
		{"penalties", STATE_PENALTIES, false},
		{"connections", STATE_CONNECTION_COUNTS, false},
		{"calls", STATE_CALLS, false},
		{"call_counts", STATE_CALL_COUNTS, false},
		{"authenticated", STATE_AUTHENTICATED, false},
		{"probes", STATE_PROBES, false},
		{"dialogs", STATE_DIALOGS, true},
		{"transactions", STATE_TRANSACTIONS, true},
		{"branches", STATE_BRANCHES, true},
		{"proofs", STATE_PROOFS, true},
		{"attempts", STATE_ATTEMPTS, true},
		{"refusals", STATE_REFUSALS, true},
		{"openings", STATE_OPENINGS, true},
		{"dialers", STATE_DIALERS, true},
	};
	struct top *top = &collector->top;

	top->table_count = 0;
	for (size_t i = 0; i < array_size(tables); i++) {
		struct table_fill fill;
		struct top_table table = {.name = tables[i].name, .evicts = tables[i].evicts};

		if (!table_fill(collector->state, tables[i].map, FILL_FOR, &fill))
			continue;
		table.filled = fill.filled;
		table.at_least = fill.at_least;
		table.capacity = fill.capacity;
		if (tables[i].map == STATE_KNOWN && fill.at_least) {
			table.filled = known_filled(collector->state);
			table.at_least = false;
		}
		append(top->tables, top->table_count, table);
	}
}

int top_walk(struct top_collector *collector, struct error *e)
{
	struct known_walk walk = {.top = &collector->top, .now = monotonic_ns()};
	struct walk_part part = {};

	walk_tables(collector);
	collector->top.known_count = 0;
	return map_walk_part(collector->state->fds[STATE_KNOWN], &part, KNOWN_FOR, visit_known,
			     &walk, e) < 0 ?
		       -1 :
		       0;
}
