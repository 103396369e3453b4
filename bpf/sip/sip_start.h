/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The start line (RFC 3261 7.1, 7.2), what may stand before it, and how the end of a line is
 * told. Whether strict work is wanted is decided here for all.
 */
#ifndef SIPWARD_BPF_SIP_SIP_START_H
#define SIPWARD_BPF_SIP_SIP_START_H

#include "sip/sip_strict.h"

#define SIP_STRICT_BITS (SW_SANITY_STRICT & ~SW_SANITY_DEFAULT)

static __always_inline int sip_is_strict(const struct sip_input *in)
{
	return SIP_NEEDS(SIP_NEED_STRICT) && (in->want & SIP_STRICT_BITS);
}

/* Words in which a method must have ended, where the policy bounds it lower than that. */
#define SIP_RUBBISH_WORDS 10

/* The findings in a line. */
#define SIP_LINE_CUT     1u /* the data ended before it did */
#define SIP_LINE_MORE    2u /* not yet at its end */
#define SIP_LINE_NUL     4u
#define SIP_LINE_BARE    8u  /* a bare LF */
#define SIP_LINE_CR      16u /* a bare CR */
#define SIP_LINE_CONTROL 32u /* a control octet that is neither NUL nor white space */

/* A word at pos < end that holds something else than CR LF: NUL, a bare CR, a bare LF, or a
 * control octet that does no harm in a value. The first LF in it, if it has one, ends the line.
 * Packed: where the line ends, where the next begins, or what is behind the word is to be
 * looked at, and SIP_LINE_ bits. */
SIP_GLOBAL __u64 sip_odd_word(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 v, lf, cr, nul, before, controls, inside = ~0ull;
	__u32 found = 0, last;

	if (!buf)
		return 0;
	v = sip_load(buf, pos);
	if (end - pos < 8)
		inside = sip_mask(end - pos);
	lf = sip_exactly(v, SIP_EACH('\n')) & inside;
	before = ((lf & -lf) - 1) & inside; /* of the line: what stands below the first LF */
	cr = sip_exactly(v, SIP_EACH('\r')) & before;
	nul = sip_exactly(v, 0) & before;
	controls = ~(((v & ~SIP_TOPS) + SIP_EACH(0x60)) | v) & SIP_TOPS & before;
	if (nul)
		found |= SIP_LINE_NUL;
	if (controls & ~(nul | cr | sip_exactly(v, SIP_EACH('\t'))))
		found |= SIP_LINE_CONTROL;
	if (cr & ~(lf >> 8) & (inside >> 8))
		found |= SIP_LINE_CR;
	if (cr >> 63 && pos + 8 < end && sip_octet(buf, pos + 8) != '\n')
		found |= SIP_LINE_CR;
	if (!lf)
		return SIP_PACK(pos + 8, pos + 8, found | SIP_LINE_MORE);
	last = pos += sip_lowest(lf);
	if (last && sip_octet(buf, last - 1) == '\r')
		last--;
	else
		found |= SIP_LINE_BARE;
	return SIP_PACK(last, pos + 1, found);
}

/* Whether a line that begins so goes on with the one before it. */
static __always_inline int sip_folds(__u8 octet)
{
	return octet == ' ' || octet == '\t';
}

/* CR and LF before the start line are skipped (RFC 3261 7.5), as far as 2048 of them. */
SIP_GLOBAL __u32 sip_skip_crlf(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf)
		return end;
	SIP_SEARCH(buf, pos, end, SIP_REACH / 2,
		   ~(sip_exactly(v, SIP_EACH('\r')) | sip_exactly(v, SIP_EACH('\n'))) & SIP_TOPS);
	return pos;
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

static __always_inline void sip_request_uri(const struct sip_buf *buf, const struct sip_input *in,
					    struct sip_msg *msg, __u32 pos, __u32 end)
{
	int doubt = 0;

	msg->uri = sip_span(pos, end);
	if (end - pos > in->bounds.uri)
		msg->violations |= SW_SANITY_BIT(URI_LENGTH);
	if (pos < end && sip_octet(buf, pos) == '<') /* illegal, but some servers take it */
		pos++;
	if (SIP_NEEDS(SIP_NEED_PARTIES))
		doubt = sip_uri(buf, pos, end, &msg->uri_user, &msg->uri_host);
	if (doubt)
		msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
	msg->scheme = sip_scheme(buf, pos, end);
	if (msg->scheme == SIP_SCHEME_OTHER && sip_is_sos(buf, pos, end))
		msg->flags |= SIP_URGENT;
	if (!sip_is_strict(in) || sip_syntax_is(buf, msg->uri.offset, end, SIP_SYNTAX_REQUEST_URI))
		return;
	msg->violations |= SW_SANITY_BIT(REQUEST_URI_SYNTAX);
	sip_strict_uri(buf, msg, msg->uri.offset, end);
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
	if (msg->kind == SW_MESSAGE_OTHER) {
		if (sip_find_outside(buf, pos, space, SIP_IN_TOKEN) < space) {
			msg->violations |= SW_SANITY_BIT(START_LINE);
			msg->kind = SW_MESSAGE_NOT_SIP;
			return;
		}
		msg->kind = sip_method_any_case(buf, pos, space - pos);
		if (msg->kind != SW_MESSAGE_OTHER)
			msg->violations |= SW_SANITY_BIT(METHOD_CASE);
	}
	msg->flags |= SIP_START;
	msg->method = sip_span(pos, space);
	if (space - pos > in->bounds.method)
		msg->violations |= SW_SANITY_BIT(METHOD_LENGTH);

