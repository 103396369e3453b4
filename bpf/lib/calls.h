/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Calls that are up or ring, for `calls: {source, zone}`. The data path notes who sends an INVITE
 * (`callers`). The observer notes what the server makes of it (egress/calls.h): an INVITE that
 * rings stands in `calls` under its branch, and a dialog that a 2xx began stands there under its
 * tags. A 2xx of which no INVITE was noted begins no call: it answers a re-INVITE, which the callee
 * may send, too. The agent takes out what never ended.
 */
#ifndef SIPWARD_BPF_LIB_CALLS_H
#define SIPWARD_BPF_LIB_CALLS_H

#include "lib/dialog.h"
#include "lib/packet.h"

/* So long a client sends an INVITE again (Timer B, RFC 3261 17.1.1.2). */
#define INVITE_AGAIN (32 * SW_NS_PER_SEC)

/* The source as its zone counts it. Its port says whether it has a proof: a spoofer of its address
 * uses up no calls of those that have one. */
static __always_inline void calls_source(const struct packet *p, struct sw_source *source)
{
	packet_mask(p, packet_zone(p)->source, source);
	source->zone = p->zone_number;
	source->port = p->grade ? SW_CALLS_PROVED : SW_CALLS_OTHERS;
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

/* Whether this INVITE passed before, and the server has not answered it: then it is no new call. A
 * branch that is used again later is one. */
static __always_inline int is_invite_again(__u64 key, __u64 now)
{
	const struct sw_caller *caller = bpf_map_lookup_elem(&callers, &key);
	const struct sw_call *call;

	if (!caller || now - caller->at > INVITE_AGAIN)
		return 0;
	call = bpf_map_lookup_elem(&calls, &key);
	return !call || call->state == SW_CALL_RINGS;
}

#endif
