/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `unproven` of a zone: ceilings for all senders that proved nothing, together.
 */
#ifndef SIPWARD_POLICY_UNPROVEN_H
#define SIPWARD_POLICY_UNPROVEN_H

#include "policy/keys.h"

/* Into the rates of a zone. */
int read_unproven(struct parse_context *d, const struct key *key, const struct node *value,
		  void *to);
/* Fills in those that the zone leaves out. */
void complete_unproven(struct zone *zone);

#endif
