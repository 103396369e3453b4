/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `sanity` of the policy or of a zone: which messages are malformed.
 */
#ifndef SIPWARD_POLICY_SANITY_H
#define SIPWARD_POLICY_SANITY_H

#include "policy/keys.h"

/* The default. */
extern const struct sanity default_sanity;

/* Into struct sanity. */
int read_sanity(struct parse_context *d, const struct key *key, const struct node *value, void *to);

#endif
