/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Content rule about text that is meant for a database or a browser behind the server: text that
 * looks like SQL or markup in the Request-URI, From, To and the username of credentials earns
 * points, and enough points are an attack. A quote, a semicolon, two hyphens are legal in a user
 * part (RFC 3261 25.1), and O'Brien is a name: none of them is enough.
 */
#ifndef SIPWARD_BPF_RULES_INJECTION_H
#define SIPWARD_BPF_RULES_INJECTION_H

#include "rules/number.h"
#include "rules/rule.h"

#define INJECTION_ENOUGH 4
#define INJECTION_OCTETS 128 /* of a text that are judged at a time */
#define INJECTION_BEFORE 8   /* among them that were judged before: what is found is no longer */
#define INJECTION_PARTS  16  /* of all texts together that have a suspect octet in them */

#define INJECTION_USED (policy.content & SW_CONTENT_INJECTION)

/* The last octets of a text, lower-cased and without escapes, as a big-endian word. */
#define INJECTION(text, score)                                  \
	{                                                       \
		.word = INJECTION_WORD(text), .points = score,  \
		.mask = ~0ull >> (64 - 8 * (sizeof(text) - 1)), \
	}
#define INJECTION_PART(s, i)                                                                   \
	((i) < sizeof(s) - 1 ?                                                                 \
		 (__u64)(s)[(i) < sizeof(s) ? (i) : 0] << ((8 * (sizeof(s) - 2 - (i))) & 63) : \
		 0)
#define INJECTION_WORD(s)                                                     \
	(INJECTION_PART(s, 0) | INJECTION_PART(s, 1) | INJECTION_PART(s, 2) | \
	 INJECTION_PART(s, 3) | INJECTION_PART(s, 4) | INJECTION_PART(s, 5) | \
	 INJECTION_PART(s, 6) | INJECTION_PART(s, 7))

static const struct {
	__u64 word;
	__u64 mask;
	__u64 points;
} injections[] = {
	INJECTION("'", 1),        INJECTION("--", 1),       INJECTION("/*", 1),
	INJECTION("'--", 2),      INJECTION("' or ", 2),    INJECTION("' and ", 2),
	INJECTION("'='", 2),      INJECTION("or 1=1", 2),   INJECTION("'; drop", 3),
	INJECTION("union ", 1),   INJECTION("select ", 1),  INJECTION("ion sele", 3),
	INJECTION("rop tabl", 3), INJECTION("sert int", 3), INJECTION("lete fro", 3),
	INJECTION("sleep(", 3),   INJECTION("nchmark(", 3), INJECTION("waitfor ", 3),
	INJECTION("p_cmdshe", 4), INJECTION("<script", 4),  INJECTION("<!doctyp", 4),
	INJECTION("<!entity", 4), INJECTION("<![cdata", 4), INJECTION("<iframe", 4),
	INJECTION("ascript:", 4), INJECTION("onerror=", 4),
};

#define INJECTIONS (sizeof(injections) / sizeof(injections[0]))

_Static_assert(INJECTIONS <= 32, "a bit for each");

/* Markers where a word may have an octet that is_suspect_word() looks for. Few words have. */
static __always_inline __u64 may_be_suspect(__u64 v)
{
	__u64 from = v + SIP_EACH(0x80 - '%'), behind = v + SIP_EACH(0x80 - '(' - 1);

	return ((from & ~behind) | SIP_SEEM_EQUAL(v, SIP_EACH('!')) |
		SIP_SEEM_EQUAL(v, SIP_EACH('-')) | SIP_SEEM_EQUAL(v, SIP_EACH('/')) |
		SIP_SEEM_EQUAL(v, SIP_EACH('<'))) &
	       SIP_TOPS;
}

/* Whether the word at pos has an octet without which no text earns enough: ' % ( !, two hyphens, a
 * slash and an asterisk, or a < before "sc". A function of its own, which the verifier does not
 * walk for each word. */
__noinline int is_suspect_word(const struct sip_buf *buf, __u32 pos)
{
	__u64 v, next;

	if (!buf || !INJECTION_USED)
		return 0;
	v = sip_load(buf, pos);
	next = sip_load(buf, pos + 1);
	return !!(sip_equal(v, SIP_EACH('\'')) | sip_equal(v, SIP_EACH('%')) |
		  sip_equal(v, SIP_EACH('(')) | sip_equal(v, SIP_EACH('!')) |
		  (sip_exactly(v, SIP_EACH('-')) & sip_exactly(next, SIP_EACH('-'))) |
		  (sip_exactly(v, SIP_EACH('/')) & sip_exactly(next, SIP_EACH('*'))) |
		  (sip_exactly(v, SIP_EACH('<')) & sip_exactly(sip_lower(next), SIP_EACH('s')) &
		   sip_exactly(sip_lower(sip_load(buf, pos + 2)), SIP_EACH('c'))));
}

