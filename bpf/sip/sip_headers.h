/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads the value of one header field at a time. A field is the octets of [pos, end) with the folds
 * inside; CR and LF count as white space in it. Rules that only the profile `strict` has are in
 * sip_strict.h.
 */
#ifndef SIPWARD_BPF_SIP_SIP_HEADERS_H
#define SIPWARD_BPF_SIP_SIP_HEADERS_H

#include "sip/sip_names.h"

/* A header that may have more white space in a row than is skipped: of that, at least one of the
 * places that are looked at has half behind it. */
#define SIP_LONG (8 * SIP_REACH_SHORT)

SIP_GLOBAL int sip_long(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end)
{
	if (!buf || !msg)
		return 0;
	for (__u32 i = 0; i < 2 * SW_HEADER_MAX / SIP_LONG + 1; i++) {
		if (pos >= end)
			break;
		if (!sip_no_lws(sip_load(buf, pos)) &&
		    sip_skip_lws(buf, pos, end) >= pos + SIP_LONG / 2)
			msg->violations |= SW_SANITY_BIT(REACH);
		pos = sip_forget(pos + SIP_LONG / 2);
	}
	return 0;
}

/* The end of the value of a parameter that begins at pos: a quoted string, or what stands
 * before white space, a semicolon or a comma. */
static __always_inline __u32 sip_value_end(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (pos < end && sip_octet(buf, pos) == '"') {
		__u32 quote = sip_find_quote(buf, pos + 1, end);

		return quote < end ? quote + 1 : end;
	}
	return sip_seek_end(buf, pos, end);
}

/* Three numbers in one, for functions whose result the verifier must not know. */
#define SIP_PACK(a, b, c) ((__u64)(a) | (__u64)(b) << 16 | (__u64)(c) << 32)
#define SIP_FIRST(r)      ((__u16)(r))
#define SIP_SECOND(r)     ((__u16)((r) >> 16))
#define SIP_THIRD(r)      ((__u16)((r) >> 32))

/* One more than there are headers: of 32 octets the linker would make a section that the kernel
 * does not know. */
static const __u8 sip_many[SIP_HEADER_COUNT + 1] = {
	[SIP_VIA] = SIP_MANY_VIA,
	[SIP_CONTACT] = SIP_MANY_CONTACT,
	[SIP_CONTENT_TYPE] = SIP_MANY_CONTENT_TYPE,
	[SIP_USER_AGENT] = SIP_MANY_USER_AGENT,
	[SIP_RECORD_ROUTE] = SIP_MANY_RECORD_ROUTE,
	[SIP_REFER_TO] = SIP_MANY_REFER_TO,
	[SIP_P_ASSERTED_IDENTITY] = SIP_MANY_P_ASSERTED_IDENTITY,
	[SIP_P_PREFERRED_IDENTITY] = SIP_MANY_P_PREFERRED_IDENTITY,
	[SIP_REMOTE_PARTY_ID] = SIP_MANY_REMOTE_PARTY_ID,
};

/* Where the n-th of the further lines of a header is kept. */
static __always_inline __u64 sip_more_at(__u32 many, __u32 n)
{
	__u64 at = (many - 1) * SIP_MORE_LINES + n;

#ifdef __bpf__
	asm volatile("%0 &= %1" : "+r"(at) : "i"(SIP_MORE_ALL - 1));
#endif
	return at;
}

/* Keeps a line of a header that was there before. */
SIP_GLOBAL int sip_keep_line(struct sip_msg *msg, __u32 id, __u32 pos, __u32 end)
{
	__u32 many = sip_many[id & 31], n;

	if (!msg || !many)
		return 0;
	n = msg->more_count[many & 15];
	if (n < SIP_MORE_LINES)
		msg->more[sip_more_at(many, n)] = sip_span(pos, end);
	else if (id == SIP_USER_AGENT) /* of others the rules know that lines are lost */
		msg->violations |= SW_SANITY_BIT(REACH);
	if (n < 255)
		msg->more_count[many & 15] = n + 1;
	return 0;
}

/* The n-th line of a header of enum sip_many, n < SIP_LINES_MAX; empty when there is none, or
 * nothing on it: another one may follow. */
static __always_inline struct sip_span sip_line(const struct sip_msg *msg, __u32 id, __u32 n)
{
	return n ? msg->more[sip_more_at(sip_many[id & 31], n - 1)] : msg->value[id & 31];
}

