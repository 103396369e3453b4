/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which header a line begins: the names of sip_msg.h in any case, and their compact forms
 * (RFC 3261 7.3.3). Names are compared as words of eight octets.
 */
#ifndef SIPWARD_BPF_SIP_SIP_NAMES_H
#define SIPWARD_BPF_SIP_SIP_NAMES_H

#include "sip/sip_lex.h"

static __always_inline __u32 sip_compact_id(__u8 letter)
{
	switch (letter) {
	case 'v':
		return SIP_VIA;
	case 'f':
		return SIP_FROM;
	case 't':
		return SIP_TO;
	case 'i':
		return SIP_CALL_ID;
	case 'l':
		return SIP_CONTENT_LENGTH;
	case 'c':
		return SIP_CONTENT_TYPE;
	case 'm':
		return SIP_CONTACT;
	case 'r':
		return SIP_REFER_TO;
	case 'b':
		return SIP_REFERRED_BY;
	}
	return SIP_UNKNOWN;
}

/* `word` is the name's first eight octets in lower case, or all of fewer. */
static __always_inline __u32 sip_short_id(__u64 word, __u32 length)
{
	switch (length) {
	case 1:
		return sip_compact_id(word);
	case 2:
		return word == SIP_WORD("to") ? SIP_TO : SIP_UNKNOWN;
	case 3:
		return word == SIP_WORD("via") ? SIP_VIA : SIP_UNKNOWN;
	case 4:
		if (word == SIP_WORD("from"))
			return SIP_FROM;
		return word == SIP_WORD("cseq") ? SIP_CSEQ : SIP_UNKNOWN;
	case 5:
		return word == SIP_WORD("route") ? SIP_ROUTE : SIP_UNKNOWN;
	case 6:
		return word == SIP_WORD("server") ? SIP_SERVER : SIP_UNKNOWN;
	case 7:
		if (word == SIP_WORD("call-id"))
			return SIP_CALL_ID;
		if (word == SIP_WORD("contact"))
			return SIP_CONTACT;
		if (word == SIP_WORD("expires"))
			return SIP_EXPIRES;
		return word == SIP_WORD("privacy") ? SIP_PRIVACY : SIP_UNKNOWN;
	case 8:
		return word == SIP_WORD("refer-to") ? SIP_REFER_TO : SIP_UNKNOWN;
	}
	return SIP_UNKNOWN;
}

/* Longer names: the first eight octets, the last eight, and what is left between them. */
#define SIP_IS(name, id) \
	(word == SIP_WORD(name) && tail == SIP_WORD_AT(name, sizeof(name) - 9) ? (id) : SIP_UNKNOWN)
#define SIP_IS_LONG(name, id) (middle == SIP_WORD_AT(name, 8) ? SIP_IS(name, id) : SIP_UNKNOWN)

#define SIP_LONGEST "p-charging-function-addresses"

static __always_inline __u32 sip_long_id(__u64 word, __u64 middle, __u64 third, __u64 tail,
					 __u32 length)
{
	switch (length) {
	case 9:
		return SIP_IS("diversion", SIP_DIVERSION);
	case 10:
		if (word == SIP_WORD("user-age"))
			return SIP_IS("user-agent", SIP_USER_AGENT);
		return SIP_IS("alert-info", SIP_ALERT_INFO);
	case 11:
		if (word == SIP_WORD("max-brea"))
			return SIP_IS("max-breadth", SIP_MAX_BREADTH);
		return SIP_IS("referred-by", SIP_REFERRED_BY);
	case 12:
		if (word == SIP_WORD("max-forw"))
			return SIP_IS("max-forwards", SIP_MAX_FORWARDS);
		if (word == SIP_WORD("content-"))
			return SIP_IS("content-type", SIP_CONTENT_TYPE);
		if (word == SIP_WORD("record-r"))
			return SIP_IS("record-route", SIP_RECORD_ROUTE);
		return SIP_IS("history-info", SIP_HISTORY_INFO);
	case 13:
		return SIP_IS("authorization", SIP_AUTHORIZATION);
	case 14:
		return SIP_IS("content-length", SIP_CONTENT_LENGTH);
	case 15:
		return SIP_IS("remote-party-id", SIP_REMOTE_PARTY_ID);
	case 16:
		return SIP_IS("www-authenticate", SIP_WWW_AUTHENTICATE);
	case 17:
		return SIP_IS_LONG("p-charging-vector", SIP_P_CHARGING_VECTOR);
	case 18:
		return SIP_IS_LONG("proxy-authenticate", SIP_PROXY_AUTHENTICATE);
	case 19:
		if (word == SIP_WORD("proxy-au"))
			return SIP_IS_LONG("proxy-authorization", SIP_PROXY_AUTHORIZATION);
		return SIP_IS_LONG("p-asserted-identity", SIP_P_ASSERTED_IDENTITY);
	case 20:
		if (word == SIP_WORD("p-visite"))
			return SIP_IS_LONG("p-visited-network-id", SIP_P_VISITED_NETWORK_ID);
		return SIP_IS_LONG("p-preferred-identity", SIP_P_PREFERRED_IDENTITY);
	case 21:
		return SIP_IS_LONG("p-access-network-info", SIP_P_ACCESS_NETWORK_INFO);
	case 29:
		if (third != SIP_WORD_AT(SIP_LONGEST, 16))
			break;
		return SIP_IS_LONG(SIP_LONGEST, SIP_P_CHARGING_FUNCTION_ADDRESSES);
	}
	return SIP_UNKNOWN;
}

