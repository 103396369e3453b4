/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The live screen: packets that pass and packets that are refused right now, zone by zone and
 * reason by reason, the busiest first. It reads counters, and looks at no packet.
 */
#include <errno.h>
#include <inttypes.h>
#include <ncurses.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "export/json.h"
#include "export/snapshot.h"
#include "kernel/attachment.h"
#include "kernel/bans.h"
#include "kernel/known.h"
#include "kernel/state_open.h"
#include "kernel/state_values.h"
#include "policy/model.h"
#include "policy/names.h"

#define PERIOD_MS 1000

/* All at one moment. */
struct sample {
	uint64_t time; /* monotonic nanoseconds */
	struct snapshot snapshot;
	uint64_t tallies[SW_TALLY_COUNT];
	long known;
	long bans;
	struct sw_health health;
};

/* A line of the screen: the changes in a second. */
struct row {
	char name[64];                 /* of a zone or of a reason */
	double pass, drop, would_drop; /* a second; of a reason no pass */
	uint64_t total;                /* ever refused, would-drop too */
};

struct rows {
	struct row *items;
	size_t count;
};

static int take_sample(struct sample *sample, const struct state *state, struct error *e)
{
	memset(sample, 0, sizeof(*sample));
	sample->time = monotonic_ns();
	state_health_read(state, &sample->health);
	if (snapshot_take(&sample->snapshot, state, e) < 0 ||
	    tallies_read(state, sample->tallies, e) < 0 ||
	    (sample->known = known_count(state, e)) < 0 || (sample->bans = ban_sweep(state, e)) < 0)
		return -1;
	return 0;
}

static void sample_free(struct sample *sample)
{
	snapshot_free(&sample->snapshot);
}

/* The counters of the same zone on the same interface in another sample, or zeros. */
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

static struct row *row_of(struct rows *rows, const char *name)
{
	struct row fresh = {};

	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->items[i].name, name) == 0)
			return &rows->items[i];
	snprintf(fresh.name, sizeof(fresh.name), "%s", name);
	append(rows->items, rows->count, fresh);
	return &rows->items[rows->count - 1];
}

static void add_zone(struct rows *zones, struct rows *reasons, const char *name,
		     const struct sw_counters *now, const struct sw_counters *before)
{
	struct row *zone = row_of(zones, name);

	zone->pass += since(now->reasons[SW_MODE_ENFORCE][SW_REASON_NONE],
			    before->reasons[SW_MODE_ENFORCE][SW_REASON_NONE]);
	for (int i = SW_REASON_NONE + 1; i < SW_REASON_COUNT; i++) {
		double drop = since(now->reasons[SW_MODE_ENFORCE][i],
				    before->reasons[SW_MODE_ENFORCE][i]);
		double would_drop = since(now->reasons[SW_MODE_MONITOR][i],
					  before->reasons[SW_MODE_MONITOR][i]);
		uint64_t total =
			now->reasons[SW_MODE_ENFORCE][i] + now->reasons[SW_MODE_MONITOR][i];
		struct row *reason;

		zone->drop += drop;
		zone->would_drop += would_drop;
		zone->total += total;
		if (!total)
			continue;
		reason = row_of(reasons, reason_name(i));
		reason->drop += drop;
		reason->would_drop += would_drop;
		reason->total += total;
	}
}

static int busiest_first(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	double x = a->drop + a->would_drop, y = b->drop + b->would_drop;

	if (x != y)
		return x > y ? -1 : 1;
	return a->total != b->total ? (a->total > b->total ? -1 : 1) : strcmp(a->name, b->name);
}

static void finish(struct rows *rows, double seconds)
{
	for (size_t i = 0; i < rows->count; i++) {
		rows->items[i].pass /= seconds;
		rows->items[i].drop /= seconds;
		rows->items[i].would_drop /= seconds;
	}
	if (rows->count)
		qsort(rows->items, rows->count, sizeof(*rows->items), busiest_first);
}

/* The difference of two samples, by zone and by reason, over all interfaces. */
static void compare(const struct sample *now, const struct sample *before, struct rows *zones,
		    struct rows *reasons)
{
	double seconds = (now->time - before->time) / (double)SW_NS_PER_SEC;

	for (size_t i = 0; i < now->snapshot.interface_count; i++) {
		const struct snapshot_interface *iface = &now->snapshot.interfaces[i];

		for (size_t j = 0; j < iface->zone_count; j++)
			add_zone(zones, reasons, iface->zones[j].name, iface->zones[j].counters,
				 counters_before(&before->snapshot, iface->attachment.iface,
						 iface->zones[j].name));
	}
	finish(zones, seconds);
	finish(reasons, seconds);
}

/* --- as text, one line after another, for the screen or for the standard output --- */

struct page {
	void (*line)(const char *text, bool bold);
};

static __attribute__((format(printf, 3, 4))) void put_line(const struct page *page, bool bold,
							   const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	page->line(text, bold);
}

static void put_interfaces(const struct page *page, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->interface_count; i++) {
		const struct attachment *attachment = &snapshot->interfaces[i].attachment;

		put_line(page, true, "%s: %s mode%s%s", printable(attachment->iface).text,
			 attach_mode_name(attachment->mode), attachment->policy ? ", policy " : "",
			 attachment->policy ? mode_name(attachment->policy->mode) : "");
	}
}

static void put_state(const struct page *page, const struct sample *now,
		      const struct sample *before)
{
	double seconds = (now->time - before->time) / (double)SW_NS_PER_SEC;

	put_line(page, false, "known %ld   bans %ld   greylist: %.0f/s dropped, %.0f/s admitted%s",
		 now->known, now->bans,
		 since(now->tallies[SW_TALLY_GREYLISTED], before->tallies[SW_TALLY_GREYLISTED]) /
			 seconds,
		 since(now->tallies[SW_TALLY_AGAIN], before->tallies[SW_TALLY_AGAIN]) / seconds,
		 now->health.pressure_until > now->time ? "   THE SERVER FALLS BEHIND" : "");
}

