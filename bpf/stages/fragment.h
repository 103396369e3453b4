/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "fragment": a later fragment, which has no ports. A first fragment goes on and is judged
 * like a datagram.
 *
 * What passes is a matter of the first fragment alone: Linux delivers nothing without it, keeps
 * the copy of an octet that it has, and throws away a datagram whose fragments overlap. So the
 * rest of a refused datagram may pass, and nothing is remembered of what was refused: anybody can
 * send a bad first fragment in anybody's name, and the rest of a good datagram of the same id
 * would pay for it.
 *
 * With `fragments: drop` a later fragment passes when its first one did: that is remembered, in
 * two tables. What was judged and passed, as fast as newcomers and limits let it, is in one. What
 * is for no service, or is TCP, is never judged as a whole: it is in the other, which a spoofed
 * flood can fill, and where it pushes out nothing but its like. A full table forgets the oldest
 * datagrams: their later fragments count as unknown.
 */
#ifndef SIPWARD_BPF_STAGES_FRAGMENT_H
#define SIPWARD_BPF_STAGES_FRAGMENT_H

#include <linux/in.h>

#include "lib/zone.h"
#include "parse/fragments.h"
#include "rules/unproven.h"

/* An address that some service has: without ports, more is not known. */
static __always_inline int for_service_address(const struct packet *p)
{
	struct sw_addr to = p->dst; /* on the stack: 6.1 wants the keys of lookups there */

	if (!policy.check_local || bpf_map_lookup_elem(&local_addrs, &to))
		return 1;
	for (__u32 i = 0; i < SW_SERVICES_MAX; i++) {
		struct sw_service_addr key = {.addr = to, .service = i};

		if (i < policy.service_count && !policy.services[i].any_address &&
		    bpf_map_lookup_elem(&service_addrs, &key))
			return 1;
	}
	return 0;
}

/* It may be for any program on this host, which is why the usual ceiling is high. */
__noinline int limit_fragment(struct scratch *scratch)
{
	struct packet *p;
	enum verdict v;

	if (!scratch)
		return VERDICT_NOT_OURS;
	p = &scratch->packet;
	if (!for_service_address(p))
		return VERDICT_NOT_OURS;
	find_zone(p);
	v = spend_ceiling(scratch, SW_UNPROVEN_FRAGMENT);
	if (v != VERDICT_UNDECIDED)
		return v;
	return p->shadow_count ? VERDICT_PASS : VERDICT_NOT_OURS;
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
	if (!first)
		first = bpf_map_lookup_elem(&other_fragments, &key);
	if (first && first->expires > packet_time(p))
		return VERDICT_NOT_OURS;
	return refuse_unread(p, SW_REASON_FRAGMENT_UNKNOWN);
}

static __always_inline enum verdict stage_fragment(struct packet *p)
{
	if (!p->fragment_later)
		return VERDICT_UNDECIDED;
	return policy.fragments_drop ? follow_first(p) : limit_fragment(packet_scratch(p));
}

#endif
