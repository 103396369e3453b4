/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The SIP scanner, natively: each sanity check with a message that violates it and its
 * nearest legal neighbour, what is found where, the modes, hostile input, and the corpora.
 * Every scan runs on an exact heap block, twice, with different octets behind the message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sip_exact.h"
#include "sip_generate.h"

static const char *const sanity_names[] = {
#define REASON(id, name, threat, rfc, text)
#define SANITY(id, name, profile, threat, rfc, text) name,
#include <sipward/reasons.def>
#undef REASON
#undef SANITY
};

static const char base[] =
	"INVITE sip:bob@biloxi.example.com SIP/2.0\r\n"
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

struct text {
	char octets[SW_MESSAGE_MAX];
	size_t length;
};

/* `from` with its first `what` replaced; octets, so that a replacement may hold a NUL. */
static void replace(struct text *out, const char *from, const char *what, const char *with,
		    size_t size)
{
	const char *at = strstr(from, what);
	size_t before;

	assert_non_null(at);
	before = at - from;
	memcpy(out->octets, from, before);
	memcpy(out->octets + before, with, size);
	strcpy(out->octets + before + size, at + strlen(what));
	out->length = before + size + strlen(at + strlen(what));
}

static struct sip_msg scan_with(const void *octets, const struct sip_input *in)
{
	static unsigned int pad;
	struct sip_msg msg = { 0 };

	assert_true(sip_scan_exact(octets, in, pad++, &msg));
	return msg;
}

static struct sip_msg scan(const void *octets, size_t length, uint32_t flags)
{
	struct sip_input in = sip_exact_input(length, flags, SW_SANITY_STRICT);

	return scan_with(octets, &in);
}

static struct sip_msg scan_edit(const char *what, const char *with, uint32_t flags)
{
	static struct text text;

	replace(&text, base, what, with, strlen(with));
	return scan(text.octets, text.length, flags);
}

static void assert_violations(uint64_t found, uint64_t expected, const char *what)
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

/* One check: an edit of `base` that violates it and nothing else, and one that does not. */
struct row {
	uint64_t bit;
	const char *what, *bad, *good;
	size_t bad_size; /* where `bad` holds a NUL */
};

#define ROW(id, what, bad, good) { SW_SANITY_BIT(id), what, bad, good, sizeof(bad) - 1 }

