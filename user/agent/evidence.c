/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/evidence.h"

#include <string.h>
#include <sys/random.h>

#include "kernel/bans.h"
#include "lib/way_hash.h"

/* Refusals within this time are one visit: a burst of packets is no phone that tries again. */
#define VISIT_TIME SW_NS_PER_SEC
/* As many visits as count, and refusals. */
#define VISITS_MAX 8
#define LINES_MAX  8
/* A source that was not refused for so long makes room like one that came once. */
#define QUIET      (3600 * SW_NS_PER_SEC)

struct entry {
	struct sw_source source;
	uint8_t visits; /* 0: the entry is free */
	uint8_t lines;  /* refusals */
	uint8_t row_count;
	uint64_t visited; /* when the last visit that counts was, */
	uint64_t last;    /* and the last refusal */
	struct evidence_row row;
	struct evidence_row *more; /* of sources with several: EVIDENCE_ROWS - 1 */
};

struct set {
	struct entry entries[EVIDENCE_WAYS];
	uint32_t ghosts[EVIDENCE_GHOSTS];
	uint32_t next_ghost;
};

struct evidence {
	uint64_t keys[SW_WAY_KEYS]; /* nobody can aim at a set */
	struct set sets[EVIDENCE_SETS];
};

struct evidence *evidence_new(void)
{
	struct evidence *evidence = xcalloc(1, sizeof(*evidence));

	/* Without random numbers the table works, too. */
	if (getrandom(evidence->keys, sizeof(evidence->keys), GRND_NONBLOCK) < 0)
		for (int i = 0; i < SW_WAY_KEYS; i++)
			evidence->keys[i] = (monotonic_ns() | 1) * 0x9e3779b97f4a7c15ull * (i + 1);
	return evidence;
}

static void clear(struct entry *entry)
{
	free(entry->more);
	memset(entry, 0, sizeof(*entry));
}

void evidence_free(struct evidence *evidence)
{
	for (size_t i = 0; evidence && i < EVIDENCE_SETS; i++)
		for (size_t j = 0; j < EVIDENCE_WAYS; j++)
			clear(&evidence->sets[i].entries[j]);
	free(evidence);
}

static uint64_t tag_of(const struct evidence *evidence, const struct sw_source *source)
{
	return way_tag((const __u64 *)evidence->keys, source, 0);
}

static const struct entry *find(const struct set *set, const struct sw_source *source)
{
	for (size_t i = 0; i < EVIDENCE_WAYS; i++)
		if (set->entries[i].visits && is_same_source(&set->entries[i].source, source))
			return &set->entries[i];
	return NULL;
}

/* --- room --- */

/* First by visits: a burst costs its sender nothing. */
static unsigned int worth(const struct entry *entry, uint64_t now)
{
	if (entry->visits && now > entry->last && now - entry->last > QUIET)
		return LINES_MAX + 2;
	return entry->visits * (LINES_MAX + 1) + entry->lines;
}

/* Whether a makes room before b. */
static bool is_before(const struct entry *a, const struct entry *b, uint64_t now)
{
	unsigned int x = worth(a, now), y = worth(b, now);

	return x != y ? x < y : a->last < b->last;
}

/* The entry that makes room next: a free one, then one that came once. */
static struct entry *weakest(struct set *set, uint64_t now)
{
	struct entry *found = &set->entries[0];

	for (size_t i = 1; i < EVIDENCE_WAYS; i++)
		if (is_before(&set->entries[i], found, now))
			found = &set->entries[i];
	return found;
}

static void leave_ghost(const struct evidence *evidence, struct set *set, const struct entry *entry)
{
	if (entry->visits)
		set->ghosts[set->next_ghost++ % EVIDENCE_GHOSTS] =
			tag_of(evidence, &entry->source) >> 32;
}

/* One that was pushed out a moment ago came again. */
static bool is_ghost(struct set *set, uint64_t tag)
{
	for (size_t i = 0; i < EVIDENCE_GHOSTS; i++) {
		if (set->ghosts[i] != tag >> 32)
			continue;
		set->ghosts[i] = 0;
		return true;
	}
	return false;
}

/* Of a flood from random sources, each one pushes out the one before, and no other. */
static struct entry *enter(const struct evidence *evidence, struct set *set,
			   const struct sw_source *source, uint64_t now)
{
	bool again = is_ghost(set, tag_of(evidence, source));
	struct entry *entry = weakest(set, now);

	leave_ghost(evidence, set, entry);
	clear(entry);
	entry->source = *source;
	entry->visits = again ? 2 : 1;
	entry->visited = now;
	entry->last = now;
	return entry;
}

/* --- rows --- */

static struct evidence_row *row_at(struct entry *entry, size_t i)
{
	return i ? &entry->more[i - 1] : &entry->row;
}

static bool is_kind_of(const struct evidence_row *row, const struct sw_event *event)
{
	return row->last.reason == event->reason && row->last.mode == event->mode &&
	       row->last.direction == event->direction && row->last.kind == event->kind;
}

static void add_row(struct entry *entry, const struct sw_event *event)
{
	struct evidence_row *oldest = &entry->row, *row;

	for (size_t i = 0; i < entry->row_count; i++) {
		row = row_at(entry, i);
		if (is_kind_of(row, event)) {
			row->last = *event;
			row->count++;
			return;
		}
		if (row->last.time < oldest->last.time)
			oldest = row;
	}
	if (entry->row_count && !entry->more)
		entry->more = xcalloc(EVIDENCE_ROWS - 1, sizeof(*entry->more));
	row = entry->row_count < EVIDENCE_ROWS ? row_at(entry, entry->row_count++) : oldest;
	*row = (struct evidence_row){.last = *event, .first = event->time, .count = 1};
}

void evidence_source(const struct sw_event *event, struct sw_source *source)
{
	ban_source(event->direction == SW_EGRESS ? &event->dst : &event->src, source);
}

void evidence_add(struct evidence *evidence, const struct sw_event *event)
{
	struct sw_source source;
	struct entry *entry;
	struct set *set;

	if (event->kind == SW_EVENT_REPAIR)
		return;
	evidence_source(event, &source);
	set = &evidence->sets[way_line(tag_of(evidence, &source), EVIDENCE_SETS)];
	entry = (struct entry *)find(set, &source);
	if (!entry) {
		entry = enter(evidence, set, &source, event->time);
	} else if (event->time > entry->visited + VISIT_TIME && entry->visits < VISITS_MAX) {
		entry->visits++;
		entry->visited = event->time;
	}
	/* A ban is earned by what nobody can spoof. */
	if (event->kind == SW_EVENT_BAN)
		entry->visits = VISITS_MAX;
	entry->last = event->time;
	entry->lines += entry->lines < LINES_MAX;
	add_row(entry, event);
}

size_t evidence_of(const struct evidence *evidence, const struct sw_source *source,
		   struct evidence_row rows[EVIDENCE_ROWS])
{
	const struct entry *entry =
		find(&evidence->sets[way_line(tag_of(evidence, source), EVIDENCE_SETS)], source);

	for (size_t i = 0; entry && i < entry->row_count; i++)
		rows[i] = *row_at((struct entry *)entry, i);
	return entry ? entry->row_count : 0;
}
