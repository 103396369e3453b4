/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The SIP scanner's entry: sip_scan(). One pass over the header section of one message
 * (RFC 3261 7, 25.1), no work on the body. Pure C: the same file is compiled into the data
 * path and into tests, fuzzers and `sipward explain`, and must yield the same in all.
 *
 * sip_lines() goes eight octets a step and stops where a line ends; a line that begins with
 * white space folds into the header before it; then the header is named and its value read
 * (sip_headers.h). Long loops stand in global functions of their own, so that the verifier
 * adds them up and does not multiply; a call is not for free, so what is short is inline.
 */
#ifndef SIPWARD_SIP_SCAN_H
#define SIPWARD_SIP_SCAN_H

#include "sip_judge.h"

static __always_inline void sip_credentials(const struct sip_buf *buf, struct sip_span *span,
					    __u32 pos, __u32 end)
{
	__u64 nonce = sip_nonce(buf, pos, end);

	*span = sip_span(SIP_FIRST(nonce), SIP_SECOND(nonce));
}

/* What a header says that has more than a span to give. Of those that are to stand once, the
 * first one counts. */
static __always_inline void sip_header_value(const struct sip_buf *buf, struct sip_msg *msg,
					     __u32 id, __u32 pos, __u32 end)
{
	int first = !(msg->repeated & 1u << id);

	switch (id) {
	case SIP_VIA:
		pos = sip_via(buf, msg, pos, end);
		if (pos < end)
			sip_more_vias(buf, msg, pos, end);
		break;
	case SIP_FROM:
		if (first && SIP_NEEDS(SIP_NEED_PARTIES | SIP_NEED_STRICT))
			sip_party(buf, msg, pos, end, id);
		break;
	case SIP_TO:
		if (first)
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
	case SIP_AUTHORIZATION:
		if (first && SIP_NEEDS(SIP_NEED_VALUES))
			sip_credentials(buf, &msg->nonce, pos, end);
		break;
	case SIP_PROXY_AUTHORIZATION:
		if (first && SIP_NEEDS(SIP_NEED_VALUES))
			sip_credentials(buf, &msg->proxy_nonce, pos, end);
		break;
	case SIP_ROUTE:
		msg->route_count += sip_routes(buf, pos, end);
		break;
	case SIP_RECORD_ROUTE:
		msg->record_route_count += sip_routes(buf, pos, end);
		break;
	}
}

/* What strict judges of a header; `value` as sip_header_name() gives it. */
SIP_GLOBAL int sip_header_strict(const struct sip_buf *buf, struct sip_msg *msg, __u64 range,
				 __u32 value, __u32 id)
{
	__u32 pos = SIP_FIRST(range), end = SIP_SECOND(range);
	__u64 number;

	if (!buf || !msg)
		return 0;
	sip_strict_name(buf, msg, pos, end, value);
	if (id >= SIP_HEADER_COUNT)
		return 0;
	pos = sip_skip(buf, value, end);
	end = sip_trimmed(buf, pos, end);
	if (id == SIP_VIA || id == SIP_FROM || id == SIP_TO || id == SIP_CONTACT)
		sip_strict_value(buf, msg, pos, end, id);
	if (id != SIP_EXPIRES)
		return 0;
	number = sip_only_number(buf, pos, end);
	if (number >= SIP_NUMBER_MAX)
		msg->violations |= SW_SANITY_BIT(EXPIRES);
	msg->expires = number < SIP_NUMBER_MAX ? number : ~0u;
	return 0;
}

static __always_inline void sip_header_nul(const struct sip_buf *buf, struct sip_msg *msg,
					   __u32 id, __u32 pos, __u32 end)
{
	/* In a Call-ID a quote is an octet like others. */
	if (id == SIP_CALL_ID ? sip_find(buf, pos, end, 0, 0) < end :
				sip_naked_nul(buf, pos, end))
		msg->violations |= SW_SANITY_BIT(NUL);
}

/* Headers whose value is read, whoever uses the result. */
#define SIP_READ                                                                             \
	(SIP_PRESENT(VIA) | SIP_PRESENT(FROM) | SIP_PRESENT(TO) | SIP_PRESENT(CSEQ) |        \
	 SIP_PRESENT(MAX_FORWARDS) | SIP_PRESENT(CONTENT_LENGTH) | SIP_PRESENT(ROUTE) |      \
	 SIP_PRESENT(RECORD_ROUTE))

/* One header field, folds and all; msg->found has the SIP_LINE_ bits of its lines. */
static __always_inline void sip_header(const struct sip_buf *buf, const struct sip_input *in,
				       struct sip_msg *msg, __u32 pos, __u32 end)
{
	__u32 value, id, bit;

	msg->id = sip_header_name(buf, pos, end, &value);
	msg->at = value;
	asm volatile("" ::: "memory"); /* or the verifier walks all below for each header */
	id = msg->id;
	value = msg->at;
	bit = 1u << (id & 31);
	msg->headers++;
	if (end - pos > in->bounds.header)
		msg->violations |= SW_SANITY_BIT(HEADER_LENGTH);
	if (msg->found & SIP_LINE_NUL)
		sip_header_nul(buf, msg, id, pos, end);
	if (sip_is_strict(in))
		sip_header_strict(buf, msg, SIP_PACK(pos, end, 0), value, id);
	if (id >= SIP_HEADER_COUNT)
		return;

	if (msg->present & bit)
		msg->repeated |= bit;
	if (!SIP_NEEDS(SIP_NEED_VALUES) && !(SIP_READ & bit)) {
		msg->present |= bit;
		return;
	}
	pos = sip_skip(buf, value, end);
	end = sip_trimmed(buf, pos, end);
	if (SIP_NEEDS(SIP_NEED_VALUES) && !(msg->present & bit))
		msg->value[id] = sip_span(pos, end);
	msg->present |= bit;
	sip_header_value(buf, msg, id, pos, end);
}