static const struct row rows[] = {
	ROW(START_LINE, "SIP/2.0\r\n", "SIP/2.1\r\n", "sip/2.0\r\n"),
	ROW(START_LINE, "INVITE sip:bob@biloxi.example.com SIP/2.0", "INVITE SIP/2.0",
	    "INVITE x: SIP/2.0"),
	ROW(START_LINE, "INVITE sip", "INV(TE sip", "INVITE sip"),
	ROW(START_LINE, "INVITE sip", " sip", "INVITE sip"),
	ROW(STATUS_CODE, "INVITE sip:bob@biloxi.example.com SIP/2.0", "SIP/2.0 700 No",
	    "SIP/2.0 699 No"),
	ROW(STATUS_CODE, "INVITE sip:bob@biloxi.example.com SIP/2.0", "SIP/2.0 099 No",
	    "SIP/2.0 100 No"),
	ROW(STATUS_CODE, "INVITE sip:bob@biloxi.example.com SIP/2.0", "SIP/2.0 2000",
	    "SIP/2.0 200"),
	ROW(HEADER_END, "\r\n\r\nbody", "\r\n", "\r\n\r\nbodyandmore"),
	ROW(VIA_MISSING, "Via:", "Vix:", "v:"),
	ROW(FROM_MISSING, "From:", "Fron:", "f \t:"),
	ROW(TO_MISSING, "To:", "T0:", "T:"),
	ROW(CALL_ID_MISSING, "Call-ID:", "Call_ID:", "CALL-id:"),
	ROW(CSEQ_MISSING, "CSeq:", "CSeq-:", "cseq:"),
	ROW(FROM_DUPLICATE, "Expires: 60", "f: <sip:a@b>;tag=1", "X-From: a"),
	ROW(TO_DUPLICATE, "Expires: 60", "t: <sip:a@b>", "X: t"),
	ROW(CALL_ID_DUPLICATE, "Expires: 60", "i: 1", "j: 1"),
	ROW(CSEQ_DUPLICATE, "Expires: 60", "CSeq: 314159 INVITE", "CSe: 314159 INVITE"),
	ROW(CONTENT_LENGTH_DUPLICATE, "Expires: 60", "l: 4", "k: 4"),
	ROW(MAX_FORWARDS_DUPLICATE, "Expires: 60", "Max-Forwards: 70", "Max-Forward: 70"),
	ROW(CSEQ_NUMBER, "314159", "2147483648", "2147483647"),
	ROW(CSEQ_NUMBER, "314159", "+1", "0000000000000000001"),
	ROW(CSEQ_NUMBER, "314159 ", "1", "1 \t\r\n "),
	ROW(CSEQ_METHOD, "314159 INVITE", "314159 INVITEE", "314159 \tINVITE  "),
	ROW(CSEQ_METHOD, "314159 INVITE", "314159 Invite", "314159 INVITE"),
	ROW(CSEQ_METHOD, "314159 INVITE", "314159", "314159 INVITE"),
	ROW(MAX_FORWARDS, "70", "256", "255"),
	ROW(MAX_FORWARDS, "70", "-1", "0"),
	ROW(CONTENT_LENGTH, "Length: 4", "Length: 4a", "Length: 4 \t"),
	ROW(CONTENT_LENGTH, "Length: 4", "Length: ", "Length: 0"),
	ROW(CONTENT_LENGTH_LONG, "Length: 4", "Length: 5", "Length: 3"),
	ROW(CONTENT_LENGTH_LONG, "Length: 4", "Length: 4294967296", "Length: 0004"),
	ROW(NUL, "Expires: 60", "Subject: \0", "Subject: 0"),
	ROW(NUL, "\"Alice\"", "\"\0", "\"\\0\""),
	ROW(NUL, "c1@", "\"\0\"@", "\"0\"@"),
	ROW(NUL, "Expires", "X\0X: ", "Expires"),
	ROW(VIA_BROADCAST, "192.0.2.1:5060", "255.255.255.255", "255.255.255.254"),
	ROW(VIA_BROADCAST, "192.0.2.1:5060;branch=z9hG4bKabc;rport",
	    "192.0.2.1;branch=z9hG4bKa, SIP/2.0/UDP 255.255.255.255:5060;branch=z9hG4bKb",
	    "192.0.2.1;branch=z9hG4bKa, SIP/2.0/UDP 255.255.255.2555:5060;branch=z9hG4bKb"),
	ROW(EXPIRES, "Expires: 60", "Expires: 4294967296", "Expires: 4294967295"),
	ROW(EXPIRES, "Expires: 60", "Expires: Thu", "Expires:   0"),
	ROW(MAX_FORWARDS_MISSING, "Max-Forwards: 70\r\n", "", "Max-Forwards : 70\r\n"),
	ROW(FROM_TAG_MISSING, ";tag=f1", ";tags=f1", " ; TAG\t= f1"),
	ROW(BRANCH_EMPTY, "z9hG4bKabc", "z9hg4bk", "z9hG4bK-"),
	ROW(CONTACT_MISSING, "Contact: <sip:alice@192.0.2.1>\r\n", "", "m: sip:alice@192.0.2.1\r\n"),
	ROW(BARE_LINE_END, "60\r\n", "60\n", "60 \r\n"),
	ROW(BARE_LINE_END, "Expires: 60", "Subject: a\rb", "Subject: a\r\n b"),
	ROW(BARE_LINE_END, "SIP/2.0\r\n", "SIP/2.0\n", "SIP/2.0\r\n"),
	ROW(START_LINE_SPACE, "INVITE sip", "INVITE  sip", "INVITE sip"),
	ROW(START_LINE_SPACE, " SIP/2.0\r\n", "  SIP/2.0\r\n", " SIP/2.0\r\n"),
	ROW(START_LINE_SPACE, " SIP/2.0\r\n", " SIP/2.0 \r\n", " SIP/2.0\r\n"),
	ROW(HEADER_SYNTAX, "Expires: 60", "Expires 60", "Expires :60"),
	ROW(HEADER_SYNTAX, "Expires: 60", "a@b: 60", "a`b: 60"),
	ROW(HEADER_SYNTAX, "Expires: 60", ": 60", "X: :60"),
	ROW(QUOTES, "\"Alice\"", "\"Alice", "\"Al\\\"ice\""),
	ROW(QUOTES, ";rport", ";x=\"", ";x=\"\""),
	ROW(SEPARATORS, ";rport", ";;rport", "; rport"),
	ROW(SEPARATORS, ";rport", ";rport;", ";rport;x"),
	ROW(SEPARATORS, ";rport", ";rport=", ";rport=1"),
	ROW(SEPARATORS, ";rport", ";rport ,", ";rport , SIP/2.0/UDP x"),
	ROW(URI_SYNTAX, "sip:bob@biloxi", "sip:b ob@biloxi", "sip:b%20ob@biloxi"),
	ROW(URI_SYNTAX, "example.com SIP", "example.com?a=b SIP", "example.com;a=b SIP"),
	ROW(URI_SYNTAX, "sip:bob@biloxi.example.com SIP", "<sip:bob@x> SIP", "sip:b?ob@x SIP"),
	ROW(URI_SYNTAX, "sip:bob@biloxi.example.com SIP", "bob SIP", "tel:1 SIP"),
	ROW(IPV6_BRACKETS, "biloxi.example.com SIP", "2001:db8::1 SIP", "[2001:db8::1]:5060 SIP"),
	ROW(IPV6_BRACKETS, "192.0.2.1:5060", "2001:db8::1", "[2001:db8::1] : 5060"),
	ROW(IPV6_BRACKETS, "<sip:alice@192.0.2.1>", "<sip:a:b@::1>", "<sip:a:b@[::1]:5060>"),
	ROW(ADDR_SPEC, "<sip:alice@192.0.2.1>", "sip:alice@192.0.2.1?a=b", "<sip:alice@192.0.2.1?a=b>"),
	ROW(ADDR_SPEC, "<sip:alice@192.0.2.1>", "< sip:alice@192.0.2.1>", "\t<sip:alice@192.0.2.1>\t"),
	ROW(ADDR_SPEC, "Bob <sip:bob@biloxi.example.com>", "sip:bob@b c", "sip:bob@bc"),
	ROW(DISPLAY_NAME, "Bob <", "Bo, b <", "Bo b%~' <"),
	ROW(DISPLAY_NAME, "Bob <", "B\xc3\xb6" "b <", "\"B\xc3\xb6" "b\" <"),
	ROW(UTF8, "Expires: 60", "Subject: \xc3", "Subject: \xc3\xa4"),
	ROW(UTF8, "Expires: 60", "Subject: \xed\xa0\x80", "Subject: \xed\x9f\xbf"),
	ROW(UTF8, "Expires: 60", "Subject: \xe0\x9f\xbf", "Subject: \xe0\xa0\x80"),
	ROW(UTF8, "Expires: 60", "Subject: \xf0\x8f\xbf\xbf", "Subject: \xf4\x8f\xbf\xbf"),
	ROW(UTF8, "Expires: 60", "Subject: \xc0\x80", "Subject: \xef\xbb\xbf"),
};

