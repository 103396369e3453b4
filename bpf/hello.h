/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The first payload of a TLS connection (RFC 8446 4.1.2, 5.1): is it a ClientHello, and does it
 * offer a version that is new enough? A segment may end anywhere: what is not there is not
 * judged. Pure C over the scanner's buffer.
 */
#ifndef SIPWARD_BPF_HELLO_H
#define SIPWARD_BPF_HELLO_H

#include <sipward/guard.h>

#include "sip_lex.h"

#define HELLO_RECORD    22 /* content type "handshake" */
#define HELLO_TYPE      1
#define HELLO_VERSION   9  /* offset of legacy_version: 5 of the record, 4 of the message */
#define HELLO_SESSION   43 /* of the session id's length: 32 octets of random lie between */
#define HELLO_SUPPORTED 43 /* extension "supported_versions" */
#define HELLO_EXTENSIONS_MAX 40
#define HELLO_VERSIONS_MAX   16

enum hello { HELLO_GOOD, HELLO_OLD, HELLO_NONE };

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

/* Walks the extensions of a hello whose legacy_version says TLS 1.2, as all of TLS 1.3 do:
 * 0 only when the whole of it is there and offers nothing of `min` or newer. */
SIP_GLOBAL int hello_supports(const struct sip_buf *buf, __u32 length, __u32 min)
{
	__u32 pos = HELLO_SESSION, end;

	if (!buf)
		return 1;
	pos = sip_forget(pos + 1 + sip_octet(buf, pos));     /* session id */
	pos = sip_forget(pos + 2 + hello_pair(buf, pos));    /* cipher suites */
	pos = sip_forget(pos + 1 + sip_octet(buf, pos));     /* compression methods */
	if (pos + 2 > length)
		/* Without extensions it ends here; cut off, nobody knows. */
		return pos > length || HELLO_VERSION - 4 + hello_pair(buf, 3) > length;
	end = sip_forget(pos + 2 + hello_pair(buf, pos));
	pos = sip_forget(pos + 2);
	for (__u32 i = 0; i < HELLO_EXTENSIONS_MAX && pos < end; i++) {
		__u32 size;

		if (pos + 4 > length)
			return 1;
		size = hello_pair(buf, pos + 2);
		if (hello_pair(buf, pos) == HELLO_SUPPORTED)
			return pos + 4 + size > length ||
			       hello_offers(buf, pos + 5, sip_forget(pos + 4 + size), min);
		pos = sip_forget(pos + 4 + size);
	}
	return pos < end;
}

/* The PROXY protocol of load balancers, either version: the hello comes behind it. */
static __always_inline int hello_proxied(const struct sip_buf *buf, __u32 length)
{
	__u64 word = sip_load(buf, 0);

	return length >= 8 && (word == SIP_WORD_AT("\r\n\r\n\0\r\nQ", 0) ||
			       (word & sip_mask(6)) == SIP_WORD("PROXY "));
}

/* Judges the first `length` octets of a connection. */
static __always_inline enum hello hello_judge(const struct sip_buf *buf, __u32 length, __u32 min)
{
	__u32 version;

	if (hello_proxied(buf, length))
		return HELLO_GOOD;
	if (length >= 3 && sip_octet(buf, 0) & 0x80 && sip_octet(buf, 2) == HELLO_TYPE)
		return HELLO_OLD; /* SSL 2.0 (RFC 6176) */
	if (sip_octet(buf, 0) != HELLO_RECORD || (length > 1 && sip_octet(buf, 1) != 3) ||
	    (length > 5 && sip_octet(buf, 5) != HELLO_TYPE))
		return HELLO_NONE;
	if (length < HELLO_VERSION + 2)
		return HELLO_GOOD;
	version = hello_pair(buf, HELLO_VERSION);
	if (version < min && version < SW_TLS_1_2)
		return HELLO_OLD;
	if (version < min && length > HELLO_SESSION && !hello_supports(buf, length, min))
		return HELLO_OLD;
	return HELLO_GOOD;
}

#endif
