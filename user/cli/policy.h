/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The policy that a command works on.
 */
#ifndef SIPWARD_CLI_POLICY_H
#define SIPWARD_CLI_POLICY_H

#include "policy/text.h"

/* The policy for a command that takes -p: the one at `path`. Without a path, it is the policy of
 * the running agent with its overrides, or the embedded one when no agent runs (stderr says so:
 * "`doing` by the embedded policy"). 0, or -1 and *e. Owned by the caller. */
int loaded_policy_of(const char *path, const char *doing, struct loaded_policy *loaded,
		     struct error *e);

#endif
