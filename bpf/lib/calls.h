/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Calls that are up or ring, for `calls: {source, zone}`: their keys, and how many there are. Only
 * messages of the server write here (egress/calls.h), and the agent takes out what never ended.
 */
#ifndef SIPWARD_BPF_LIB_CALLS_H
#define SIPWARD_BPF_LIB_CALLS_H

#include "lib/packet.h"
#include "lib/token.h"

/* A call by its Call-ID and the tag of its caller: however often it was forked, it is one. */
static __always_inline __u64 counted_key(const struct scratch *scratch, struct sip_span caller_tag)
{
	if (!caller_tag.length)
		return TOKEN_NONE;
	return token_of(policy.seed, TOKEN_COUNTED, &scratch->buf, scratch->msg.value[SIP_CALL_ID],
			caller_tag);
}

/* The source as its zone counts it, whatever its port. */
static __always_inline void calls_source(const struct packet *p, struct sw_source *source)
{
	packet_mask(p, packet_zone(p)->source, source);
	source->zone = p->zone_number;
}

/* All sources of the zone: no source has a length of 0. */
static __always_inline void calls_zone(const struct packet *p, struct sw_source *source)
{
	__builtin_memset(source, 0, sizeof(*source));
	source->zone = p->zone_number;
}

/* 1 when as many calls are there as `most`. The agent takes out what is over without an end that
 * anybody saw, and counts it apart: each number has one writer, or is added to atomically. */
static __always_inline int calls_reach(const struct sw_source *key, __u32 most)
{
	const struct sw_call_count *count = bpf_map_lookup_elem(&call_counts, key);
	const __u32 *aged;
	__u32 live;

	if (!count)
		return 0;
	live = count->begun - count->ended;
	if ((__s32)live < (__s32)most)
		return 0;
	aged = bpf_map_lookup_elem(&calls_aged, key);
	return !aged || (__s32)(live - *aged) >= (__s32)most;
}

#endif
