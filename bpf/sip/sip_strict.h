/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The rules of the profile `strict` alone: the grammar of header names, Via, From, To, Contact
 * and the Request-URI (RFC 3261 25.1), and UTF-8. Slower than the rest, and called only
 * when a zone wants it; it changes nothing but `violations`.
 */
#ifndef SIPWARD_BPF_SIP_SIP_STRICT_H
#define SIPWARD_BPF_SIP_SIP_STRICT_H

#include "sip/sip_address.h"
#include "sip/sip_syntax.h"

/* 1 if every octet is of a class. */
SIP_GLOBAL int sip_is_all(const struct sip_buf *buf, __u32 pos, __u32 end, __u32 class)
{
	if (!buf)
		return 0;
	for (__u32 i = 0; i < SIP_REACH / SIP_REACH_SHORT; i++) {
		__u32 begin = pos;

		pos = sip_find_outside(buf, pos, end, class);
		if (pos >= end)
			return 1;
		if (pos < begin + 8 * SIP_REACH_SHORT)
			return 0;
	}
	return 0;
}

/* More than one colon in a host and port, but for those in brackets: an IPv6 address that
 * lacks them. */
SIP_GLOBAL int sip_colons(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf)
		return 0;
	pos = sip_find(buf, pos, end, SIP_EACH(':'), SIP_EACH('['));
	if (pos < end && sip_octet(buf, pos) == '[') {
		pos = sip_find(buf, pos, end, SIP_EACH(']'), SIP_EACH(']'));
		pos = sip_find(buf, pos, end, SIP_EACH(':'), SIP_EACH(':'));
	}
	return pos < end && sip_find(buf, pos + 1, end, SIP_EACH(':'), SIP_EACH(':')) < end;
}

/* Of a sip or sips URI: where the host begins. 0 for other schemes. */
static __always_inline __u32 sip_host_begin(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 scheme, at;

	if (pos >= end)
		return 0;
	scheme = sip_scheme(buf, pos, end);
	if (scheme != SIP_SCHEME_SIP && scheme != SIP_SCHEME_SIPS)
		return 0;
	pos += scheme == SIP_SCHEME_SIPS ? 5 : 4;
	at = sip_find(buf, pos, end, SIP_EACH('@'), SIP_EACH('@'));
	return at < end ? at + 1 : pos;
}

static __always_inline int sip_bare_ipv6(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 host = sip_host_begin(buf, pos, end);

	return host &&
	       sip_colons(buf, host, sip_find(buf, host, end, SIP_EACH(';'), SIP_EACH('?')));
}

/* The Request-URI: no octet that a URI never has, a scheme, and no headers behind the host
 * (RFC 3261 19.1.1, table 1). */
SIP_GLOBAL int sip_strict_uri(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end)
{
	__u32 host;

	if (!buf || !msg)
		return 0;
	if (sip_octet(buf, end) == ' ' && sip_is_plain_server(buf, pos, end, SIP_PLAIN_URI))
		return 0;
	host = sip_host_begin(buf, pos, end);
	if (!sip_is_all(buf, pos, end, SIP_IN_URI) ||
	    sip_find(buf, pos, end, SIP_EACH(':'), SIP_EACH(':')) >= end ||
	    (host && sip_find(buf, host, end, SIP_EACH('?'), SIP_EACH('?')) < end))
		msg->violations |= SW_SANITY_BIT(URI_SYNTAX);
	if (sip_bare_ipv6(buf, pos, end))
		msg->violations |= SW_SANITY_BIT(IPV6_BRACKETS);
	return 0;
}

/* 1 if a name as most are stands at pos, and the colon behind it, where the value begins. */
static __always_inline int sip_is_plain_name(const struct sip_buf *buf, __u32 pos, __u32 value)
{
	__u32 begin = pos;

	for (__u32 i = 0; i < 4; i++) {
		__u64 stop = sip_no_name(sip_load(buf, pos));

		if (stop) {
			pos += sip_lowest(stop);
			return pos > begin && pos + 1 == value;
		}
		pos += 8;
	}
	return 0;
}

/* [pos, value) is "name LWS :"; value 0 when there was no colon. */
SIP_GLOBAL int sip_strict_name(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end,
			       __u32 value)
{
	__u32 behind;

	if (!buf || !msg)
		return 0;
	if (sip_is_plain_name(buf, pos, value))
		return 0;
	behind = sip_find_outside(buf, pos, end, SIP_IN_TOKEN);
	if (!value || behind == pos || sip_skip(buf, behind, end) + 1 != value)
		msg->violations |= SW_SANITY_BIT(HEADER_SYNTAX);
	return 0;
}

