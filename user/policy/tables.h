/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The keys of state: sizes of tables, how long endpoints stay known, the saved file.
 */
#ifndef SIPWARD_POLICY_TABLES_H
#define SIPWARD_POLICY_TABLES_H

#include "policy/keys.h"

/* The default. */
extern const struct tables default_tables;

int read_tables(struct parse_context *d, const struct key *key, const struct node *value, void *to);
int read_known(struct parse_context *d, const struct key *key, const struct node *value, void *to);
int read_state(struct parse_context *d, const struct key *key, const struct node *value, void *to);

/* A table that no rule of the policy reads, and whose size nobody wrote, takes next to nothing. */
void spare_tables(struct policy *p);

#endif
