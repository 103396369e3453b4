/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Counters: packets by zone and reason, and tallies of the data path itself.
 */
#ifndef SIPWARD_BPF_LIB_COUNTERS_H
#define SIPWARD_BPF_LIB_COUNTERS_H

#include "lib/packet.h"

static __always_inline void count(struct sw_counters *c, enum sw_mode mode, __u8 reason)
{
	c->reasons[mode][reason & (SW_REASONS_MAX - 1)]++;
}

static __always_inline void tally(enum sw_tally which)
{
	__u32 index = which;
	__u64 *count = bpf_map_lookup_elem(&tallies, &index);

	if (count)
		(*count)++;
}

#endif
