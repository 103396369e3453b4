/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/diff.h"

#include <string.h>

#include "policy/prefix.h"
#include "policy/tune.h"

/* One value of a policy, by its whole key. */
struct leaf {
	char *key;
	char *text;
};

struct leaves {
	struct leaf *items;
	size_t count;
};

static void leaves_free(struct leaves *leaves)
{
	for (size_t i = 0; i < leaves->count; i++) {
		free(leaves->items[i].key);
		free(leaves->items[i].text);
	}
	free(leaves->items);
}

static void add_leaf(struct leaves *to, char *key, char *text)
{
	struct leaf leaf = {.key = key, .text = text};

	append(to->items, to->count, leaf);
}

/* All values below a mapping. `zone` is NULL at the top level; `before` ends with a dot. */
static void gather(struct leaves *to, const struct node *map, const char *zone, const char *before)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct node *value = map->items[i];
		auto_free char *key = xasprintf("%s%s", before, value->key);

		if (value->kind == NODE_MAP) {
			auto_free char *below = xasprintf("%s.", key);

			gather(to, value, zone, below);
		} else {
			add_leaf(to, zone ? zone_key(zone, key) : take(key), node_text(value));
		}
	}
}

static void gather_zones(struct leaves *to, const struct node *zones)
{
	for (size_t i = 0; zones && i < zones->count; i++) {
		const struct node *name = node_value(zones->items[i], "name");

		if (name && name->text)
			gather(to, zones->items[i], name->text, "");
	}
}

static int read_leaves(const struct loaded_policy *loaded, struct leaves *to, struct error *e)
{
	const struct policy_text *text = &loaded->text;
	size_t mark = source_mark_size(text->text, text->size);
	const struct source s = {
		.name = text->name,
		.text = text->text + mark,
		.size = text->size - mark,
		.e = e,
	};
	auto_tree struct node *root = tree_read(&s);

	if (!root || overrides_apply(&s, root, loaded->overrides, loaded->override_count) < 0)
		return -1;
	for (size_t i = 0; i < root->count; i++) {
		struct node *value = root->items[i];

		if (strcmp(value->key, "zones") == 0) {
			gather_zones(to, value);
		} else if (value->kind == NODE_MAP) {
			auto_free char *below = xasprintf("%s.", value->key);

			gather(to, value, NULL, below);
		} else {
			add_leaf(to, xstrdup(value->key), node_text(value));
		}
	}
	return 0;
}

static int leaf_compare(const void *left, const void *right)
{
	const struct leaf *const *a = left, *const *b = right;

	return strcmp((*a)->key, (*b)->key);
}

/* The leaves in order of their keys, to be found in; the array is the caller's. */
static const struct leaf **sort_leaves(const struct leaves *leaves)
{
	const struct leaf **sorted = xcalloc(leaves->count, sizeof(*sorted));

	for (size_t i = 0; i < leaves->count; i++)
		sorted[i] = &leaves->items[i];
	qsort(sorted, leaves->count, sizeof(*sorted), leaf_compare);
	return sorted;
}

static const struct leaf *find_leaf(const struct leaf **sorted, size_t count,
				    const struct leaf *like)
{
	const struct leaf **found = bsearch(&like, sorted, count, sizeof(*sorted), leaf_compare);

	return found ? *found : NULL;
}

struct changes {
	struct change *items;
	size_t count;
};

#define SHOWN 1000 /* octets of a value: a list may have megabytes */

/* A copy, cut to what a reader can use. */
static char *shown(const char *text)
{
	size_t size = SHOWN;

	if (!text || strlen(text) <= SHOWN)
		return text ? xstrdup(text) : NULL;
	while (size && (text[size] & 0xc0) == 0x80)
		size--;
	return xasprintf("%.*s... (%zu octets)", (int)size, text, strlen(text));
}

static void add_change(struct changes *to, const char *key, const char *from, const char *now)
{
	struct change change = {
		.key = xstrdup(key),
		.from = shown(from),
		.to = shown(now),
	};

	append(to->items, to->count, change);
}

static void compare_leaves(const struct leaves *from, const struct leaves *to,
			   struct changes *changes)
{
	auto_free const struct leaf **before = sort_leaves(from), **after = sort_leaves(to);

	for (size_t i = 0; i < from->count; i++) {
		const struct leaf *old = &from->items[i], *new = find_leaf(after, to->count, old);

		if (!new || strcmp(old->text, new->text) != 0)
			add_change(changes, old->key, old->text, new ? new->text : NULL);
	}
	for (size_t i = 0; i < to->count; i++) {
		if (!find_leaf(before, from->count, &to->items[i]))
			add_change(changes, to->items[i].key, NULL, to->items[i].text);
	}
}

/* The lists have many entries, and may stand in files: how many came and went. */
static void compare_lists(const struct policy *from, const struct policy *to,
			  struct changes *changes)
{
	auto_free char *before = xasprintf("%zu entries", from->list_count), *now = NULL;
	size_t i = 0, j = 0, added = 0, removed = 0;

	while (i < from->list_count || j < to->list_count) {
		const struct list_entry *old = i < from->list_count ? &from->list[i] : NULL;
		const struct list_entry *new = j < to->list_count ? &to->list[j] : NULL;
		int order = !old ? 1 : !new ? -1 : prefix_compare(&old->prefix, &new->prefix);

		if (!order && old->list != new->list)
			added++, removed++;
		removed += order < 0;
		added += order > 0;
		i += order <= 0;
		j += order >= 0;
	}
	if (!added && !removed)
		return;
	now = xasprintf("%zu entries: %zu added, %zu removed", to->list_count, added, removed);
	add_change(changes, "lists", before, now);
}

int loaded_policy_diff(const struct loaded_policy *from, const struct loaded_policy *to,
		       struct change **changes, size_t *count, struct error *e)
{
	cleanup(leaves_free) struct leaves old = {0};
	cleanup(leaves_free) struct leaves new = {0};
	struct changes found = {0};

	if (read_leaves(from, &old, e) < 0 || read_leaves(to, &new, e) < 0)
		return -1;
	compare_leaves(&old, &new, &found);
	compare_lists(&from->policy, &to->policy, &found);
	*changes = found.items;
	*count = found.count;
	return 0;
}

void changes_free(struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(changes[i].key);
		free(changes[i].from);
		free(changes[i].to);
	}
	free(changes);
}
