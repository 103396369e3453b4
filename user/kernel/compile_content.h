/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Rules about content, from model to constants and to the entries of policy maps. Part of
 * compile_policy().
 */
#ifndef SIPWARD_KERNEL_COMPILE_CONTENT_H
#define SIPWARD_KERNEL_COMPILE_CONTENT_H

#include <sipward/policy.h>

#include "policy/model.h"

/* Fills the content rules of all zones; zone_numbers[i] is the number of zone i. */
void compile_content(const struct policy *policy, const uint8_t *zone_numbers,
		     struct sw_policy *out);

/* The key of a name in the map `agents`. */
uint64_t compile_agent(const struct user_agent *agent);

/* The key of a prefix of a number, and its value, in the trie `numbers`. */
struct sw_number compile_number(const struct number_rule *rule, uint8_t zone_number);
uint32_t compile_number_value(const struct number_rule *rule);

#endif
