/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Keys of a zone and of a service about what must be spoken there, and the rules that remember.
 */
#ifndef SIPWARD_POLICY_GUARD_H
#define SIPWARD_POLICY_GUARD_H

#include "policy/keys.h"

/* Into struct zone. */
int read_require(struct parse_context *d, const struct key *key, const struct node *value,
		 void *to);
int read_cleartext(struct parse_context *d, const struct key *key, const struct node *value,
		   void *to);
int read_fraud(struct parse_context *d, const struct key *key, const struct node *value, void *to);
int read_privacy(struct parse_context *d, const struct key *key, const struct node *value,
		 void *to);
/* Into struct service. */
int read_tls(struct parse_context *d, const struct key *key, const struct node *value, void *to);

/* `privacy` of the policy. */
int read_inside(struct parse_context *d, const struct key *key, const struct node *value, void *to);

#endif
