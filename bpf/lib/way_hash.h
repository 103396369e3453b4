/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How the tables of ways.h are keyed: the data path writes them, and `sipward who` reads the entry
 * of one source. Pure C.
 */
#ifndef SIPWARD_BPF_LIB_WAY_HASH_H
#define SIPWARD_BPF_LIB_WAY_HASH_H

#include <sipward/state.h>

enum ways { WAYS_SOURCES, WAYS_PREFIXES, WAYS_UNPROVEN_DIALERS, WAYS_CALLEES };

/* Multilinear hashing (Carter and Wegman 1979; Lemire and Kaser 2014): the upper half of the sum is
 * strongly universal. A token would cost three times as much, and this one nobody gets to see.
 * `keys` are those of the policy: SW_WAY_KEYS. */
static inline __attribute__((always_inline)) __u64
way_tag(const volatile __u64 *keys, const struct sw_source *source, __u32 table)
{
	__u64 sum = keys[0];

	for (int i = 0; i < 4; i++)
		sum += keys[i + 1] * source->addr.words[i];
	sum += keys[5] * ((__u32)source->port << 16 | source->length << 8 | source->zone);
	sum += keys[6] * (table + 1);
	return sum ? sum : 1;
}

/* The line of this tag in a table of so many. */
static inline __attribute__((always_inline)) __u32 way_line(__u64 tag, __u32 lines)
{
	return (tag >> 32) * lines >> 32;
}

#endif
