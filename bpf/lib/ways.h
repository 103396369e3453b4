/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tables of limit cells and sketches that anybody may be written into, by the source address of a
 * packet that may be spoofed. Constant in size; they evict nothing. A keyed hash of the source
 * chooses a line of SW_WAYS entries, and nobody outside can tell which. An entry belongs to its
 * source until nothing it says counts any more: each cell is as good as new, or the window is over.
 * Only then another source gets it, and nothing is lost.
 *
 * A line whose entries all count has no room. Then a source without an entry shares the cells of
 * another one, of which a flood of spoofed sources can spend a packet or two; of sketches it gets
 * none, and is not watched.
 */
#ifndef SIPWARD_BPF_LIB_WAYS_H
#define SIPWARD_BPF_LIB_WAYS_H

#include "lib/packet.h"
#include "lib/way_hash.h"

#define WAY_NONE (-1)

/* The entry of this tag, or when `claim` says so, one that is free; `until` is of the first entry
 * of a line, and `stride` words further that of the next. */
static __always_inline int way_in(__u64 *tags, const __u64 *until, __u32 stride, __u64 tag,
				  __u64 now, __u32 claim)
{
	for (__u32 i = 0; i < SW_WAYS; i++) {
		if (tags[i] == tag)
			return i;
	}
	for (__u32 i = 0; claim && i < SW_WAYS; i++) {
		__u64 other = *(volatile __u64 *)&tags[i], found;

		if ((__s64)(*(const volatile __u64 *)&until[i * stride] - now) > 0)
			continue;
		found = __sync_val_compare_and_swap(&tags[i], other, tag);
		if (found == other || found == tag) /* another CPU claims it for the same */
			return i;
	}
	return WAY_NONE;
}

#define WORDS_OF(type) (sizeof(type) / sizeof(__u64))

static __always_inline int way_of_source(__u32 line, __u64 tag, __u64 now, __u32 claim)
{
	struct sw_cell_line *l = bpf_map_lookup_elem(&sources, &line);

	return l ? way_in(l->tags, &l->cells[0].tat[SW_RATE_UNTIL], WORDS_OF(l->cells[0]), tag, now,
			  claim) :
		   WAY_NONE;
}

static __always_inline int way_of_prefix(__u32 line, __u64 tag, __u64 now, __u32 claim)
{
	struct sw_prefix_line *l = bpf_map_lookup_elem(&prefixes, &line);

	return l ? way_in(l->tags, &l->cells[0].tat[SW_SHARE_UNTIL], WORDS_OF(l->cells[0]), tag,
			  now, claim) :
		   WAY_NONE;
}

/* The values of the last owner are as old as they can be, so that turn_window() clears them. */
static __always_inline int way_of_dialer(__u32 line, __u64 tag, __u64 now)
{
	struct sw_dialer_line *l = bpf_map_lookup_elem(&unproven_dialers, &line);

	return l ? way_in(l->tags, &l->dialers[0].until, WORDS_OF(l->dialers[0]), tag, now, 1) :
		   WAY_NONE;
}

/* SW_WAYS times the line, and the entry in it: of the packet's source, its network, or its caller.
 * WAY_NONE when there is none, and none was to be claimed, or there is no room for a sketch.
 * Global: its result is one number to the verifier, however it was found. */
__noinline int find_way(struct scratch *scratch, __u32 table, __u32 claim)
{
	struct sw_source source;
	struct packet *p;
	__u64 tag, now;
	__u32 line;
	int way;

	if (!scratch)
		return WAY_NONE;
	p = &scratch->packet;
	now = packet_tick(p);
	if (table == WAYS_PREFIXES) {
		packet_mask(p, policy.network, &source);
		source.zone = p->zone_number;
	} else {
		packet_source(p, &source);
	}
	if (table == WAYS_UNPROVEN_DIALERS)
		source.port = !p->may_be_spoofed;
	tag = way_tag(policy.way_keys, &source, table);
	if (table == WAYS_SOURCES) {
		line = way_line(tag, policy.source_lines);
		way = way_of_source(line, tag, now, claim);
	} else if (table == WAYS_PREFIXES) {
		line = way_line(tag, policy.prefix_lines);
		way = way_of_prefix(line, tag, now, claim);
	} else {
		line = way_line(tag, policy.unproven_dialer_lines);
		way = way_of_dialer(line, tag, now);
		claim = 0;
	}
	if (way == WAY_NONE && claim)
		way = tag >> 32 & (SW_WAYS - 1); /* the lower half is not random */
	return way == WAY_NONE ? WAY_NONE : (int)(line * SW_WAYS + way);
}

/* The later one of when an entry was as good as new, and when the cell that was just debited is. */
static __always_inline void way_lasts(__u64 *until, __u64 tat)
{
	if ((__s64)(tat - *until) > 0)
		*until = tat;
}

#endif
