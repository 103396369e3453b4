/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The policy that a command works on.
 */
#ifndef SIPWARD_CLI_POLICY_H
#define SIPWARD_CLI_POLICY_H

#include "policy/text.h"

/* What a command works on that takes -p: the policy at `path`, or without one that of the running
 * agent with what is tuned in it, or the embedded one when none runs (said on stderr, as "`doing`
 * by the embedded policy"). 0, or -1 and *e. Owned by the caller. */
int loaded_policy_of(const char *path, const char *doing, struct loaded_policy *loaded,
		     struct error *e);

#endif
