/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Zones that must use TLS or IPsec. Plain SIP begins no dialog there, but for what IMS sends so
 * (TS 33.203): the initial REGISTER, within a rate, and emergency calls. Over UDP, a response and
 * a request inside a dialog are counted only: they may be part of an emergency call, or of a call
 * that stands.
 *
 * ESP, IKE and ESP in UDP (port 4500) are for no service and pass. XDP does not see what the
 * kernel takes out of them, and need not: it came by its security association.
 */
#ifndef SIPWARD_BPF_RULES_REQUIRE_H
#define SIPWARD_BPF_RULES_REQUIRE_H

#include "rules/emergency.h"
#include "rules/limit.h"
#include "rules/rule.h"

static __always_inline int requires_more(const struct packet *p)
{
	return policy.require && packet_zone(p)->require != SW_REQUIRE_ANY;
}

/* IMS sends this in the clear: a REGISTER that answers no challenge yet. */
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

#endif