/* How many lines there are to look at; and whether there were more than are kept. */
static __always_inline __u32 sip_line_count(const struct sip_msg *msg, __u32 id)
{
	return msg->repeated & 1u << (id & 31) ? SIP_LINES_MAX : 1;
}

static __always_inline int sip_lost_lines(const struct sip_msg *msg, __u32 id)
{
	return msg->more_count[sip_many[id & 31] & 15] > SIP_MORE_LINES;
}

/* A parameter name of at most 7 octets in lower case, its length in the top octet. */
#define SIP_PARAM(s) (SIP_WORD(s) | (__u64)(sizeof(s) - 1) << 56)

/* Behind a parameter's name: where the value begins, or 0 when there is none. */
static __always_inline __u32 sip_assigned(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	pos = sip_skip(buf, pos, end);
	if (pos >= end || sip_octet(buf, pos) != '=')
		return 0;
	return sip_skip(buf, pos + 1, end);
}

/* Whether the parameter at pos is `name`: the position of its value, or 0. */
static __always_inline __u32 sip_param_is(const struct sip_buf *buf, __u32 pos, __u32 end,
					  __u64 name)
{
	__u32 length = name >> 56;

	if ((sip_lower(sip_load(buf, pos)) ^ name) & sip_mask(length))
		return 0;
	return sip_assigned(buf, pos + length, end);
}

/* The value of the parameter that begins at pos, if it is `name`, packed as begin and end, which
 * are the same where it has none; or 0. */
static __always_inline __u64 sip_param_value(const struct sip_buf *buf, __u32 pos, __u32 end,
					     __u64 name)
{
	__u32 value, length = name >> 56;

	if (pos >= end)
		return 0;
	value = sip_param_is(buf, pos, end, name);
	if (value)
		return SIP_PACK(value, sip_value_end(buf, value, end), 0);
	if (pos + length > end || (sip_lower(sip_load(buf, pos)) ^ name) & sip_mask(length))
		return 0;
	value = sip_skip(buf, pos + length, end);
	if (value < end && sip_octet(buf, value) != ';' && sip_octet(buf, value) != ',')
		return 0;
	return SIP_PACK(pos + length, pos + length, 0);
}

#define SIP_PARAMS_MAX 128 /* and quoted strings among them */

/* Why a search among parameters found nothing (the third number of sip_param()). */
#define SIP_RAN_OUT 1u /* there are more than are looked at */
#define SIP_ODD     2u /* a quoted string has no end, or is no value */
#define SIP_LIST    4u /* another value of the header follows */
#define SIP_GOES_ON 8u /* not yet: the first number is where to go on (sip_param_step() only) */

/* One step of sip_param(): over a quoted string, or over a parameter. A function of its own, which
 * the verifier does not walk for each parameter. */
SIP_GLOBAL __u64 sip_param_step(const struct sip_buf *buf, __u32 pos, __u32 end, __u64 name)
{
	__u64 value;

	if (!buf)
		return 0;
	pos = sip_find_separator(buf, pos, end);
	if (pos >= end)
		return 0;
	if (sip_octet(buf, pos) == ',')
		return SIP_PACK(0, 0, SIP_LIST);
	if (sip_octet(buf, pos) == '"') {
		if (sip_octet(buf, pos - 1) != '=' && sip_octet(buf, pos - 1) > ' ')
			return SIP_PACK(0, 0, SIP_ODD);
		pos = sip_find_quote(buf, pos + 1, end);
		return pos < end ? SIP_PACK(pos + 1, 0, SIP_GOES_ON) : SIP_PACK(0, 0, SIP_ODD);
	}
	pos = sip_skip(buf, pos + 1, end);
	value = sip_param_value(buf, pos, end, name);
	return value ? value : SIP_PACK(pos, 0, SIP_GOES_ON);
}

/* Looks in *(";" param) from pos on for `name`, as far as the next comma. Packed: where its value
 * begins and ends, both 0 when it was not found, and why. */
SIP_GLOBAL __u64 sip_param(const struct sip_buf *buf, __u32 pos, __u32 end, __u64 name)
{
	if (!buf)
		return 0;
	for (__u32 i = 0; i < SIP_PARAMS_MAX; i++) {
		__u64 value = sip_param_step(buf, pos, end, name);

		if (SIP_THIRD(value) != SIP_GOES_ON)
			return value;
		pos = SIP_FIRST(value);
	}
	return SIP_PACK(0, 0, SIP_RAN_OUT);
}

