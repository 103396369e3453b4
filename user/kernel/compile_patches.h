/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The operator's own rules, compiled; and the register of their names.
 */
#ifndef SIPWARD_KERNEL_COMPILE_PATCHES_H
#define SIPWARD_KERNEL_COMPILE_PATCHES_H

#include "kernel/state_maps.h"
#include "policy/model.h"

void compile_patches(const struct policy *policy, const uint8_t *zone_numbers,
		     struct sw_policy *out);

/* Gives each rule of *compiled the number that its name has, or a free one, and notes it. A number
 * is taken over from the oldest rule that is gone, and counts from 0 then. */
int state_number_patches(const struct state *state, const struct policy *policy,
			 struct sw_policy *compiled, struct error *e);

#endif
