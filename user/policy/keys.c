/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/keys.h"

#include <string.h>

#include "policy/decimal.h"
#include "policy/duration.h"
#include "policy/names.h"
#include "policy/parse.h"
#include "policy/prefix.h"
#include "policy/rate.h"
#include "policy/zone.h"

#define KEYS_MAX  48 /* rows of a table */
#define WORDS_MAX 40 /* alternatives that a message lists */

struct quoted label(const struct node *node)
{
	auto_free char *text = NULL;

	if (node->key)
		text = xasprintf("'%s'", quote(node->key).text);
	else if (node->parent && node->parent->key)
		text = xasprintf("an entry of '%s'", quote(node->parent->key).text);
	else
		text = xstrdup("the policy");
	return quote(text);
}

char *alternatives(const char *word, const char *const *words)
{
	const char *nearest = nearest_word(word, words);
	char *text = NULL;

	if (nearest)
		return xasprintf(", did you mean '%s'?", nearest);
	for (size_t i = 0; words[i] && i <= WORDS_MAX; i++) {
		auto_free char *before = text;

		text = xasprintf("%s%s", before ? before : "; known here: ",
				 i == WORDS_MAX ? "..." : words[i]);
		if (i < WORDS_MAX && words[i + 1]) {
			auto_free char *item = text;

			text = xasprintf("%s, ", item);
		}
	}
	return text;
}

static int find_key(const char *name, const struct key *keys)
{
	for (int i = 0; keys[i].name; i++) {
		if (strcmp(keys[i].name, name) == 0 ||
		    (keys[i].formerly && strcmp(keys[i].formerly, name) == 0))
			return i;
	}
	return -1;
}

/* A key that is right in another place gets its own advice. */
static int known_elsewhere(struct parse_context *d, const struct node *value,
			   const struct key *keys)
{
	if (keys == policy_keys && find_key(value->key, zone_keys) >= 0)
		return fail_at(&d->source, value->key_at,
			       "'%s' is a key of a zone; write it into "
			       "an entry of 'zones'",
			       value->key);
	if (keys == zone_keys && find_key(value->key, policy_keys) >= 0)
		return fail_at(&d->source, value->key_at,
			       "'%s' is not a key of a zone; write it "
			       "at the top level, where 'zones' is",
			       value->key);
	return 0;
}

static int unknown_key(struct parse_context *d, const struct node *value, const struct key *keys)
{
	const char *names[KEYS_MAX + 1] = {NULL};
	auto_free char *advice = NULL;

	if (known_elsewhere(d, value, keys) < 0)
		return -1;
	for (size_t i = 0; keys[i].name; i++)
		names[i] = keys[i].name;
	advice = alternatives(value->key, names);
	return fail_at(&d->source, value->key_at, "unknown key '%s'%s", quote(value->key).text,
		       advice);
}

/* Sorts the values of a mapping by the rows of the table. */
static int match_keys(struct parse_context *d, const struct node *map, const struct key *keys,
		      const struct node **values)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct node *value = map->items[i];
		int row = find_key(value->key, keys);

		if (row < 0)
			return unknown_key(d, value, keys);
		if (values[row]) {
			return fail_at(&d->source, value->key_at,
				       "'%s' is already written at %s; keep one of them",
				       value->key, place(values[row]->key_at).text);
		}
		values[row] = value;
	}
	return 0;
}

int read_map(struct parse_context *d, const struct node *map, const struct key *keys, void *to)
{
	const struct node *values[KEYS_MAX] = {NULL};

	if (want(d, map, NODE_MAP) < 0 || match_keys(d, map, keys, values) < 0)
		return -1;
	for (size_t i = 0; keys[i].name; i++) {
		if (!values[i] && keys[i].required)
			return fail_at(&d->source, map->at, "'%s' is missing here", keys[i].name);
		if (!values[i] && !keys[i].always)
			continue;
		if (keys[i].read(d, &keys[i], values[i], (char *)to + keys[i].offset) < 0)
			return -1;
	}
	return 0;
}

