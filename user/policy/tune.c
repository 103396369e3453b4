/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/tune.h"

#include <string.h>

#include "policy/parse.h"
#include "policy/zone.h"

#define ZONES "zones."

static const struct position given = {.line = LINE_GIVEN};

/* A key, taken apart. */
struct path {
	char zone[SW_NAME_MAX]; /* empty: a key of the top level */
	const char *rest;       /* the keys below it, with dots between */
};

static const struct key *find_row(const struct key *keys, const char *path)
{
	size_t size = strcspn(path, ".");

	for (; keys->name; keys++) {
		if (strlen(keys->name) == size && strncmp(keys->name, path, size) == 0)
			return keys;
	}
	return NULL;
}

bool key_is_below(const char *key, const char *of)
{
	size_t size = strlen(of);

	return strncmp(key, of, size) == 0 && (key[size] == '\0' || key[size] == '.');
}

char *zone_key(const char *zone, const char *rest)
{
	return xasprintf("%s%s.%s", find_row(policy_keys, zone) ? ZONES : "", zone, rest);
}

/* The name of an entry of `zones`, or "". */
static const char *zone_name(const struct node *zone)
{
	const struct node *name = node_value(zone, "name");

	return name && name->kind == NODE_SCALAR ? name->text : "";
}

/* Names of the zones, `public` among them, and NULL behind them; the array is the caller's. */
static const char **zone_names(const struct node *root, size_t *count)
{
	const struct node *zones = node_value(root, "zones");
	const char **names = NULL, *name = PUBLIC;

	*count = 0;
	append(names, *count, name);
	for (size_t i = 0; zones && i < zones->count; i++) {
		name = zone_name(zones->items[i]);
		if (*name && strcmp(name, PUBLIC) != 0)
			append(names, *count, name);
	}
	name = NULL;
	append(names, *count, name);
	--*count;
	return names;
}

/* Names of zones may have dots: the longest that fits is meant. */
static bool find_zone(const char *key, const char *const *names, struct path *path)
{
	const char *found = NULL;

	for (; *names; names++) {
		if (key_is_below(key, *names) && (!found || strlen(*names) > strlen(found)))
			found = *names;
	}
	if (!found || strlen(found) >= sizeof(path->zone))
		return false;
	strcpy(path->zone, found);
	path->rest = key + strlen(found);
	path->rest += *path->rest == '.';
	return true;
}

static int fail_unknown(const struct source *s, const char *key, const char **names, size_t count,
			bool explicit)
{
	auto_free char *word = xasprintf("%.*s", (int)strcspn(key, "."), key);
	auto_free char *advice = NULL;
	auto_free const char **all = NULL;
	size_t sum = 0;
	const char *end = NULL;

	for (size_t i = 0; i < count; i++)
		append(all, sum, names[i]);
	for (const struct key *row = policy_keys; !explicit && row->name; row++) {
		if (!row->fixed && strcmp(row->name, "zones") != 0)
			append(all, sum, row->name);
	}
	append(all, sum, end);
	advice = alternatives(word, all);
	return fail_at(s, given, "there is no %s '%s'%s", explicit ? "zone" : "key or zone",
		       quote(word).text, advice);
}

static bool well_formed(const char *path)
{
	size_t size = strlen(path);

	return size && *path != '.' && path[size - 1] != '.' && !strstr(path, "..");
}

static int resolve(const struct source *s, const struct node *root, const char *key,
		   struct path *path)
{
	bool explicit = strncmp(key, ZONES, strlen(ZONES)) == 0;
	const struct key *row = find_row(policy_keys, key);
	size_t count;
	auto_free const char **names = zone_names(root, &count);

	memset(path, 0, sizeof(*path));
	if (!well_formed(key))
		return fail_at(s, given,
			       "'%s' is not a key; keys are words with dots between, as "
			       "in public.rates.source.INVITE",
			       quote(key).text);
	if (explicit || !row) {
		if (!find_zone(explicit ? key + strlen(ZONES) : key, names, path))
			return fail_unknown(s, explicit ? key + strlen(ZONES) : key, names, count,
					    explicit);
		row = find_row(zone_keys, path->rest);
	} else {
		path->rest = key;
	}
	if (!*path->rest || strcmp(key, "zones") == 0)
		return fail_at(s, given,
			       "'%s' is not one value; name a key of the zone, as in "
			       "public.mode",
			       quote(key).text);
	if (row && row->fixed)
		return fail_at(s, given,
			       "'%s' cannot be tuned, only limits and modes can; change it in the "
			       "file, then run: sipward apply FILE",
			       quote(key).text);
	return 0;
}

