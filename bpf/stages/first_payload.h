/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "first_payload": the first payload of a TCP connection, as its service or its zone
 * requires it. Only this beginning is ever refused: the server has seen no message of the
 * connection yet, so that nothing is lost but the attempt (lib/opening.h).
 */
#ifndef SIPWARD_BPF_STAGES_FIRST_PAYLOAD_H
#define SIPWARD_BPF_STAGES_FIRST_PAYLOAD_H

#include <linux/in.h>

#include "lib/opening.h"
#include "lib/payload.h"
#include "lib/scan.h"
#include "rules/emergency.h"
#include "rules/require.h"
#include "sip/hello.h"

static __always_inline int judges_opening(const struct packet *p)
{
	return p->transport == SW_TLS || requires_more(p) ||
	       packet_zone(p)->sanity & SW_SANITY_BIT(START_LINE);
}

static __always_inline int is_plain_opening(const struct packet *p)
{
	return p->transport != SW_TLS && !requires_more(p);
}

__noinline int judge_hello(struct scratch *scratch)
{
	__u32 service;

	if (!scratch)
		return HELLO_GOOD;
	service = scratch->packet.service & (SW_SERVICES_MAX - 1);
	return hello_judge(&scratch->buf, scratch->beginning.end, policy.services[service].tls_min);
}

/* Its first line, which is not all there, may become one of SIP: what stands before the first space
 * is a method, or "SIP/2.0". */
static __always_inline int may_become_sip(const struct scratch *scratch)
{
	const struct sip_buf *buf = &scratch->buf;
	__u32 begin = scratch->msg.begin, end = scratch->beginning.end, space, odd;

	if (scratch->msg.violations & SW_SANITY_BIT(START_LINE))
		return 0;
	if (begin >= end || hello_may_be_proxied(buf, end))
		return 1;
	space = sip_find(buf, begin, end, SIP_EACH(' '), SIP_EACH(' '));
	odd = sip_find_outside(buf, begin, space, SIP_IN_TOKEN);
	return space > begin && (odd >= space || (odd == begin + 3 && sip_octet(buf, odd) == '/'));
}

/* It may become an emergency call. */
static __always_inline int may_become_invite(const struct scratch *scratch)
{
	__u32 begin = scratch->msg.begin, size = scratch->beginning.end - begin;
	__u64 differ = sip_load(&scratch->buf, begin) ^ SIP_WORD("INVITE ");

	return may_become_sip(scratch) && !(differ & sip_mask(size < 7 ? size : 7));
}

/* A plain service in a zone that requires nothing: SIP, TLS where the policy says tcp, HTTP that
 * opens a WebSocket, or what a load balancer puts before any of them. */
static __always_inline enum verdict judge_plain(struct packet *p, struct scratch *scratch)
{
	const struct sip_buf *buf = &scratch->buf;
	__u32 length = scratch->beginning.end;

	scratch->beginning.decided |=
		scratch->msg.flags & SIP_START || sip_octet(buf, 0) == HELLO_RECORD ||
		hello_proxied(buf, length) || opens_websocket(scratch, length);
	if (scratch->beginning.decided || may_become_sip(scratch))
		return VERDICT_UNDECIDED;
	return refuse(p, SW_REASON_TCP_FIRST);
}

/* A TLS service, where it is known to be no ClientHello; or a plain one, where what is no SIP is
 * not let in before it. */
static __always_inline enum verdict judge_required(struct packet *p, struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;
	int tls = p->transport == SW_TLS;

	if (!(msg->flags & SIP_START)) {
		if (tls ? may_become_invite(scratch) : may_become_sip(scratch))
			return VERDICT_UNDECIDED;
		return refuse(p, tls ? SW_REASON_TLS_FIRST : SW_REASON_CLEARTEXT);
	}
	p->message = msg->kind;
	note_message(p, msg);
	if (is_emergency_call(scratch)) {
		scratch->beginning.decided = 1;
		return VERDICT_UNDECIDED;
	}
	if (tls)
		return refuse(p, SW_REASON_CLEARTEXT);
	if (!(msg->flags & SIP_COMPLETE)) {
		p->message = SW_MESSAGE_OPAQUE; /* a header that is still to come may excuse it */
		return VERDICT_UNDECIDED;
	}
	scratch->beginning.decided = 1;
	if (p->message != SW_MESSAGE_RESPONSE && !p->in_dialog)
		return judge_cleartext(scratch);
	/* It would open the connection for all that comes behind it. */
	return belongs_to_emergency(p, scratch) ? VERDICT_UNDECIDED :
						  refuse(p, SW_REASON_CLEARTEXT);
}

