/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "ban": a timed entry drops a source to the services. The expiry is in the value, so
 * a ban ends on time whether or not an agent is there to sweep it.
 *
 * A ban that behaviour earned is for one address, and behind a NAT one guesser stands for all who
 * are there. So it waits for what may be an emergency call, or may belong to one: stage "spared"
 * decides when the message is read. What cannot be one is told by its first octets, and costs no
 * more than it did. Over TCP that is a SYN, what begins as such a message, and anything at all
 * while some connection of the source carries such a call (stream.h). Inside TLS nothing can be
 * told: there a ban drops all. So does one by hand, everywhere.
 */
#ifndef SIPWARD_BPF_STAGES_BAN_H
#define SIPWARD_BPF_STAGES_BAN_H

#include <linux/tcp.h>
#include <linux/udp.h>

#include "rules/ban.h"
#include "rules/emergency.h"

/* Octets of a payload that are looked at. No shorter one is a message (KEEPALIVE_BELOW). */
#define BAN_PEEK 20

/* How many messages of one banned source are scanned: so many that may be emergency calls, and as
 * many that may belong to one. Beyond that a flood of either is as cheap as any. */
#define SPARED_RATE  10 /* a second */
#define SPARED_BURST 20

/* Methods that an emergency call needs, INVITEs inside its dialog among them. */
static __always_inline int begins_as_inside(__u64 word)
{
	return word == SIP_WORD("SIP/2.0 ") || (word & sip_mask(7)) == SIP_WORD("INVITE ") ||
	       (word & sip_mask(7)) == SIP_WORD("UPDATE ") ||
	       (word & sip_mask(7)) == SIP_WORD("CANCEL ") ||
	       (word & sip_mask(6)) == SIP_WORD("PRACK ") ||
	       (word & sip_mask(4)) == SIP_WORD("ACK ") || (word & sip_mask(4)) == SIP_WORD("BYE ");
}

/* The messages that a payload of a banned source may be, by its first octets. They are read where
 * they are: `header` octets behind the ports. */
static __always_inline __u8 begins_as(const struct packet *p, const struct xdp_md *ctx,
				      __u32 header)
{
	__u64 offset = p->payload_offset + header;
	const void *at;

	if (p->remaining < header + BAN_PEEK || offset > 0x7fff)
		return BAN_WAITS_NOT;
	asm volatile("%0 &= 0x7fff" : "+r"(offset)); /* one sum, whatever the header */
	at = (const void *)(long)ctx->data + offset;
	if (at + BAN_PEEK > (const void *)(long)ctx->data_end)
		return BAN_WAITS_NOT;
	if ((*(const __u64 *)at & sip_mask(7)) == SIP_WORD("INVITE ") &&
	    begins_as_emergency_uri(at + 7))
		return BAN_WAITS_CALL;
	return begins_as_inside(*(const __u64 *)at) ? BAN_WAITS_INSIDE : BAN_WAITS_NOT;
}

/* The payload is a keepalive: line ends, four octets at most. */
static __always_inline int is_line_ends(const struct packet *p, const struct xdp_md *ctx)
{
	__u64 offset = p->payload_offset + p->tcp_header;
	__u32 length = p->remaining - p->tcp_header;
	const __u16 ends = bpf_htons(0x0d0a);
	const __u16 *at;

	if ((length != 2 && length != 4) || offset > 0x7fff)
		return 0;
	asm volatile("%0 &= 0x7fff" : "+r"(offset));
	at = (const void *)(long)ctx->data + offset;
	if ((const void *)(at + 1) > (const void *)(long)ctx->data_end || at[0] != ends)
		return 0;
	return length == 2 ||
	       ((const void *)(at + 2) <= (const void *)(long)ctx->data_end && at[1] == ends);
}

/* The messages that a segment may be. A segment that begins as none of them may go on with one, but
 * only where some connection is spared. */
static __always_inline __u8 stream_waits(struct packet *p, const struct xdp_md *ctx,
					 const struct sw_ban *ban)
{
	__u8 waits;

	if (p->fragment_first || p->tcp_header < sizeof(struct tcphdr))
		return BAN_WAITS_NOT;
	if ((p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return BAN_WAITS_CALL;
	waits = begins_as(p, ctx, p->tcp_header);
	if (waits == BAN_WAITS_NOT && is_line_ends(p, ctx))
		waits = BAN_WAITS_LINE_ENDS;
	if (waits == BAN_WAITS_NOT && ban->spared[SPARED_OCTETS] &&
	    ban->spared[SPARED_OCTETS] + STREAM_LIFE > packet_tick(p))
		waits = BAN_WAITS_REST;
	return waits;
}

/* Likewise a datagram, within the ceiling. A tick more or less does not matter, and the clock is
 * not read. */
static __always_inline __u8 ban_waits(struct packet *p, const struct xdp_md *ctx,
				      struct sw_ban *ban)
{
	static const struct sw_limit spared = {
		.interval = SW_NS_PER_SEC / SPARED_RATE,
		.tolerance = SW_NS_PER_SEC / SPARED_RATE * (SPARED_BURST - 1),
	};
	__u32 cell;
	__u8 waits;

	if (p->transport == SW_TCP)
		return stream_waits(p, ctx, ban);
	if (p->transport != SW_UDP || p->transport_length < sizeof(struct udphdr) + BAN_PEEK)
		return BAN_WAITS_NOT;
	waits = begins_as(p, ctx, sizeof(struct udphdr));
	cell = waits == BAN_WAITS_INSIDE ? SPARED_INSIDE : SPARED_CALL;
	if (waits == BAN_WAITS_NOT || !gcra_admit(&ban->spared[cell], &spared, packet_tick(p)))
		return BAN_WAITS_NOT;
	return waits;
}

static __always_inline enum verdict stage_ban(struct packet *p, const struct xdp_md *ctx)
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
	if (ban_reason(ban) != SW_REASON_BAN && (p->ban_waits = ban_waits(p, ctx, ban)))
		return VERDICT_UNDECIDED;
	__sync_fetch_and_add(&ban->hits, 1);
	return refuse(p, ban_reason(ban));
}

#endif
