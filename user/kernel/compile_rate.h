/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A rate of a policy, as the data path counts by it (GCRA).
 */
#ifndef SIPWARD_KERNEL_COMPILE_RATE_H
#define SIPWARD_KERNEL_COMPILE_RATE_H

#include <sipward/policy.h>

#include "policy/model.h"

/* Nanoseconds of interval and tolerance; both 0 when the rate is not set. */
struct sw_limit compile_rate(const struct rate *rate);

#endif
