/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The greylist's memory: when was a key last seen? Constant in size, one cache line a packet.
 * A flood can neither evict what matters nor forge anything in it: it only ever makes the
 * oldest cell of one line forget. Pure C: also compiled natively by the unit tests.
 *
 * A line has 16 cells of 32 bits: a fingerprint of 20 bits; its backoff, 2 bits; and a time of
 * 10, in units of 2^25 ns (33.6 ms), which wraps after 34 s.
 */
#ifndef SIPWARD_BPF_LIB_GREYLIST_H
#define SIPWARD_BPF_LIB_GREYLIST_H

#include <sipward/state.h>

#define GREYLIST_UNIT_BITS   25
#define GREYLIST_TIME_BITS   10
#define GREYLIST_TIME_MASK   ((1u << GREYLIST_TIME_BITS) - 1)
#define GREYLIST_UNITS(ms)   (1000000ull * (ms) >> GREYLIST_UNIT_BITS)
/* RFC 3261 17.1.1.2: a client sends an INVITE again after T1 = 500 ms, then after twice that, and
 * so on without a cap: 0.5, 1, 2, 4, 8, 16 s. Pauses of other requests end at T2 = 4 s (17.1.2.2).
 * All of that a fifth more or less. A packet that comes sooner is no retransmission of one that
 * keeps the rules: nothing does that comes before 335 ms, all does from 370 ms on. */
#define GREYLIST_AGE_MIN     GREYLIST_UNITS(400)
/* How long the next retransmission is waited for, by the backoff of the one before. After the first
 * packet: until the third one has come in any case, should the network have lost two (3.5 s). Then
 * twice as long with each doubled pause, so that again two may be lost; and at last the longest
 * pause of all, 16 s.
 *
 * A key that was seen once, like each packet of a random flood, has 4.5 s at most. A client has
 * more time only after it came again at the right time. */
#define GREYLIST_AGE_FIRST   GREYLIST_UNITS(4500)
#define GREYLIST_AGE_MAX     GREYLIST_UNITS(19500)
/* How often a key came again in a row, each time after twice as long: no more is counted. */
#define GREYLIST_BACKOFF_MAX 3

/* 1 when x is 0, else 0; without a branch. */
static __always_inline __u64 is_zero(__u32 x)
{
	return ((__u64)x - 1) >> 63;
}

/* The longest time between a packet with this backoff and the next one. */
static __always_inline __u32 greylist_backoff_ends(__u32 backoff)
{
	__u32 age = GREYLIST_AGE_FIRST << backoff;

	return age < GREYLIST_AGE_MAX ? age : GREYLIST_AGE_MAX;
}

/* The backoff of a packet that comes `age` after the last one, which had `before`. One that
 * comes too soon to have doubled its pause stays where it is, one that was lost on the way does
 * no harm. */
static __always_inline __u32 greylist_backoff(__u32 before, __u32 age)
{
	__u32 pace = (age >= GREYLIST_AGE_MIN) + (age >= 2 * GREYLIST_AGE_MIN) +
		     (age >= 4 * GREYLIST_AGE_MIN);

	if (age > greylist_backoff_ends(before))
		return 0;
	return before < pace ? before + 1 : pace;
}

/* Notes a packet with `key` at `now` and returns its backoff: 0 for the first one and for what
 * comes too soon or too late, else it is a retransmission. Lost races between CPUs lose a packet,
 * no more.
 *
 * The walk over the line has no branch: the verifier would follow each way through it. */
static __always_inline __u32 greylist_note(struct sw_greylist_line *line, __u64 key, __u64 now)
{
	__u32 time = (__u32)(now >> GREYLIST_UNIT_BITS) & GREYLIST_TIME_MASK;
	__u32 mark = (__u32)(key >> 44) << 12, cell, backoff, at;
	__u64 hits = 0, oldest = 0;

	for (__u64 i = 0; i < SW_GREYLIST_CELLS; i++) {
		__u64 unused = is_zero(line->cells[i]);
		/* One never used counts as older than any. One that another CPU wrote a tick later
		 * may be a unit ahead, and counts as the newest. */
		__u64 rank = ((time + 1 - line->cells[i]) & GREYLIST_TIME_MASK) |
			     unused << GREYLIST_TIME_BITS;
		__u64 older;

		hits |= (is_zero((line->cells[i] ^ mark) >> 12) & ~unused) << i;
		rank = rank << 4 | i;
		/* Told nothing, the compiler makes a branch of it. */
		older = oldest - rank;
		asm volatile("" : "+r"(older));
		older = -(older >> 63);
		asm volatile("" : "+r"(older));
		oldest ^= (oldest ^ rank) & older;
	}
	if (!hits) {
		line->cells[oldest & (SW_GREYLIST_CELLS - 1)] = mark | time;
		return 0;
	}
	hits &= -hits;
	at = (hits & 0xaaaa) != 0;
	at |= ((hits & 0xcccc) != 0) << 1;
	at |= ((hits & 0xf0f0) != 0) << 2;
	at |= ((hits & 0xff00) != 0) << 3;
	cell = line->cells[at & (SW_GREYLIST_CELLS - 1)];
	backoff = greylist_backoff(cell >> GREYLIST_TIME_BITS & GREYLIST_BACKOFF_MAX,
				   (time - cell) & GREYLIST_TIME_MASK);
	line->cells[at & (SW_GREYLIST_CELLS - 1)] = mark | backoff << GREYLIST_TIME_BITS | time;
	return backoff;
}

_Static_assert(GREYLIST_AGE_MAX < GREYLIST_TIME_MASK, "an age that is waited for can be told");

#endif
