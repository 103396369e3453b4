/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Assertions that the scanner's tests share. Include behind cmocka.
 */
#ifndef SIPWARD_SELFTESTS_SIP_ASSERTS_H
#define SIPWARD_SELFTESTS_SIP_ASSERTS_H

#include <stdio.h>

#include "sip_exact.h"

static const char *const sanity_names[] = {
#define REASON(number, ...)
#define SANITY(number, id, name, ...) name,
#include <sipward/reasons.def>
#undef REASON
#undef SANITY
};

/* A plain one. */
static const char base[] = "INVITE sip:bob@biloxi.example.com SIP/2.0\r\n"
			   "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabc;rport\r\n"
			   "Max-Forwards: 70\r\n"
			   "From: \"Alice\" <sip:alice@atlanta.example.com>;tag=f1\r\n"
			   "To: Bob <sip:bob@biloxi.example.com>\r\n"
			   "Call-ID: c1@192.0.2.1\r\n"
			   "CSeq: 314159 INVITE\r\n"
			   "Contact: <sip:alice@192.0.2.1>\r\n"
			   "Expires: 60\r\n"
			   "Content-Type: text/plain\r\n"
			   "Content-Length: 4\r\n"
			   "\r\n"
			   "body";

/* Everything in its least usual legal form. */
static const char odd[] =
	"\r\n\n\r\n"
	"FOO sips:a%20b;x=y:pw@[2001:db8::1]:5061;lr?no SIP/2.0\r\n"
	"f :\r\n \"a\\\"<sip:no@no>;tag=no\" <sip:al:pw@h.example.com:1;tag=no>\r\n"
	"\t; a=\";tag=no\";\r\n  TAG = \r\n f1 ; b\r\n"
	"v: SIP / 2.0\r\n / TCP \t [2001:db8::2] : 5070 ;x=\"a,b;branch=no\"; Branch =\r\n"
	" z9hG4bK1 ;y , SIP/2.0/UDP b\r\n"
	"Via: SIP/2.0/UDP c;branch=no\r\n"
	"t: tel:+1-23;phone-context=x ;tag=t1\r\n"
	"i:id@x\r\n"
	"cSEQ: 0009\r\n FOO\r\n"
	"rOUTE: \"<x\" <sip:a,b;lr>, <sip:c>\r\n"
	"Route: <sip:d>\r\n"
	"Record-Route: <sip:e>,<sip:f>\r\n"
	"Authorization: Digest username=\"x, nonce=\\\"no\", cnonce=\"no\", NONCE = \"n1\", "
	"qop=auth\r\n"
	"Proxy-Authorization: Digest nonce=n2,realm=\"r\"\r\n"
	"P-Asserted-Identity: <tel:+1>\r\n"
	"P-Preferred-Identity: <tel:+2>\r\n"
	"P-Charging-Vector: icid-value=3\r\n"
	"Remote-Party-ID: <sip:4@x>\r\n"
	"Diversion: <sip:5@x>\r\n"
	"History-Info: <sip:6@x>;index=1\r\n"
	"Privacy: id\r\n"
	"r: <sip:7@x>\r\n"
	"User-Agent  :\tua/1 (x)  \r\n"
	"\r\n";

static inline struct sip_msg scan_with(const void *octets, const struct sip_input *in)
{
	static unsigned int pad;
	struct sip_msg msg = {0};

	assert_true(sip_scan_exact(octets, in, pad++, &msg));
	return msg;
}

static inline struct sip_msg scan(const void *octets, size_t length, uint32_t flags)
{
	struct sip_input in = sip_exact_input(length, flags, SW_SANITY_STRICT);

	return scan_with(octets, &in);
}

static inline void assert_span(const char *octets, struct sip_span span, const char *expected)
{
	if (span.length != strlen(expected) ||
	    memcmp(octets + span.offset, expected, span.length)) {
		print_error("%.*s is not %s\n", span.length, octets + span.offset, expected);
		fail();
	}
}

#define VALUE(id) msg.value[SIP_##id]

static inline void assert_violations(uint64_t found, uint64_t expected, const char *what)
{
	if (found == expected)
		return;
	for (int i = 0; i < SW_SANITY_COUNT; i++) {
		if ((found ^ expected) >> i & 1)
			print_error("%s: %s is %s\n", what, sanity_names[i],
				    found >> i & 1 ? "found, but should not be" : "not found");
	}
	fail();
}

/* Early, then on: the same as in one go; and early finds what it is for. */
static inline void assert_resumes(const void *octets, size_t length, uint64_t want)
{
	struct sip_input in = sip_exact_input(length, SIP_EARLY, want);
	struct sip_msg whole, early = scan_with(octets, &in);

	if (early.flags & SIP_TOP_VIA)
		assert_true(early.next <= length);
	in.flags = SIP_RESUME;
	assert_true(sip_scan_exact(octets, &in, 0, &early));
	in.flags = 0;
	whole = scan_with(octets, &in);
	assert_memory_equal(&early, &whole, sizeof(whole));
}

#endif
