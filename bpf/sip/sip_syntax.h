/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Whole values against the grammar (RFC 3261 25.1), for the profile `strict`: sip_syntax.abnf says
 * what they may be, and the table that is made of it says for each octet which state it leads to.
 * The verifier sees one loop with one number in it, whatever the grammar says.
 */
#ifndef SIPWARD_BPF_SIP_SIP_SYNTAX_H
#define SIPWARD_BPF_SIP_SIP_SYNTAX_H

#include <sip_syntax_table.h> /* made when sipward is built */

#include "sip/sip_plain.h"

#define SIP_SYNTAX_OCTETS 256 /* in one call */

/* The state that up to so many octets from pos on lead to. */
SIP_GLOBAL __u32 sip_syntax_walk(const struct sip_buf *buf, __u32 pos, __u32 end, __u32 from)
{
	__u16 state = from;

	if (!buf)
		return 0;
	for (__u32 i = 0; i < SIP_SYNTAX_OCTETS; i++) {
		if (pos >= end)
			break;
		state = sip_syntax_next[state + sip_syntax_class[sip_octet(buf, pos)]];
		pos++;
	}
	return state;
}

/* 1 if [pos, end) is what the grammar allows from the entry `state` on. The result is 0 for a text
 * that is longer than any header may be. */
SIP_GLOBAL int sip_syntax_is(const struct sip_buf *buf, __u32 pos, __u32 end, __u32 state)
{
	if (!buf)
		return 0;
	for (__u32 i = 0; i < SW_HEADER_MAX / SIP_SYNTAX_OCTETS + 1; i++) {
		state = sip_syntax_walk(buf, pos, end, state);
		pos += SIP_SYNTAX_OCTETS;
		if (pos >= end || !state)
			break;
	}
	return pos >= end && state >= SIP_SYNTAX_ACCEPT;
}

/* Headers whose values are judged, the rule for each, and the bit of its reason. */
#define SIP_SYNTAX_RULES(RULE)    \
	RULE(VIA, VIA)            \
	RULE(FROM, FROM_TO)       \
	RULE(TO, FROM_TO)         \
	RULE(CONTACT, CONTACT)    \
	RULE(ROUTE, ROUTE)        \
	RULE(RECORD_ROUTE, ROUTE) \
	RULE(REFER_TO, FROM_TO)   \
	RULE(CALL_ID, CALL_ID)    \
	RULE(CONTENT_TYPE, CONTENT_TYPE)

#define SIP_SYNTAX_PRESENT(header, rule) | SIP_PRESENT(header)
#define SIP_SYNTAX_HEADERS               (0 SIP_SYNTAX_RULES(SIP_SYNTAX_PRESENT))

/* 1 if the value has the form that nearly all have, and keeps the grammar. */
static __always_inline int sip_is_plain(const struct sip_buf *buf, __u32 pos, __u32 end, __u32 id)
{
	switch (id) {
	case SIP_CALL_ID:
		return sip_is_plain_call_id(buf, pos, end);
	case SIP_CONTENT_TYPE:
		return sip_is_sdp_type(buf, pos, end);
	default:
		return sip_is_plain_server(buf, pos, end,
					   id == SIP_VIA ? SIP_PLAIN_VIA : SIP_PLAIN_ADDRESS);
	}
}

/* 1 if [pos, end), with no white space around it, is a legal value of one of these headers. */
SIP_GLOBAL int sip_syntax_holds(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
				__u32 end, __u32 id)
{
	__u32 state = 0;
	__u64 bit = 0;

	if (!buf || !msg)
		return 0;
	if (sip_is_plain(buf, pos, end, id))
		return 1;
#define RULE(header, rule)                            \
	if (id == SIP_##header) {                     \
		state = SIP_SYNTAX_##rule;            \
		bit = SW_SANITY_BIT(header##_SYNTAX); \
	}
	SIP_SYNTAX_RULES(RULE)
#undef RULE
	if (sip_syntax_is(buf, pos, end, state))
		return 1;
	msg->violations |= bit;
	return 0;
}

#endif
