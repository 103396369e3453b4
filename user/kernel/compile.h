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

/* nanoseconds of interval and tolerance for a rate; both 0 when it is not set. */
struct sw_limit compile_rate(const struct rate *rate);

/* The key of a name in the map `agents`. */
uint64_t compile_agent(const struct user_agent *agent);

/* The key of a prefix of a number, and its value, in the trie `numbers`. */
struct sw_number compile_number(const struct number_rule *rule, uint8_t zone_number);
uint32_t compile_number_value(const struct number_rule *rule);

/* The content rules of all zones (compile_content.c). */
void compile_content(const struct policy *policy, const uint8_t *zone_numbers,
		     struct sw_policy *out);

#endif