#define SIP_STEPS_A_CALL 8 /* a step is a line, or what fits into this many blocks of one: */
#define SIP_BLOCKS_A_STEP 4
/* Every step takes two octets at least, for a line that is not empty has as many. */
#define SIP_CALLS        (SW_MESSAGE_MAX / 2 / SIP_STEPS_A_CALL + 2)

enum { SIP_GO_ON, SIP_STOP };

/* Whether the line that ends before `next` goes on with the next one. */
static __always_inline int sip_folds(const struct sip_buf *buf, __u32 next, __u32 length)
{
	__u8 ahead;

	if (next >= length)
		return 0;
	ahead = sip_octet(buf, next);
	return ahead == ' ' || ahead == '\t';
}

/* The lowest marker of a control octet in the four words at *pos, which is moved to the word
 * that holds it, or behind them. Most lines have none but their end: four words are taken
 * together, and told apart only when there is one. */
static __always_inline __u64 sip_control(const struct sip_buf *buf, __u32 *pos)
{
	__u64 v[4], a, b, c, d;

	sip_load_block(buf, *pos, v);
	a = sip_below(v[0], 0x20);
	b = sip_below(v[1], 0x20);
	c = sip_below(v[2], 0x20);
	d = sip_below(v[3], 0x20);
	if (!(a | b | c | d)) {
		*pos = sip_forget(*pos + 32);
		return 0;
	}
	if (!(a | b)) {
		*pos = sip_forget(*pos + 16);
		a = c;
		b = d;
	}
	if (!a) {
		*pos = sip_forget(*pos + 8);
		a = b;
	}
	return a;
}

/* The end of a line, as far as it is near. Packed as in sip_odd_word(). */
static __always_inline __u64 sip_line_end(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 control = 0;
	__u32 last;

	pos = sip_forget(pos);
	for (__u32 i = 0; i < SIP_BLOCKS_A_STEP && pos < end; i++) {
		control = sip_control(buf, &pos);
		if (control)
			break;
	}
	pos = sip_forget(pos);
	if (pos >= end)
		return SIP_PACK(end, end, SIP_LINE_CUT);
	if (!control)
		return SIP_PACK(0, pos, SIP_LINE_MORE);
	last = sip_forget(pos + sip_lowest(control));
	if (last + 2 <= end && (__u16)sip_load(buf, last) == 0x0a0d)
		return SIP_PACK(last, last + 2, 0);
	return sip_odd_word(buf, pos, end);
}

/* A header is complete: it ends at `end`, and the next line begins at `next`. */
static __always_inline int sip_line(const struct sip_buf *buf, const struct sip_input *in,
				    struct sip_msg *msg, __u32 end, __u32 next)
{
	msg->lines++;
	if (msg->found & SIP_LINE_BARE)
		msg->violations |= SW_SANITY_BIT(BARE_LINE_END);
	if (end == msg->start) {
		msg->flags |= SIP_COMPLETE;
		msg->body_offset = next;
		return SIP_STOP;
	}
	if (sip_folds(buf, next, in->length))
		return SIP_GO_ON;
	sip_header(buf, in, msg, msg->start, end);
	msg->found = 0;
	msg->start = next;
	return (in->flags & SIP_EARLY) && (msg->flags & SIP_TOP_VIA) ? SIP_STOP : SIP_GO_ON;
}

/* Takes some steps from msg->next on; the header under work began at msg->start. What is kept
 * from step to step is kept in *msg: the verifier would tell apart all that it can be. */
SIP_GLOBAL int sip_lines(const struct sip_buf *buf, const struct sip_input *in, struct sip_msg *msg)
{
	if (!buf || !in || !msg)
		return SIP_STOP;
	for (__u32 i = 0; i < SIP_STEPS_A_CALL; i++) {
		__u64 line = sip_line_end(buf, msg->next, in->length);
		__u32 end = sip_forget(SIP_FIRST(line)), next = sip_forget(SIP_SECOND(line));

		msg->next = next;
		if (SIP_THIRD(line)) {
			msg->found |= SIP_THIRD(line) & ~SIP_LINE_MORE;
			if (SIP_THIRD(line) & SIP_LINE_MORE)
				continue;
		}
		/* A header at the end of a cut may go on, in its line or with a fold. */
		if (next >= in->length && end != msg->start && sip_may_be_cut(in))
			msg->found |= SIP_LINE_CUT;
		if ((msg->found & SIP_LINE_CUT) && (msg->start >= end || sip_may_be_cut(in))) {
			msg->flags |= SIP_CUT;
			return SIP_STOP;
		}
		if (sip_line(buf, in, msg, end, next) == SIP_STOP)
			return SIP_STOP;
	}
	return SIP_GO_ON;
}

/* Scans the message in `buf` as `in` says, into `msg`. Always 0: what is wrong with the
 * message is in msg->violations. */
SIP_GLOBAL int sip_scan(const struct sip_buf *buf, const struct sip_input *in, struct sip_msg *msg)
{
	if (!buf || !in || !msg)
		return 0;
	if (!(in->flags & SIP_RESUME))
		sip_start(buf, in, msg);
	if (!(msg->flags & SIP_START))
		return 0;
	for (__u32 i = 0; i < SIP_CALLS; i++) {
		if ((msg->flags & (SIP_COMPLETE | SIP_CUT)) || sip_lines(buf, in, msg) == SIP_STOP)
			break;
	}
	if (!(in->flags & SIP_EARLY))
		sip_finish(buf, in, msg);
	return 0;
}

#endif