/* Nobody knows what follows in a list: there are more quoted strings than are looked at; one
 * stands where none may; or a comma stands behind a quote that is never closed, which is an octet
 * like others to some. */
#define SIP_LOST 0xffffffffu

/* Behind the quoted string that opens at pos, in a value that begins at `begin`; or end, or
 * SIP_LOST. Behind other octets it is a display name, with white space before it, or the value of
 * a parameter, which has a name before it and nothing of its own behind it. */
SIP_GLOBAL __u32 sip_behind_quotes(const struct sip_buf *buf, __u32 begin, __u32 pos, __u32 end)
{
	__u32 quote, behind;

	if (!buf)
		return end;
	quote = sip_find_quote(buf, pos + 1, end);
	if (quote >= end)
		return sip_find(buf, pos, end, SIP_EACH(','), SIP_EACH(',')) < end ? SIP_LOST : end;
	if (pos <= begin || sip_octet(buf, pos - 1) <= ' ')
		return quote + 1;
	behind = sip_skip(buf, quote + 1, end);
	if (sip_octet(buf, pos - 1) != '=' || sip_octet(buf, pos - 2) == ';' ||
	    (behind < end && sip_octet(buf, behind) != ';' && sip_octet(buf, behind) != ','))
		return SIP_LOST;
	return quote + 1;
}

/* Behind the next comma outside quoted strings, or end: where a list goes on; or SIP_LOST. */
SIP_GLOBAL __u32 sip_next_value(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 begin = pos;

	if (!buf)
		return end;
	for (__u32 i = 0; i < 64; i++) {
		pos = sip_find(buf, pos, end, SIP_EACH(','), SIP_EACH('"'));
		if (pos >= end)
			return end;
		if (sip_octet(buf, pos) == ',')
			return pos + 1;
		pos = sip_behind_quotes(buf, begin, pos, end);
		if (pos >= end)
			return pos;
	}
	return SIP_LOST;
}

/* sent-protocol: the position of the transport behind "SIP / 2.0 /". */
static __always_inline __u32 sip_via_transport(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (end - pos >= 8 && sip_lower(sip_load(buf, pos)) == SIP_WORD("sip/2.0/"))
		return sip_skip(buf, pos + 8, end);
	for (int i = 0; i < 2; i++) { /* white space around the slashes */
		pos = sip_find(buf, pos, end, SIP_EACH('/'), SIP_EACH(','));
		if (pos >= end || sip_octet(buf, pos) == ',')
			return pos;
		pos++;
	}
	return sip_skip(buf, pos, end);
}

/* The end of a host that begins at pos: an IPv6 reference, a name or an IPv4 address. */
static __always_inline __u32 sip_host_end(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (pos < end && sip_octet(buf, pos) == '[') {
		__u32 bracket = sip_find(buf, pos, end, SIP_EACH(']'), SIP_EACH(']'));

		if (bracket < end)
			return bracket + 1;
	}
	return sip_seek_mark(buf, pos, end);
}

static __always_inline int sip_is_broadcast(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	return end - pos == 15 && sip_load(buf, pos) == SIP_WORD("255.255.") &&
	       sip_load(buf, pos + 7) == SIP_WORD_AT("255.255.255.255", 7);
}

#define SIP_COOKIE_LENGTH 7

static __always_inline void sip_top_branch(const struct sip_buf *buf, struct sip_msg *msg,
					   __u32 pos, __u32 end)
{
	msg->via_branch = sip_span(pos, end);
	if (end - pos >= SIP_COOKIE_LENGTH &&
	    (sip_lower(sip_load(buf, pos)) & sip_mask(SIP_COOKIE_LENGTH)) == SIP_WORD("z9hg4bk"))
		msg->flags |= SIP_COOKIE;
}

/* The branch among the parameters from pos on. It mostly stands among the first, and ";branch="
 * is one word. */
