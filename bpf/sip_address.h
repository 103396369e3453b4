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

/* User and host of the URI [pos, end). Schemes other than sip, sips and tel have neither. */
static __always_inline void sip_uri(const struct sip_buf *buf, __u32 pos, __u32 end,
				    struct sip_span *user, struct sip_span *host)
{
	__u32 scheme = sip_scheme(buf, pos, end), user_end, at;

	if (scheme == SIP_SCHEME_OTHER)
		return;
	pos += scheme == SIP_SCHEME_SIPS ? 5 : 4;
	if (scheme == SIP_SCHEME_TEL) {
		*user = sip_span(pos, sip_seek_mark(buf, pos, end));
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

/* Where the "<" of a name-addr stands; or, in an addr-spec, the semicolon before the header's
 * parameters, which no display name has outside quotes, or end. A quoted display name may hold
 * anything; a quote that is never closed is taken as an ordinary octet. */
static __always_inline __u32 sip_angle(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 p;

	if (pos < end && sip_octet(buf, pos) == '"') {
		p = sip_seek(buf, pos + 1, end, SIP_EACH('"'), SIP_EACH('\\'));
		if (p < end && sip_octet(buf, p) == '\\')
			p = sip_find_quote(buf, p, end);
		if (p < end)
			pos = p;
	}
	return sip_seek(buf, pos, end, SIP_EACH('<'), SIP_EACH(';'));
}

/* From or To (RFC 3261 20.20, 20.39): user, host, tag. */
SIP_GLOBAL int sip_party(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end,
			 __u32 id)
{
	struct sip_party *party;
	__u32 begin, last;
	__u64 tag;

	if (!buf || !msg)
		return 0;
	party = id == SIP_FROM ? &msg->from : &msg->to;
	begin = sip_angle(buf, pos, end);
	if (begin < end && sip_octet(buf, begin) == '<') {
		pos = begin + 1;
		begin = sip_seek(buf, pos, end, SIP_EACH('>'), SIP_EACH('>'));
		last = begin < end ? begin + 1 : end;
	} else {
		last = begin;
	}
	if (SIP_NEEDS(SIP_NEED_PARTIES)) {
		sip_uri(buf, pos, begin, &party->user, &party->host);
		if (!party->host.length && sip_is_sos(buf, pos, begin))
			msg->flags |= id == SIP_FROM ? SIP_FROM_URGENT : SIP_TO_URGENT;
	}
	pos = last;
	if (pos >= end)
		return 0;
	if (end - pos > 5 &&
	    (sip_lower(sip_load(buf, pos)) & sip_mask(5)) == SIP_WORD(";tag=")) {
		begin = pos + 5;
		last = sip_value_end(buf, begin, end);
	} else {
		tag = sip_param(buf, pos, end, SIP_PARAM("tag"));
		begin = SIP_FIRST(tag);
		last = SIP_SECOND(tag);
	}
	party->tag = sip_span(begin, last);
	if (last > begin)
		msg->flags |= id == SIP_FROM ? SIP_FROM_TAG : SIP_TO_TAG;
	return 0;
}

/* What sip_address() yields, apart. */
static __always_inline struct sip_span sip_address_user(__u64 address)
{
	return (struct sip_span){ .offset = address, .length = address >> 16 };
}

static __always_inline struct sip_span sip_address_host(__u64 address)
{
	return (struct sip_span){ .offset = address >> 32, .length = address >> 48 };
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

	if (!buf || pos >= end)
		return 0;
	if (sip_scheme(buf, pos, end) != SIP_SCHEME_OTHER) {
		end = sip_bare_end(buf, pos, end);
	} else {
		pos = sip_angle(buf, pos, end);
		if (pos >= end || sip_octet(buf, pos) != '<')
			return 0;
		pos = sip_skip(buf, pos + 1, end);
		end = sip_find(buf, pos, end, SIP_EACH('>'), SIP_EACH('>'));
	}
	sip_uri(buf, pos, end, &user, &host);
	return SIP_PACK(user.offset, user.length, host.offset) | (__u64)host.length << 48;
}

#endif
