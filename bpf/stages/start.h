/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stages "start" and "message": lets the scanner read the start line and the top Via, and
 * later the whole header section, and notes what it is.
 */
#ifndef SIPWARD_BPF_STAGES_START_H
#define SIPWARD_BPF_STAGES_START_H

#include "rules/limit.h"
#include "lib/packet.h"
#include "stages/stream.h"

static __always_inline void scan_payload(const struct packet *p, struct scratch *scratch,
					 __u32 flags)
{
	const volatile struct sw_zone *zone = packet_zone(p);
	struct sip_input *input = &scratch->input;

	input->length = p->payload_length > SW_MESSAGE_MAX ? SW_MESSAGE_MAX : p->payload_length;
	input->datagram_length = p->payload_length;
	input->flags = flags;
	if (p->protocol == IPPROTO_TCP) {
		input->flags |= SIP_STREAM;
	} else if (p->fragment_first) {
		input->flags |= SIP_FRAGMENT;
		input->datagram_length = p->transport_length - sizeof(struct udphdr);
	}
	input->want = zone->watched;
	input->bounds = zone->bounds;
	if (on_trial)
		trial_scanned = 1;
	sip_scan(&scratch->buf, input, &scratch->msg);
}

/* Whether the payload begins with SIP_RUBBISH_WORDS words of neither white space nor control
 * octets, read where it is. Of a frame whose first buffer ends before, it is not known. */
static __always_inline int begins_as_rubbish(const struct packet *p, const struct xdp_md *ctx)
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

/* What the scanner would refuse for its start line, whatever follows (sip_is_rubbish()), is not
 * worth a copy. Where that would be counted only, it is scanned as all else. */
static __always_inline enum verdict stage_rubbish(struct packet *p, const struct xdp_md *ctx)
{
	const volatile struct sw_zone *zone = packet_zone(p);

	if (p->transport != SW_UDP || p->fragment_first ||
	    p->payload_length <= SIP_RUBBISH_WORDS * 8 ||
	    zone->bounds.method >= SIP_RUBBISH_WORDS * 8 ||
	    !(zone->sanity & SW_SANITY_BIT(START_LINE)) || in_shadow(SW_REASON_START_LINE) ||
	    !begins_as_rubbish(p, ctx))
		return VERDICT_UNDECIDED;
	p->message = SW_MESSAGE_NOT_SIP;
	return refuse(p, SW_REASON_START_LINE);
}

/* What the later stages ask of the scan: noted, so that they need not look it up. */
static __always_inline void note_message(struct packet *p, const struct sip_msg *msg)
{
	p->found = msg->violations & packet_zone(p)->watched;
	p->in_dialog = sip_is_inside(msg);
}

/* Where newcomers may have to be turned away, or a limit is spent, it is scanned in two halves.
 * Whether a ban drops it only the whole message tells. */
static __always_inline int is_scanned_early(struct packet *p)
{
	return policy.early && p->protocol == IPPROTO_UDP && p->ban_waits != BAN_WAITS_INSIDE &&
	       (has_newcomers(p) || is_tight(packet_scratch(p)));
}

/* Early no more is read than that is needed for. */
static __always_inline enum verdict stage_start(struct packet *p)
{
	struct scratch *scratch = packet_scratch(p);

	p->early = is_scanned_early(p);
	scan_payload(p, scratch, p->early ? SIP_EARLY : 0);
	/* A segment that does not begin a message goes on with one: nothing of it is judged. */
	if (p->protocol == IPPROTO_TCP && !(scratch->msg.flags & SIP_START))
		return p->ban_waits ? spare_rest(p) : VERDICT_PASS;
	p->message = scratch->msg.kind;
	if (p->fragment_first && !(scratch->msg.flags & SIP_TOP_VIA))
		return refuse(p, SW_REASON_FRAGMENT_TINY);
	note_message(p, &scratch->msg);
	/* What has no start line ends here: it is not worth a lookup. */
	if (p->found & packet_zone(p)->sanity & SW_SANITY_BIT(START_LINE))
		return refuse(p, SW_REASON_START_LINE);
	return VERDICT_UNDECIDED;
}

static __always_inline enum verdict stage_message(struct packet *p)
{
	struct scratch *scratch = packet_scratch(p);

	if (!policy.early || !p->early)
		return VERDICT_UNDECIDED;
	scan_payload(p, scratch, SIP_RESUME);
	note_message(p, &scratch->msg);
	return VERDICT_UNDECIDED;
}

#endif
