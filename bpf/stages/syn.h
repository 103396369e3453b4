/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "syn": limits how many connections a source has, and how fast it opens them.
 */
#ifndef SIPWARD_BPF_STAGES_SYN_H
#define SIPWARD_BPF_STAGES_SYN_H

#include "lib/packet.h"
#include "rules/limit.h"

/* 1 when the source has as many established connections as its zone allows. Only those count, which
 * nobody can spoof. */
static __always_inline int has_too_many(struct packet *p)
{
	__u32 limit = packet_zone(p)->connections;
	const struct sw_connection_count *one;
	struct sw_source source;

	if (!policy.have_connection_limits || !limit)
		return 0;
	packet_subscriber(p, &source);
	one = bpf_map_lookup_elem(&connection_counts, &source);
	return one && one->expires > packet_time(p) && one->connections >= limit;
}

/* Asked before a SYN is remembered. It carries no proof, and can be spoofed: who spends another's
 * ceiling with them keeps him from new connections, and from none that he has. */
static __always_inline enum verdict stage_syn(struct packet *p)
{
	if (!is_syn(p))
		return VERDICT_UNDECIDED;
	return has_too_many(p) ? refuse(p, SW_REASON_CONNECTIONS) :
				 limit_class(p, SW_RATE_SYN, SW_REASON_RATE_SYN);
}

#endif