static __always_inline void sip_branch(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
				       __u32 end)
{
	__u32 p = pos, last;
	__u64 branch;

	for (__u32 i = 0; i < 2 && end - p > 8 && sip_octet(buf, p) == ';'; i++) {
		if (sip_lower(sip_load(buf, p)) == SIP_WORD(";branch=")) {
			if (sip_octet(buf, p + 8) <= ' ')
				break;
			last = sip_value_end(buf, p + 8, end);
			sip_top_branch(buf, msg, p + 8, last);
			return;
		}
		p = sip_seek_separator(buf, p + 1, end);
	}
	branch = sip_param(buf, pos, end, SIP_PARAM("branch"));
	if (SIP_THIRD(branch) & SIP_RAN_OUT)
		msg->violations |= SW_SANITY_BIT(REACH);
	if (SIP_THIRD(branch) & SIP_ODD)
		msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
	sip_top_branch(buf, msg, SIP_FIRST(branch), SIP_SECOND(branch));
}

/* Transport, host and port of a Via, which are kept of the first one: the position behind them. */
SIP_GLOBAL __u32 sip_via_sent_by(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
				 __u32 end)
{
	__u32 transport, transport_end, host, host_end, p;
	struct sip_span span;

	if (!buf || !msg)
		return end;
	transport = sip_via_transport(buf, pos, end);
	transport_end = sip_seek_mark(buf, transport, end);
	host = sip_skip(buf, transport_end, end);
	p = host_end = sip_host_end(buf, host, end);
	span = sip_span(host, host_end);
	if (sip_is_broadcast(buf, host, host_end))
		msg->violations |= SW_SANITY_BIT(VIA_BROADCAST);
	if (p < end && sip_octet(buf, p) != ';')
		p = sip_skip(buf, p, end);
	if (p < end && sip_octet(buf, p) == ':') { /* the port */
		p = sip_skip(buf, p + 1, end);
		host_end = p = sip_seek_mark(buf, p, end);
	}
	if (!(msg->flags & SIP_TOP_VIA) && SIP_NEEDS(SIP_NEED_VIA | SIP_NEED_STRICT)) {
		msg->via_transport = sip_span(transport, transport_end);
		msg->via_sent_by = sip_span(host, host_end);
		msg->via_host = span;
	}
	return p;
}

/* One via-parm (RFC 3261 20.42) from pos on; where the next one begins, or end. */
SIP_GLOBAL __u32 sip_via(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end)
{
	__u32 p;

	if (!buf || !msg)
		return end;
	msg->via_count++;
	if (pos >= end)
		msg->violations |= SW_SANITY_BIT(VIA_MISSING);
	p = sip_via_sent_by(buf, msg, pos, end);
	if (!(msg->flags & SIP_TOP_VIA)) {
		msg->flags |= SIP_TOP_VIA;
		if (SIP_NEEDS(SIP_NEED_VIA | SIP_NEED_STRICT))
			sip_branch(buf, msg, p, end);
	}
	/* From the same place whether a branch is wanted or not: quotes would count otherwise. */
	if (p < end)
		p = sip_next_value(buf, p, end);
	if (p == SIP_LOST)
		msg->violations |= SW_SANITY_BIT(REACH);
	return p < end ? sip_skip(buf, p, end) : end;
}

/* The methods that have a name of their own: of `length` octets, the first eight and the ninth. */
static __always_inline __u8 sip_method_named(__u64 word, __u8 ninth, __u32 length)
{
	if (length > 9)
		return SW_MESSAGE_OTHER;
	if (length < 8)
		word &= sip_mask(length);
#define METHOD(id, token)                                                    \
	if (length == sizeof(token) - 1 && word == SIP_WORD(token) &&        \
	    (sizeof(token) <= 9 || ninth == (__u8)token[sizeof(token) - 2])) \
		return SW_MESSAGE_##id;
#define KIND(id, name)
#include <sipward/methods.def>
#undef METHOD
#undef KIND
	return SW_MESSAGE_OTHER;
}

/* Likewise; the token is [pos, pos + length). */
static __always_inline __u8 sip_method_kind(const struct sip_buf *buf, __u32 pos, __u32 length)
{
	return sip_method_named(sip_load(buf, pos), sip_octet(buf, pos + 8), length);
}

/* Likewise in any case, as some servers read it, though case counts (RFC 3261 7.1). */
SIP_GLOBAL int sip_method_any_case(const struct sip_buf *buf, __u32 pos, __u32 length)
{
	__u64 word;

	if (!buf)
		return SW_MESSAGE_OTHER;
	word = sip_load(buf, pos);
	word &= ~((word & SIP_EACH(0x40)) >> 1);
	return sip_method_named(word, sip_octet(buf, pos + 8) & ~0x20, length);
}

