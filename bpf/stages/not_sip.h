/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "not_sip": refuses a datagram that cannot begin a SIP message, before it is copied.
 */
#ifndef SIPWARD_BPF_STAGES_NOT_SIP_H
#define SIPWARD_BPF_STAGES_NOT_SIP_H

#include "lib/packet.h"

/* Whether the payload begins with SIP_RUBBISH_WORDS words of neither white space nor control
 * octets, read where it is. Of a frame whose first buffer ends before, it is not known. */
static __always_inline int begins_as_no_sip(const struct packet *p, const struct xdp_md *ctx)
{
	__u32 offset = p->payload_offset;
	const __u64 *at, *end = (const void *)(long)ctx->data_end;

	if (offset > 0x7fff) /* no packet is that large; the verifier wants to hear it */
		return 0;
	at = (const void *)(long)ctx->data + offset;
	if (at + SIP_RUBBISH_WORDS > end)
		return 0;
	for (int i = 0; i < SIP_RUBBISH_WORDS; i++) {
		if (sip_below(at[i], 0x21))
			return 0;
	}
	return 1;
}

/* A payload that the scanner would refuse for its start line, whatever follows (sip_is_rubbish()),
 * is not worth a copy. Where it would only be counted, it is scanned as any other. */
static __always_inline enum verdict stage_not_sip(struct packet *p, const struct xdp_md *ctx)
{
	const volatile struct sw_zone *zone = packet_zone(p);

	if (p->is_stream || p->fragment_first || p->payload_length <= SIP_RUBBISH_WORDS * 8 ||
	    zone->bounds.method >= SIP_RUBBISH_WORDS * 8 ||
	    !(zone->sanity & SW_SANITY_BIT(START_LINE)) || in_shadow(SW_REASON_START_LINE) ||
	    !begins_as_no_sip(p, ctx))
		return VERDICT_UNDECIDED;
	p->message = SW_MESSAGE_NOT_SIP;
	return refuse(p, SW_REASON_START_LINE);
}

#endif
