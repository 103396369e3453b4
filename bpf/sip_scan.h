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

#include "sip_strict.h"

/* The data path sets this to a constant of its policy: 0 lets the verifier take the strict
 * work out, whatever `want` says. */
#ifndef SIP_STRICT_POSSIBLE
#define SIP_STRICT_POSSIBLE 1
#endif

#define SIP_STRICT_BITS (SW_SANITY_STRICT & ~SW_SANITY_DEFAULT)

static __always_inline int sip_is_strict(const struct sip_input *in)
{
	return SIP_STRICT_POSSIBLE && (in->want & SIP_STRICT_BITS);
}

/* What was found in a line. */
#define SIP_LINE_CUT  1u /* the data ended before it did */
#define SIP_LINE_MORE 2u /* not yet at its end */
#define SIP_LINE_NUL  4u
#define SIP_LINE_BARE 8u /* a bare CR or LF */

/* A word at pos < end that holds something else than CR LF: NUL, a bare CR, a bare LF, or a
 * harmless control octet. The first LF in it, if it has one, ends the line. Packed: where the
 * line ends, where the next begins, or what is behind the word is to be looked at, and
 * SIP_LINE_ bits. */
SIP_GLOBAL __u64 sip_odd_word(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 v, lf, cr, before, inside = ~0ull;
	__u32 found = 0, last;

	if (!buf)
		return 0;
	v = sip_load(buf, pos);
	if (end - pos < 8)
		inside = sip_mask(end - pos);
	lf = sip_exactly(v, SIP_EACH('\n')) & inside;
	before = ((lf & -lf) - 1) & inside; /* of the line: what stands below the first LF */
	cr = sip_exactly(v, SIP_EACH('\r')) & before;
	if (sip_exactly(v, 0) & before)
		found |= SIP_LINE_NUL;
	if (cr & ~(lf >> 8) & (inside >> 8))
		found |= SIP_LINE_BARE;
	if (cr >> 63 && pos + 8 < end && sip_octet(buf, pos + 8) != '\n')
		found |= SIP_LINE_BARE;
	if (!lf)
		return SIP_PACK(pos + 8, pos + 8, found | SIP_LINE_MORE);
	last = pos += sip_lowest(lf);
	if (last && sip_octet(buf, last - 1) == '\r')
		last--;
	else
		found |= SIP_LINE_BARE;
	return SIP_PACK(last, pos + 1, found);
}

/* CR and LF before the start line are skipped (RFC 3261 7.5). */
SIP_GLOBAL __u32 sip_skip_crlf(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf)
		return end;
	SIP_SEARCH(buf, pos, end, SIP_REACH / 2,
		   ~(sip_exactly(v, SIP_EACH('\r')) | sip_exactly(v, SIP_EACH('\n'))) & SIP_TOPS);
}

/* The end of [pos, end) without the spaces before it, of which up to 256 are taken. */
SIP_GLOBAL __u32 sip_trim_spaces(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf)
		return end;
	for (__u32 i = 0; i < 256; i++) {
		if (end <= pos || sip_octet(buf, end - 1) != ' ')
			break;
		end--;
	}
	return end;
}

/* Status-Line behind "SIP/2.0 " (RFC 3261 7.2). The reason phrase, and the space before it,
 * may be missing. */
static __always_inline void sip_status_line(const struct sip_buf *buf, struct sip_msg *msg,
					    __u32 pos, __u32 end)
{
	__u64 number = sip_number(buf, pos, end);
	__u32 behind = SIP_NUMBER_END(number), value = SIP_NUMBER_VALUE(number);

	msg->kind = SW_MESSAGE_RESPONSE;
	msg->flags |= SIP_START;
	if (behind != pos + 3 || value < 100 || value > 699 ||
	    (behind < end && sip_octet(buf, behind) != ' '))
		msg->violations |= SW_SANITY_BIT(STATUS_CODE);
	else
		msg->status = value;
}

#define SIP_SOS "urn:service:sos"

/* urn:service:sos, or one of its children (RFC 5031). */
static __always_inline int sip_is_sos(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 behind = pos + sizeof(SIP_SOS) - 1;

	return behind <= end && sip_lower(sip_load(buf, pos)) == SIP_WORD(SIP_SOS) &&
	       sip_lower(sip_load(buf, pos + 7)) == SIP_WORD_AT(SIP_SOS, 7) &&
	       (behind == end || sip_octet(buf, behind) == '.');
}

