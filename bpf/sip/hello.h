/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The first payload of a TLS connection (RFC 8446 4.1.2, 5.1): is it a ClientHello, and does it
 * offer a version that is new enough? The text may end anywhere, so the octets so far may not be
 * enough to decide. Pure C over the scanner's buffer.
 */
#ifndef SIPWARD_BPF_SIP_HELLO_H
#define SIPWARD_BPF_SIP_HELLO_H

#include <sipward/guard.h>

#include "sip/sip_lex.h"

#define HELLO_RECORD         22 /* content type "handshake" */
#define HELLO_TYPE           1
#define HELLO_VERSION        9  /* offset of legacy_version: 5 of the record, 4 of the message */
#define HELLO_SESSION        43 /* of the session id's length: 32 octets of random lie between */
#define HELLO_SUPPORTED      43 /* extension "supported_versions" */
#define HELLO_EXTENSIONS_MAX 40
#define HELLO_VERSIONS_MAX   16

enum hello {
	HELLO_GOOD, /* however it goes on */
	HELLO_OLD,
	HELLO_NONE,
	HELLO_MORE /* it may become a good one */
};

static __always_inline __u32 hello_pair(const struct sip_buf *buf, __u32 pos)
{
	return (__u32)sip_octet(buf, pos) << 8 | sip_octet(buf, pos + 1);
}

/* 1 when the list of versions at pos has one of `min` or newer. GREASE (RFC 8701) is none. */
SIP_GLOBAL int hello_offers(const struct sip_buf *buf, __u32 pos, __u32 end, __u32 min)
{
	if (!buf)
		return 1;
	for (__u32 i = 0; i < HELLO_VERSIONS_MAX; i++) {
		__u32 version;

		if (pos + 2 > end)
			break;
		version = hello_pair(buf, pos);
		if (version >= min && version >> 8 == 3)
			return 1;
		pos = sip_forget(pos + 2);
	}
	return 0;
}

/* Where the length of the extensions stands: behind session id, cipher suites and compression
 * methods, each behind its own length. 0 when `known` octets do not reach so far. */
SIP_GLOBAL __u32 hello_behind_lists(const struct sip_buf *buf, __u32 known)
{
	__u32 pos = HELLO_SESSION;

	if (!buf || known > SW_OPENING_MAX || pos + 1 > known)
		return 0;
	pos += 1 + sip_octet(buf, pos);
	if (pos + 2 > known)
		return 0;
	pos += 2 + hello_pair(buf, pos);
	if (pos + 1 > known)
		return 0;
	pos += 1 + sip_octet(buf, pos);
	return pos + 2 > known ? 0 : pos;
}

/* Walks the extensions of a hello whose legacy_version says TLS 1.2, as all of TLS 1.3 do, and
 * whose record ends at `whole`: does it offer `min` or newer? No client divides a hello among
 * records, so that what its record does not say is not said. */
SIP_GLOBAL int hello_supports(const struct sip_buf *buf, __u32 length, __u32 whole, __u32 min)
{
	__u32 pos, next, end, known = length < whole ? length : whole;
	int missing = length < whole ? HELLO_MORE : HELLO_OLD;

	if (!buf)
		return HELLO_GOOD;
	pos = hello_behind_lists(buf, known);
	if (!pos)
		return missing;
	end = pos + 2 + hello_pair(buf, pos);
	pos += 2;
	for (__u32 i = 0; i < HELLO_EXTENSIONS_MAX && pos < end; i++) {
		if (pos + 4 > known)
			return missing;
		next = pos + 4 + hello_pair(buf, pos + 2);
		if (hello_pair(buf, pos) == HELLO_SUPPORTED) {
			if (next > known)
				return missing;
			return hello_offers(buf, pos + 5, next, min) ? HELLO_GOOD : HELLO_OLD;
		}
		if (next > known)
			return missing;
		pos = sip_forget(next);
	}
	return HELLO_OLD;
}

/* The PROXY protocol of load balancers, either version: the hello comes behind it. */
static __always_inline int hello_proxied(const struct sip_buf *buf, __u32 length)
{
	__u64 word = sip_load(buf, 0);

	return length >= 8 && (word == SIP_WORD_AT("\r\n\r\n\0\r\nQ", 0) ||
			       (word & sip_mask(6)) == SIP_WORD("PROXY "));
}

/* Too short to say, and so far it is that. */
static __always_inline int hello_may_be_proxied(const struct sip_buf *buf, __u32 length)
{
	__u64 word = sip_load(buf, 0), v2 = word ^ SIP_WORD_AT("\r\n\r\n\0\r\nQ", 0);
	__u64 v1 = (word ^ SIP_WORD("PROXY ")) & sip_mask(6);

	return length < 8 && (!(v2 & sip_mask(length)) || !(v1 & sip_mask(length)));
}

/* Judges the first `length` octets of a connection. */
static __always_inline enum hello hello_judge(const struct sip_buf *buf, __u32 length, __u32 min)
{
	__u32 version, record;

	if (hello_proxied(buf, length))
		return HELLO_GOOD;
	if (hello_may_be_proxied(buf, length))
		return HELLO_MORE;
	if (sip_octet(buf, 0) & 0x80) { /* SSL 2.0 (RFC 6176) */
		if (length < 3)
			return HELLO_MORE;
		return sip_octet(buf, 2) == HELLO_TYPE ? HELLO_OLD : HELLO_NONE;
	}
	if (sip_octet(buf, 0) != HELLO_RECORD || (length > 1 && sip_octet(buf, 1) != 3) ||
	    (length > 5 && sip_octet(buf, 5) != HELLO_TYPE))
		return HELLO_NONE;
	if (length < HELLO_VERSION + 2)
		return HELLO_MORE;
	version = hello_pair(buf, HELLO_VERSION);
	record = hello_pair(buf, 3) + 5;
	if (record < HELLO_VERSION + 2) /* its version stands in another record */
		return min > SW_TLS_1_0 ? HELLO_OLD : HELLO_GOOD;
	if (version >= min)
		return HELLO_GOOD;
	return version < SW_TLS_1_2 ? HELLO_OLD : hello_supports(buf, length, record, min);
}

#endif
