/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The keys of state: sizes of tables, how long endpoints stay known, the saved file.
 */
#include "policy/tables.h"

#include <string.h>

#include "policy/keys.h"

#define TABLE_ENTRIES_MIN 16
#define TABLE_ENTRIES_MAX 16777216
#define STATE_PATH_MAX    1024
#define STATE_EVERY_MIN   SW_NS_PER_SEC

const struct tables default_tables = {
	/* clang-format off */
	.entries = {
		[TABLE_BANS] = 65536,
		[TABLE_SOURCES] = 65536,
		[TABLE_PREFIXES] = 16384,
		[TABLE_FRAGMENTS] = 16384,
		[TABLE_KNOWN] = 262144,
		[TABLE_PROOFS] = 131072,
		[TABLE_OPENINGS] = 65536,
		[TABLE_BRANCHES] = 131072,
		[TABLE_DIALOGS] = 65536,
		[TABLE_LOOPS] = 65536,
		[TABLE_DIALERS] = 16384,
		[TABLE_GREYLIST] = 524288,
	},
	/* clang-format on */
};

/* The greylist's memory is addressed by a mask. */
static int read_greylist(struct parse_context *d, const struct key *key, const struct node *value,
			 void *to)
{
	uint32_t lines;

	if (read_number(d, key, value, &lines) < 0)
		return -1;
	if (lines & (lines - 1))
		return fail_at(&d->source, value->at, "'greylist' is a power of two, such as %u",
			       1u << (32 - __builtin_clz(lines)));
	*(uint32_t *)to = lines;
	return 0;
}

int read_tables(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
#define TABLE(table, name, reader, ...)                                                \
	[table] = KEY(name, reader, .offset = offsetof(struct tables, entries[table]), \
		      .min = TABLE_ENTRIES_MIN, .max = TABLE_ENTRIES_MAX, ##__VA_ARGS__)
	static const struct key keys[] = {
		TABLE(TABLE_BANS, "bans", read_number),
		TABLE(TABLE_SOURCES, "sources", read_number),
		TABLE(TABLE_PREFIXES, "prefixes", read_number),
		TABLE(TABLE_FRAGMENTS, "fragments", read_number),
		TABLE(TABLE_KNOWN, "known", read_number),
		TABLE(TABLE_PROOFS, "proofs", read_number),
		TABLE(TABLE_OPENINGS, "openings", read_number),
		TABLE(TABLE_DIALOGS, "dialogs", read_number),
		TABLE(TABLE_LOOPS, "loops", read_number),
		TABLE(TABLE_DIALERS, "dialers", read_number, .formerly = "callers"),
		TABLE(TABLE_BRANCHES, "branches", read_number),
		TABLE(TABLE_GREYLIST, "greylist", read_greylist, .formerly = "sights"),
		[TABLE_COUNT] = KEYS_END,
	};
#undef TABLE

	(void)key;
	if (read_map(d, value, keys, to) < 0)
		return -1;
	/* Their memory is checked later; that message needs these positions. */
	for (int i = 0; i < TABLE_COUNT; i++) {
		const struct node *written = node_value(value, keys[i].name);

		if (!written && keys[i].formerly)
			written = node_value(value, keys[i].formerly);
		if (written)
			d->policy.tables_at[i] = written->at;
	}
	return 0;
}

/* The size of a table that nobody wrote, and no rule reads. */
static void spare(struct policy *p, enum policy_table table, bool used)
{
	if (!used && !p->tables_at[table].line)
		p->tables.entries[table] = TABLE_ENTRIES_MIN;
}

void spare_tables(struct policy *p)
{
	bool prefixes = false, dialogs = false, loops = false, dialers = false;

	for (size_t i = 0; i < p->zone_count; i++) {
		const struct zone *zone = &p->zones[i];

		prefixes |= zone->prefix_rate.set;
		dialogs |= zone->guard.teardown || zone->guard.digest_leak ||
			   zone->egress.content.statuses[SW_ACTION_DENY] ||
			   zone->to_tag == SW_TO_TAG_PROVEN;
		loops |= zone->guard.loop != SW_ACTION_PASS;
		dialers |= zone->guard.sweep || zone->guard.destinations.set;
	}
	spare(p, TABLE_PREFIXES, prefixes);
	spare(p, TABLE_DIALOGS, dialogs);
	spare(p, TABLE_LOOPS, loops);
	spare(p, TABLE_DIALERS, dialers);
}

int read_known(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {KEY("for", read_duration), KEYS_END};

	(void)key;
	return read_map(d, value, keys, to);
}

static int read_state_every(struct parse_context *d, const struct key *key,
			    const struct node *value, void *to)
{
	uint64_t every;

	if (read_duration(d, key, value, &every) < 0)
		return -1;
	if (every < STATE_EVERY_MIN)
		return fail_at(&d->source, value->at, "'every' is at least 1s, not '%s'",
			       quote(value->text).text);
	*(uint64_t *)to = every;
	return 0;
}

/* off, auto, or a file. */
static int read_save(struct parse_context *d, const struct key *key, const struct node *value,
		     void *to)
{
	const char *text = want_text(d, value);
	struct policy *p = to;

	(void)key;
	if (!text)
		return -1;
	p->state_off = strcmp(text, "off") == 0;
	if (p->state_off || strcmp(text, "auto") == 0)
		return 0;
	if (*text != '/' || text[strlen(text) - 1] == '/' || strlen(text) > STATE_PATH_MAX) {
		return fail_at(&d->source, value->at,
			       "'save' cannot be '%s'; write the whole path "
			       "of a file, as in /var/lib/sipward/state, or auto, or off",
			       quote(text).text);
	}
	p->state_file = xstrdup(text);
	return 0;
}

int read_state(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {
		KEY("save", read_save),
		KEY("every", read_state_every, .offset = offsetof(struct policy, state_every)),
		KEYS_END,
	};

	(void)key;
	return read_map(d, value, keys, to);
}
