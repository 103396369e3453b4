/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Addresses: name-addr and addr-spec (RFC 3261 25.1), and what their URIs name. From and To
 * are read as the scanner goes; of any other value, sip_address() tells when it is asked.
 */
#ifndef SIPWARD_SIP_ADDRESS_H
#define SIPWARD_SIP_ADDRESS_H

#include "sip_headers.h"

/* Four octets that say what scheme a URI has; anything else is SIP_SCHEME_OTHER. */
static __always_inline __u32 sip_scheme(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 v = sip_lower(sip_load(buf, pos));

	if (end - pos < 5)
		return SIP_SCHEME_OTHER;
	if ((v & sip_mask(4)) == SIP_WORD("sip:"))
		return SIP_SCHEME_SIP;
	if ((v & sip_mask(5)) == SIP_WORD("sips:"))
		return SIP_SCHEME_SIPS;
	return (v & sip_mask(4)) == SIP_WORD("tel:") ? SIP_SCHEME_TEL : SIP_SCHEME_OTHER;
}

/* The number of a tel URI behind its scheme, with the white space in it that some write: up to its
 * parameters. Packed: where it begins and ends. */
SIP_GLOBAL __u64 sip_tel(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf)
		return 0;
	pos = sip_skip_lws(buf, pos, end);
	end = sip_find(buf, pos, end, SIP_EACH(';'), SIP_EACH('?'));
	end = sip_find(buf, pos, end, SIP_EACH('@'), SIP_EACH('>'));
	return SIP_PACK(pos, sip_trim(buf, pos, end), 0);
}

/* User and host of the URI [pos, end). Schemes other than sip, sips and tel have neither. */
static __always_inline void sip_uri(const struct sip_buf *buf, __u32 pos, __u32 end,
				    struct sip_span *user, struct sip_span *host)
{
	__u32 scheme = sip_scheme(buf, pos, end), user_end, at;
	__u64 tel;