/* What comes with a violation because it cannot come alone. */
static uint64_t company(const struct row *row)
{
	if (row->bit == SW_SANITY_BIT(HEADER_END))
		return 0;
	if (row->bit == SW_SANITY_BIT(NUL) && row->what[0] == '"')
		return SW_SANITY_BIT(QUOTES);
	if (row->bit == SW_SANITY_BIT(NUL) && row->what[0] == 'E' && row->bad[0] == 'X')
		return SW_SANITY_BIT(HEADER_SYNTAX);
	if (row->bit == SW_SANITY_BIT(FROM_MISSING))
		return 0;
	return 0;
}

static void test_rows(void **state)
{
	static struct text text;
	uint64_t seen = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct sip_msg msg;

		replace(&text, base, row->what, row->bad, row->bad_size);
		msg = scan(text.octets, text.length, 0);
		assert_violations(msg.violations, row->bit | company(row), row->bad);
		replace(&text, base, row->what, row->good, strlen(row->good));
		msg = scan(text.octets, text.length, 0);
		assert_violations(msg.violations, 0, row->good);
		seen |= row->bit;
	}
	/* the bounds have a test of their own */
	seen |= SW_SANITY_BIT(HEADER_COUNT) | SW_SANITY_BIT(HEADER_LENGTH) | SW_SANITY_BIT(VIA_COUNT) |
		SW_SANITY_BIT(METHOD_LENGTH) | SW_SANITY_BIT(MESSAGE_LENGTH) | SW_SANITY_BIT(URI_LENGTH);
	assert_violations(seen, SW_SANITY_STRICT, "a check without a row");
}

static void assert_bound(struct sip_input in, uint32_t *bound, uint32_t value, uint64_t bit)
{
	*bound = value;
	assert_violations(scan_with(base, &in).violations, 0, "at the bound");
	*bound = value - 1;
	assert_violations(scan_with(base, &in).violations, bit, "over the bound");
}

static void test_bounds(void **state)
{
	struct sip_input in = sip_exact_input(sizeof(base) - 1, 0, SW_SANITY_STRICT);

	(void)state;
	/* the macro passes the address of a field of the very struct it passes by value */
#define BOUND(field, value, id)                                                 \
	do {                                                                    \
		struct sip_input at = in, over = in;                            \
		at.bounds.field = value;                                        \
		over.bounds.field = (value) - 1;                                \
		assert_violations(scan_with(base, &at).violations, 0, #field);  \
		assert_violations(scan_with(base, &over).violations,            \
				  SW_SANITY_BIT(id), #field);                   \
	} while (0)
	BOUND(message, sizeof(base) - 1, MESSAGE_LENGTH);
	BOUND(headers, 10, HEADER_COUNT);
	BOUND(header, 55, HEADER_LENGTH);
	BOUND(via, 1, VIA_COUNT);
	BOUND(method, 6, METHOD_LENGTH);
	BOUND(uri, 26, URI_LENGTH);
#undef BOUND
	(void)assert_bound;
}
