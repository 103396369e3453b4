/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/compile_rate.h"

/* Time that a cell may run ahead; keeps every sum in the data path far from 2^64. */
#define TOLERANCE_MAX (1ull << 60)

struct sw_limit compile_rate(const struct rate *rate)
{
	struct sw_limit limit = {};

	if (!rate->set)
		return limit;
	/* Rounded up, so that never more than the rate is let in. */
	limit.interval = (rate->period + rate->count - 1) / rate->count;
	/* A burst of B: B packets at the same instant conform, the next one does not. */
	if (__builtin_mul_overflow(limit.interval, rate->burst - 1, &limit.tolerance) ||
	    limit.tolerance > TOLERANCE_MAX)
		limit.tolerance = TOLERANCE_MAX;
	return limit;
}
