/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `signatures`: attack tools.
 */
#ifndef SIPWARD_POLICY_SIGNATURE_H
#define SIPWARD_POLICY_SIGNATURE_H

#include "policy/keys.h"

/* Into struct policy. */
int read_signatures(struct parse_context *d, const struct key *key, const struct node *value,
		    void *to);

#endif
