/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Samples of packets, for `sipward top`: some packets of each CPU, picked at random, with a part of
 * their payload. The ring of samples has any number of readers, and none of them holds up the data
 * path: a new sample takes the place of the oldest one. Nobody takes samples until a reader asks
 * for them, and a reader that ends, by whatever cause, asks no more.
 */
#ifndef SIPWARD_SAMPLE_H
#define SIPWARD_SAMPLE_H

#include <linux/types.h>
#include <sipward/policy.h>

#define SW_SAMPLES       1024  /* of the ring; a power of two */
#define SW_SAMPLE_OCTETS 1024  /* of the payload that a sample has; a power of two */
#define SW_SAMPLE_WEIGHT 16384 /* one packet of so many at least is wanted */

/* When one CPU took so many samples in one period, it takes SW_SAMPLE_LESS times fewer until the
 * next: a flood that begins costs little before the reader has seen it. */
#define SW_SAMPLE_BURST       32
#define SW_SAMPLE_LESS        64
#define SW_SAMPLE_PERIOD_BITS 22 /* of nanoseconds: 4 ms */

/* How packets are picked: each with the chance 1 / weight. The packets between two of them are
 * drawn at once (bpf/lib/gap.h). */
struct sw_sampling_rate {
	__u32 weight;
	__u32 scale; /* of the gaps, in 1/4096: -4096 / ln(1 - 1 / weight) */
};

/* What the readers want, and how many samples there were. Mapped by the readers. */
struct sw_sampling {
	__u64 until;                  /* CLOCK_MONOTONIC; 0: nobody wants samples */
	struct sw_sampling_rate rate; /* as long as the burst lasts */
	struct sw_sampling_rate less; /* behind it */
	__u64 pad[5];
	__u64 taken; /* on a cache line of its own */
	__u64 pad2[7];
};

enum sw_sampled { SW_SAMPLED_PASS, SW_SAMPLED_WOULD_DROP, SW_SAMPLED_DROP };

struct sw_sample {
	__u64 number; /* the first one is 1; 0 while it is written */
	struct sw_addr src;
	__u32 weight; /* packets that it stands for */
	__u16 sport;  /* host order */
	__u16 length; /* of the payload */
	__u16 octets; /* of it that are here */
	__u8 zone;
	__u8 reason;    /* enum sw_reason */
	__u8 verdict;   /* enum sw_sampled */
	__u8 transport; /* enum sw_transport; SW_TRANSPORT_COUNT when not known */
	__u8 pad[2];
	__u8 payload[SW_SAMPLE_OCTETS];
};

_Static_assert(sizeof(struct sw_sampling) == 128, "two cache lines");
_Static_assert(sizeof(struct sw_sample) == 40 + SW_SAMPLE_OCTETS, "no padding");

#endif
