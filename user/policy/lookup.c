/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/lookup.h"

#include <string.h>

struct search {
	void (*found)(const struct node *node, const char *zone, void *arg);
	void *arg;
};

struct node *policy_tree(const struct policy_text *text, struct error *e)
{
	size_t mark = source_mark_size(text->text, text->size);
	struct source source = {
		.name = text->name,
		.text = text->text + mark,
		.size = text->size - mark,
		.e = e,
	};

	return tree_read(&source);
}

static const struct node *child(const struct node *node, const char *key, size_t length)
{
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
		const char *name = node->items[i]->key;

		if (strlen(name) == length && memcmp(name, key, length) == 0)
			return node->items[i];
	}
	return NULL;
}

static void walk(const struct node *node, const char *path, const char *zone,
		 const struct search *search)
{
	size_t length = strcspn(path, ".");
	const char *rest = path[length] ? path + length + 1 : path + length;
	const struct node *name;

	if (!*path) {
		search->found(node, zone, search->arg);
		return;
	}
	if (*path != '*') {
		node = child(node, path, length);
		if (node)
			walk(node, rest, zone, search);
		return;
	}
	for (size_t i = 0; node->kind != NODE_SCALAR && i < node->count; i++) {
		name = child(node->items[i], "name", 4);
		walk(node->items[i], rest, name ? name->text : zone, search);
	}
}

void policy_tree_find(const struct node *root, const char *path,
		      void (*found)(const struct node *node, const char *zone, void *arg),
		      void *arg)
{
	const struct search search = {found, arg};

	walk(root, path, NULL, &search);
}
