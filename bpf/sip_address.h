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

/* The number of a tel URI behind its scheme, white space and all: up to its parameters. Packed:
 * where it ends, and 1 when an "@" follows: some servers read what stands behind it. */
SIP_GLOBAL __u64 sip_tel(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 last;

	if (!buf)
		return 0;
	end = sip_find(buf, pos, end, SIP_EACH('>'), SIP_EACH('?'));
	last = sip_find(buf, pos, end, SIP_EACH(';'), SIP_EACH('@'));
	last = sip_find(buf, pos, last, SIP_EACH(':'), SIP_EACH('/'));
	return SIP_PACK(last, sip_find(buf, pos, end, SIP_EACH('@'), SIP_EACH('@')) < end, 0);
}

static __always_inline int sip_begins_number(const struct sip_buf *buf, __u32 pos)
{
	if (sip_octet(buf, pos) == '+')
		pos++;
	return (__u8)(sip_octet(buf, pos) - '0') < 10;
}

/* User and host of a URI without a scheme, or with another one, as servers read them that do not
 * know it: packed where the user begins and ends, and the "@" behind it; 0 if there is none. With
 * SIP_DOUBT, where what seems to be a number may be a scheme. */
#define SIP_DOUBT 0x8000u

SIP_GLOBAL __u64 sip_foreign(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 at, colon, doubt = 0;

	if (!buf)
		return 0;
	at = sip_find(buf, pos + 1, end, SIP_EACH('@'), SIP_EACH('@'));
	colon = sip_find(buf, pos, at, SIP_EACH(':'), SIP_EACH(':'));
	if (colon < at && !sip_begins_number(buf, pos))
		pos = colon + 1;
	else if (colon < at && at < end)
		doubt = SIP_DOUBT;
	else if (at >= end)
		return 0;
	for (__u32 i = 0; i < 2; i++) {
		if (pos < at && sip_octet(buf, pos) == '/')
			pos = sip_forget(pos + 1);
	}
	if (at >= end) /* "x:900": of a number only, for all other schemes are so */
		return pos < end && sip_begins_number(buf, pos) ?
			       SIP_PACK(pos, sip_find(buf, pos, end, SIP_EACH(';'), SIP_EACH('?')),
					end) : 0;
	return SIP_PACK(pos, sip_find(buf, pos, at, SIP_EACH(':'), SIP_EACH(':')), at | doubt);
}

/* User and host of the URI [pos, end); 1 when others may find another user there. */
static __always_inline int sip_uri(const struct sip_buf *buf, __u32 pos, __u32 end,
				   struct sip_span *user, struct sip_span *host)
{
	__u32 scheme = sip_scheme(buf, pos, end), user_end, at;
	__u64 found;

