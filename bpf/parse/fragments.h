/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The tables of first fragments that passed. Stage "fragment" looks for the first one of a later
 * fragment there.
 */
#ifndef SIPWARD_BPF_PARSE_FRAGMENTS_H
#define SIPWARD_BPF_PARSE_FRAGMENTS_H

#include <linux/in.h>

#include "lib/packet.h"

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

/* Notes that a first fragment passed. */
__noinline int fragment_remember(struct packet *p, __u32 judged)
{
	struct sw_fragment_key key;
	struct sw_fragment first;

	if (!p)
		return 0;
	fragment_key(p, &key);
	first.expires = packet_time(p) + FRAGMENT_LIFE;
	if (judged && p->protocol == IPPROTO_UDP)
		bpf_map_update_elem(&fragments, &key, &first, BPF_ANY);
	else
		bpf_map_update_elem(&other_fragments, &key, &first, BPF_ANY);
	return 0;
}

#endif