#define SIP_NAME_MAX 32 /* octets: a word more than the longest name that is known begins */

_Static_assert(sizeof(SIP_LONGEST) - 1 <= SIP_NAME_MAX, "its length is told");

/* The length of the name at pos: up to a colon, white space or control octet, DEL too. More than
 * SIP_NAME_MAX means only: longer than any that is known. May lie behind the line. */
static __always_inline __u32 sip_name_length(const struct sip_buf *buf, __u32 pos, __u64 first)
{
	__u64 v = first;

	for (__u32 n = 0; n < SIP_NAME_MAX; n += 8) {
		__u64 stop;

		if (n)
			v = sip_load(buf, pos + n);
		stop = sip_equal(v, SIP_EACH(':')) | sip_below(v, 0x21) |
		       sip_equal(v, SIP_EACH(0x7f));
		if (stop)
			return sip_forget(n + sip_lowest(stop));
	}
	return SIP_NAME_MAX + 1;
}

/* Judges an octet behind a name, or behind the white space that follows the name, when it is no
 * colon. Some servers drop control octets there, and read on. The octet is white space when there
 * is more of it than is skipped; a NUL has a reason of its own. */
static __always_inline __u32 sip_nameless(__u8 octet)
{
	return octet - 1u < ' ' || octet == 0x7f ? SIP_BAD_NAME : SIP_UNKNOWN;
}

/* Likewise by its first words, for the names that nearly all messages have: its length, and the
 * header in the bits from 8 on; or 0. */
static __always_inline __u32 sip_usual_header(const struct sip_buf *buf, __u32 pos, __u64 word)
{
	__u64 next = sip_lower(sip_load(buf, pos + 8));

	if (SIP_BEGINS(word, "via:"))
		return SIP_VIA << 8 | 3;
	if (SIP_BEGINS(word, "from:"))
		return SIP_FROM << 8 | 4;
	if (SIP_BEGINS(word, "to:"))
		return SIP_TO << 8 | 2;
	if (SIP_BEGINS(word, "cseq:"))
		return SIP_CSEQ << 8 | 4;
	if (word == SIP_WORD("call-id:"))
		return SIP_CALL_ID << 8 | 7;
	if (word == SIP_WORD("contact:"))
		return SIP_CONTACT << 8 | 7;
	if (word == SIP_WORD("max-forw") && SIP_BEGINS(next, "ards:"))
		return SIP_MAX_FORWARDS << 8 | 12;
	if (word == SIP_WORD("content-") && SIP_BEGINS(next, "length:"))
		return SIP_CONTENT_LENGTH << 8 | 14;
	return 0;
}

/* Which header begins at pos. The value's position goes to *value: behind the colon, or 0
 * when there is no name or no colon. */
static __always_inline __u32 sip_header_name(const struct sip_buf *buf, __u32 pos, __u32 end,
					     __u32 *value)
{
	__u64 first = sip_load(buf, pos), word = sip_lower(first);
	__u32 usual = sip_usual_header(buf, pos, word), length, colon, id;

	colon = pos + (usual & 0xff);
	if (usual && colon < end) {
		*value = colon + 1;
		return usual >> 8;
	}
	length = sip_name_length(buf, pos, first);
	colon = pos + length;
	*value = 0;
	if (length > SIP_NAME_MAX)
		colon = sip_find_mark(buf, pos, end);
	if (colon >= end)
		return SIP_UNKNOWN;
	if (!length)
		return sip_nameless(sip_octet(buf, colon));
	if (sip_octet(buf, colon) != ':') { /* white space before it is legal */
		colon = sip_forget(sip_skip_lws(buf, colon, end));
		if (colon >= end)
			return SIP_UNKNOWN;
		if (sip_octet(buf, colon) != ':')
			return sip_nameless(sip_octet(buf, colon));
	}
	*value = colon + 1;
	if (length < 8)
		id = sip_short_id(word & sip_mask(length), length);
	else if (length == 8)
		id = sip_short_id(word, length);
	else
		id = sip_long_id(word, sip_lower(sip_load(buf, pos + 8)),
				 sip_lower(sip_load(buf, pos + 16)),
				 sip_lower(sip_load(buf, pos + length - 8)), length);
	return id;
}

#endif
