/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The greylist's memory: when was a key last seen? Constant in size, one cache line a packet.
 * A flood can neither evict what matters nor forge anything in it: it only ever makes the
 * oldest cell of one line forget. Pure C: also compiled natively by the unit tests.
 *
 * A line has 16 cells of 32 bits: a fingerprint of 20 bits; its patience, 2 bits; and a time of
 * 10, in units of 2^25 ns (33.6 ms), which wraps after 34 s.
 */
#ifndef SIPWARD_BPF_LIB_SIGHTS_H
#define SIPWARD_BPF_LIB_SIGHTS_H

#include <sipward/state.h>

#define SIGHT_UNIT_BITS 25
#define SIGHT_TIME_BITS 10
#define SIGHT_TIME_MASK ((1u << SIGHT_TIME_BITS) - 1)
#define SIGHT_UNITS(ms) ((ms) * 1000000ull >> SIGHT_UNIT_BITS)
/* RFC 3261 17.1.1.2: a client sends an INVITE again after T1 = 500 ms, then after twice that, and
 * so on without a cap: 0.5, 1, 2, 4, 8, 16 s. Pauses of other requests end at T2 = 4 s (17.1.2.2).
 * All of that a fifth more or less. What comes sooner is not a retransmission of a client that
 * keeps the rules: nothing does that comes before 335 ms, all does from 370 ms on. */
#define SIGHT_AGE_MIN   SIGHT_UNITS(400)
/* How long the next one is waited for, by the patience of the one before. At first sight, until
 * the third has come in any case, should the network have lost two: 3.5 s. Then twice as long with
 * each doubled pause, which again lets two be lost; and at last the longest pause of all, 16 s.
 *
 * What was seen once, as all of a flood of random packets is, has no more time than it had when
 * the longest was 4.5 s for everybody; and to have more, one has to come again at its time. */
#define SIGHT_AGE_FIRST SIGHT_UNITS(4500)
#define SIGHT_AGE_MAX   SIGHT_UNITS(19500)
/* How often a key came again in a row, each time after twice as long: no more is counted. */
#define SIGHT_PATIENCE_MAX 3

/* 1 when x is 0, else 0; without a branch. */
static __always_inline __u64 sight_is_zero(__u32 x)
{
	return ((__u64)x - 1) >> 63;
}

/* How old a sight of this patience may be when the next one comes. */
static __always_inline __u32 sight_patience_ends(__u32 patience)
{
	__u32 age = SIGHT_AGE_FIRST << patience;

	return age < SIGHT_AGE_MAX ? age : SIGHT_AGE_MAX;
}

/* What a sight that comes `age` after the last one, of this patience, shows. One that comes too
 * soon to have doubled its pause stays where it is, one that was lost on the way does no harm. */
static __always_inline __u32 sight_patience(__u32 before, __u32 age)
{
	__u32 pace =
		(age >= SIGHT_AGE_MIN) + (age >= 2 * SIGHT_AGE_MIN) + (age >= 4 * SIGHT_AGE_MIN);

	if (age > sight_patience_ends(before))
		return 0;
	return before < pace ? before + 1 : pace;
}

/* Notes a sight of `key` at `now` and returns its patience: 0 at first sight and for what comes
 * too soon or too late, else it is a retransmission. Lost races between CPUs lose a sight, no more.
 *
 * The walk over the line has no branch: the verifier would follow each way through it. */
static __always_inline __u32 sight_again(struct sw_sights *line, __u64 key, __u64 now)
{
	__u32 time = (__u32)(now >> SIGHT_UNIT_BITS) & SIGHT_TIME_MASK;
	__u32 mark = (__u32)(key >> 44) << 12, cell, patience, at;
	__u64 hits = 0, oldest = 0;

	for (__u64 i = 0; i < SW_SIGHTS_A_LINE; i++) {
		__u64 unused = sight_is_zero(line->cells[i]);
		/* One never used counts as older than any. */
		__u64 rank =
			((time - line->cells[i]) & SIGHT_TIME_MASK) | unused << SIGHT_TIME_BITS;

		hits |= (sight_is_zero((line->cells[i] ^ mark) >> 12) & ~unused) << i;
		rank = rank << 4 | i;
		oldest ^= (oldest ^ rank) & -((oldest - rank) >> 63);
	}
	if (!hits) {
		line->cells[oldest & (SW_SIGHTS_A_LINE - 1)] = mark | time;
		return 0;
	}
	hits &= -hits;
	at = (hits & 0xaaaa) != 0;
	at |= ((hits & 0xcccc) != 0) << 1;
	at |= ((hits & 0xf0f0) != 0) << 2;
	at |= ((hits & 0xff00) != 0) << 3;
	cell = line->cells[at & (SW_SIGHTS_A_LINE - 1)];
	patience = sight_patience(cell >> SIGHT_TIME_BITS & SIGHT_PATIENCE_MAX,
				  (time - cell) & SIGHT_TIME_MASK);
	line->cells[at & (SW_SIGHTS_A_LINE - 1)] = mark | patience << SIGHT_TIME_BITS | time;
	return patience;
}

_Static_assert(SIGHT_AGE_MAX < SIGHT_TIME_MASK, "an age that is waited for can be told");

#endif
