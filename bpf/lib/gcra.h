/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The generic cell rate algorithm (ITU-T I.371): one 64-bit theoretical arrival time a cell,
 * no lock, exact over any interval. Pure C: also compiled natively by the unit tests.
 */
#ifndef SIPWARD_BPF_LIB_GCRA_H
#define SIPWARD_BPF_LIB_GCRA_H

#include <sipward/policy.h>

/* Races lost before the packet is refused: senders that contend that hard are over the limit. */
#define GCRA_TRIES 4

/* CPUs read their clocks in one order and write the cell in another: a cell may honestly be
 * ahead by what a packet waits in between. */
#define GCRA_SKEW SW_NS_PER_SEC

/* 1 when a packet at `now` conforms, and the cell is debited; 0 when it does not, and nothing
 * is written. No limit (interval 0) admits all.
 *
 * A cell that runs further ahead than this limit can make it was written under another
 * limit, before a reload. It counts as just full, or the source would wait out the old one.
 *
 * A packet that lost so many races as there are tries does not conform. */
static __always_inline int gcra_try(__u64 *cell, const volatile struct sw_limit *limit, __u64 now,
				    int tries)
{
	__u64 interval = limit->interval, tolerance = limit->tolerance;

	if (!interval)
		return 1;
	for (int i = 0; i < tries; i++) {
		__u64 tat = *(volatile __u64 *)cell;
		/* As a difference, which holds over the end of the clock's 64 bits too. */
		__u64 ahead = (__s64)(tat - now) > 0 ? tat - now : 0;

		if (ahead > tolerance + interval + GCRA_SKEW)
			ahead = tolerance;
		if (ahead > tolerance)
			return 0;
		if (__sync_val_compare_and_swap(cell, tat, now + ahead + interval) == tat)
			return 1;
	}
	return 0;
}

static __always_inline int gcra_admit(__u64 *cell, const volatile struct sw_limit *limit, __u64 now)
{
	return gcra_try(cell, limit, now, GCRA_TRIES);
}

/* 1 when no more than `part` of `parts` of the burst are spent: a caller that asks this before
 * gcra_admit() leaves the rest to senders that matter more. Nothing is known of a cell that another
 * limit wrote. */
static __always_inline int gcra_leaves(const __u64 *cell, const volatile struct sw_limit *limit,
				       __u64 now, __u32 part, __u32 parts)
{
	__u64 tolerance = limit->tolerance;
	__s64 ahead = *(const volatile __u64 *)cell - now;

	return ahead <= (__s64)(tolerance / parts * part) ||
	       ahead > (__s64)(tolerance + limit->interval + GCRA_SKEW);
}

/* 1 when the cell is so far ahead that no packet conforms until `late` after `now`. Two differences
 * below 0, and no branch: the verifier would follow each way. */
static __always_inline int
gcra_stays_spent(const __u64 *cell, const volatile struct sw_limit *limit, __u64 now, __u64 late)
{
	__u64 tolerance = limit->tolerance, ahead = *(const volatile __u64 *)cell - now;

	return ((tolerance + late - ahead) &
		(ahead - (tolerance + limit->interval + GCRA_SKEW + 1))) >>
	       63;
}

#endif
