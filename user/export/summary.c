/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/summary.h"

#include <math.h>
#include <string.h>
#include <sys/random.h>

#include "base/base.h"
#include "lib/token.h"

#define SLOTS (2 * SUMMARY_ROOM)

/* The largest error of all shares at once, in standard deviations of a share of one half, times
 * two. One share alone has 0.98. A share p has sqrt(p (1 - p)), and there are at most 1 / p of
 * them: the worst case is three thirds, and 1.13 by the union bound. */
#define ALL_AT_ONCE 1.2

void summary_open(struct summary *summary)
{
	*summary = (struct summary){
		.items = xcalloc(SUMMARY_ROOM, sizeof(*summary->items)),
		.index = xcalloc(SLOTS, sizeof(*summary->index)),
	};
	/* So that nobody can send keys that fall into one slot. */
	if (getrandom(summary->seed, sizeof(summary->seed), GRND_NONBLOCK) < 0)
		summary->seed[0] = monotonic_ns();
}

void summary_close(struct summary *summary)
{
	free(summary->items);
	free(summary->index);
	*summary = (struct summary){};
}

void summary_clear(struct summary *summary)
{
	memset(summary->index, 0, SLOTS * sizeof(*summary->index));
	summary->count = 0;
	summary->total = summary->samples = summary->variance = 0;
	summary->forgotten = summary->seconds = 0;
}

struct summary_text summary_text(const void *octets, size_t size)
{
	struct summary_text text = {.size = size < SUMMARY_TEXT ? size : SUMMARY_TEXT};

	memcpy(text.octets, octets, text.size);
	return text;
}

/* Behind `size` there are zeros. */
static bool is_same(const struct summary_text *a, const struct summary_text *b)
{
	return a->size == b->size && memcmp(a->octets, b->octets, SUMMARY_TEXT) == 0;
}

/* The slot that has the key, or the empty one that it would have. */
static size_t slot_of(const struct summary *summary, const struct summary_text *key)
{
	struct token t;
	size_t slot;

	token_start(&t, summary->seed, key->size);
	for (size_t i = 0; i < SUMMARY_TEXT; i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, key->octets + i, sizeof(word));
		token_word(&t, word);
	}
	slot = token_end(&t) % SLOTS;
	while (summary->index[slot] && !is_same(&summary->items[summary->index[slot] - 1].key, key))
		slot = (slot + 1) % SLOTS;
	return slot;
}

static int by_count(const void *left, const void *right)
{
	const struct summary_item *a = left, *b = right;

	return a->count < b->count ? 1 : a->count > b->count ? -1 : 0;
}

/* Takes from each item what the next one behind those that are kept has. */
static void forget_rare(struct summary *summary)
{
	double less;

	qsort(summary->items, summary->count, sizeof(*summary->items), by_count);
	less = summary->items[SUMMARY_KEEP].count;
	summary->forgotten += less;
	memset(summary->index, 0, SLOTS * sizeof(*summary->index));
	for (size_t i = 0; i < summary->count; i++) {
		struct summary_item *item = &summary->items[i];
		double left = item->count - less;

		if (left <= 0) {
			summary->count = i;
			break;
		}
		item->drop *= left / item->count;
		item->would_drop *= left / item->count;
		item->count = left;
		summary->index[slot_of(summary, &item->key)] = i + 1;
	}
}

struct summary_item *summary_add(struct summary *summary, const struct summary_text *key,
				 double weight)
{
	size_t slot = slot_of(summary, key);
	struct summary_item *item;

	if (!summary->index[slot] && summary->count == SUMMARY_ROOM) {
		forget_rare(summary);
		slot = slot_of(summary, key);
	}
	if (!summary->index[slot]) {
		summary->items[summary->count] = (struct summary_item){.key = *key};
		summary->index[slot] = ++summary->count;
	}
	item = &summary->items[summary->index[slot] - 1];
	item->count += weight;
	summary->total += weight;
	summary->samples++;
	summary->variance += weight * (weight - 1);
	return item;
}

void summary_age(struct summary *summary, double seconds)
{
	double factor = exp2(-seconds / SUMMARY_HALF_LIFE);

	for (size_t i = 0; i < summary->count; i++) {
		summary->items[i].count *= factor;
		summary->items[i].drop *= factor;
		summary->items[i].would_drop *= factor;
	}
	summary->total *= factor;
	summary->samples *= factor;
	summary->variance *= factor * factor;
	summary->forgotten *= factor;
	summary->seconds = summary->seconds * factor + seconds;
}

double summary_error(const struct summary *summary)
{
	double error;

	if (summary->total <= 0)
		return 1;
	error = (ALL_AT_ONCE * sqrt(summary->variance) + summary->forgotten) / summary->total;
	return error < 1 ? error : 1;
}
