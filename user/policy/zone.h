/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `zones`: the senders, and the messages that each may send.
 */
#ifndef SIPWARD_POLICY_ZONE_H
#define SIPWARD_POLICY_ZONE_H

#include "policy/keys.h"

#define PUBLIC "public" /* the zone of all that no other one names */

extern const struct key zone_keys[];

int read_zones(struct parse_context *d, const struct key *key, const struct node *value, void *to);

#endif