	if (scheme == SIP_SCHEME_OTHER) {
		found = sip_foreign(buf, pos, end);
		at = SIP_THIRD(found) & ~SIP_DOUBT;
		if (!at)
			return 0;
		*user = sip_span(SIP_FIRST(found), SIP_SECOND(found));
		if (at < end)
			*host = sip_span(at + 1, sip_host_end(buf, at + 1, end));
		return !!(SIP_THIRD(found) & SIP_DOUBT);
	}
	pos += scheme == SIP_SCHEME_SIPS ? 5 : 4;
	if (scheme == SIP_SCHEME_TEL) {
		found = sip_tel(buf, pos, end);
		*user = sip_span(pos, SIP_FIRST(found));
		return SIP_SECOND(found);
	}
	user_end = at = sip_seek(buf, pos, end, SIP_EACH('@'), SIP_EACH(':'));
	if (at < end && sip_octet(buf, at) == ':') /* a password, or the port */
		at = sip_find(buf, at, end, SIP_EACH('@'), SIP_EACH('@'));
	if (at < end) {
		*user = sip_span(pos, user_end);
		pos = at + 1;
	}
	at = sip_host_end(buf, pos, end);
	*host = sip_span(pos, at);
	return at < end && sip_octet(buf, at) == '@';
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

/* Where two readers find two addresses, one of which knows what a quoted string is. */
#define SIP_TWO_WAYS (1u << 31)

#define SIP_QUOTES_MAX 8 /* before an address that is not where it should be */

/* Whether an addr-spec [pos, semicolon) may be none, for one in <> follows outside quoted strings;
 * or ends elsewhere, for a user has the semicolon in it; or is not there. */
SIP_GLOBAL int sip_is_odd_bare(const struct sip_buf *buf, __u32 pos, __u32 semicolon, __u32 end)
{
	__u32 p = semicolon;

	if (!buf || pos >= semicolon)
		return 1;
	for (__u32 i = 0; i < SIP_QUOTES_MAX; i++) {
		p = sip_find(buf, p, end, SIP_EACH('<'), SIP_EACH('"'));
		if (p >= end)
			break;
		if (sip_octet(buf, p) == '<')
			return 1;
		p = sip_find_quote(buf, p + 1, end) + 1;
	}
	p = sip_find(buf, semicolon, end, SIP_EACH('@'), SIP_EACH('"'));
	return sip_find(buf, pos, semicolon, SIP_EACH('>'), SIP_EACH('>')) < semicolon ||
	       (sip_find(buf, pos, semicolon, SIP_EACH('@'), SIP_EACH('@')) >= semicolon &&
		p < end && sip_octet(buf, p) == '@');
}

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
		if (quote >= end) { /* never closed: an octet like others */
			quote = sip_find(buf, pos, end, SIP_EACH('>'), SIP_EACH('>'));
			if (sip_find(buf, pos, quote, SIP_EACH(';'), SIP_EACH(';')) < quote)
				return angle | SIP_TWO_WAYS;
			continue;
		}
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
	p = sip_find_angle(buf, pos, end);
	/* Here and not in there, where it would stand deeper than the stack is. */
	if (p < end && sip_octet(buf, p) == ';' && sip_is_odd_bare(buf, pos, p, end))
		p |= SIP_TWO_WAYS;
	return p;
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
			msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
		tag = sip_param(buf, pos, end, SIP_PARAM("tag"));
		begin = SIP_FIRST(tag);
		last = SIP_SECOND(tag);
		pos = sip_skip(buf, last, end);
		if (begin && pos < end && sip_octet(buf, pos) != ';')
			msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
		other = begin ? sip_param(buf, pos, end, SIP_PARAM("tag")) : tag;
		if (SIP_THIRD(other) & SIP_RAN_OUT)
			msg->violations |= SW_SANITY_BIT(REACH);
		if (SIP_THIRD(other) & (SIP_ODD | SIP_LIST) || (begin && SIP_FIRST(other)))
			msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
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
		msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
	begin = sip_forget(begin & ~SIP_TWO_WAYS);
	if (begin < end && sip_octet(buf, begin) == '<') {
		pos = sip_skip(buf, begin + 1, end);
		begin = sip_seek(buf, pos, end, SIP_EACH('>'), SIP_EACH('>'));
		last = begin < end ? begin + 1 : end;
		/* Never closed: some read what follows a semicolon as parameters of the header. */
		if (begin >= end && sip_find(buf, pos, end, SIP_EACH(';'), SIP_EACH(';')) < end)
			msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
	} else {
		last = begin;
	}
	if (SIP_NEEDS(SIP_NEED_PARTIES)) {
		if (sip_uri(buf, pos, begin, &party->user, &party->host))
			msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
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

/* Where the first value of a list ends that is an addr-spec outside <> (RFC 3261 20): parameters of
 * the header begin behind its user, which may have semicolons as well. */
static __always_inline __u32 sip_bare_end(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 at = sip_find(buf, pos, end, SIP_EACH('@'), SIP_EACH(','));

	if (at < end && sip_octet(buf, at) == '@')
		pos = at;
	return sip_find_separator(buf, pos, end);
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
	__u32 angle, begin;

	if (!buf || pos >= end)
		return 0;
	begin = pos = sip_skip(buf, pos, end);
	if (sip_scheme(buf, pos, end) != SIP_SCHEME_OTHER) {
		angle = sip_find(buf, pos, end, SIP_EACH('<'), SIP_EACH(','));
		unsure = angle < end && sip_octet(buf, angle) == '<';
		angle = sip_bare_end(buf, pos, end);
		unsure |= angle < end && sip_octet(buf, angle) == '"';
		end = angle;
	} else {
		angle = sip_angle(buf, pos, end);
		unsure = !!(angle & SIP_TWO_WAYS);
		pos = sip_forget(angle & ~SIP_TWO_WAYS);
		if (pos < end && sip_octet(buf, pos) == '<') {
			pos = sip_skip(buf, pos + 1, end);
			end = sip_find(buf, pos, end, SIP_EACH('>'), SIP_EACH('>'));
		} else {
			pos = begin;
			end = sip_bare_end(buf, pos, end);
		}
	}
	unsure |= sip_uri(buf, pos, end, &user, &host);
	return SIP_PACK(user.offset, user.length, host.offset) | (__u64)host.length << 48 |
	       unsure << 63;
}

#endif
