/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tells whether a message is an emergency call, or belongs to one: by urn:service:sos (RFC 5031)
 * and the numbers of the policy.
 */
#ifndef SIPWARD_BPF_RULES_EMERGENCY_H
#define SIPWARD_BPF_RULES_EMERGENCY_H

#include "lib/packet.h"

static __always_inline int is_emergency_number(const struct sip_buf *buf, struct sip_span user)
{
	__u64 first, second = 0;

	if (policy.emergency_count) /* "112;phone-context=+49" */
		user = sip_span(user.offset, sip_seek(buf, user.offset, user.offset + user.length,
						      SIP_EACH(';'), SIP_EACH(';')));
	if (!user.length || user.length >= SW_EMERGENCY_DIGITS)
		return 0;
	first = sip_load(buf, user.offset);
	if (user.length < 8)
		first &= sip_mask(user.length);
	else
		second = sip_load(buf, user.offset + 8) & sip_mask(user.length - 8);
	for (__u32 i = 0; i < SW_EMERGENCY_MAX; i++) {
		const volatile __u64 *number = (const volatile __u64 *)policy.emergency_numbers[i];

		if (i >= policy.emergency_count)
			break;
		if (number[0] == first && number[1] == second)
			return 1;
	}
	return 0;
}

/* Whether a user part begins as an emergency number does, of which eight octets are compared. All
 * that a number has (digits, '+', '*', '#') has this bit, and the NUL behind it has not. */
static __always_inline int begins_as_emergency_number(__u64 user)
{
	for (__u32 i = 0; i < SW_EMERGENCY_MAX; i++) {
		__u64 number = *(const volatile __u64 *)policy.emergency_numbers[i];

		if (i >= policy.emergency_count)
			break;
		if (!((user ^ number) & (number >> 5 & SIP_EACH(1)) * 0xff))
			return 1;
	}
	return 0;
}

static __always_inline int begins_as_emergency_uri(const void *at)
{
	__u64 uri = sip_lower(*(const __u64 *)at);

	if (uri == SIP_WORD("urn:serv"))
		return 1;
	if ((uri & sip_mask(5)) == SIP_WORD("sips:"))
		return begins_as_emergency_number(*(const __u64 *)(at + 5));
	uri &= sip_mask(4);
	return (uri == SIP_WORD("sip:") || uri == SIP_WORD("tel:")) &&
	       begins_as_emergency_number(*(const __u64 *)(at + 4));
}

/* Whether a request is for an emergency service, whatever it asks of it. */
static __always_inline int is_for_emergency(const struct scratch *scratch)
{
	return (scratch->msg.flags & SIP_URGENT) ||
	       is_emergency_number(&scratch->buf, scratch->msg.uri_user);
}

static __always_inline int is_emergency_call(const struct scratch *scratch)
{
	return scratch->packet.message == SW_MESSAGE_INVITE && is_for_emergency(scratch);
}

/* Whether the caller called for help: To says in the answer, and behind a server that found out
 * who helps, what it said in the INVITE. Only the one who called could write it there. */
static __always_inline int called_for_help(const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;
	__u32 pos = msg->value[SIP_TO].offset, end = pos + msg->value[SIP_TO].length;
	__u32 bracket = sip_find(&scratch->buf, pos, end, SIP_EACH('<'), SIP_EACH('<'));

	if (bracket < end)
		pos = bracket + 1;
	return sip_is_sos(&scratch->buf, pos, pos + sizeof(SIP_SOS) - 1) ||
	       is_emergency_number(&scratch->buf, msg->to.user);
}

#define SPARED_METHODS                                                        \
	(SW_MESSAGE_BIT(INVITE) | SW_MESSAGE_BIT(ACK) | SW_MESSAGE_BIT(BYE) | \
	 SW_MESSAGE_BIT(CANCEL) | SW_MESSAGE_BIT(PRACK) | SW_MESSAGE_BIT(UPDATE))

/* Inside a dialog the caller names in To whom it called, and a response in From whom it answers. */
static __always_inline int belongs_to_emergency(const struct packet *p,
						const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;

	if (p->message == SW_MESSAGE_RESPONSE)
		return msg->flags & SIP_FROM_URGENT ||
		       is_emergency_number(&scratch->buf, msg->from.user);
	/* INVITE and UPDATE without a tag begin something. Where the kernel had taken a part of the
	 * segment, stage "ban" read octets that stand before this message. */
	return p->in_dialog && 1u << (p->message & 31) & SPARED_METHODS &&
	       (msg->flags & SIP_TO_URGENT || is_for_emergency(scratch) ||
		is_emergency_number(&scratch->buf, msg->to.user));
}

#endif
