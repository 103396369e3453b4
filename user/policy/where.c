/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/where.h"

#include <string.h>

#include "policy/feed.h"
#include "policy/geo.h"
#include "policy/lists.h"
#include "policy/lookup.h"
#include "policy/prefix.h"

struct search {
	struct parse_context context;
	struct sw_addr addr;
	enum sw_list list; /* the one that is looked through */
	const char *zone;  /* NULL: lists are */
	struct where *where;
	struct error *e;
	bool failed;
};

void where_free(struct where *where)
{
	free(where->place);
	where->place = NULL;
}

static void note(struct search *search, const char *file, struct position at,
		 const struct prefix *prefix)
{
	struct where *where = search->where;

	if (!prefix_holds(prefix, &search->addr))
		return;
	if (where->place && (where->prefix.length > prefix->length ||
			     (where->prefix.length == prefix->length &&
			      (where->list == SW_LIST_ALLOW || search->list != SW_LIST_ALLOW))))
		return;
	where_free(where);
	where->prefix = *prefix;
	where->list = search->list;
	where->place = xasprintf("%s:%u:%u", file, at.line, at.column);
}

/* A line of a list file. */
static int note_line(struct parse_context *d, const struct source *s, struct position at,
		     const struct prefix *prefix, const void *context)
{
	(void)d;
	note((struct search *)context, s->name, at, prefix);
	return 0;
}

static int look_into(struct search *search, const struct node *node)
{
	const struct policy_file *file = list_file(&search->context, node, false);
	const struct feed_reader reader = {note_line, search};
	auto_feed struct feed feed = {};

	return file ? feed_read(&search->context, file, &reader, &feed, search->e) : -1;
}

static void look_at(const struct node *node, const char *zone, void *arg)
{
	struct search *search = arg;
	struct prefix prefix;

	if (search->failed || node->kind != NODE_SCALAR ||
	    (search->zone && (!zone || strcmp(zone, search->zone) != 0)))
		return;
	if (list_is_feed(node->text))
		search->failed = look_into(search, node) < 0;
	else if (prefix_read(node->text, &prefix) == PREFIX_FINE)
		note(search, search->context.source.name, node->at, &prefix);
}

static int look(struct policy_text *text, struct search *search, struct error *e)
{
	auto_tree struct node *root = policy_tree(text, e);

	search->context.text = text;
	search->context.source = (struct source){.name = text->name, .e = e};
	search->e = e;
	if (!root)
		return -1;
	geo_prepare(&search->context, root);
	if (search->zone) {
		policy_tree_find(root, "zones.*.sources.*", look_at, search);
		return search->failed ? -1 : 0;
	}
	search->list = SW_LIST_DENY;
	policy_tree_find(root, "lists.deny.*", look_at, search);
	search->list = SW_LIST_ALLOW;
	policy_tree_find(root, "lists.allow.*", look_at, search);
	return search->failed ? -1 : 0;
}

int where_listed(struct policy_text *text, const struct sw_addr *addr, struct where *where,
		 struct error *e)
{
	struct search search = {.addr = *addr, .where = where};

	memset(where, 0, sizeof(*where));
	return look(text, &search, e);
}

int where_zoned(struct policy_text *text, const char *zone, const struct sw_addr *addr,
		struct where *where, struct error *e)
{
	struct search search = {.addr = *addr, .zone = zone, .where = where};

	memset(where, 0, sizeof(*where));
	return look(text, &search, e);
}