/* The first white space. */
static __always_inline __u32 sip_find_white(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	return sip_find(buf, pos, sip_find(buf, pos, end, SIP_EACH(' '), SIP_EACH('\t')),
			SIP_EACH('\r'), SIP_EACH('\n'));
}

/* Likewise, with no call where less than a word is left. */
static __always_inline __u32 sip_near_white(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 white = sip_no_lws(sip_load(buf, pos)) ^ SIP_TOPS;

	if (end - pos > 8)
		return sip_find_white(buf, pos, end);
	pos += white ? sip_lowest(white) : 8;
	return pos < end ? pos : end;
}

/* CSeq: 1*DIGIT LWS Method (RFC 3261 20.16); below 2^32, and in a request below 2^31 (8.1.1.5). */
SIP_GLOBAL int sip_cseq(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end)
{
	__u32 behind, length;
	__u64 number;

	if (!buf || !msg)
		return 0;
	number = sip_number(buf, pos, end);
	behind = SIP_NUMBER_END(number);
	msg->cseq = SIP_NUMBER_VALUE(number);
	if (behind == pos || SIP_NUMBER_VALUE(number) >> 32 ||
	    (behind < end && !sip_is_lws(sip_octet(buf, behind)))) {
		msg->violations |= SW_SANITY_BIT(CSEQ_NUMBER);
		msg->cseq = 0;
	}
	/* A response repeats what its request had, which some count by their clock. */
	msg->violations |= (__u64)(msg->cseq >> 31) << SW_SANITY_CSEQ_LARGE;
	pos = sip_skip(buf, behind, end);
	if (msg->kind == SW_MESSAGE_RESPONSE) { /* of a request all of it is compared */
		behind = sip_near_white(buf, pos, end);
		if (behind < end)
			msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
		end = behind;
	}
	length = end - pos;
	msg->cseq_method = sip_span(pos, end);
	msg->cseq_kind = sip_method_kind(buf, pos, length);
	if (msg->cseq_kind != SW_MESSAGE_OTHER && msg->cseq_kind == msg->kind)
		return 0;
	if (msg->kind != SW_MESSAGE_RESPONSE &&
	    (length != msg->method.length || !sip_same(buf, pos, msg->method.offset, length)))
		msg->violations |= SW_SANITY_BIT(CSEQ_METHOD);
	if (msg->cseq_kind == SW_MESSAGE_OTHER)
		msg->cseq_kind = sip_method_any_case(buf, pos, length);
	return 0;
}

/* The value as a number and nothing else; ~0 if it is none. */
static __always_inline __u64 sip_only_number(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 number = sip_number(buf, pos, end);
	__u32 behind = SIP_NUMBER_END(number);

	if (behind == pos || (behind < end && sip_skip(buf, behind, end) < end))
		return ~0ull;
	return SIP_NUMBER_VALUE(number);
}

#define SIP_VIAS_A_LINE 128 /* that are read */

/* The values of a Via header behind the first one. */
static __always_inline void sip_more_vias(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
					  __u32 end)
{
	for (__u32 i = 1; i < SIP_VIAS_A_LINE && pos < end; i++)
		pos = sip_via(buf, msg, pos, end);
	if (pos < end)
		msg->violations |= SW_SANITY_BIT(REACH);
}

/* Max-Forwards, Max-Breadth or Content-Length. Whether the latter is too long is only known
 * behind the header section. */
SIP_GLOBAL int sip_count(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end,
			 __u32 id)
{
	__u64 number;

	if (!buf || !msg)
		return 0;
	number = sip_only_number(buf, pos, end);
	if (id == SIP_MAX_FORWARDS) {
		if (number > 255)
			msg->violations |= SW_SANITY_BIT(MAX_FORWARDS);
		else
			msg->max_forwards = number;
		return 0;
	}
	if (id == SIP_MAX_BREADTH) {
		msg->max_breadth = number < SIP_NUMBER_MAX ? number : ~0u;
		return 0;
	}
	if (number == ~0ull)
		msg->violations |= SW_SANITY_BIT(CONTENT_LENGTH);
	else
		msg->content_length = number < SIP_NUMBER_MAX ? number : ~0u;
	return 0;
}

/* Counts the next < outside quoted strings, or goes over the next quoted string: behind it, or
 * `end`. A function of its own, which the verifier does not walk for each value. */
