/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Checks across the parts of a policy.
 */
#ifndef SIPWARD_POLICY_CHECK_H
#define SIPWARD_POLICY_CHECK_H

#include "policy/parse_context.h"

/* Judges what no single key can know, and gives zones and services their addresses. */
int check_policy(struct parse_context *d);

#endif