/* One ";" param from the semicolon at pos on, or the quoted string that opens there; where it
 * ends. */
SIP_GLOBAL __u32 sip_strict_param(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
				  __u32 end)
{
	__u32 begin, last;

	if (!buf || !msg || pos >= end)
		return end;
	if (sip_octet(buf, pos) == '"') {
		pos = sip_find_quote(buf, pos + 1, end);
		if (pos < end)
			return pos + 1;
		msg->violations |= SW_SANITY_BIT(QUOTES);
		return end;
	}
	begin = sip_skip(buf, pos + 1, end);
	pos = sip_find_separator(buf, begin, end);
	last = sip_trimmed(buf, begin, pos);
	if (begin == last ||
	    (sip_octet(buf, last - 1) == '=' && (pos >= end || sip_octet(buf, pos) != '"')))
		msg->violations |= SW_SANITY_BIT(SEPARATORS);
	return pos;
}

/* *(";" param): none empty, no value missing behind "=", every quote closed. Where the walk
 * stopped: at a comma, or at end. */
SIP_GLOBAL __u32 sip_strict_params(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
				   __u32 end)
{
	if (!buf || !msg)
		return end;
	for (__u32 i = 0; i < 64; i++) {
		pos = sip_find_separator(buf, pos, end);
		if (pos >= end || sip_octet(buf, pos) == ',')
			return pos;
		pos = sip_strict_param(buf, msg, pos, end);
	}
	msg->violations |= SW_SANITY_BIT(REACH);
	return end;
}

/* An address outside <>: it ends before the parameters, and a Contact may have a next. "*"
 * is no address. */
static __always_inline void sip_strict_bare(const struct sip_buf *buf, struct sip_msg *msg,
					    __u32 pos, __u32 end)
{
	if (sip_find(buf, pos, end, SIP_EACH(':'), SIP_EACH(':')) >= end) {
		if (end - pos != 1 || sip_octet(buf, pos) != '*')
			msg->violations |= SW_SANITY_BIT(ADDR_SPEC);
		return;
	}
	if (!sip_is_all(buf, pos, end, SIP_IN_URI) ||
	    sip_find(buf, pos, end, SIP_EACH('?'), SIP_EACH(',')) < end)
		msg->violations |= SW_SANITY_BIT(ADDR_SPEC);
	if (sip_bare_ipv6(buf, pos, end))
		msg->violations |= SW_SANITY_BIT(IPV6_BRACKETS);
}

/* "<" addr-spec ">" at pos; where it ends. */
static __always_inline __u32 sip_strict_angle(const struct sip_buf *buf, struct sip_msg *msg,
					      __u32 pos, __u32 end)
{
	__u32 close = sip_find(buf, pos + 1, end, SIP_EACH('>'), SIP_EACH('>'));

	if (close >= end) {
		msg->violations |= SW_SANITY_BIT(ADDR_SPEC);
		return end;
	}
	if (sip_find(buf, pos + 1, close, SIP_EACH(' '), SIP_EACH('\t')) < close)
		msg->violations |= SW_SANITY_BIT(ADDR_SPEC);
	if (sip_bare_ipv6(buf, pos + 1, close))
		msg->violations |= SW_SANITY_BIT(IPV6_BRACKETS);
	return close + 1;
}

/* One name-addr or addr-spec up to its parameters. `single`: the header has one value, so a
 * comma cannot separate. */
SIP_GLOBAL __u32 sip_strict_address(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
				    __u32 end, __u32 single)
{
	__u32 angle, separator;

	if (!buf || !msg || pos >= end)
		return end;
	if (sip_octet(buf, pos) == '"') {
		angle = sip_find_quote(buf, pos + 1, end);
		if (angle >= end) {
			msg->violations |= SW_SANITY_BIT(QUOTES);
			return end;
		}
		angle = sip_skip(buf, angle + 1, end);
		if (angle < end && sip_octet(buf, angle) == '<')
			return sip_strict_angle(buf, msg, angle, end);
		msg->violations |= SW_SANITY_BIT(DISPLAY_NAME);
		return angle;
	}
	angle = sip_find(buf, pos, end, SIP_EACH('<'), SIP_EACH('<'));
	separator = sip_find_separator(buf, pos, end);
	if (angle < separator ||
	    (single && angle < end && separator < angle && sip_octet(buf, separator) != ';')) {
		if (!sip_is_all(buf, pos, angle, SIP_IN_TOKEN | SIP_IN_LWS))
			msg->violations |= SW_SANITY_BIT(DISPLAY_NAME);
		return sip_strict_angle(buf, msg, angle, end);
	}
	sip_strict_bare(buf, msg, pos, sip_trimmed(buf, pos, separator));
	if (separator < end && sip_octet(buf, separator) != ';' && single)
		msg->violations |= SW_SANITY_BIT(ADDR_SPEC);
	return separator;
}