	uri = space + 1;
	uri_end = last - 8;
	if (sip_octet(buf, uri) <= ' ' || sip_octet(buf, uri_end - 1) == ' ' || last != end) {
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
	if (last == lf)
		found |= SIP_LINE_BARE;
	if (sip_find(buf, pos, last, SIP_EACH('\r'), SIP_EACH('\r')) < last)
		found |= SIP_LINE_CR;
	return SIP_PACK(last, lf + 1, found);
}

/* Likewise for a line that is as short as most, and as clean. */
static __always_inline __u64 sip_start_seek(const struct sip_buf *buf, __u32 begin, __u32 end)
{
	__u64 pos = begin, found;

	SIP_SEEK_BLOCKS(buf, pos, end, found, SIP_SEEM_CONTROL);
	pos = sip_forget(pos + sip_lowest(found));
	if (found && pos + 2 <= end && (__u16)sip_load(buf, pos) == 0x0a0d)
		return SIP_PACK(pos, pos + 2, 0);
	return sip_start_end(buf, begin, end);
}

/* True for what cannot be a start line, however it goes on: no space ends a method, or a
 * version, within its bound. Floods of rubbish end here, and no end of line is looked for. */
static __always_inline int sip_is_rubbish(const struct sip_buf *buf, const struct sip_input *in,
					  __u32 begin)
{
	__u32 pos = begin;

	if (in->bounds.method >= SIP_RUBBISH_WORDS * 8 ||
	    in->length - begin <= SIP_RUBBISH_WORDS * 8)
		return 0;
	for (__u32 i = 0; i < SIP_RUBBISH_WORDS; i++) {
		if (sip_below(sip_load(buf, pos), 0x21))
			return 0;
		pos = sip_forget(pos + 8);
	}
	return 1;
}

/* The faults of a start line apart from its content, and of the octet at `next`. */
static __always_inline __u64 sip_start_faults(const struct sip_buf *buf, const struct sip_input *in,
					      __u32 found, __u32 next)
{
	__u64 faults = 0;

	if (found & SIP_LINE_NUL)
		faults |= SW_SANITY_BIT(NUL);
	if (found & SIP_LINE_BARE)
		faults |= SW_SANITY_BIT(BARE_LINE_END);
	if (found & SIP_LINE_CR)
		faults |= SW_SANITY_BIT(BARE_CR);
	/* A start line has no folds: some servers take the next line for a header. */
	if (next < in->length && sip_folds(sip_octet(buf, next)))
		faults |= SW_SANITY_BIT(HEADER_NAME);
	return faults;
}

/* Everything up to and with the start line. Always 0. */
SIP_GLOBAL int sip_start(const struct sip_buf *buf, const struct sip_input *in, struct sip_msg *msg)
{
	__u32 pos = 0, end, found;
	__u64 line;

	if (!buf || !in || !msg)
		return 0;
	__builtin_memset(msg, 0, __builtin_offsetof(struct sip_msg, value));
	if (SIP_NEEDS(SIP_NEED_VALUES))
		__builtin_memset(msg->value, 0, sizeof(msg->value));
	else if (SIP_NEEDS(SIP_NEED_TOKENS))
		msg->value[SIP_CALL_ID] = sip_span(0, 0);
	if (SIP_NEEDS(SIP_NEED_LINES))
		__builtin_memset(msg->more, 0, sizeof(msg->more));
	msg->kind = SW_MESSAGE_NOT_SIP;
	msg->cseq_kind = SW_MESSAGE_OTHER;
	if (in->datagram_length > in->bounds.message && !(in->flags & SIP_STREAM))
		msg->violations |= SW_SANITY_BIT(MESSAGE_LENGTH);
	if (in->length && sip_octet(buf, 0) <= '\r')
		pos = sip_skip_crlf(buf, 0, in->length);
	msg->begin = pos;
	if (pos >= in->length) {
		msg->kind = SW_MESSAGE_KEEPALIVE;
		return 0;
	}
	if (pos >= 8 * (SIP_REACH / 2)) { /* what stands behind so many is not looked for */
		msg->violations |= SW_SANITY_BIT(START_LINE);
		return 0;
	}

	if (sip_is_rubbish(buf, in, pos)) {
		msg->violations |= SW_SANITY_BIT(START_LINE);
		return 0;
	}
	line = sip_start_seek(buf, pos, in->length);
	end = SIP_FIRST(line);
	found = SIP_THIRD(line);
	msg->start = msg->next = SIP_SECOND(line);
	if (found & SIP_LINE_CUT) {
		msg->flags |= SIP_CUT;
		if (sip_may_be_cut(in))
			return 0;
	}
	msg->violations |= sip_start_faults(buf, in, found, msg->next);
	msg->lines = 1;
	if (end - pos >= 8 && sip_lower(sip_load(buf, pos)) == SIP_WORD("sip/2.0 "))
		sip_status_line(buf, msg, pos + 8, end);
	else
		sip_request_line(buf, in, msg, pos, end);
	return 0;
}

#endif
