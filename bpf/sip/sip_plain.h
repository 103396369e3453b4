/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Values in the form that nearly all have, told by words of eight octets: addresses in <>, Via,
 * Call-ID and Content-Type. sip_is_plain() says 1 of a value that keeps the grammar
 * (sip_syntax.abnf), and 0 of each that it cannot tell, for sip_syntax.h to walk.
 */
#ifndef SIPWARD_BPF_SIP_SIP_PLAIN_H
#define SIPWARD_BPF_SIP_SIP_PLAIN_H

#include "sip/sip_lex.h"

/* Few, for the verifier walks each: words of eight octets, and parameters. */
#define SIP_PLAIN_WORDS  6
#define SIP_PLAIN_NAME   2 /* of a parameter */
#define SIP_PLAIN_PARAMS 4

/* Markers of the letters. Exact. */
static __always_inline __u64 sip_alphas(__u64 v)
{
	__u64 small = (v & ~SIP_TOPS) | SIP_EACH(0x20);

	return (small + SIP_EACH(0x80 - 'a')) & ~(small + SIP_EACH(0x80 - 'z' - 1)) & ~v & SIP_TOPS;
}

/* All that is no letter, digit, hyphen or dot. Exact. */
static __always_inline __u64 sip_no_name(__u64 v)
{
	__u64 low = v & ~SIP_TOPS, small = low | SIP_EACH(0x20);
	__u64 letters = (small + SIP_EACH(0x80 - 'a')) & ~(small + SIP_EACH(0x80 - 'z' - 1));
	__u64 others = (low + SIP_EACH(0x80 - '-')) & ~(low + SIP_EACH(0x80 - '9' - 1));

	return (~(letters | (others & ~sip_exactly(v, SIP_EACH('/')))) | v) & SIP_TOPS;
}

/* Behind the letters, digits, hyphens and dots at pos; or at one of them, where there are many. */
static __always_inline __u32 sip_behind_name(const struct sip_buf *buf, __u32 pos, __u32 end,
					     __u32 words)
{
	for (__u32 i = 0; i < words && pos < end; i++) {
		__u64 stop = sip_no_name(sip_load(buf, pos));

		if (stop) {
			pos += sip_lowest(stop);
			break;
		}
		pos = sip_forget(pos + 8);
	}
	return sip_forget(pos < end ? pos : end);
}

/* Behind the dotted decimal address at pos, which has at most 3 digits a group; or 0. */
static __always_inline __u32 sip_behind_ipv4(const struct sip_buf *buf, __u32 pos)
{
	_Pragma("GCC unroll 4")
	for (int i = 0; i < 4; i++) {
		__u64 word = sip_load(buf, pos);
		__u64 others = sip_no_digits(word ^ SIP_EACH('0')) & 0xffffffff;
		__u32 n = sip_lowest(others);

		if (!others || !n)
			return 0;
		/* Numbers of as many digits compare as texts. */
		if (n == 3 && __builtin_bswap32(word) >> 8 > 0x323535)
			return 0;
		pos = sip_forget(pos + n);
		if (i == 3)
			break;
		if (sip_octet(buf, pos) != '.')
			return 0;
		pos++;
	}
	return pos;
}

/* Behind the host name at pos, each of whose labels begins with a letter; or 0, as where it is the
 * last of the value. */
static __always_inline __u32 sip_behind_host(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	for (__u32 i = 0; i < SIP_PLAIN_WORDS && pos < end; i++) {
		__u64 v = sip_load(buf, pos), next = sip_load(buf, pos + 1);
		__u64 stop = sip_no_name(v), letters = sip_alphas(next);
		__u64 digits = ~sip_no_digits(next ^ SIP_EACH('0')) & SIP_TOPS;
		__u64 bad = (sip_exactly(v, SIP_EACH('.')) & ~letters) |
			    (sip_exactly(v, SIP_EACH('-')) & ~(letters | digits));

		if (stop) {
			bad &= (stop & -stop) - 1;
			pos = sip_forget(pos + sip_lowest(stop));
			return bad || pos >= end ? 0 : pos;
		}
		if (bad)
			return 0;
		pos = sip_forget(pos + 8);
	}
	return 0;
}

/* Behind host [ ":" port ] at pos; or 0. */
static __always_inline __u32 sip_behind_server(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 word;
	__u32 n;

	if (pos >= end)
		return 0;
	if ((__u8)(sip_octet(buf, pos) - '0') <= 9)
		pos = sip_behind_ipv4(buf, pos);
	else if ((__u8)((sip_octet(buf, pos) | 0x20) - 'a') < 26)
		pos = sip_behind_host(buf, pos, end);
	else
		return 0;
	pos = sip_forget(pos);
	if (!pos || pos >= end || sip_octet(buf, pos) != ':')
		return pos;
	word = sip_load(buf, pos + 1);
	n = sip_lowest(sip_no_digits(word ^ SIP_EACH('0')));
	if (!n || n > 5 || (n == 5 && __builtin_bswap64(word) >> 24 > 0x3635353335)) /* "65535" */
		return 0;
	return sip_forget(pos + 1 + n);
}

