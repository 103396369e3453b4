/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where in a policy's text a key stands. For code that shows a line to a person. The meaning of the
 * keys is in the model.
 */
#ifndef SIPWARD_POLICY_LOOKUP_H
#define SIPWARD_POLICY_LOOKUP_H

#include "policy/text.h"
#include "policy/tree.h"

/* Reads a text that was found good before. NULL and *e on error; auto_tree. */
struct node *policy_tree(const struct policy_text *text, struct error *e);

/* Calls `found` with each node at `path`, words with dots between them, as in
 * "zones.*.rates.source.INVITE"; '*' is every entry of a list. `zone` is the name of the zone
 * that the node is in, or NULL. */
void policy_tree_find(const struct node *root, const char *path,
		      void (*found)(const struct node *node, const char *zone, void *arg),
		      void *arg);

#endif
