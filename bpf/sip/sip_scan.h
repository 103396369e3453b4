/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The SIP scanner's entry: sip_scan(). One pass over the header section of one message
 * (RFC 3261 7, 25.1), no work on the body. Pure C: the same file is compiled into the data
 * path and into tests, fuzzers and `sipward explain`, and must yield the same in all.
 *
 * sip_lines() goes eight octets a step and stops where a line ends; a line that begins with
 * white space folds into the header before it; then the header is judged in brief, where that
 * is enough (sip_brief.h), or named and its value read (sip_headers.h). Long loops
 * stand in global functions of their own, so that the verifier adds them up and does not
 * multiply; a call is not for free, so what is short is inline.
 */
#ifndef SIPWARD_BPF_SIP_SIP_SCAN_H
#define SIPWARD_BPF_SIP_SIP_SCAN_H

#include "sip/sip_brief.h"
#include "sip/sip_judge.h"

static __always_inline int sip_is_response(const struct sip_msg *msg)
{
	return msg->kind == SW_MESSAGE_RESPONSE;
}

/* Reads the value of a header that yields more than a span. Of headers that must stand only once,
 * the first one counts. */
static __always_inline void sip_header_value(const struct sip_buf *buf, struct sip_msg *msg,
					     __u32 id, __u32 pos, __u32 end)
{
	int first = !(msg->repeated & 1u << id);

	switch (id) {
	case SIP_VIA:
		if (sip_usual_via(buf, msg, pos, end))
			break;
		pos = sip_via(buf, msg, pos, end);
		if (pos < end)
			sip_more_vias(buf, msg, pos, end);
		break;
	case SIP_FROM:
		if (pos >= end)
			msg->violations |= SW_SANITY_BIT(FROM_MISSING);
		if (first && SIP_NEEDS(SIP_NEED_PARTIES | SIP_NEED_STRICT | SIP_NEED_TOKENS) &&
		    !sip_usual_party(buf, msg, pos, end, id))
			sip_party(buf, msg, pos, end, id);
		break;
	case SIP_TO:
		if (pos >= end)
			msg->violations |= SW_SANITY_BIT(TO_MISSING);
		if (first && !sip_usual_party(buf, msg, pos, end, id))
			sip_party(buf, msg, pos, end, id);
		break;
	case SIP_CSEQ:
		if (first)
			sip_cseq(buf, msg, pos, end);
		break;
	case SIP_MAX_FORWARDS:
	case SIP_CONTENT_LENGTH:
		if (first)
			sip_count(buf, msg, pos, end, id);
		break;
	case SIP_MAX_BREADTH:
		if (first && SIP_NEEDS(SIP_NEED_VALUES))
			sip_count(buf, msg, pos, end, id);
		break;
	case SIP_AUTHORIZATION:
	case SIP_PROXY_AUTHORIZATION:
		/* Of several the first that says something, whatever stands before it. */
		if (SIP_NEEDS(SIP_NEED_TOKENS | SIP_NEED_LOGINS) && !sip_is_response(msg))
			sip_credentials(buf, msg, pos, end, id);
		break;
	case SIP_WWW_AUTHENTICATE:
	case SIP_PROXY_AUTHENTICATE:
		if (first && SIP_NEEDS(SIP_NEED_TOKENS) && sip_is_response(msg))
			sip_credentials(buf, msg, pos, end, id);
		break;
	case SIP_ROUTE:
		sip_routes(buf, msg, pos, end, id);
		break;
	case SIP_RECORD_ROUTE:
		sip_routes(buf, msg, pos, end, id);
		break;
	}
}

/* The checks of a header for the profile `strict`; `value` as sip_header_name() gives it. */
static __always_inline void sip_header_strict(const struct sip_buf *buf, struct sip_msg *msg,
					      __u32 pos, __u32 end, __u32 value, __u32 id)
{
	__u64 number;

	if (id >= SIP_HEADER_COUNT) { /* a name that is known is legal, and has its colon */
		sip_strict_name(buf, msg, pos, end, value);
		return;
	}
	pos = sip_skip(buf, value, end);
	end = sip_trimmed(buf, pos, end);
	if (id == SIP_CALL_ID && pos >= end)
		msg->violations |= SW_SANITY_BIT(CALL_ID_EMPTY);
	/* A value that breaks the grammar is walked again, for a reason that says more, and for
	 * faults that are more than formal. */
	if ((SIP_SYNTAX_HEADERS & 1u << id) && !sip_syntax_holds(buf, msg, pos, end, id) &&
	    (id == SIP_VIA || id == SIP_FROM || id == SIP_TO || id == SIP_CONTACT))
		sip_strict_value(buf, msg, pos, end, id);
	if (id != SIP_EXPIRES)
		return;
	number = sip_only_number(buf, pos, end);
	if (number >= SIP_NUMBER_MAX)
		msg->violations |= SW_SANITY_BIT(EXPIRES);
	msg->expires = number < SIP_NUMBER_MAX ? number : ~0u;
}