SIP_GLOBAL __u32 sip_routes_step(const struct sip_buf *buf, __u16 *count, __u32 pos, __u32 end)
{
	__u32 quote;

	if (!buf || !count)
		return end;
	pos = sip_find(buf, pos, end, SIP_EACH('<'), SIP_EACH('"'));
	if (pos >= end)
		return end;
	if (sip_octet(buf, pos) == '<') {
		++*count;
		return pos + 1;
	}
	quote = sip_find_quote(buf, pos + 1, end);
	return quote < end ? quote + 1 : pos + 1;
}

/* Route and Record-Route hold name-addr only (RFC 3261 20.30, 20.34): as many values as
 * there are < outside quoted strings, of which 128 are told apart on a line. */
SIP_GLOBAL int sip_routes(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end,
			  __u32 id)
{
	__u16 *count;

	if (!buf || !msg)
		return 0;
	count = id == SIP_ROUTE ? &msg->route_count : &msg->record_route_count;
	for (__u32 i = 0; i < 128; i++) {
		if (pos >= end)
			return 0;
		pos = sip_routes_step(buf, count, pos, end);
	}
	if (pos < end)
		msg->violations |= SW_SANITY_BIT(REACH);
	return 0;
}

/* The next comma, which is counted, quoted string or <...> of Contact from pos on: where it ends,
 * or end. A quote or a bracket that is not closed, or stands where none may, is an octet like
 * others, so that the commas behind it count. */
static __always_inline __u32 sip_contact_mark(const struct sip_buf *buf, struct sip_msg *msg,
					      __u32 pos, __u32 end)
{
	__u32 mark, quote, behind;
	__u8 before;

	mark = sip_find(buf, pos, end, SIP_EACH(','), SIP_EACH('<'));
	quote = sip_find(buf, pos, mark, SIP_EACH('"'), SIP_EACH('"'));
	if (quote < mark) {
		before = sip_octet(buf, pos - 1); /* a value may begin with a quoted string */
		behind = sip_behind_quotes(buf, before == ',' || before == ':' ? pos : 0, quote,
					   end);
		return behind == SIP_LOST ? quote + 1 : behind;
	}
	if (mark >= end)
		return end;
	if (sip_octet(buf, mark) == ',') {
		msg->contact_count++;
		return mark + 1;
	}
	behind = sip_find(buf, mark, end, SIP_EACH('>'), SIP_EACH('>'));
	return behind < end ? behind + 1 : mark + 1;
}

/* Two loops, so that the verifier walks few steps. One more function between them would be a
 * ninth frame, and the kernel allows eight. */
#define SIP_CONTACT_MARKS 6
#define SIP_CONTACT_CALLS 64

SIP_GLOBAL __u32 sip_contact_marks(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
				   __u32 end)
{
	if (!buf || !msg)
		return end;
	for (__u32 i = 0; i < SIP_CONTACT_MARKS; i++) {
		pos = sip_forget(pos);
		if (pos >= end)
			break;
		pos = sip_contact_mark(buf, msg, pos, end);
	}
	return pos;
}

/* Counts the values of a line of Contact (RFC 3261 20.10). */
SIP_GLOBAL int sip_contacts(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end)
{
	if (!buf || !msg)
		return 1;
	msg->contact_count++;
	/* No comma, no other value; in a line that is not too long for the loop below, either. */
	if (end - pos < SIP_CONTACT_MARKS * SIP_CONTACT_CALLS &&
	    sip_seek_octet(buf, pos, end, ',') >= end)
		return 1;
	for (__u32 i = 0; i < SIP_CONTACT_CALLS && pos < end; i++)
		pos = sip_contact_marks(buf, msg, pos, end);
	if (pos < end)
		msg->violations |= SW_SANITY_BIT(REACH);
	return 1;
}

/* 1 if a NUL stands outside quoted strings; behind a quote that is never closed everything
 * is outside. Only called for a header that has a NUL. */
SIP_GLOBAL int sip_naked_nul(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf)
		return 0;
	for (__u32 i = 0; i < 64; i++) {
		__u32 quote;

		pos = sip_find(buf, pos, end, SIP_EACH('"'), 0);
		if (pos >= end)
			return 0;
		if (sip_octet(buf, pos) != '"')
			return 1;
		quote = sip_find_quote(buf, pos + 1, end);
		if (quote < end)
			pos = quote + 1;
		else
			return sip_find(buf, pos, end, 0, 0) < end;
	}
	return 1;
}

#endif