int want(struct parse_context *d, const struct node *node, enum node_kind kind)
{
	static const char *const wanted[] = {
		[NODE_SCALAR] = "a single value",
		[NODE_LIST] = "a list, written [a, b]",
		[NODE_MAP] = "a mapping, written {key: value}",
	};
	static const char *const found[] = {
		[NODE_SCALAR] = "a single value",
		[NODE_LIST] = "a list",
		[NODE_MAP] = "a mapping",
	};
	bool empty = node->kind == NODE_SCALAR && !*node->text;

	if (node->kind == kind && !empty)
		return 0;
	return fail_at(&d->source, node->at, "%s must be %s, not %s", label(node).text,
		       wanted[kind], empty ? "empty" : found[node->kind]);
}

const char *want_text(struct parse_context *d, const struct node *node)
{
	return want(d, node, NODE_SCALAR) < 0 ? NULL : node->text;
}

int fail_again(struct parse_context *d, const struct node *item)
{
	return fail_at(&d->source, item->at, "'%s' is already in this list; remove it here",
		       item->text);
}

int want_word(struct parse_context *d, const struct node *node, const char *const *words)
{
	const char *text = want_text(d, node);
	auto_free char *advice = NULL;
	int index;

	if (!text)
		return -1;
	index = word_index(text, words);
	if (index >= 0)
		return index;
	advice = alternatives(text, words);
	return fail_at(&d->source, node->at, "%s cannot be '%s'%s", label(node).text,
		       quote(text).text, advice);
}

int prefix_at(const struct source *s, struct position at, const char *text, struct prefix *prefix)
{
	const char *why;
	char right[64];
	enum prefix_fault fault;

	if (prefix_parse(text, prefix, &why) == 0)
		return 0;
	fault = prefix_read(text, prefix);
	if (fault == PREFIX_HOST_BITS || fault == PREFIX_MAPPED) {
		prefix_text(prefix, right, sizeof(right));
		return fail_at(s, at, "'%s' is not a prefix: %s; write %s", quote(text).text, why,
			       right);
	}
	return fail_at(s, at,
		       "'%s' is not a prefix: %s; write it like 192.0.2.0/24 or "
		       "2001:db8::/32",
		       quote(text).text, why);
}

int want_prefix(struct parse_context *d, const struct node *node, struct prefix *prefix)
{
	const char *text = want_text(d, node);

	return text ? prefix_at(&d->source, node->at, text, prefix) : -1;
}

int read_number(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	const char *text = want_text(d, value), *rest = text;
	uint64_t number;

	if (!text)
		return -1;
	if (decimal(&rest, key->max, &number) < 0 || *rest || number < key->min) {
		return fail_at(&d->source, value->at,
			       "%s must be a decimal number within %u..%u, "
			       "not '%s'",
			       label(value).text, key->min, key->max, quote(text).text);
	}
	*(uint32_t *)to = number;
	return 0;
}

int read_word(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	int index = want_word(d, value, key->words);

	if (index < 0)
		return -1;
	*(int *)to = index;
	return 0;
}

/* off or auto, into a bool. */
int read_switch(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	int index = want_word(d, value, switch_words);

	(void)key;
	*(bool *)to = index == 1;
	return index < 0 ? -1 : 0;
}

int read_duration(struct parse_context *d, const struct key *key, const struct node *value,
		  void *to)
{
	const char *text = want_text(d, value), *why;

	(void)key;
	if (!text)
		return -1;
	if (duration_parse(text, to, &why) < 0)
		return fail_at(&d->source, value->at, "'%s': %s", quote(text).text, why);
	return 0;
}

int read_rate(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	const char *text = want_text(d, value), *why;
	struct rate *rate = to;

	(void)key;
	if (!text)
		return -1;
	if (rate_parse(text, rate, &why) < 0) {
		return fail_at(&d->source, value->at, "%s cannot be '%s': %s", label(value).text,
			       quote(text).text, why);
	}
	rate->at = value->at;
	return 0;
}
