/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/ban_many.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>

#include "cli/options.h"
#include "export/json.h"
#include "kernel/live.h"
#include "kernel/paths.h"
#include "kernel/private.h"
#include "policy/prefix.h"

/* The wrong lines as one text, owned by the caller. */
static char *bad_text(const struct ban_lines *lines)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < lines->bad_count; i++) {
		auto_free char *before = text;

		text = xasprintf("%s\n\t%s", before, lines->bad[i]);
	}
	if (lines->bad_all > lines->bad_count) {
		auto_free char *before = text;

		text = xasprintf("%s\n\tand %zu more", before, lines->bad_all - lines->bad_count);
	}
	return text;
}

/* How many entries the table needs for them: a source that is there needs none. */
static size_t new_entries(const struct state *state, const struct ban_lines *lines)
{
	size_t needed = 0;

	for (size_t i = 0; i < lines->count; i++)
		needed += !ban_has_entry(state, &lines->items[i].source);
	return needed;
}

/* Ended entries go first. */
static int check_room(const struct state *state, const struct ban_lines *lines, struct error *e)
{
	struct ban_counts counts;
	uint64_t filled, capacity = state_entries(state, STATE_BANS), needed;

	if (ban_sweep_counts(state, &counts, e) < 0)
		return -1;
	filled = counts.denies + counts.allows + counts.remembered;
	needed = new_entries(state, lines);
	if (needed <= ban_lines_room(capacity, filled))
		return 0;
	return fail(e, EXIT_FAILED,
		    "%llu new entries, but the table has %llu of %llu, and a tenth stays free for "
		    "bans that sipward gives: nothing was changed; raise tables: {bans: ...}, or "
		    "use lists: {deny: [./FILE]} of the policy",
		    (unsigned long long)needed, (unsigned long long)filled,
		    (unsigned long long)capacity);
}

static bool is_peer(const struct live *live, const struct prefix *source)
{
	uint32_t zone;

	return live->attachment.policy && live_zone(live, &source->addr, &zone, NULL) &&
	       live->attachment.policy->zones[zone].trust == SW_TRUST_PEER;
}

/* Takes out what must not be banned. Who trusts a peer is the policy that runs; without one there
 * are no peers. */
static int spare(const struct state *state, struct ban_lines *lines, struct error *e)
{
	auto_live struct live live = LIVE_CLOSED;
	size_t kept = 0;

	if (live_open(&live, e) < 0)
		return -1;
	for (size_t i = 0; i < lines->count; i++) {
		if (ban_is_allowed(state, &lines->items[i].source))
			lines->spared++;
		else if (is_peer(&live, &lines->items[i].source))
			lines->peers++;
		else
			lines->items[kept++] = lines->items[i];
	}
	lines->count = kept;
	return 0;
}

/* Between the check of room and the writing no other import may write. The lock goes with the
 * descriptor. */
static int lock_imports(struct error *e)
{
	auto_fd int directory = private_directory(run_dir(), "lock", e);

	if (directory >= 0 && flock(directory, LOCK_EX) < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be locked: %s", run_dir(), strerror(errno));
	return take_fd(directory);
}

int many_wrong(const struct ban_lines *lines, bool skip, struct error *e)
{
	auto_free char *bad = bad_text(lines);

	if (!lines->bad_all || skip)
		return 0;
	return fail(e, EXIT_FAILED,
		    "%zu wrong line%s; nothing was changed (--skip takes the others):%s",
		    lines->bad_all, lines->bad_all == 1 ? "" : "s", bad);
}

int ban_many_write(const struct state *state, struct ban_lines *lines, bool feed, bool skip,
		   struct error *e)
{
	struct error why = {};
	auto_fd int lock = -1;

	if (many_wrong(lines, skip, e) < 0)
		return -1;
	ban_lines_unique(lines);
	if ((lock = lock_imports(e)) < 0)
		return -1;
	if (feed && lines->usual.kind == BAN_DENIES && spare(state, lines, e) < 0)
		return -1;
	if (check_room(state, lines, e) < 0)
		return -1;
	for (size_t i = 0; i < lines->count; i++)
		if (ban_put(state, &lines->items[i], NULL, &why) < 0)
			return fail(e, why.code, "%s; %zu of %zu were written and stay", why.text,
				    i, lines->count);
	return 0;
}

static void print_many_json(const struct ban_lines *lines)
{
	auto_json struct json_object *o = json_object_new_object();
	struct json_object *bad = json_object_new_array();

	json_count(o, "written", lines->count);
	json_count(o, "ended", lines->ended);
	json_count(o, "spared", lines->spared);
	json_count(o, "peers", lines->peers);
	json_count(o, "skipped", lines->bad_all);
	for (size_t i = 0; i < lines->bad_count; i++)
		json_object_array_add(bad, json_string(lines->bad[i]));
	json_object_object_add(o, "wrong", bad);
	print_json(o);
}

void print_many(const struct ban_lines *lines, bool json)
{
	auto_free char *bad = bad_text(lines), *shown = printable_lines(bad);

	if (json) {
		print_many_json(lines);
		return;
	}
	printf("%zu source%s %s %s\n", lines->count, lines->count == 1 ? "" : "s",
	       lines->count == 1 ? "is" : "are",
	       lines->usual.kind == BAN_ALLOWS ? "allowed" : "banned");
	if (lines->ended)
		printf("%zu left out: the time is over\n", lines->ended);
	if (lines->spared)
		printf("%zu left out: allowed manually, which `sipward allow del` ends\n",
		       lines->spared);
	if (lines->peers)
		printf("%zu left out: a zone of the policy trusts them (trust: peer)\n",
		       lines->peers);
	if (lines->bad_all)
		printf("%zu wrong line%s left out:%s\n", lines->bad_all,
		       lines->bad_all == 1 ? "" : "s", shown);
}

static bool is_manual(const struct ban_entry *entry)
{
	return entry->ban.reason == SW_REASON_BAN || entry->ban.reason == SW_REASON_NONE;
}

static struct json_object *export_json(const struct ban_entry *entry)
{
	struct json_object *o = json_object_new_object();
	char text[64];

	json_text(o, "source", prefix_text(&entry->source, text, sizeof(text)));
	ban_time_text(entry->ban.end, text, sizeof(text));
	json_text(o, "until", strcmp(text, "-") == 0 ? NULL : text);
	json_text(o, "note", entry->ban.note);
	return o;
}

void print_export(const char *command, const struct ban_entry *bans, size_t count, bool json)
{
	auto_json struct json_object *all = json_object_new_array();
	char text[512];

	if (!json)
		printf("# sipward %s export: ADDRESS TIME NOTE\n", command);
	for (size_t i = 0; i < count; i++) {
		if (!is_manual(&bans[i]))
			continue;
		if (json) {
			json_object_array_add(all, export_json(&bans[i]));
			continue;
		}
		ban_line_text(&bans[i], text, sizeof(text));
		puts(text);
	}
	if (json)
		print_json(all);
}
