/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Addresses: name-addr and addr-spec (RFC 3261 25.1), and what their URIs name. From and To
 * are read as the scanner goes; of any other value, sip_address() tells when it is asked.
 */
#ifndef SIPWARD_BPF_SIP_SIP_ADDRESS_H
#define SIPWARD_BPF_SIP_SIP_ADDRESS_H

#include "sip/sip_headers.h"

/* Four octets that say what scheme a URI has; anything else is SIP_SCHEME_OTHER. */
static __always_inline __u32 sip_scheme(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 v = sip_lower(sip_load(buf, pos));

	if (end - pos == 4 && (v & sip_mask(4)) == SIP_WORD("tel:"))
		return SIP_SCHEME_TEL;
	if (end - pos < 5)
		return SIP_SCHEME_OTHER;
	if ((v & sip_mask(4)) == SIP_WORD("sip:"))
		return SIP_SCHEME_SIP;
	if ((v & sip_mask(5)) == SIP_WORD("sips:"))
		return SIP_SCHEME_SIPS;
	return (v & sip_mask(4)) == SIP_WORD("tel:") ? SIP_SCHEME_TEL : SIP_SCHEME_OTHER;
}

/* The number of a tel URI behind its scheme, white space and all: up to its parameters. Packed:
 * where it ends, and 1 when others may read another one: the text behind an "@", wherever that is,
 * or behind a comma without a number before it, or only the text before white space. */
SIP_GLOBAL __u64 sip_tel(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 last, trimmed, odd;

	if (!buf)
		return 0;
	end = sip_find(buf, pos, end, SIP_EACH('>'), SIP_EACH('>'));
	odd = sip_find(buf, pos, end, SIP_EACH('@'), SIP_EACH('@')) < end;
	end = sip_find(buf, pos, end, SIP_EACH('?'), SIP_EACH('?'));
	last = sip_find(buf, pos, end, SIP_EACH(';'), SIP_EACH('@'));
	last = sip_find(buf, pos, last, SIP_EACH(':'), SIP_EACH('/'));
	trimmed = sip_trimmed(buf, pos, last);
	odd |= trimmed == pos || sip_find_white(buf, pos, trimmed) < trimmed;
	return SIP_PACK(last, odd, 0);
}

static __always_inline int sip_begins_number(const struct sip_buf *buf, __u32 pos)
{
	if (sip_octet(buf, pos) == '+')
		pos++;
	return (__u8)(sip_octet(buf, pos) - '0') < 10;
}

/* Whether [pos, colon) is a scheme: a letter, and then what a token may have (RFC 3261 25.1). */
static __always_inline int sip_is_scheme(const struct sip_buf *buf, __u32 pos, __u32 colon)
{
	return (__u8)((sip_octet(buf, pos) | 0x20) - 'a') < 26 &&
	       sip_find_outside(buf, pos, colon, SIP_IN_TOKEN) >= colon;
}

/* User and host of a URI without a scheme, or with another one, as servers read them that do not
 * know it: packed where the user begins and ends, and the "@" behind it; 0 if there is none. With
 * SIP_DOUBT, where others may find another user: they take the text before the first colon for a
 * scheme, and it is none. */
#define SIP_DOUBT 0x8000u