static __always_inline void sip_header_nul(const struct sip_buf *buf, struct sip_msg *msg, __u32 id,
					   __u32 pos, __u32 end)
{
	/* In a Call-ID a quote is an octet like others. */
	if (id == SIP_CALL_ID ? sip_find(buf, pos, end, 0, 0) < end : sip_naked_nul(buf, pos, end))
		msg->violations |= SW_SANITY_BIT(NUL);
}

/* Headers whose value is read, whoever uses the result; and for tokens. */
#define SIP_READ                                                                      \
	(SIP_PRESENT(VIA) | SIP_PRESENT(FROM) | SIP_PRESENT(TO) | SIP_PRESENT(CSEQ) | \
	 SIP_PRESENT(MAX_FORWARDS) | SIP_PRESENT(CONTENT_LENGTH))
#define SIP_READ_TOKENS                                                                         \
	(SIP_PRESENT(CALL_ID) | SIP_PRESENT(AUTHORIZATION) | SIP_PRESENT(PROXY_AUTHORIZATION) | \
	 SIP_PRESENT(WWW_AUTHENTICATE) | SIP_PRESENT(PROXY_AUTHENTICATE))

static __always_inline int sip_is_read(__u32 bit)
{
	return SIP_NEEDS(SIP_NEED_VALUES) || (SIP_READ & bit) ||
	       (SIP_NEEDS(SIP_NEED_TOKENS | SIP_NEED_LOGINS) && (SIP_READ_TOKENS & bit));
}

/* One header field, folds and all, whatever it is and however it is written; msg->found has
 * the SIP_LINE_ bits of its lines. */
SIP_GLOBAL int sip_header(const struct sip_buf *buf, const struct sip_input *in,
			  struct sip_msg *msg, __u32 pos, __u32 end)
{
	__u32 value, id, bit;

	if (!buf || !in || !msg)
		return 0;
	msg->id = sip_header_name(buf, pos, end, &value);
	msg->at = value;
	asm volatile("" ::: "memory"); /* or the verifier walks all below for each header */
	id = msg->id;
	value = msg->at;
	bit = 1u << (id & 31);
	if (msg->found & SIP_LINE_NUL)
		sip_header_nul(buf, msg, id, pos, end);
	if (sip_is_strict(in))
		sip_header_strict(buf, msg, pos, end, value, id);
	if (id == SIP_BAD_NAME)
		msg->violations |= SW_SANITY_BIT(HEADER_NAME);
	if (id >= SIP_HEADER_COUNT)
		return 0;

	if (id == SIP_CONTACT) /* counted whoever reads it */
		sip_contacts(buf, msg, value, end);
	if (msg->present & bit)
		msg->repeated |= bit;
	if (!sip_is_read(bit)) {
		msg->present |= bit;
		return 0;
	}
	if (end - pos > SIP_LONG)
		sip_long(buf, msg, pos, end);
	pos = sip_skip(buf, value, end);
	end = sip_trimmed(buf, pos, end);
	if (!sip_is_trimmed(buf, pos, end))
		msg->violations |= SW_SANITY_BIT(REACH);
	if (!(msg->present & bit) &&
	    (SIP_NEEDS(SIP_NEED_VALUES) || (SIP_NEEDS(SIP_NEED_TOKENS) && id == SIP_CALL_ID)))
		msg->value[id] = sip_span(pos, end);
	else if (SIP_NEEDS(SIP_NEED_LINES) && msg->present & bit)
		sip_keep_line(msg, id, pos, end);
	msg->present |= bit;
	sip_header_value(buf, msg, id, pos, end);
	return 0;
}

#define SIP_STEPS_A_CALL 14 /* a step is a line, or SIP_BLOCKS_A_STEP of one */
/* Every step takes two octets at least, for a line that is not empty has as many. */
#define SIP_CALLS        (SW_MESSAGE_MAX / 2 / SIP_STEPS_A_CALL + 2)

enum { SIP_GO_ON, SIP_STOP };

/* A line that does not simply end with CR LF: it ended the data, or has an odd octet in the
 * word at `pos`. As sip_odd_word(); the findings go to msg->found. */
static __always_inline __u64 sip_odd_line(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
					  __u32 length)
{
	__u64 odd;

	if (pos >= length) {
		msg->found |= SIP_LINE_CUT;
		return SIP_PACK(length, length, 0);
	}
	odd = sip_odd_word(buf, pos, length);
	msg->found |= SIP_THIRD(odd) & ~SIP_LINE_MORE;
	return odd;
}

/* The data ended with a line: whether that is all that can be said. A header at the end of a
 * cut may go on, in its line or with a fold. */
static __always_inline int sip_is_cut(const struct sip_input *in, struct sip_msg *msg, __u32 start,
				      __u32 end)
{
	if (end != start && sip_may_be_cut(in))
		msg->found |= SIP_LINE_CUT;
	if (!(msg->found & SIP_LINE_CUT) || (start < end && !sip_may_be_cut(in)))
		return 0;
	msg->flags |= SIP_CUT;
	return 1;
}

