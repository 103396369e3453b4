/* SPDX-License-Identifier: GPL-2.0-only
 *
 * From the policy model to what the data path reads: constants and the contents of the policy
 * maps. Pure: nothing here talks to the kernel.
 */
#ifndef SIPWARD_KERNEL_COMPILE_H
#define SIPWARD_KERNEL_COMPILE_H

#include <sipward/policy.h>
#include <sipward/state.h>

#include "policy/model.h"

/* Fills *out from the model. numbers[i] is the zone number of policy->zones[i]; `meta` has the
 * number of the generation and the seed of the host. */
void compile_policy(const struct policy *policy, const uint8_t *numbers, const struct sw_meta *meta,
		    struct sw_policy *out);

#endif