static __always_inline void sip_request_uri(const struct sip_buf *buf, const struct sip_input *in,
					    struct sip_msg *msg, __u32 pos, __u32 end)
{
	msg->uri = sip_span(pos, end);
	if (end - pos > in->bounds.uri)
		msg->violations |= SW_SANITY_BIT(URI_LENGTH);
	sip_uri(buf, pos, end, &msg->uri_user, &msg->uri_host);
	msg->scheme = sip_scheme(buf, pos, end);
	if (msg->scheme == SIP_SCHEME_OTHER && sip_is_sos(buf, pos, end))
		msg->flags |= SIP_URGENT;
	if (sip_is_strict(in))
		sip_strict_uri(buf, msg, pos, end);
}

/* Request-Line (RFC 3261 7.1): token SP ... SP SIP/2.0, spaces at the end ignored. */
static __always_inline void sip_request_line(const struct sip_buf *buf, const struct sip_input *in,
					     struct sip_msg *msg, __u32 pos, __u32 end)
{
	__u32 last = end, space, uri, uri_end;

	if (end > pos && sip_octet(buf, end - 1) == ' ')
		last = sip_trim_spaces(buf, pos, end);
	space = sip_seek(buf, pos, last, SIP_EACH(' '), SIP_EACH(' '));
	if (space == pos || last - space < 9 ||
	    sip_lower(sip_load(buf, last - 8)) != SIP_WORD(" sip/2.0")) {
		msg->violations |= SW_SANITY_BIT(START_LINE);
		return;
	}
	msg->kind = sip_method_kind(buf, pos, space - pos);
	if (msg->kind == SW_MESSAGE_OTHER &&
	    sip_find_outside(buf, pos, space, SIP_IN_TOKEN) < space) {
		msg->violations |= SW_SANITY_BIT(START_LINE);
		msg->kind = SW_MESSAGE_NOT_SIP;
		return;
	}
	msg->flags |= SIP_START;
	msg->method = sip_span(pos, space);
	if (space - pos > in->bounds.method)
		msg->violations |= SW_SANITY_BIT(METHOD_LENGTH);

	uri = space + 1;
	uri_end = last - 8;
	if (sip_octet(buf, uri) == ' ' || sip_octet(buf, uri_end - 1) == ' ' || last != end) {
		msg->violations |= SW_SANITY_BIT(START_LINE_SPACE);
		uri = sip_skip_lws(buf, uri, uri_end);
		uri_end = sip_trim_spaces(buf, uri, uri_end);
	}
	sip_request_uri(buf, in, msg, uri, uri_end);
}

static __always_inline int sip_may_be_cut(const struct sip_input *in)
{
	return in->flags & (SIP_STREAM | SIP_FRAGMENT);
}

/* The end of the start line: packed as in sip_odd_word(). */
SIP_GLOBAL __u64 sip_start_end(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 lf = sip_find(buf, pos, end, SIP_EACH('\n'), SIP_EACH('\n')), last = lf, found = 0;

	if (!buf)
		return 0;
	if (sip_find(buf, pos, lf, 0, 0) < lf)
		found |= SIP_LINE_NUL;
	if (lf >= end)
		return SIP_PACK(end, end, found | SIP_LINE_CUT);
	if (lf > pos && sip_octet(buf, lf - 1) == '\r')
		last--;
	if (last == lf || sip_find(buf, pos, last, SIP_EACH('\r'), SIP_EACH('\r')) < last)
		found |= SIP_LINE_BARE;
	return SIP_PACK(last, lf + 1, found);
}

/* Likewise for a line that is as short as most, and as clean. */
static __always_inline __u64 sip_start_seek(const struct sip_buf *buf, __u32 begin, __u32 end)
{
	__u32 pos = begin;

	for (__u32 i = 0; i < 12 && pos < end; i++) {
		__u64 control = sip_below(sip_load(buf, pos), 0x20);

		if (control) {
			pos = sip_forget(pos + sip_lowest(control));
			if (pos + 2 <= end && (__u16)sip_load(buf, pos) == 0x0a0d)
				return SIP_PACK(pos, pos + 2, 0);
			break;
		}
		pos += 8;
	}
	return sip_start_end(buf, begin, end);
}

/* Everything up to and with the start line. */
static __always_inline void sip_start(const struct sip_buf *buf, const struct sip_input *in,
				      struct sip_msg *msg)
{
	__u32 pos = 0, end, found;
	__u64 line;

