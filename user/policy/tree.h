/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The one layer over libyaml: a text becomes a tree of nodes with positions. YAML is cut down
 * to what a policy needs: one document, no anchors, aliases or tags, every scalar a string
 * (`off` is "off", 05060 is "05060"). This layer does not know the meaning of the keys.
 */
#ifndef SIPWARD_POLICY_TREE_H
#define SIPWARD_POLICY_TREE_H

#include "policy/source.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	struct position at;
	char *text; /* of a scalar: no control character in it */
	struct node *parent;
	char *key; /* in a mapping: what this is the value of */
	struct position key_at;
	struct node **items; /* of a list or a mapping, in the order of the text */
	size_t count;
};

/* NULL on error. */
struct node *tree_read(const struct source *s);

/* The value of a key of a mapping; NULL when it has none, or is no mapping. */
struct node *node_value(const struct node *map, const char *key);

/* How many nodes there are. */
size_t tree_count(const struct node *root);

/* The node as it could stand in a text, on one line; owned by the caller. */
char *node_text(const struct node *node);

void tree_free(struct node *root);
static inline void tree_free_pointer(struct node **root)
{
	tree_free(*root);
}
#define auto_tree cleanup(tree_free_pointer)

#endif