/* Behind the parameters at pos, with or without a value; or 0. */
SIP_GLOBAL __u32 sip_behind_params(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 begin;

	if (!buf)
		return 0;
	for (__u32 i = 0; i < SIP_PLAIN_PARAMS; i++) {
		if (pos >= end || sip_octet(buf, pos) != ';')
			return pos;
		begin = sip_forget(pos + 1);
		pos = sip_behind_name(buf, begin, end, SIP_PLAIN_NAME);
		if (pos == begin)
			return 0;
		if (pos >= end || sip_octet(buf, pos) != '=')
			continue;
		begin = sip_forget(pos + 1);
		pos = sip_behind_name(buf, begin, end, SIP_PLAIN_WORDS);
		if (pos == begin)
			return 0;
	}
	return pos;
}

/* Behind the display name at pos, where the "<" is; or 0. */
static __always_inline __u32 sip_behind_display(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 odd = 0;
	__u32 begin = pos;

	if (sip_octet(buf, pos) == '<')
		return pos;
	if (sip_octet(buf, pos) != '"') {
		pos = sip_behind_name(buf, pos, end, SIP_PLAIN_WORDS);
		if (pos == begin)
			return 0;
	} else {
		pos = sip_forget(pos + 1);
		for (__u32 i = 0; i < SIP_PLAIN_WORDS && pos < end; i++) {
			__u64 v = sip_load(buf, pos);

			odd = (v - SIP_EACH(0x20)) | (v + SIP_ONES) | sip_equal(v, SIP_EACH('"')) |
			      sip_equal(v, SIP_EACH('\\'));
			odd &= SIP_TOPS;
			if (odd)
				break;
			pos = sip_forget(pos + 8);
		}
		pos = sip_forget(pos + sip_lowest(odd));
		if (!odd || pos >= end || sip_octet(buf, pos) != '"')
			return 0;
		pos++;
	}
	if (sip_octet(buf, pos) == ' ')
		pos++;
	return sip_octet(buf, pos) == '<' ? sip_forget(pos) : 0;
}

/* Behind [ user "@" ] at `begin`, of a user of digits and letters, with a plus sign before them or
 * not; or 0. */
static __always_inline __u32 sip_behind_user(const struct sip_buf *buf, __u32 begin, __u32 end)
{
	__u32 at;

	at = sip_forget(begin + (sip_octet(buf, begin) == '+'));
	at = sip_behind_name(buf, at, end, SIP_PLAIN_WORDS);
	if (sip_octet(buf, at) != '@')
		return begin;
	return at > begin ? sip_forget(at + 1) : 0;
}

enum { SIP_PLAIN_ADDRESS, SIP_PLAIN_VIA, SIP_PLAIN_URI };

/* An address, a Via, or the Request-URI, behind which a space stands: 1 if [pos, end) keeps the
 * grammar. */
SIP_GLOBAL int sip_is_plain_server(const struct sip_buf *buf, __u32 pos, __u32 end, __u32 kind)
{
	__u64 word;

	if (!buf || pos + 16 > end)
		return 0;
	if (kind == SIP_PLAIN_VIA) {
		word = sip_load(buf, pos + 8);
		if (sip_load(buf, pos) != SIP_WORD("SIP/2.0/") ||
		    (!SIP_BEGINS(word, "UDP ") && !SIP_BEGINS(word, "TCP ") &&
		     !SIP_BEGINS(word, "TLS ")))
			return 0;
		pos = sip_forget(pos + 12);
	} else {
		if (kind == SIP_PLAIN_ADDRESS) {
			pos = sip_behind_display(buf, pos, end);
			if (!pos || pos >= end)
				return 0;
			pos = sip_forget(pos + 1);
		}
		if (!SIP_BEGINS(sip_load(buf, pos), "sip:"))
			return 0;
		pos = sip_behind_user(buf, sip_forget(pos + 4), end);
		if (!pos)
			return 0;
	}
	pos = sip_forget(sip_behind_server(buf, sip_forget(pos), end + (kind == SIP_PLAIN_URI)));
	if (!pos)
		return 0;
	pos = sip_behind_params(buf, pos, end);
	if (kind == SIP_PLAIN_ADDRESS) {
		if (!pos || sip_octet(buf, pos) != '>')
			return 0;
		pos = sip_behind_params(buf, sip_forget(pos + 1), end);
	}
	return pos == end;
}

/* name [ "@" name ], where names are dotted and hyphened. */
static __always_inline int sip_is_plain_call_id(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 at = sip_behind_name(buf, pos, end, SIP_PLAIN_WORDS);

	if (at >= end)
		return at > pos;
	if (at == pos || sip_octet(buf, at) != '@')
		return 0;
	pos = sip_forget(at + 1);
	return pos < end && sip_behind_name(buf, pos, end, SIP_PLAIN_WORDS) >= end;
}

static __always_inline int sip_is_sdp_type(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	return end - pos == 15 && sip_load(buf, pos) == SIP_WORD("applicat") &&
	       sip_load(buf, pos + 7) == SIP_WORD("tion/sdp");
}

#endif
