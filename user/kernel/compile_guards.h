/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The transports that zones must use and the rules that remember, from model to constants. Part of
 * compile_policy().
 */
#ifndef SIPWARD_KERNEL_COMPILE_GUARDS_H
#define SIPWARD_KERNEL_COMPILE_GUARDS_H

#include "policy/model.h"

/* Fills what include/sipward/guard.h describes; numbers[i] is the number of zone i. */
void compile_guards(const struct policy *policy, const uint8_t *numbers, struct sw_policy *out);

#endif