/* Why a text is refused that is not decided where nothing more of it is looked at. */
static __always_inline enum sw_reason reason_without_end(const struct packet *p)
{
	if (p->fragment_first)
		return SW_REASON_FRAGMENT_TINY;
	return p->transport == SW_TLS ? SW_REASON_TLS_VERSION :
	       is_plain_opening(p)    ? SW_REASON_TCP_FIRST :
					SW_REASON_CLEARTEXT;
}

/* Judges the text so far of a connection: scans it, unless it is a hello. An opening that passes is
 * bound as a good one, and so is one that would only be counted. It is not judged again. */
__noinline int judge_opening(struct scratch *scratch, __u32 hello)
{
	enum verdict v = VERDICT_UNDECIDED;
	struct beginning *b;
	struct packet *p;

	if (!scratch)
		return v;
	p = &scratch->packet;
	b = &scratch->beginning;
	if (hello == HELLO_OLD)
		v = refuse(p, SW_REASON_TLS_VERSION);
	else if (hello == HELLO_GOOD)
		b->decided = 1;
	else if (hello == HELLO_NONE)
		v = is_plain_opening(p) ? judge_plain(p, scratch) : judge_required(p, scratch);
	if (v == VERDICT_UNDECIDED && !b->decided && !p->shadow_count &&
	    (b->end >= SW_OPENING_MAX || p->fragment_first))
		v = refuse(p, reason_without_end(p));
	if (v == VERDICT_DROP)
		return v;
	if (v == VERDICT_WOULD_DROP || p->shadow_count)
		b->decided = 1;
	bind_text();
	return v;
}

/* Out of order, or another text. Where that is only counted, the rest is let be. */
__noinline int refuse_place(struct scratch *scratch)
{
	enum verdict v;

	if (!scratch)
		return VERDICT_UNDECIDED;
	v = refuse_unread(&scratch->packet, SW_REASON_TCP_ORDER);
	if (v != VERDICT_DROP)
		release_opening(scratch);
	return v;
}

/* The stages behind this one read the segment. One that only goes on with an opening ends here. */
static __always_inline enum verdict leave_opening(struct packet *p)
{
	if (!packet_scratch(p)->beginning.start)
		return VERDICT_UNDECIDED;
	p->message = SW_MESSAGE_OPAQUE;
	return VERDICT_PASS;
}

static __always_inline enum verdict stage_first_payload(struct packet *p, struct xdp_md *ctx)
{
	struct scratch *scratch = packet_scratch(p);
	__u32 hello = HELLO_NONE, length;
	enum verdict v;
	int place;

	if (!policy.openings || !p->is_stream || !judges_opening(p) ||
	    (p->ban_waits && p->payload_length) || !may_open(p, ctx))
		return VERDICT_UNDECIDED;
	place = find_opening(ctx, scratch);
	if (place == PLACE_WRONG)
		return refuse_place(scratch);
	if (place == PLACE_ELSEWHERE)
		return VERDICT_UNDECIDED;
	if (place == PLACE_FRESH) {
		length = p->payload_length;
		p->payload_length = scratch->beginning.end;
		if (p->transport == SW_TLS)
			hello = judge_hello(scratch);
		if (hello == HELLO_NONE)
			scan_payload(p, scratch, is_plain_opening(p) ? SIP_EARLY : 0);
		v = judge_opening(scratch, hello);
		p->payload_length = length;
		if (v != VERDICT_UNDECIDED)
			return v;
	}
	return leave_opening(p);
}

#endif
