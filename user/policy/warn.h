/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What is right in a policy, and is hardly what its author wants.
 */
#ifndef SIPWARD_POLICY_WARN_H
#define SIPWARD_POLICY_WARN_H

#include "policy/model.h"

struct warnings {
	char **texts; /* "FILE:LINE:COLUMN: what, and what to do"; without a place "FILE: ..." */
	size_t count;
};

/* Looks through a policy that was read without an error. Freed by warnings_free. */
void policy_warn(const struct policy *policy, struct warnings *warnings);
void warnings_free(struct warnings *warnings);
#define auto_warnings cleanup(warnings_free)

#endif
