/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Rules about content of a zone: headers, statuses, types of bodies, routing.
 */
#ifndef SIPWARD_POLICY_CONTENT_H
#define SIPWARD_POLICY_CONTENT_H

#include "policy/keys.h"

/* Content rules of a zone, into struct content_rules. */
int read_header_rules(struct parse_context *d, const struct key *key, const struct node *value,
		      void *to);
int read_status_rules(struct parse_context *d, const struct key *key, const struct node *value,
		      void *to);
int read_routing(struct parse_context *d, const struct key *key, const struct node *value,
		 void *to);
int read_type_rules(struct parse_context *d, const struct key *key, const struct node *value,
		    void *to);

/* Rules of one kind: {report: [...], deny: [...]}. How an entry is read: the number of its bit,
 * or -1 after an error. */
struct rules {
	uint32_t *actions; /* [SW_ACTION_COUNT] */
	int (*read)(struct parse_context *d, const struct node *item, enum sw_action action);
};

int read_rules(struct parse_context *d, const struct node *value, struct rules rules);

#endif
