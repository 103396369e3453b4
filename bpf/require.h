/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stages "opening" and "require": what a zone or a service must speak. A zone that must use TLS
 * or IPsec begins no dialog with plain SIP, but for what IMS sends so (TS 33.203): the initial
 * REGISTER, within a rate, and emergency calls. What belongs to a dialog or answers a request is
 * counted only: it may be part of an emergency call, or of a call that stands.
 *
 * Of a TCP connection only the first payload is ever refused: the server has seen nothing of it
 * yet, so that nothing is lost but the attempt (opening.h). ESP, IKE and ESP in UDP (4500) are for
 * no service and pass; what the kernel takes out of them does not come by here again, and need not:
 * it had to be of that security association.
 */
#ifndef SIPWARD_BPF_REQUIRE_H
#define SIPWARD_BPF_REQUIRE_H

#include "admission.h"
#include "emergency.h"
#include "gate.h"
#include "hello.h"
#include "message.h"
#include "opening.h"
#include "packet.h"
#include "rule.h"
#include "token.h"

static __always_inline int requires_more(const struct packet *p)
{
	return policy.require && packet_zone(p)->require != SW_REQUIRE_ANY;
}

/* What IMS sends in the clear: a REGISTER that answers no challenge yet. */
static __always_inline int is_initial_register(const struct packet *p, const struct sip_msg *msg)
{
	return packet_zone(p)->require == SW_REQUIRE_IPSEC && p->message == SW_MESSAGE_REGISTER &&
	       !msg->nonce.length && !msg->proxy_nonce.length;
}

/* A scanned message that came in the clear, and should not have. */
__noinline int judge_cleartext(struct scratch *scratch)
{
	struct packet *p;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	if (is_emergency_call(scratch))
		return VERDICT_UNDECIDED;
	if (p->message == SW_MESSAGE_RESPONSE || p->in_dialog) {
		report(p, SW_REASON_CLEARTEXT);
		return VERDICT_UNDECIDED;
	}
	if (is_initial_register(p, &scratch->msg) &&
	    zone_admits(p, SW_ZONE_CLEARTEXT, &packet_zone(p)->cleartext))
		return VERDICT_UNDECIDED;
	return refuse(p, SW_REASON_CLEARTEXT);
}

__noinline int judge_hello(struct scratch *scratch)
{
	struct packet *p;
	__u32 length;

	if (!scratch)
		return HELLO_GOOD;
	p = &scratch->packet;
	length = p->payload_length > OPENING_MAX ? OPENING_MAX : p->payload_length;
	return hello_judge(&scratch->buf, length,
			   policy.services[p->service & (SW_SERVICES_MAX - 1)].tls_min);
}

/* The first payload of a connection, scanned: of one to a TLS service it is known to be no
 * ClientHello. To a plain one, what is no SIP is not let in before it. */
__noinline int judge_opening(struct scratch *scratch)
{
	struct packet *p;
	int tls;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	tls = p->transport == SW_TLS;
	if (!(scratch->msg.flags & SIP_START))
		return refuse(p, tls ? SW_REASON_TLS_FIRST : SW_REASON_CLEARTEXT);
	p->message = scratch->msg.kind;
	note_message(p, &scratch->msg);
	if (!tls)
		return judge_cleartext(scratch);
	return is_emergency_call(scratch) ? VERDICT_UNDECIDED : refuse(p, SW_REASON_CLEARTEXT);
}

static __always_inline int judges_opening(const struct packet *p)
{
	return p->transport == SW_TLS || requires_more(p) ||
	       packet_zone(p)->sanity & SW_SANITY_BIT(START_LINE);
}

static __always_inline enum verdict stage_opening(struct packet *p, struct xdp_md *ctx)
{
	struct scratch *scratch = packet_scratch(p);
	int hello;

	if (!policy.openings || p->protocol != IPPROTO_TCP || !judges_opening(p) ||
	    (!p->payload_length && !(p->tcp_flags & TCP_SYN)) || !may_open(p, ctx))
		return VERDICT_UNDECIDED;
	find_opening(ctx, scratch);
	/* On a TCP service it is scanned in any case: stage "start" looks then. */
	if (!p->opening || (p->transport == SW_TCP && !requires_more(p)))
		return VERDICT_UNDECIDED;
	hello = p->transport == SW_TLS ? judge_hello(scratch) : HELLO_NONE;
	if (hello == HELLO_GOOD)
		return VERDICT_UNDECIDED;
	if (hello == HELLO_OLD)
		return refuse(p, SW_REASON_TLS_VERSION);
	scan_payload(p, scratch, 0);
	return judge_opening(scratch);
}

static __always_inline enum verdict stage_require(struct packet *p)
{
	if (!requires_more(p) || p->opening || p->message == SW_MESSAGE_OPAQUE ||
	    p->message == SW_MESSAGE_KEEPALIVE)
		return VERDICT_UNDECIDED;
	return judge_cleartext(packet_scratch(p));
}

#endif
