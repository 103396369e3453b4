/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads the table of bans. The stages "lists", "ban", "stream" and "spared" use it.
 */
#ifndef SIPWARD_BPF_RULES_BAN_H
#define SIPWARD_BPF_RULES_BAN_H

#include "lib/packet.h"

/* packet.ban_waits */
enum {
	BAN_WAITS_NOT,
	BAN_WAITS_CALL,      /* an INVITE that seems to call for help */
	BAN_WAITS_INSIDE,    /* what may stand inside such a call: only a scan in full tells */
	BAN_WAITS_LINE_ENDS, /* TCP: a keepalive */
	BAN_WAITS_REST       /* TCP: what begins no such message, but may go on with one */
};

/* So long a connection is remembered that carries one, and says nothing. */
#define STREAM_LIFE (3600 * SW_NS_PER_SEC)

/* One made by hand, or what it was earned by. */
static __always_inline enum sw_reason ban_reason(const struct sw_ban *ban)
{
	__u16 reason = ban->reason;

	return reason >= SW_REASON_AUTH_FAILURES && reason <= SW_REASON_SANITY_VIOLATIONS ?
		       reason :
		       SW_REASON_BAN;
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

/* For what the ban is for. Where that is only counted, the packet goes on as that of anybody. */
static __always_inline enum verdict refuse_banned(struct packet *p)
{
	struct sw_ban *ban = live_ban(p);
	__u8 may_drop = p->content_may_drop;
	enum verdict v;

	p->ban_waits = BAN_WAITS_NOT;
	if (!ban) /* it has just ended */
		return VERDICT_UNDECIDED;
	__sync_fetch_and_add(&ban->hits, 1);
	p->content_may_drop = 1;
	v = refuse(p, ban_reason(ban));
	p->content_may_drop = may_drop;
	return v;
}

#endif
