/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What is remembered: how much, for how long, and where over a reboot.
 */
#include "policy/tables.h"

#include <string.h>

#include "policy/keys.h"

#define TABLE_MIN       16
#define TABLE_MAX       16777216
#define STATE_PATH_MAX  1024
#define STATE_EVERY_MIN SW_NS_PER_SEC

/* The greylist's memory is addressed by a mask. */
static int read_sights(struct draft *d, const struct key *key, const struct node *value, void *to)
{
	struct key row = *key;
	uint32_t lines;

	row.min = TABLE_MIN;
	row.max = TABLE_MAX;
	if (read_number(d, &row, value, &lines) < 0)
		return -1;
	if (lines & (lines - 1))
		return fail_at(&d->source, value->at, "'sights' is a power of two, such as %u",
			       1u << (32 - __builtin_clz(lines)));
	*(uint32_t *)to = lines;
	return 0;
}

int read_tables(struct draft *d, const struct key *key, const struct node *value, void *to)
{
#define TABLE(name) \
	KEY(#name, read_number, .offset = offsetof(struct tables, name), .min = TABLE_MIN, \
	    .max = TABLE_MAX)
	static const struct key keys[] = {
		TABLE(bans),
		TABLE(sources),
		TABLE(prefixes),
		TABLE(fragments),
		TABLE(known),
		TABLE(proofs),
		TABLE(openings),
		TABLE(dialogs),
		TABLE(loops),
		TABLE(callers),
		TABLE(branches),
		KEY("sights", read_sights, .offset = offsetof(struct tables, sights)),
		KEYS_END
	};
#undef TABLE

	(void)key;
	if (read_map(d, value, keys, to) < 0)
		return -1;
	/* What they take is known later, and whether this host has it: for that message. */
	for (const struct key *row = keys; row->name; row++) {
		const struct node *written = node_value(value, row->name);

		if (written)
			d->policy.tables_at[row->offset / sizeof(uint32_t)] = written->at;
	}
	return 0;
}

/* The size of a table that nobody wrote, and no rule reads. */
static void spare(struct policy *p, uint32_t *table, bool used)
{
	if (!used && !p->tables_at[table - (uint32_t *)&p->tables].line)
		*table = TABLE_MIN;
}

void spare_tables(struct policy *p)
{
	bool prefixes = false, dialogs = false, loops = false, callers = false;

	for (size_t i = 0; i < p->zone_count; i++) {
		const struct zone *zone = &p->zones[i];

		prefixes |= zone->prefix_rate.set;
		dialogs |= zone->guard.teardown || zone->guard.digest_leak ||
			   zone->egress.content.statuses[SW_ACTION_DENY] ||
			   zone->to_tag == SW_TO_TAG_PROVEN;
		loops |= zone->guard.loop != SW_ACTION_PASS;
		callers |= zone->guard.sweep || zone->guard.destinations.set;
	}
	spare(p, &p->tables.prefixes, prefixes);
	spare(p, &p->tables.dialogs, dialogs);
	spare(p, &p->tables.loops, loops);
	spare(p, &p->tables.callers, callers);
}

int read_known(struct draft *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = { KEY("for", read_duration), KEYS_END };

	(void)key;
	return read_map(d, value, keys, to);
}

static int read_state_every(struct draft *d, const struct key *key, const struct node *value,
			    void *to)
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
static int read_save(struct draft *d, const struct key *key, const struct node *value, void *to)
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

int read_state(struct draft *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {
		KEY("save", read_save),
		KEY("every", read_state_every, .offset = offsetof(struct policy, state_every)),
		KEYS_END
	};

	(void)key;
	return read_map(d, value, keys, to);
}
