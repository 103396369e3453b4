/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The differences of two policies.
 */
#ifndef SIPWARD_POLICY_DIFF_H
#define SIPWARD_POLICY_DIFF_H

#include "policy/text.h"

/* One difference between two policies. */
struct change {
	char *key;
	char *from; /* NULL: not written there */
	char *to;   /* likewise */
};

/* Finds the differences between two policies, key by key, and in the lists as a whole. Owned by the
 * caller: changes_free(). */
int loaded_policy_diff(const struct loaded_policy *from, const struct loaded_policy *to,
		       struct change **changes, size_t *count, struct error *e);
void changes_free(struct change *changes, size_t count);

#endif
