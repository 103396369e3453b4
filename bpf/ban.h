/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "ban": a timed entry drops a source to the services. The expiry is in the value, so
 * a ban ends on time whether or not an agent is there to sweep it.
 */
#ifndef SIPWARD_BPF_BAN_H
#define SIPWARD_BPF_BAN_H

#include "packet.h"

/* One made by hand, or what it was earned by. */
static __always_inline enum sw_reason ban_reason(const struct sw_ban *ban)
{
	__u16 reason = ban->reason;

	return reason >= SW_REASON_AUTH_FAILURES && reason <= SW_REASON_SANITY_VIOLATIONS ?
	       reason : SW_REASON_BAN;
}

/* The entry of the packet's sender, when its time is not over. */
static __always_inline struct sw_ban *live_ban(struct packet *p)
{
	struct sw_source source;
	struct sw_ban *ban;

	packet_subscriber(p, &source);
	ban = bpf_map_lookup_elem(&bans, &source);
	return ban && ban->end > packet_tick(p) ? ban : 0;
}

/* Somebody let it in (`sipward allow add`): stronger than a list that others write. */
static __always_inline int allowed_by_hand(struct packet *p)
{
	const struct sw_ban *ban = live_ban(p);

	return ban && ban->reason == SW_REASON_NONE;
}

static __always_inline enum verdict stage_ban(struct packet *p)
{
	struct sw_ban *ban;

	if (p->allowed)
		return VERDICT_UNDECIDED;
	ban = live_ban(p);
	if (!ban || ban->reason == SW_REASON_NONE)
		return VERDICT_UNDECIDED;
	/* The neighbours of a peer are not the peer. */
	if (ban->reason != SW_REASON_BAN && packet_zone(p)->trust == SW_TRUST_PEER)
		return VERDICT_UNDECIDED;
	__sync_fetch_and_add(&ban->hits, 1);
	return refuse(p, ban_reason(ban));
}

#endif
