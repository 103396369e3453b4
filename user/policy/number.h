/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Telephone numbers of callers and callees.
 */
#ifndef SIPWARD_POLICY_NUMBER_H
#define SIPWARD_POLICY_NUMBER_H

#include "policy/keys.h"

/* `caller` and `callee` of a zone, into struct zone. */
int read_caller(struct parse_context *d, const struct key *key, const struct node *value, void *to);
int read_callee(struct parse_context *d, const struct key *key, const struct node *value, void *to);
/* Read dial prefixes and high-risk numbers into the policy. */
int read_dial_prefixes(struct parse_context *d, const struct key *key, const struct node *value,
		       void *to);
int read_high_risk(struct parse_context *d, const struct key *key, const struct node *value,
		   void *to);

/* Gives each zone the high-risk numbers, and each prefix one meaning. 0, or -1. */
int check_numbers(struct parse_context *d);

#endif
