/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "sanity": of what the scanner found wrong, what this zone judges. Each check is a
 * reason of its own, and each can be in shadow by itself.
 */
#ifndef SIPWARD_BPF_STAGES_SANITY_H
#define SIPWARD_BPF_STAGES_SANITY_H

#include "lib/packet.h"

/* The number of the lowest bit that is set. Not __builtin_ctzll: clang 14 cannot compile it
 * for BPF. Called only for a message that will be refused. A function of its own, or the verifier
 * would follow each of 64 results through all that comes behind. */
__noinline __u32 lowest_bit(__u64 mask)
{
	__u32 bit = 0;

	for (__u32 width = 32; width; width /= 2) {
		if (!(mask & ((1ull << width) - 1))) {
			mask >>= width;
			bit += width;
		}
	}
	return bit;
}

static __always_inline enum verdict stage_sanity(struct packet *p)
{
	/* The start line, stage "start" judged. */
	__u64 found = p->found & packet_zone(p)->sanity & ~SW_SANITY_BIT(START_LINE) &
		      ~sip_excused(p->message, p->in_dialog);

	/* In shadow more than one check may speak; the first that is carried out ends it. */
	for (int i = 0; i < SHADOWS_MAX && found; i++) {
		enum verdict v = refuse(p, SW_REASON_OF_SANITY[lowest_bit(found) & 63]);

		if (v != VERDICT_UNDECIDED)
			return v;
		found &= found - 1;
	}
	return VERDICT_UNDECIDED;
}

#endif