/* The first such word, of INJECTION_OCTETS from pos on; `end` when there is none. */
__noinline __u32 find_suspect(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf || !INJECTION_USED)
		return end;
	for (__u32 i = 0; i < INJECTION_OCTETS / 8; i++) {
		if (pos >= end)
			return end;
		if (may_be_suspect(sip_load(buf, pos)) && is_suspect_word(buf, pos))
			return pos;
		pos += 8;
	}
	return end;
}

/* A to Z become small, and no other octet changes. Without a branch, for the verifier's sake. */
static __always_inline __u32 small_letter(__u8 octet)
{
	__u32 below_a = ((__u32)octet - 'A') >> 31, up_to_z = ((__u32)octet - 'Z' - 1) >> 31;

	return octet | (below_a ^ up_to_z) << 5;
}

/* Reads the octet at pos, and gives points for what ends with it, each kind once; the position
 * behind it. A function of its own, which the verifier does not walk for each octet. */
__noinline __u32 injection_octet(struct scratch *scratch, __u32 pos)
{
	struct content *content;
	__u8 octet;

	if (!scratch || !INJECTION_USED)
		return pos + 1;
	content = &scratch->content;
	octet = sip_octet(&scratch->buf, pos);
	if (octet == '%') {
		octet = number_escaped(&scratch->buf, pos + 1);
		pos += 2;
	}
	content->window = content->window << 8 | small_letter(octet);
	for (__u32 k = 0; k < INJECTIONS; k++) {
		if ((content->window & injections[k].mask) != injections[k].word ||
		    content->seen >> k & 1)
			continue;
		content->seen |= 1u << k;
		content->points += injections[k].points;
	}
	return pos + 1;
}

__noinline int injection_text(struct scratch *scratch, __u32 pos, __u32 end)
{
	if (!scratch || !INJECTION_USED)
		return 0;
	scratch->content.window = 0;
	for (__u32 i = 0; i < INJECTION_OCTETS && pos < end; i++)
		pos = injection_octet(scratch, pos);
	return 0;
}

#define INJECTION_STEPS (SW_HEADER_MAX / (INJECTION_OCTETS - INJECTION_BEFORE) + 1)

__noinline int is_suspect(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf || !INJECTION_USED)
		return 0;
	for (__u32 i = 0; i < INJECTION_STEPS; i++) {
		if (pos >= end)
			return 0;
		if (find_suspect(buf, pos, end) < end)
			return 1;
		pos += INJECTION_OCTETS;
	}
	return 0;
}

/* Judges the whole of a text that has a suspect octet, not only the part around it. A text that is
 * longer than INJECTION_PARTS parts earns enough points to match. */
__noinline int judge_suspect(struct scratch *scratch, __u32 pos, __u32 end)
{
	if (!scratch || !INJECTION_USED)
		return 0;
	for (__u32 i = 0; i < INJECTION_PARTS; i++) {
		__u32 last = pos + INJECTION_OCTETS;

		if (++scratch->content.parts > INJECTION_PARTS)
			break;
		if (last >= end)
			return injection_text(scratch, pos, end);
		injection_text(scratch, pos, last);
		pos = sip_forget(last - INJECTION_BEFORE);
	}
	scratch->content.points = INJECTION_ENOUGH;
	return 0;
}

static __always_inline void judge_text(struct scratch *scratch, struct sip_span text)
{
	__u32 end = text.offset + text.length;

	if (!text.length)
		return;
	if (text.length <= INJECTION_OCTETS ? find_suspect(&scratch->buf, text.offset, end) < end :
					      is_suspect(&scratch->buf, text.offset, end))
		judge_suspect(scratch, text.offset, end);
}

__noinline int judge_injection(struct scratch *scratch)
{
	const struct sip_msg *msg;

	if (!scratch || !INJECTION_USED || scratch->msg.kind == SW_MESSAGE_RESPONSE)
		return VERDICT_UNDECIDED;
	msg = &scratch->msg;
	scratch->content.points = scratch->content.seen = scratch->content.parts = 0;
	judge_text(scratch, msg->uri);
	judge_text(scratch, msg->value[SIP_FROM]);
	judge_text(scratch, msg->value[SIP_TO]);
	judge_text(scratch, msg->login);
	judge_text(scratch, msg->proxy_login);
	if (scratch->content.points < INJECTION_ENOUGH)
		return VERDICT_UNDECIDED;
	return act(&scratch->packet, policy.injection, SW_REASON_INJECTION);
}

#endif