/* A line is complete. */
static __always_inline void sip_note_bare(struct sip_msg *msg)
{
	if (msg->found & SIP_LINE_BARE)
		msg->violations |= SW_SANITY_BIT(BARE_LINE_END);
	if (msg->found & SIP_LINE_CR)
		msg->violations |= SW_SANITY_BIT(BARE_CR);
}

/* A header is complete; `word` holds its first octets, one at least. */
static __always_inline void sip_take(const struct sip_buf *buf, const struct sip_input *in,
				     struct sip_msg *msg, __u64 word, __u32 pos, __u32 end)
{
	msg->headers++;
	if (end - pos > in->bounds.header)
		msg->violations |= SW_SANITY_BIT(HEADER_LENGTH);
	/* Two copies: each asks once what is needed, not at every step. */
	if (SIP_NEEDS(SIP_NEED_STRICT) || msg->found ||
	    !(SIP_NEEDS(SIP_NEED_VALUES) ? sip_brief(1, buf, msg, word, pos, end) :
					   sip_brief(0, buf, msg, word, pos, end))) {
		sip_note_bare(msg);
		sip_header(buf, in, msg, pos, end);
		msg->found = 0;
	}
}

/* Takes some steps from msg->next on; the header under work began at msg->start. Values that the
 * verifier would tell apart from step to step are kept in *msg, or forgotten. */
SIP_GLOBAL int sip_lines(const struct sip_buf *buf, const struct sip_input *in, struct sip_msg *msg)
{
	__u64 pos, start, end, behind, length, word, ahead, odd, found;
	int result = SIP_STOP;

	if (!buf || !in || !msg)
		return SIP_STOP;
	pos = msg->next;
	start = msg->start;
	length = in->length;
	word = sip_load(buf, start);
	for (__u32 i = 0; i < SIP_STEPS_A_CALL; i++) {
		start = sip_forget(start);
		pos = sip_forget(pos);
		SIP_SEEK_BLOCKS(buf, pos, length, found, SIP_SEEM_CONTROL);
		length = sip_forget(length);
		if (!found && pos < length)
			continue;
		end = sip_forget(pos + sip_lowest(found));
		ahead = end + 2 < length ? sip_load(buf, end) : 0;
		if ((__u16)ahead == 0x0a0d) {
			behind = end + 2;
			ahead >>= 16;
			pos = sip_behind_line(pos, found, behind);
		} else {
			odd = sip_odd_line(buf, msg, pos, length);
			end = sip_forget(SIP_FIRST(odd));
			pos = behind = sip_forget(SIP_SECOND(odd));
			if (SIP_THIRD(odd) & SIP_LINE_MORE)
				continue;
			length = sip_forget(length);
			if (behind >= length && sip_is_cut(in, msg, start, end))
				goto out;
			ahead = sip_load(buf, behind);
		}
		if (SIP_NEEDS(SIP_NEED_VALUES))
			msg->lines++;
		if (end == start) {
			sip_note_bare(msg);
			msg->flags |= SIP_COMPLETE;
			msg->body_offset = pos = behind;
			goto out;
		}
		if ((__u8)ahead <= ' ' && sip_folds(ahead) && behind < length) {
			sip_note_bare(msg);
			continue;
		}
		sip_take(buf, in, msg, word, start, end);
		start = behind;
		word = ahead;
		if (SIP_NEEDS(SIP_NEED_ALL) && (in->flags & SIP_EARLY) &&
		    (msg->flags & SIP_TOP_VIA)) {
			pos = behind;
			goto out;
		}
	}
	result = SIP_GO_ON;
out:
	msg->next = pos;
	msg->start = start;
	return result;
}

/* The lines that are left: only a long message has them. */
SIP_GLOBAL int sip_more_lines(const struct sip_buf *buf, const struct sip_input *in,
			      struct sip_msg *msg)
{
	if (!buf || !in || !msg)
		return 0;
	for (__u32 i = 0; i < SIP_CALLS; i++) {
		if (sip_lines(buf, in, msg) == SIP_STOP)
			break;
	}
	return 0;
}

/* Scans the message in `buf` as `in` says, into `msg`. The faults of the message are in
 * msg->violations. */
static __always_inline void sip_scan(const struct sip_buf *buf, const struct sip_input *in,
				     struct sip_msg *msg)
{
	if (!(in->flags & SIP_RESUME))
		sip_start(buf, in, msg);
	if (!(msg->flags & SIP_START))
		return;
	if (!(msg->flags & (SIP_COMPLETE | SIP_CUT)) && sip_lines(buf, in, msg) == SIP_GO_ON)
		sip_more_lines(buf, in, msg);
	if (!(in->flags & SIP_EARLY))
		sip_finish(buf, in, msg);
}

#endif
