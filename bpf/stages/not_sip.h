/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "not_sip": refuses a datagram that cannot begin a SIP message, before it is copied. A TCP
 * segment that begins none goes on with one, and passes.
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

/* Octets of a segment that are looked at: names of headers and methods are shorter. */
#define HEAD_OCTETS 16

/* 0 when the scanner would find no start line, however the segment goes on. Then an octet that no
 * method has stands before the first space, and it is not the slash of "SIP/2.0". Line ends before
 * a message are none of its. Global: the verifier walks it once. */
__noinline int may_begin_message(struct xdp_md *ctx, struct packet *p)
{
	const __u8 *at;
	__u64 offset;

	if (!p || p->payload_length < HEAD_OCTETS || p->payload_offset > 0x7fff)
		return 1;
	offset = p->payload_offset;
	asm volatile("%0 &= 0x7fff" : "+r"(offset));
	at = (const void *)(long)ctx->data + offset;
	if ((const void *)(at + HEAD_OCTETS) > (const void *)(long)ctx->data_end)
		return 1;
	for (__u32 i = 0; i < HEAD_OCTETS; i++) {
		__u8 octet = at[i];

		if (sip_class[octet] & SIP_IN_TOKEN)
			continue;
		return octet == ' ' || (octet == '/' && i == 3) || (i == 0 && octet <= '\r');
	}
	return 1;
}

static __always_inline int is_rubbish(const struct packet *p, const struct xdp_md *ctx)
{
	return p->payload_length > SIP_RUBBISH_WORDS * 8 &&
	       packet_zone(p)->bounds.method < SIP_RUBBISH_WORDS * 8 && begins_as_no_sip(p, ctx);
}

/* The content of TCP is never refused, and no rule reads what begins no message. The text of a
 * banned source is read whatever it is (stages/stream.h). Inside TLS nothing is read at all. */
static __always_inline enum verdict pass_segment(struct packet *p, struct xdp_md *ctx)
{
	if (!p->payload_length || p->transport == SW_TLS || p->ban_waits || is_syn(p) ||
	    p->fragment_first)
		return VERDICT_UNDECIDED;
	return is_rubbish(p, ctx) || !may_begin_message(ctx, p) ? VERDICT_PASS : VERDICT_UNDECIDED;
}

/* A payload that the scanner would refuse for its start line, whatever follows (sip_is_rubbish()),
 * is not worth a copy. Where it would only be counted, it is scanned as any other. */
static __always_inline enum verdict stage_not_sip(struct packet *p, struct xdp_md *ctx)
{
	if (p->is_stream)
		return pass_segment(p, ctx);
	if (p->fragment_first || !(packet_zone(p)->sanity & SW_SANITY_BIT(START_LINE)) ||
	    in_shadow(SW_REASON_START_LINE) || !is_rubbish(p, ctx))
		return VERDICT_UNDECIDED;
	p->message = SW_MESSAGE_NOT_SIP;
	return refuse(p, SW_REASON_START_LINE);
}

#endif