SIP_GLOBAL __u64 sip_foreign(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 at, colon, doubt = 0;

	if (!buf)
		return 0;
	at = sip_find(buf, pos + 1, end, SIP_EACH('@'), SIP_EACH('@'));
	colon = sip_find(buf, pos, end, SIP_EACH(':'), SIP_EACH(':'));
	/* Kamailio looks for "sip:" with a bit set in each octet, and takes SUB for the colon. */
	if (sip_octet(buf, pos + 3) == 0x1a || sip_octet(buf, pos + 4) == 0x1a)
		doubt = SIP_DOUBT;
	if (colon < at && !sip_begins_number(buf, pos)) {
		if (!sip_is_scheme(buf, pos, colon))
			doubt = SIP_DOUBT;
		pos = colon + 1;
	} else if (colon < end) {
		doubt = SIP_DOUBT;
	} else if (at >= end) {
		return 0;
	}
	for (__u32 i = 0; i < 2; i++) {
		if (pos < at && sip_octet(buf, pos) == '/')
			pos = sip_forget(pos + 1);
	}
	if (at >= end) { /* "x:900": of a number only, for all other schemes are so */
		if (pos >= end || !sip_begins_number(buf, pos))
			return SIP_PACK(0, 0, doubt);
		at = sip_find(buf, pos, end, SIP_EACH(';'), SIP_EACH('?'));
		at = sip_find(buf, pos, at, SIP_EACH(':'), SIP_EACH(':'));
		return SIP_PACK(pos, at, end | doubt);
	}
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
		*user = sip_span(SIP_FIRST(found), SIP_SECOND(found));
		if (at && at < end)
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

/* Whether some take a display name [pos, angle) for the address, or for the scheme of one: a name
 * that has a colon in it, and stands before the "<" with no white space between, or behind a quoted
 * string. */
SIP_GLOBAL int sip_is_odd_name(const struct sip_buf *buf, __u32 pos, __u32 angle)
{
	if (!buf || pos >= angle)
		return 0;
	if (sip_octet(buf, pos) == '"')
		pos = sip_find_quote(buf, pos + 1, angle);
	else if (sip_octet(buf, angle - 1) <= ' ')
		return 0;
	return sip_find(buf, pos, angle, SIP_EACH(':'), SIP_EACH(':')) < angle;
}

/* Whether some take the host of an address for its user, which has none: white space stands before
 * it, [angle + 1, uri), or a name that is none, [pos, angle), with no white space between. */
SIP_GLOBAL int sip_is_odd_host(const struct sip_buf *buf, __u32 pos, __u32 angle, __u32 uri)
{
	if (!buf)
		return 0;
	if (uri > angle + 1)
		return 1;
	return pos < angle && sip_octet(buf, pos) != '"' && sip_octet(buf, angle - 1) > ' ' &&
	       sip_find_outside(buf, pos, angle, SIP_IN_TOKEN | SIP_IN_LWS) < angle;
}

/* sip_angle() where the address does not follow at once. The text before it is read twice: once as
 * if a quote were an octet like others, and once around quoted strings, wherever they stand. */
SIP_GLOBAL __u32 sip_find_angle(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 begin = pos, plain, angle, quote;

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
			if (quote >= end ||
			    sip_find(buf, begin, angle, SIP_EACH(':'), SIP_EACH(':')) < angle ||
			    sip_find(buf, pos, quote, SIP_EACH(';'), SIP_EACH(';')) < quote)
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
	if (p < end && sip_octet(buf, p) == '<' && sip_is_odd_name(buf, pos, p))
		p |= SIP_TWO_WAYS;
	return p;
}

/* The first ">", "<" or double quote of an address in <>, which has none of the latter two. */
static __always_inline __u32 sip_seek_close(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	SIP_SEEK(buf, pos, end,
		 sip_equal(v | SIP_EACH('<' ^ '>'), SIP_EACH('>')) | sip_equal(v, SIP_EACH('"')),
		 sip_find(buf, pos, sip_find(buf, pos, end, SIP_EACH('"'), SIP_EACH('"')),
			  SIP_EACH('<'), SIP_EACH('>')));
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
	/* Some take a backslash outside quotes for an escape, and read on. */
	if (last > begin && sip_octet(buf, last - 1) == '\\')
		msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
	if (last > begin)
		msg->flags |= id == SIP_FROM ? SIP_FROM_TAG : SIP_TO_TAG;
	if (id == SIP_FROM)
		msg->from.tag = sip_span(begin, last);
	else
		msg->to.tag = sip_span(begin, last);
	return 0;
}

/* Whether the value [value, end) is read in two ways whose "<", somewhere before pos, is never
 * closed: some read what follows a semicolon as parameters of the header, others what stands before
 * the "<" as its address. */
static __always_inline int sip_is_odd_open(const struct sip_buf *buf, __u32 value, __u32 pos,
					   __u32 end)
{
	return sip_find(buf, value, pos, SIP_EACH(':'), SIP_EACH(':')) < pos ||
	       sip_find(buf, pos, end, SIP_EACH(';'), SIP_EACH(';')) < end;
}

/* User and host of the URI of From or To, whose value begins at `value`; `parts` is what
 * sip_party_address() says. */
SIP_GLOBAL int sip_party_uri(const struct sip_buf *buf, struct sip_msg *msg, __u64 parts,
			     __u32 value, __u32 id)
{
	__u32 pos = SIP_FIRST(parts), end = SIP_SECOND(parts);
	struct sip_party *party;

	if (!buf || !msg)
		return 0;
	party = id == SIP_FROM ? &msg->from : &msg->to;
	if (sip_uri(buf, pos, end, &party->user, &party->host))
		msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
	if (!party->host.length && sip_is_sos(buf, pos, end))
		msg->flags |= id == SIP_FROM ? SIP_FROM_URGENT : SIP_TO_URGENT;
	else if (!party->user.length && sip_is_odd_host(buf, value, parts >> 48, pos))
		msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
	return 0;
}

/* The address of From or To (RFC 3261 20.20, 20.39). Packed: where its URI begins and ends, where
 * the parameters begin, and in the bits from 48 on where its "<" is. */
SIP_GLOBAL __u64 sip_party_address(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
				   __u32 end)
{
	__u32 value = pos, angle, begin, last;
	__u64 parts;

	if (!buf || !msg)
		return SIP_PACK(end, end, end);
	angle = sip_angle(buf, pos, end);
	if (angle & SIP_TWO_WAYS)
		msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
	begin = angle = sip_forget(angle & ~SIP_TWO_WAYS);
	if (begin < end && sip_octet(buf, begin) == '<') {
		pos = sip_skip(buf, begin + 1, end);
		begin = sip_seek_close(buf, pos, end);
		if (begin < end && sip_octet(buf, begin) != '>') {
			msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
			begin = sip_find(buf, begin, end, SIP_EACH('>'), SIP_EACH('>'));
		}
		last = begin < end ? begin + 1 : end;
		if (begin >= end && sip_is_odd_open(buf, value, pos, end))
			msg->violations |= SW_SANITY_BIT(AMBIGUOUS);
	} else {
		angle = pos;
		last = begin;
	}
	parts = SIP_PACK(sip_forget(pos), sip_forget(begin), sip_forget(last));
	return parts | sip_forget(angle) << 48;
}

/* From or To: functions one after the other, which the verifier adds up, and whose frames it does
 * not. */
static __always_inline void sip_party(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
				      __u32 end, __u32 id)
{
	__u64 parts = sip_party_address(buf, msg, pos, end);

	if (SIP_NEEDS(SIP_NEED_PARTIES))
		sip_party_uri(buf, msg, parts, pos, id);
	pos = SIP_THIRD(parts);
	if (pos < end)
		sip_tag(buf, msg, pos, end, id);
}

/* The parts of a result of sip_address(). */
static __always_inline struct sip_span sip_address_user(__u64 address)
{
	return (struct sip_span){.offset = address, .length = address >> 16};
}

static __always_inline struct sip_span sip_address_host(__u64 address)
{
	return (struct sip_span){.offset = address >> 32, .length = address >> 48 & 0x7fff};
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

/* Whether another reader may find another address than that of the <> whose "<" is at `angle` and
 * whose ">" is at `close`; the value begins at pos. */
SIP_GLOBAL int sip_is_odd_angle(const struct sip_buf *buf, __u32 pos, __u32 angle, __u32 close,
				__u32 end)
{
	__u32 colon;

	if (!buf || close >= end)
		return 1;
	if (sip_find(buf, angle + 1, close, SIP_EACH('<'), SIP_EACH('"')) < close)
		return 1;
	/* "sip:a@b, <sip:c@d>" */
	colon = sip_find(buf, pos, angle, SIP_EACH('@'), SIP_EACH(':'));
	if (sip_octet(buf, pos) != '"' &&
	    sip_find(buf, colon, angle, SIP_EACH(','), SIP_EACH(',')) < angle)
		return 1;
	/* "sip:a@b" <c@d,> */
	if (colon < angle && sip_find(buf, angle, close, SIP_EACH(','), SIP_EACH(',')) < close)
		return 1;
	pos = sip_skip(buf, close + 1, end); /* "<>sip:a@b" */
	return pos < end && sip_octet(buf, pos) != ';' && sip_octet(buf, pos) != ',';
}

/* Whether a quote stands in the addr-spec [pos, close), or behind it in the same value: to some,
 * the URI goes on as far as the next comma. */
static __always_inline int sip_is_quoted(const struct sip_buf *buf, __u32 pos, __u32 close,
					 __u32 end)
{
	__u32 quote = sip_find(buf, pos, close, SIP_EACH('"'), SIP_EACH('"'));

	if (quote >= close)
		quote = sip_find(buf, close, end, SIP_EACH('"'), SIP_EACH(','));
	return quote < end && sip_octet(buf, quote) == '"';
}

/* Whether the separator at `close` may stand in the user of the addr-spec that begins at pos, and
 * has no "@": one follows. Kamailio's {nameaddr.uri} takes all of the line for one URI: it reads
 * the user "8,p" in "sip:8,p:x@h", and "h" in "tel:8,p:x@h", whatever scheme p is. */
static __always_inline int sip_is_split(const struct sip_buf *buf, __u32 pos, __u32 close,
					__u32 end)
{
	if (close >= end || sip_find(buf, pos, close, SIP_EACH('@'), SIP_EACH('@')) < close)
		return 0;
	end = sip_find(buf, close, end, SIP_EACH('<'), SIP_EACH('"'));
	return sip_find(buf, close, end, SIP_EACH('@'), SIP_EACH('@')) < end;
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
	__u32 angle, begin, close;

	if (!buf || pos >= end)
		return 0;
	begin = pos = sip_skip(buf, pos, end);
	angle = end;
	if (sip_scheme(buf, pos, end) != SIP_SCHEME_OTHER) {
		angle = sip_find(buf, pos, end, SIP_EACH('<'), SIP_EACH(','));
		unsure = angle < end && sip_octet(buf, angle) == '<';
		angle = end;
	} else {
		angle = sip_angle(buf, pos, end);
		unsure = !!(angle & SIP_TWO_WAYS);
		angle = sip_forget(angle & ~SIP_TWO_WAYS);
	}
	if (angle < end && sip_octet(buf, angle) == '<') {
		pos = sip_skip(buf, angle + 1, end);
		close = sip_find(buf, pos, end, SIP_EACH('>'), SIP_EACH('>'));
		unsure |= sip_is_odd_angle(buf, begin, angle, close, end);
	} else {
		angle = pos = begin;
		close = sip_bare_end(buf, pos, end);
		unsure |= sip_is_quoted(buf, pos, close, end) || sip_is_split(buf, pos, close, end);
	}
	end = close;
	unsure |= sip_uri(buf, pos, end, &user, &host);
	unsure |= !user.length && sip_is_odd_host(buf, begin, angle, pos);
	return SIP_PACK(user.offset, user.length, host.offset) | (__u64)host.length << 48 |
	       unsure << 63;
}

#endif
