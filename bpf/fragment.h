/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stages "broken" and "fragment", for what has no ports. A packet whose headers contradict
 * themselves is refused. A later fragment follows what its first one earned; a first fragment goes
 * on and is judged; fragment_remember() notes the outcome at the exit.
 */
#ifndef SIPWARD_BPF_FRAGMENT_H
#define SIPWARD_BPF_FRAGMENT_H

#include "packet.h"

/* Linux forgets an unfinished IPv6 datagram after 60 s, an IPv4 one after 30 s. */
#define FRAGMENT_LIFE (60 * SW_NS_PER_SEC)

static __always_inline void fragment_key(const struct packet *p, struct sw_fragment_key *key)
{
	key->src = p->src;
	key->dst = p->dst;
	key->id = p->fragment_id;
	/* In IPv6 the protocol of a later fragment is not yet known to be the first one's. */
	key->protocol = p->ipv6 ? 1 << 8 : p->protocol;
}

static __always_inline enum verdict stage_broken(struct packet *p)
{
	return p->broken ? refuse_unread(p, p->broken) : VERDICT_UNDECIDED;
}

/* Global, like what notes the outcome: fragments are rare, and their keys would stand on the
 * stack of every packet, which the scanner needs. */
__noinline int follow_first(struct packet *p)
{
	struct sw_fragment_key key;
	struct sw_fragment *first;

	if (!p || (!p->ipv6 && p->protocol != IPPROTO_UDP && p->protocol != IPPROTO_TCP))
		return VERDICT_NOT_OURS;
	fragment_key(p, &key);
	first = bpf_map_lookup_elem(&fragments, &key);
	if (first && first->expires > packet_time(p)) {
		if (!first->dropped)
			return VERDICT_NOT_OURS;
		p->zone_number = first->zone;
		return refuse_unread(p, SW_REASON_FRAGMENT_REST);
	}
	if (policy.fragments_drop)
		return refuse_unread(p, SW_REASON_FRAGMENT_UNKNOWN);
	return VERDICT_NOT_OURS;
}

static __always_inline enum verdict stage_fragment(struct packet *p)
{
	return p->fragment_later ? follow_first(p) : VERDICT_UNDECIDED;
}

/* Notes the outcome of a first fragment. What passed need only be known where an unknown
 * later fragment would be dropped. A full table forgets the oldest datagrams: their later
 * fragments count as unknown. */
__noinline int fragment_remember(struct packet *p, __u32 dropped)
{
	struct sw_fragment_key key;
	struct sw_fragment first = {};

	if (!p || (!dropped && !policy.fragments_drop))
		return 0;
	fragment_key(p, &key);
	first.expires = packet_time(p) + FRAGMENT_LIFE;
	first.dropped = dropped;
	first.zone = p->zone_number;
	bpf_map_update_elem(&fragments, &key, &first, BPF_ANY);
	return 0;
}

#endif