	if (scheme == SIP_SCHEME_OTHER)
		return;
	pos += scheme == SIP_SCHEME_SIPS ? 5 : 4;
	if (scheme == SIP_SCHEME_TEL) {
		tel = sip_tel(buf, pos, end);
		*user = sip_span(SIP_FIRST(tel), SIP_SECOND(tel));
		return;
	}
	user_end = at = sip_seek(buf, pos, end, SIP_EACH('@'), SIP_EACH(':'));
	if (at < end && sip_octet(buf, at) == ':') /* a password, or the port */
		at = sip_find(buf, at, end, SIP_EACH('@'), SIP_EACH('@'));
	if (at < end) {
		*user = sip_span(pos, user_end);
		pos = at + 1;
	}
	*host = sip_span(pos, sip_host_end(buf, pos, end));
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

#define SIP_QUOTES_MAX 8 /* before an address that is not where it should be */

/* Where two readers find two addresses, one of which knows what a quoted string is. */
#define SIP_TWO_WAYS (1u << 31)

/* sip_angle() where the address does not follow at once. What stands before it is read twice: as if
 * a quote were an octet like others, and around quoted strings, wherever they stand. */
SIP_GLOBAL __u32 sip_find_angle(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 plain, angle, quote;

	if (!buf)
		return end;
	plain = angle = sip_find(buf, pos, end, SIP_EACH('<'), SIP_EACH(';'));
	if (plain < end && sip_octet(buf, plain) == '<' &&
	    sip_scheme(buf, pos, plain) != SIP_SCHEME_OTHER)
		return plain | SIP_TWO_WAYS; /* "sip:a <sip:b>" */
	for (__u32 i = 0; i < SIP_QUOTES_MAX; i++) {
		pos = sip_find(buf, pos, angle, SIP_EACH('"'), SIP_EACH('"'));
		if (pos >= angle)
			return angle == plain ? angle : angle | SIP_TWO_WAYS;
		quote = sip_find_quote(buf, ++pos, end);
		if (quote >= end) /* never closed: an octet like others */
			continue;
		pos = quote + 1;
		angle = sip_find(buf, pos, end, SIP_EACH('<'), SIP_EACH(';'));
	}
	return plain | SIP_TWO_WAYS;
}

/* Where the "<" of a name-addr stands; or, in an addr-spec, the semicolon before the header's
 * parameters, which no display name has outside quotes, or end. A quoted display name may hold
 * anything. With SIP_TWO_WAYS, where that can be told in two ways. */
static __always_inline __u32 sip_angle(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 p;

	if (pos < end && sip_octet(buf, pos) == '<')
		return pos;
	if (pos < end && sip_octet(buf, pos) == '"') {
		p = sip_seek(buf, pos + 1, end, SIP_EACH('"'), SIP_EACH('\\'));
		if (p < end && sip_octet(buf, p) == '\\')
			p = sip_find_quote(buf, p, end);
		p = sip_skip(buf, p + 1, end);
		if (p < end && sip_octet(buf, p) == '<')
			return p;
	}
	return sip_find_angle(buf, pos, end);
}

/* The tag among the parameters [pos, end) of From or To. */
SIP_GLOBAL int sip_tag(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end,
		       __u32 id)
{
	__u32 begin = 0, last = 0;
	__u64 tag, other;

	if (!buf || !msg)
		return 0;
	if (end - pos > 5 && sip_octet(buf, pos + 5) > ' ' &&
	    (sip_lower(sip_load(buf, pos)) & sip_mask(5)) == SIP_WORD(";tag=")) {
		begin = pos + 5;
		last = sip_value_end(buf, begin, end);
	}
	if (last < end) { /* not all that there is */
		pos = sip_skip(buf, pos, end);
		if (pos < end && sip_octet(buf, pos) != ';')
			msg->violations |= SW_SANITY_BIT(ADDRESS);
		tag = sip_param(buf, pos, end, SIP_PARAM("tag"));
		begin = SIP_FIRST(tag);
		last = SIP_SECOND(tag);
		other = begin ? sip_param(buf, last, end, SIP_PARAM("tag")) : tag;
		if (SIP_THIRD(other) & SIP_RAN_OUT)
			msg->violations |= SW_SANITY_BIT(REACH);
		if (SIP_THIRD(other) & SIP_UNCLOSED || (begin && SIP_FIRST(other)))
			msg->violations |= SW_SANITY_BIT(ADDRESS);
	}
	if (last > begin)
		msg->flags |= id == SIP_FROM ? SIP_FROM_TAG : SIP_TO_TAG;
	if (id == SIP_FROM)
		msg->from.tag = sip_span(begin, last);
	else
		msg->to.tag = sip_span(begin, last);
	return 0;
}

/* User and host of From or To (RFC 3261 20.20, 20.39), whose parameters begin where it returns. */
SIP_GLOBAL __u32 sip_party_address(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
				   __u32 end, __u32 id)
{
	struct sip_party *party;
	__u32 begin, last;

	if (!buf || !msg)
		return end;
	party = id == SIP_FROM ? &msg->from : &msg->to;
	begin = sip_angle(buf, pos, end);
	if (begin & SIP_TWO_WAYS)
		msg->violations |= SW_SANITY_BIT(ADDRESS);
	begin = sip_forget(begin & ~SIP_TWO_WAYS);
	if (begin < end && sip_octet(buf, begin) == '<') {
		pos = sip_skip(buf, begin + 1, end);
		begin = sip_seek(buf, pos, end, SIP_EACH('>'), SIP_EACH('>'));
		last = begin < end ? begin + 1 : end;
		/* Never closed: some read what follows a semicolon as parameters of the header. */
		if (begin >= end && sip_find(buf, pos, end, SIP_EACH(';'), SIP_EACH(';')) < end)
			msg->violations |= SW_SANITY_BIT(ADDRESS);
	} else {
		last = begin;
	}
	if (SIP_NEEDS(SIP_NEED_PARTIES)) {
		sip_uri(buf, pos, begin, &party->user, &party->host);
		if (!party->host.length && sip_is_sos(buf, pos, begin))
			msg->flags |= id == SIP_FROM ? SIP_FROM_URGENT : SIP_TO_URGENT;
	}
	return last;
}

/* From or To: two functions one after the other, which the verifier adds up. */
static __always_inline void sip_party(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
				      __u32 end, __u32 id)
{
	pos = sip_party_address(buf, msg, pos, end, id);
	if (pos < end)
		sip_tag(buf, msg, pos, end, id);
}

/* What sip_address() yields, apart. */
static __always_inline struct sip_span sip_address_user(__u64 address)
{
	return (struct sip_span){ .offset = address, .length = address >> 16 };
}

static __always_inline struct sip_span sip_address_host(__u64 address)
{
	return (struct sip_span){ .offset = address >> 32, .length = address >> 48 & 0x7fff };
}

/* Whether another reader may find another address there. */
static __always_inline int sip_address_unsure(__u64 address)
{
	return address >> 63;
}

/* Where an addr-spec ends that begins at pos outside <>: at white space, or where what it
 * cannot hold there begins (RFC 3261 20): parameters of the header, or its next value. */
static __always_inline __u32 sip_bare_end(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	end = sip_find_separator(buf, pos, end);
	return sip_find(buf, pos, sip_find(buf, pos, end, SIP_EACH(' '), SIP_EACH('\r')),
			SIP_EACH('\t'), SIP_EACH('>'));
}

/* User and host of the first address in [pos, end), packed for sip_address_user() and
 * sip_address_host(); both spans as in struct sip_party, length 0 where there is none. For
 * values of headers that hold addresses, from P-Asserted-Identity to Refer-To, however they
 * are written: "name" <sip:...>, name <tel:...>, <sip:...>;x, sip:..., and more behind a
 * comma. Nothing calls it while the scanner runs. */
SIP_GLOBAL __u64 sip_address(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	struct sip_span user = {}, host = {};
	__u64 unsure = 0;
	__u32 angle;

	if (!buf || pos >= end)
		return 0;
	pos = sip_skip(buf, pos, end);
	if (sip_scheme(buf, pos, end) != SIP_SCHEME_OTHER) {
		angle = sip_find(buf, pos, end, SIP_EACH('<'), SIP_EACH('<'));
		unsure = angle < sip_find_separator(buf, pos, end);
		end = sip_bare_end(buf, pos, end);
	} else {
		angle = sip_angle(buf, pos, end);
		unsure = !!(angle & SIP_TWO_WAYS);
		pos = sip_forget(angle & ~SIP_TWO_WAYS);
		if (pos >= end || sip_octet(buf, pos) != '<')
			return unsure << 63;
		pos = sip_skip(buf, pos + 1, end);
		end = sip_find(buf, pos, end, SIP_EACH('>'), SIP_EACH('>'));
	}
	sip_uri(buf, pos, end, &user, &host);
	return SIP_PACK(user.offset, user.length, host.offset) | (__u64)host.length << 48 |
	       unsure << 63;
}

#endif
