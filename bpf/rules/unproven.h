/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Ceilings for packets that pass without a proof: for each class, one for all senders of a zone
 * together that proved nothing. A flood of spoofed sources meets no limit of a source, so the
 * ceiling bounds what the server gets of it. The ceiling is asked before anything is noted of the
 * packet, and before the packet is read in full. Endpoints that are known, and segments of a
 * connection, do not count.
 *
 * Packets above the ceiling that will be sent again when they are lost (responses, requests, SYN)
 * get in when they come the second time, as newcomers do: a call goes on in the middle of a flood,
 * only later.
 */
#ifndef SIPWARD_BPF_RULES_UNPROVEN_H
#define SIPWARD_BPF_RULES_UNPROVEN_H

#include "lib/packet.h"
#include "lib/greylist.h"
#include "lib/token.h"

/* 1 when one more of this class is within the zone's ceiling. It is debited then. */
static __always_inline int ceiling_admits(struct packet *p, __u32 class)
{
	__u32 number = p->zone_number;
	struct sw_ceilings *cells = bpf_map_lookup_elem(&ceilings, &number);

	class &= SW_UNPROVEN_MAX - 1;
	return !cells || packet_admits(p, &cells->first[class], &packet_zone(p)->unproven[class]);
}

static __always_inline int ceiling_spent(struct packet *p, enum sw_unproven class)
{
	__u32 number = p->zone_number;
	const struct sw_ceilings *cells = bpf_map_lookup_elem(&ceilings, &number);

	return cells && is_spent(p, &cells->first[class], &packet_zone(p)->unproven[class]);
}

/* For a client that retransmits: the more often it did, the more of the burst it may use. A flood
 * that repeats itself must do so as often, and as long, as the client that it stands in the way of;
 * all that is cheaper spends its part, and leaves the rate to clients that back off. */
static __always_inline int cell_admits_backoff(struct packet *p, __u64 *cell,
					       const volatile struct sw_limit *limit, __u32 backoff)
{
	if (backoff < GREYLIST_BACKOFF_MAX &&
	    !gcra_leaves(cell, limit, packet_time(p), backoff, GREYLIST_BACKOFF_MAX))
		return 0;
	return gcra_admit(cell, limit, packet_time(p));
}

/* How often this key came again at the pace of a client. Global: the verifier walks it once. */
__noinline int seen_again(struct scratch *scratch, __u64 key)
{
	__u32 index = key & policy.greylist_mask;
	struct sw_greylist_line *line = bpf_map_lookup_elem(&greylist, &index);

	if (!scratch || !line)
		return 0;
	return greylist_note(line, key, packet_tick(&scratch->packet));
}

static __always_inline int again_admits(struct packet *p, __u32 class, __u64 key)
{
	__u32 backoff = seen_again(packet_scratch(p), key), number = p->zone_number;
	struct sw_ceilings *cells;

	class &= SW_UNPROVEN_MAX - 1;
	if (!backoff)
		return 0;
	cells = bpf_map_lookup_elem(&ceilings, &number);
	return !cells || cell_admits_backoff(p, &cells->again[class],
					     &packet_zone(p)->unproven[class], backoff);
}

/* The key of a request: its source with its branch, which ACK and CANCEL share; or, where
 * there is none (RFC 2543), with its first line and where it came from. */
static __always_inline __u64 greylist_key(const struct packet *p, const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;
	struct token t;

	token_start(&t, policy.seed, TOKEN_GREYLIST);
	if (p->ipv6)
		token_addr(&t, &p->src);
	else /* one word is one round less; no IPv6 address begins so */
		token_word(&t, 0xffffull << 32 | p->src.words[3]);
	token_some(&t, &scratch->buf, msg->via_branch.length ? msg->via_branch : msg->uri);
	return token_end(&t);
}

/* A message over UDP: within the ceiling of its class, or sent again. */
__noinline int unproven_gets_in(struct scratch *scratch, __u32 class)
{
	struct packet *p;

	if (!scratch)
		return 1;
	p = &scratch->packet;
	p->asked = 1;
	return ceiling_admits(p, class) || again_admits(p, class, greylist_key(p, scratch));
}

/* The ACK stands alone: nothing answers it, so that it is sent again only when the answer is. */
static __always_inline enum sw_unproven unproven_class(__u8 message)
{
	return message == SW_MESSAGE_RESPONSE ? SW_UNPROVEN_RESPONSE :
	       message == SW_MESSAGE_ACK      ? SW_UNPROVEN_ACK :
						SW_UNPROVEN_DIALOG;
}

/* For packets that are not retransmitted, or that no key identifies. */
__noinline int spend_ceiling(struct scratch *scratch, __u32 class)
{
	struct packet *p;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	return ceiling_admits(p, class) ? VERDICT_UNDECIDED :
					  refuse(p, SW_REASON_OF_UNPROVEN(class));
}

#endif
