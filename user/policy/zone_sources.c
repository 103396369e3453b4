/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/zone_sources.h"

#include <string.h>

#include "policy/feed.h"
#include "policy/geo.h"
#include "policy/lists.h"
#include "policy/zone.h"

static bool is_public(const struct zone *z)
{
	return strcmp(z->name, PUBLIC) == 0;
}

/* Everything that no zone names is public's already: its prefixes are not kept. */
static int check_public_source(struct parse_context *d, const struct node *item,
			       const struct prefix *prefix)
{
	if (prefix->length == 0)
		return 0;
	return fail_at(&d->source, item->at,
		       "zone 'public' has all sources that no other zone "
		       "names; give '%s' a zone of its own",
		       item->text);
}

/* The entry of `sources` that is read, for the prefixes that it stands for. */
struct source_list {
	struct position at;
	enum prefix_origin origin;
};

static int add_line(struct parse_context *d, const struct source *s, struct position at,
		    const struct prefix *prefix, const void *context)
{
	const struct source_list *list = context;
	struct placed_prefix placed = {
		.prefix = *prefix,
		.zone = d->policy.zone_count,
		.at = list->at,
		.origin = list->origin,
	};

	if (count_entry(d, s, at) < 0)
		return -1;
	append(d->prefixes, d->prefix_count, placed);
	return 0;
}

static int add_source_file(struct parse_context *d, const struct node *item, const struct zone *z)
{
	struct source_list list = {item->at,
				   is_geo(item->text) ? geo_origin(item->text) : ORIGIN_FILE};

	if (is_public(z))
		return fail_at(&d->source, item->at,
			       "zone 'public' has all sources that no other zone names; give the "
			       "sources of '%s' a zone of their own",
			       quote(item->text).text);
	d->policy.zones_watched = true;
	return read_feed(d, item, &(struct feed_reader){add_line, &list});
}

static int add_source(struct parse_context *d, const struct node *item, const struct zone *z)
{
	struct placed_prefix placed = {.zone = d->policy.zone_count, .at = item->at};

	if (item->kind == NODE_SCALAR && list_is_feed(item->text))
		return add_source_file(d, item, z);
	if (want_prefix(d, item, &placed.prefix) < 0)
		return -1;
	if (is_public(z)) {
		placed.zone = SW_ZONE_PUBLIC;
		if (check_public_source(d, item, &placed.prefix) < 0)
			return -1;
	} else if (placed.prefix.length == 0) {
		return fail_at(&d->source, item->at,
			       "'%s' means every source, which is zone "
			       "'public'; write these rules there",
			       item->text);
	}
	if (count_entry(d, &d->source, item->at) < 0)
		return -1;
	append(d->prefixes, d->prefix_count, placed);
	return 0;
}

int read_sources(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	struct zone *z = to;

	(void)key;
	if (value && want(d, value, NODE_LIST) < 0)
		return -1;
	if ((!value || value->count == 0) && !is_public(z)) {
		return fail_at(&d->source, value ? value->at : z->at,
			       "zone '%s' has no sources, "
			       "so it matches nothing; add 'sources: [...]'",
			       z->name);
	}
	begin_list(d);
	for (size_t i = 0; value && i < value->count; i++) {
		if (add_source(d, value->items[i], z) < 0)
			return -1;
	}
	return 0;
}
