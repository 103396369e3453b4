/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The key `rules`: virtual patches, the operator's own rules.
 */
#ifndef SIPWARD_POLICY_PATCH_H
#define SIPWARD_POLICY_PATCH_H

#include "policy/keys.h"

/* rules: [{name: cve-2026-1, methods: [INVITE], header: X-Foo, contains: "%n", action: deny}];
 * stands behind `zones` in the table. */
int read_patches(struct parse_context *d, const struct key *key, const struct node *value,
		 void *to);

#endif