static void put_page(const struct page *page, const struct sample *now, const struct sample *before,
		     const struct rows *zones, const struct rows *reasons)
{
	put_interfaces(page, &now->snapshot);
	put_state(page, now, before);
	put_line(page, false, "%s", "");
	put_line(page, true, "%-32s %12s %12s %12s %16s", "zone", "pass/s", "drop/s",
		 "would-drop/s", "refused ever");
	for (size_t i = 0; i < zones->count; i++) {
		const struct row *row = &zones->items[i];

		put_line(page, false, "%-32s %12.0f %12.0f %12.0f %16" PRIu64,
			 printable(row->name).text, row->pass, row->drop, row->would_drop,
			 row->total);
	}
	put_line(page, false, "%s", "");
	put_line(page, true, "%-32s %12s %12s %12s %16s", "reason", "", "drop/s", "would-drop/s",
		 "refused ever");
	for (size_t i = 0; i < reasons->count; i++) {
		const struct row *row = &reasons->items[i];

		put_line(page, false, "%-32s %12s %12.0f %12.0f %16" PRIu64, row->name, "",
			 row->drop, row->would_drop, row->total);
	}
}

static void print_line(const char *text, bool bold)
{
	(void)bold;
	puts(text);
}

static void draw_line(const char *text, bool bold)
{
	int y = getcury(stdscr);

	if (y >= LINES - 1)
		return;
	attrset(bold ? A_BOLD : A_NORMAL);
	addnstr(text, COLS);
	move(y + 1, 0);
}

static struct json_object *rows_json(const struct rows *rows, bool pass)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < rows->count; i++) {
		struct json_object *o = json_object_new_object();

		json_text(o, "name", rows->items[i].name);
		if (pass)
			json_object_object_add(o, "pass_per_second",
					       json_object_new_double(rows->items[i].pass));
		json_object_object_add(o, "drop_per_second",
				       json_object_new_double(rows->items[i].drop));
		json_object_object_add(o, "would_drop_per_second",
				       json_object_new_double(rows->items[i].would_drop));
		json_count(o, "refused", rows->items[i].total);
		json_object_array_add(all, o);
	}
	return all;
}

static void show(const struct page *page, const struct sample *now, const struct sample *before)
{
	struct rows zones = {}, reasons = {};

	compare(now, before, &zones, &reasons);
	if (page) {
		put_page(page, now, before, &zones, &reasons);
	} else {
		auto_json struct json_object *o = json_object_new_object();

		json_object_object_add(o, "zones", rows_json(&zones, true));
		json_object_object_add(o, "reasons", rows_json(&reasons, false));
		json_count(o, "known", now->known);
		json_count(o, "bans", now->bans);
		print_json(o);
	}
	free(zones.items);
	free(reasons.items);
}

/* One second as text or JSON: for scripts, and for a terminal that is none. */
static int run_once(const struct state *state, bool json, struct error *e)
{
	static const struct page page = {.line = print_line};
	const struct timespec second = {.tv_sec = PERIOD_MS / 1000};
	cleanup(sample_free) struct sample before = {}, now = {};

	if (take_sample(&before, state, e) < 0)
		return -1;
	nanosleep(&second, NULL);
	if (take_sample(&now, state, e) < 0)
		return -1;
	show(json ? NULL : &page, &now, &before);
	return 0;
}

static int run_screen(const struct state *state, struct error *e)
{
	static const struct page page = {.line = draw_line};
	cleanup(sample_free) struct sample before = {}, now = {};
	int done = take_sample(&before, state, e), key = ERR;

	if (done < 0 || !initscr())
		return -1;
	cbreak();
	noecho();
	curs_set(0);
	timeout(PERIOD_MS);
	while (done == 0 && key != 'q') {
		key = getch();
		if (key != ERR && key != KEY_RESIZE)
			continue;
		done = take_sample(&now, state, e);
		if (done < 0)
			break;
		erase();
		move(0, 0);
		show(&page, &now, &before);
		mvaddstr(LINES - 1, 0, "q: quit");
		refresh();
		sample_free(&before);
		before = now;
		memset(&now, 0, sizeof(now));
	}
	endwin();
	return done;
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	static const struct option options[] = {
		{"once", no_argument, NULL, '1'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	auto_state struct state state = STATE_CLOSED;
	bool once = false, json = false;
	int letter;

	while ((letter = next_option(self, argc, argv, "1j", options, e)) >= 0) {
		once |= letter == '1';
		json |= letter == 'j';
	}
	if (letter == -2)
		return -1;
	if (optind < argc)
		return fail(e, EXIT_USAGE, "top: unexpected argument '%s'", argv[optind]);
	if (!once && !json && (!isatty(STDOUT_FILENO) || !getenv("TERM")))
		return fail(e, EXIT_USAGE,
			    "top: the standard output is not a terminal; for one "
			    "second as text, run: sipward top --once");
	if (state_open_existing(&state, e) < 0)
		return -1;
	return once || json ? run_once(&state, json, e) : run_screen(&state, e);
}

const struct command command_top = {
	.name = "top",
	.summary = "shows live how many packets pass and are refused each second, and why",
	.help = "Usage: sipward top [--once] [-j]\n\n"
		"  -1, --once  one second as text, and no screen\n"
		"  -j, --json  likewise as JSON\n\n"
		"Lists zones and reasons, the busiest first. `would-drop` counts what was refused and\n"
		"not dropped: monitor mode, would_drop, report, TCP. q quits.\n",
	.run = run,
};