	__builtin_memset(msg, 0, sizeof(*msg));
	msg->kind = SW_MESSAGE_NOT_SIP;
	msg->cseq_kind = SW_MESSAGE_OTHER;
	if (in->datagram_length > in->bounds.message && !(in->flags & SIP_STREAM))
		msg->violations |= SW_SANITY_BIT(MESSAGE_LENGTH);
	if (in->length && sip_octet(buf, 0) <= '\r')
		pos = sip_skip_crlf(buf, 0, in->length);
	msg->begin = pos;
	if (pos >= in->length) {
		msg->kind = SW_MESSAGE_KEEPALIVE;
		return;
	}

	line = sip_start_seek(buf, pos, in->length);
	end = SIP_FIRST(line);
	found = SIP_THIRD(line);
	msg->start = msg->next = SIP_SECOND(line);
	if (found & SIP_LINE_CUT) {
		msg->flags |= SIP_CUT;
		if (sip_may_be_cut(in))
			return;
	}
	if (found & SIP_LINE_NUL)
		msg->violations |= SW_SANITY_BIT(NUL);
	if (found & SIP_LINE_BARE)
		msg->violations |= SW_SANITY_BIT(BARE_LINE_END);
	msg->lines = 1;
	if (end - pos >= 8 && sip_lower(sip_load(buf, pos)) == SIP_WORD("sip/2.0 "))
		sip_status_line(buf, msg, pos + 8, end);
	else
		sip_request_line(buf, in, msg, pos, end);
}

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
		if (first)
			sip_credentials(buf, &msg->nonce, pos, end);
		break;
	case SIP_PROXY_AUTHORIZATION:
		if (first)
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

	pos = sip_skip(buf, value, end);
	end = sip_trimmed(buf, pos, end);
	if (msg->present & bit) {
		msg->repeated |= bit;
	} else {
		msg->present |= bit;
		msg->value[id] = sip_span(pos, end);
	}
	sip_header_value(buf, msg, id, pos, end);
}

#define SIP_STEPS_A_CALL 16 /* a step is a line, or what fits into this many blocks of one: */
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
		*pos += 32;
		return 0;
	}
	if (!(a | b)) {
		*pos += 16;
		a = c;
		b = d;
	}
	if (!a) {
		*pos += 8;
		a = b;
	}
	return a;
}

/* The end of a line, as far as it is near. Packed as in sip_odd_word(). */
static __always_inline __u64 sip_line_end(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 control = 0;
	__u32 last;

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

/* What the whole header section must have and must not have (RFC 3261 8.1.1, 7.3.1). */
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

/* RFC 3261 8.1.1.8 for INVITE and SUBSCRIBE, RFC 3515 2.4.1 for REFER. */
static __always_inline int sip_needs_contact(const struct sip_msg *msg)
{
	return msg->kind == SW_MESSAGE_INVITE || msg->kind == SW_MESSAGE_SUBSCRIBE ||
	       msg->kind == SW_MESSAGE_REFER;
}

static __always_inline __u64 sip_judge_strict(const struct sip_msg *msg)
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

/* What can only be judged behind the header section. */
SIP_GLOBAL int sip_finish(const struct sip_buf *buf, const struct sip_input *in,
			  struct sip_msg *msg)
{
	__u64 found = 0;

	if (!buf || !in || !msg)
		return 0;
	found |= sip_judge_repetition(msg);
	if (msg->headers > in->bounds.headers)
		found |= SW_SANITY_BIT(HEADER_COUNT);
	if (msg->via_count > in->bounds.via)
		found |= SW_SANITY_BIT(VIA_COUNT);
	if (!(msg->flags & SIP_COMPLETE)) {
		if (!sip_may_be_cut(in))
			found |= SW_SANITY_BIT(HEADER_END) | sip_judge_presence(msg);
		msg->violations |= found;
		return 0;
	}
	found |= sip_judge_presence(msg);
	if (!(in->flags & SIP_STREAM) &&
	    (__u64)msg->body_offset + msg->content_length > in->datagram_length)
		found |= SW_SANITY_BIT(CONTENT_LENGTH_LONG);
	if (sip_is_strict(in)) {
		found |= sip_judge_strict(msg);
		if (!sip_is_utf8(buf, msg->begin, msg->body_offset))
			found |= SW_SANITY_BIT(UTF8);
	}
	msg->violations |= found;
	return 0;
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