/* The head of a via-parm: everything before its parameters. */
static __always_inline __u32 sip_strict_sent_by(const struct sip_buf *buf, struct sip_msg *msg,
						__u32 pos, __u32 end)
{
	end = sip_find_separator(buf, pos, end);
	if (sip_colons(buf, pos, end))
		msg->violations |= SW_SANITY_BIT(IPV6_BRACKETS);
	return end;
}

/* One value of Via, From, To or Contact; where the next begins. There is one behind each
 * comma, even at the end: an empty one. */
#define SIP_NO_NEXT 0xffffu

SIP_GLOBAL __u32 sip_strict_one(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
				__u32 end, __u32 id)
{
	if (!buf || !msg)
		return SIP_NO_NEXT;
	pos = sip_skip(buf, pos, end);
	if (pos >= end || sip_octet(buf, pos) == ',' || sip_octet(buf, pos) == ';')
		msg->violations |= SW_SANITY_BIT(SEPARATORS);
	if (pos >= end)
		return SIP_NO_NEXT;
	if (id == SIP_VIA)
		pos = sip_strict_sent_by(buf, msg, pos, end);
	else
		pos = sip_strict_address(buf, msg, pos, end, id != SIP_CONTACT);
	pos = sip_strict_params(buf, msg, pos, end);
	return pos < end ? pos + 1 : SIP_NO_NEXT;
}

static __always_inline void sip_strict_value(const struct sip_buf *buf, struct sip_msg *msg,
					     __u32 pos, __u32 end, __u32 id)
{
	for (__u32 i = 0; i < 72; i++) { /* as many Vias as are legal by default, and two */
		pos = sip_strict_one(buf, msg, pos, end, id);
		if (pos == SIP_NO_NEXT)
			return;
	}
	msg->violations |= SW_SANITY_BIT(REACH);
}

/* The length of the UTF-8 character (RFC 3629) whose first four octets are w; 0 if none. */
static __always_inline __u32 sip_utf8_length(__u32 w)
{
	__u32 lead = w & 0xff, second = w >> 8 & 0xff;

	if (lead >= 0xc2 && lead <= 0xdf)
		return (w & 0xc000) == 0x8000 ? 2 : 0;
	if ((lead & 0xf0) == 0xe0) {
		if ((w & 0xc0c000) != 0x808000 || (lead == 0xe0 && second < 0xa0) ||
		    (lead == 0xed && second > 0x9f))
			return 0;
		return 3;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		if ((w & 0xc0c0c000) != 0x80808000 || (lead == 0xf0 && second < 0x90) ||
		    (lead == 0xf4 && second > 0x8f))
			return 0;
		return 4;
	}
	return 0;
}

/* Where valid UTF-8 ends, at most SIP_UTF8_STEPS ahead, which are at least as many octets: `end`
 * when all of it is valid; the position of the fault, with bit 31 set, when it is not. The
 * octet before `end` is a line feed, so no character goes over it. */
#define SIP_UTF8_STEPS 32
#define SIP_UTF8_FAULT (1u << 31)

SIP_GLOBAL __u32 sip_utf8(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf)
		return end;
	for (__u32 i = 0; i < SIP_UTF8_STEPS; i++) {
		__u64 v, high, block[4];
		__u32 length;

		if (pos >= end)
			return end;
		sip_load_block(buf, pos, block);
		if (!((block[0] | block[1] | block[2] | block[3]) & SIP_TOPS)) {
			pos += 32;
			continue;
		}
		v = block[0];
		high = v & SIP_TOPS;
		if (!high) {
			pos += 8;
			continue;
		}
		pos += sip_lowest(high);
		if (pos >= end)
			return end;
		length = sip_utf8_length(sip_load(buf, pos));
		if (!length)
			return pos | SIP_UTF8_FAULT;
		pos += length;
	}
	return pos;
}

#endif
