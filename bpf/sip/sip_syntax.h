/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Whole values against the grammar (RFC 3261 25.1), for the profile `strict`: sip_syntax.abnf says
 * what they may be, and the table that is made of it says for each octet which state it leads to.
 * The verifier sees one loop with one number in it, whatever the grammar says.
 */
#ifndef SIPWARD_BPF_SIP_SIP_SYNTAX_H
#define SIPWARD_BPF_SIP_SIP_SYNTAX_H

#include "sip/sip_lex.h"
#include "sip_syntax_table.h"

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

/* 1 if [pos, end) is what the grammar allows from the entry `state` on. What is longer than any
 * header may be is not. */
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

/* The check of a header whose value is judged, as a bit of the mask of violations, and where its
 * grammar begins. */
struct sip_syntax {
	__u64 bit;
	__u32 entry;
};

static __always_inline struct sip_syntax sip_syntax_of(__u32 id)
{
#define SIP_SYNTAX(header, entry)                                                   \
	case SIP_##header:                                                          \
		return (struct sip_syntax){SW_SANITY_BIT(header##_SYNTAX), SIP_SYNTAX_##entry};
	switch (id) {
	SIP_SYNTAX(VIA, VIA)
	SIP_SYNTAX(FROM, FROM_TO)
	SIP_SYNTAX(TO, FROM_TO)
	SIP_SYNTAX(CONTACT, CONTACT)
	SIP_SYNTAX(ROUTE, ROUTE)
	SIP_SYNTAX(RECORD_ROUTE, ROUTE)
	SIP_SYNTAX(REFER_TO, FROM_TO)
	SIP_SYNTAX(CALL_ID, CALL_ID)
	SIP_SYNTAX(CONTENT_TYPE, CONTENT_TYPE)
	default:
		return (struct sip_syntax){};
	}
#undef SIP_SYNTAX
}

/* The value of a header, with no white space around it. */
SIP_GLOBAL int sip_judge_syntax(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
				__u32 end, __u32 id)
{
	struct sip_syntax syntax = sip_syntax_of(id);

	if (!buf || !msg)
		return 0;
	if (syntax.entry && !sip_syntax_is(buf, pos, end, syntax.entry))
		msg->violations |= syntax.bit;
	return 0;
}

#endif