static struct node *new_map(void)
{
	struct node *map = xcalloc(1, sizeof(*map));

	map->kind = NODE_MAP;
	map->at = given;
	return map;
}

/* Makes *value the value of the key, in place of one that is there; the tree then owns it. */
static void put(struct node *map, const char *key, struct node *value)
{
	value->parent = map;
	value->key = xstrdup(key);
	value->key_at = given;
	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->items[i]->key, key) == 0) {
			tree_free(map->items[i]);
			map->items[i] = value;
			return;
		}
	}
	append(map->items, map->count, value);
}

/* The zone in the tree; `public` needs not be written there, but is. */
static struct node *find_zone_node(struct node *root, const char *name)
{
	struct node *zones = node_value(root, "zones"), *zone, *text;

	for (size_t i = 0; zones && i < zones->count; i++) {
		if (strcmp(zone_name(zones->items[i]), name) == 0)
			return zones->items[i];
	}
	if (!zones) {
		zones = new_map();
		zones->kind = NODE_LIST;
		put(root, "zones", zones);
	}
	zone = new_map();
	zone->parent = zones;
	text = new_map();
	text->kind = NODE_SCALAR;
	text->text = xstrdup(name);
	put(zone, "name", text);
	append(zones->items, zones->count, zone);
	return zone;
}

static void place_all(struct node *node)
{
	node->at = node->key_at = given;
	for (size_t i = 0; i < node->count; i++)
		place_all(node->items[i]);
}

static struct node *read_value(const struct source *s, const char *key, const char *value)
{
	const struct source from = {
		.name = "command line",
		.text = value,
		.size = strlen(value),
		.e = s->e,
	};
	struct node *node;

	if (!value[strspn(value, " ")]) {
		fail_at(s, given, "'%s' needs a value", quote(key).text);
		return NULL;
	}
	if (source_check(&from) < 0)
		return NULL;
	node = tree_read(&from);
	if (node)
		place_all(node);
	return node;
}

static int overlay(const struct source *s, struct node *root, const struct override *override)
{
	auto_tree struct node *value = read_value(s, override->key, override->value);
	auto_free char *rest = NULL;
	struct node *map = root;
	struct path path;
	char *key, *next;

	if (!value || resolve(s, root, override->key, &path) < 0)
		return -1;
	next = rest = xstrdup(path.rest);
	if (*path.zone)
		map = find_zone_node(root, path.zone);
	for (key = strsep(&next, "."); next; key = strsep(&next, ".")) {
		struct node *below = node_value(map, key);

		if (!below)
			put(map, key, below = new_map());
		if (below->kind != NODE_MAP)
			return fail_at(s, given,
				       "'%s' is %s, so it has no '%s'; write '%s' as a whole", key,
				       below->kind == NODE_LIST ? "a list" : "a single value",
				       quote(next).text, key);
		map = below;
	}
	put(map, key, take(value));
	return 0;
}

int overrides_apply(const struct source *s, struct node *root, const struct override *overrides,
		    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (overlay(s, root, &overrides[i]) < 0)
			return -1;
	}
	return 0;
}

/* The value in the text; NULL: none. */
static char *value_in_file(const struct node *root, const struct path *path)
{
	const struct node *node = root, *zones = node_value(root, "zones");
	auto_free char *rest = xstrdup(path->rest);
	char *next = rest;

	if (*path->zone) {
		node = NULL;
		for (size_t i = 0; zones && i < zones->count; i++) {
			if (strcmp(zone_name(zones->items[i]), path->zone) == 0)
				node = zones->items[i];
		}
	}
	for (char *key; node && (key = strsep(&next, "."));)
		node = node_value(node, key);
	return node ? node_text(node) : NULL;
}

int override_make(const struct policy_text *text, const char *key, const char *value,
		  struct override *override, struct error *e)
{
	size_t mark = source_mark_size(text->text, text->size);
	const struct source s = {
		.name = text->name,
		.text = text->text + mark,
		.size = text->size - mark,
		.e = e,
	};
	auto_tree struct node *root = tree_read(&s);
	struct path path;

	memset(override, 0, sizeof(*override));
	if (!root || resolve(&s, root, key, &path) < 0)
		return -1;
	override->key = *path.zone ? zone_key(path.zone, path.rest) : xstrdup(key);
	override->value = value ? xstrdup(value) : NULL;
	override->in_file = value_in_file(root, &path);
	return 0;
}
