/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Checks that are only possible behind the header section: headers that are missing or stand twice,
 * and counts above their bounds. They read the findings of the scanner, not the message (but for
 * UTF-8).
 */
#ifndef SIPWARD_BPF_SIP_SIP_JUDGE_H
#define SIPWARD_BPF_SIP_SIP_JUDGE_H

#include "sip/sip_start.h"

/* The headers that a header section must have (RFC 3261 8.1.1). */
static __always_inline __u64 sip_judge_presence(const struct sip_msg *msg)
{
	const __u32 must = SIP_PRESENT(VIA) | SIP_PRESENT(FROM) | SIP_PRESENT(TO) |
			   SIP_PRESENT(CALL_ID) | SIP_PRESENT(CSEQ);
	__u64 found = 0;

	if ((msg->present & must) == must)
		return 0;
	if (!(msg->present & SIP_PRESENT(VIA)))
		found |= SW_SANITY_BIT(VIA_MISSING);
	if (!(msg->present & SIP_PRESENT(FROM)))
		found |= SW_SANITY_BIT(FROM_MISSING);
	if (!(msg->present & SIP_PRESENT(TO)))
		found |= SW_SANITY_BIT(TO_MISSING);
	if (!(msg->present & SIP_PRESENT(CALL_ID)))
		found |= SW_SANITY_BIT(CALL_ID_MISSING);
	if (!(msg->present & SIP_PRESENT(CSEQ)))
		found |= SW_SANITY_BIT(CSEQ_MISSING);
	return found;
}

static __always_inline __u64 sip_judge_repetition(const struct sip_msg *msg)
{
	const __u32 single = SIP_PRESENT(FROM) | SIP_PRESENT(TO) | SIP_PRESENT(CALL_ID) |
			     SIP_PRESENT(CSEQ) | SIP_PRESENT(CONTENT_LENGTH) |
			     SIP_PRESENT(MAX_FORWARDS);
	__u64 found = 0;

	if (!(msg->repeated & single))
		return 0;
	if (msg->repeated & SIP_PRESENT(FROM))
		found |= SW_SANITY_BIT(FROM_DUPLICATE);
	if (msg->repeated & SIP_PRESENT(TO))
		found |= SW_SANITY_BIT(TO_DUPLICATE);
	if (msg->repeated & SIP_PRESENT(CALL_ID))
		found |= SW_SANITY_BIT(CALL_ID_DUPLICATE);
	if (msg->repeated & SIP_PRESENT(CSEQ))
		found |= SW_SANITY_BIT(CSEQ_DUPLICATE);
	if (msg->repeated & SIP_PRESENT(CONTENT_LENGTH))
		found |= SW_SANITY_BIT(CONTENT_LENGTH_DUPLICATE);
	if (msg->repeated & SIP_PRESENT(MAX_FORWARDS))
		found |= SW_SANITY_BIT(MAX_FORWARDS_DUPLICATE);
	return found;
}

/* A request that says that it is inside a dialog, or that ends or answers something: without it a
 * call dies, or goes on for ever. */
static __always_inline int sip_is_inside(const struct sip_msg *msg)
{
	return msg->kind <= SW_MESSAGE_OTHER &&
	       ((1u << msg->kind & SW_METHODS_ALWAYS) ||
		(msg->flags & SIP_TO_TAG && !(1u << msg->kind & SW_METHODS_OUTSIDE)));
}

/* The checks that are not judged in a message of this kind (reasons.def: FORMAL), without a jump:
 * one here doubles the ways through all that follows. `inside` is 0 or 1. */
static __always_inline __u64 sip_excused(__u32 kind, __u64 inside)
{
	__u64 excused = inside | (SW_MESSAGE_BIT(RESPONSE) >> (kind & 31) & 1);

	asm volatile("" : "+r"(excused));
	return -excused & SW_SANITY_FORMAL;
}

/* RFC 3261 8.1.1.8 for INVITE and SUBSCRIBE, RFC 3515 2.4.1 for REFER. */
static __always_inline int sip_needs_contact(const struct sip_msg *msg)
{
	return msg->kind == SW_MESSAGE_INVITE || msg->kind == SW_MESSAGE_SUBSCRIBE ||
	       msg->kind == SW_MESSAGE_REFER;
}

static __always_inline __u64 sip_judge_presence_strict(const struct sip_msg *msg)
{
	__u64 found = 0;

	if ((msg->flags & SIP_COOKIE) && msg->via_branch.length == SIP_COOKIE_LENGTH)
		found |= SW_SANITY_BIT(BRANCH_EMPTY);
	if (msg->kind == SW_MESSAGE_RESPONSE)
		return found;
	if (!(msg->present & SIP_PRESENT(MAX_FORWARDS)))
		found |= SW_SANITY_BIT(MAX_FORWARDS_MISSING);
	if ((msg->present & SIP_PRESENT(FROM)) && !(msg->flags & SIP_FROM_TAG))
		found |= SW_SANITY_BIT(FROM_TAG_MISSING);
	if (sip_needs_contact(msg) && !(msg->present & SIP_PRESENT(CONTACT)))
		found |= SW_SANITY_BIT(CONTACT_MISSING);
	return found;
}

static __always_inline int sip_is_utf8(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	for (__u32 i = 0; i < SW_MESSAGE_MAX / SIP_UTF8_STEPS + 1 && pos < end; i++)
		pos = sip_utf8(buf, pos, end);
	return !(pos & SIP_UTF8_FAULT);
}

SIP_GLOBAL int sip_judge_strict(const struct sip_buf *buf, struct sip_msg *msg)
{
	if (!buf || !msg)
		return 0;
	msg->violations |= sip_judge_presence_strict(msg);
	if (!sip_is_utf8(buf, msg->begin, msg->body_offset))
		msg->violations |= SW_SANITY_BIT(UTF8);
	return 0;
}

/* The counts that are above their bounds. */
static __always_inline __u64 sip_judge_counts(const struct sip_input *in, const struct sip_msg *msg)
{
	__u64 found = 0;

#define COUNT(reason, key, value, least, most, count, ...) \
	if (msg->count > in->bounds.key)                   \
		found |= SW_SANITY_BIT(reason);
#include <sipward/bounds.def>
	return found;
}

/* Makes the checks that are only possible behind the header section. */
static __always_inline void sip_finish(const struct sip_buf *buf, const struct sip_input *in,
				       struct sip_msg *msg)
{
	__u64 found = sip_judge_repetition(msg) | sip_judge_counts(in, msg);

	if (!(msg->flags & SIP_COMPLETE)) {
		if (!sip_may_be_cut(in))
			found |= SW_SANITY_BIT(HEADER_END) | sip_judge_presence(msg);
		msg->violations |= found;
		return;
	}
	found |= sip_judge_presence(msg);
	if (!(in->flags & SIP_STREAM) &&
	    (__u64)msg->body_offset + msg->content_length > in->datagram_length)
		found |= SW_SANITY_BIT(CONTENT_LENGTH_LONG);
	msg->violations |= found;
	if (sip_is_strict(in))
		sip_judge_strict(buf, msg);
}

#endif
