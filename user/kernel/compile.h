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

/* The key of a prefix of a number, and its value, in the trie `numbers`. */
struct sw_number compile_number(const struct number_rule *rule, uint8_t zone_number);
uint32_t compile_number_value(const struct number_rule *rule);

/* Content rules of a zone, and what all zones share of them (content.c). */
void compile_content(const struct content_rules *rules, struct sw_content *to);
void compile_content_shared(const struct policy *policy, struct sw_policy *out);
/* Marks the zones that numbers are looked up for. */
void compile_numbers(const struct policy *policy, const uint8_t *zone_numbers, struct sw_policy *out);

#endif
