/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The parts of a policy that have a file of their own, as readers for the table of the top
 * level (parse.c), and the checks across them (check.c).
 */
#ifndef SIPWARD_POLICY_PARTS_H
#define SIPWARD_POLICY_PARTS_H

#include "policy/keys.h"

int read_services(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_zones(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_lists(struct draft *d, const struct key *key, const struct node *value, void *to);

/* `sanity` of the policy or of a zone, into struct sanity. */
int read_sanity(struct draft *d, const struct key *key, const struct node *value, void *to);

/* Content rules of a zone, into struct content_rules. */
int read_header_rules(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_status_rules(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_type_rules(struct draft *d, const struct key *key, const struct node *value, void *to);
/* Keys of a zone and of a service (guard.c): into struct zone and struct service. */
int read_require(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_cleartext(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_tls(struct draft *d, const struct key *key, const struct node *value, void *to);

/* Judges what no single key can know, and gives zones and services their addresses. */
int check_draft(struct draft *d);

#endif
