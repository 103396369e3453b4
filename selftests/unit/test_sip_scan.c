/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The SIP scanner, natively: each sanity check with a message that violates it and its
 * nearest legal neighbour, what is found where, and the modes. Every scan runs on an exact
 * heap block, twice, with different octets behind the message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sip_asserts.h"

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

static struct sip_msg scan_edit(const char *what, const char *with, uint32_t flags)
{
	static struct text text;

	replace(&text, base, what, with, strlen(with));
	return scan(text.octets, text.length, flags);
}

/* One check: an edit of `base` that violates it and nothing else, and one that does not. */
struct row {
	uint64_t bit;
	const char *what, *bad, *good;
	size_t bad_size; /* where `bad` holds a NUL */
	uint64_t with;   /* what else is found: see company() */
};

#define ROW_WITH(id, what, bad, good, with)                               \
	{                                                                 \
		SW_SANITY_BIT(id), what, bad, good, sizeof(bad) - 1, with \
	}
#define ROW(id, what, bad, good) ROW_WITH(id, what, bad, good, 0)
#define SYNTAX                   SW_SANITY_BIT(HEADER_SYNTAX)

static const struct row rows[] = {
	ROW(START_LINE, "SIP/2.0\r\n", "SIP/2.1\r\n", "sip/2.0\r\n"),
	ROW(START_LINE, "INVITE sip:bob@biloxi.example.com SIP/2.0", "INVITE SIP/2.0",
	    "INVITE x:y SIP/2.0"),
	ROW(START_LINE, "INVITE sip", "INV(TE sip", "INVITE sip"),
	ROW(START_LINE, "INVITE sip", " sip", "INVITE sip"),
	ROW(STATUS_CODE, "INVITE sip:bob@biloxi.example.com SIP/2.0", "SIP/2.0 700 No",
	    "SIP/2.0 699 No"),
	ROW(STATUS_CODE, "INVITE sip:bob@biloxi.example.com SIP/2.0", "SIP/2.0 099 No",
	    "SIP/2.0 100 No"),
	ROW(STATUS_CODE, "INVITE sip:bob@biloxi.example.com SIP/2.0", "SIP/2.0 2000",
	    "SIP/2.0 200"),
	ROW(STATUS_CODE, "INVITE sip:bob@biloxi.example.com SIP/2.0", "SIP/2.0 0200 No",
	    "SIP/2.0 200 No"),
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
	ROW(CSEQ_NUMBER, "314159", "4294967296", "2147483647"),
	ROW(CSEQ_LARGE, "314159", "2147483648", "2147483647"),
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
	    "192.0.2.1;branch=z9hG4bKa, SIP/2.0/UDP 255.255.255.25:5060;branch=z9hG4bKb"),
	ROW(EXPIRES, "Expires: 60", "Expires: 4294967296", "Expires: 4294967295"),
	ROW(EXPIRES, "Expires: 60", "Expires: Thu", "Expires:   0"),
	ROW(MAX_FORWARDS_MISSING, "Max-Forwards: 70\r\n", "", "Max-Forwards : 70\r\n"),
	ROW(FROM_TAG_MISSING, ";tag=f1", ";tags=f1", " ; TAG\t= f1"),
	ROW(BRANCH_EMPTY, "z9hG4bKabc", "z9hg4bk", "z9hG4bK-"),
	ROW(CONTACT_MISSING, "Contact: <sip:alice@192.0.2.1>\r\n", "",
	    "m: sip:alice@192.0.2.1\r\n"),
	ROW(BARE_LINE_END, "60\r\n", "60\n", "60 \r\n"),
	ROW(BARE_CR, "Expires: 60", "Subject: a\rb", "Subject: a\r\n b"),
	ROW(BARE_CR, "Expires: 60", "Subject: a\rTo: <sip:x@y>;tag=1", "Subject: a"),
	ROW(BARE_CR, "Expires: 60", "Subject: a\r\r\nX: b", "Subject: a\r\nX: b"),
	ROW(BARE_CR, "Expires: 60", "Subject: 1234567\rb", "Subject: 1234567"),
	ROW_WITH(BARE_CR, "SIP/2.0\r\n", "SIP/2.0\rX: SIP/2.0\r\n", "SIP/2.0\r\n",
		 SW_SANITY_BIT(URI_SYNTAX)),
	ROW_WITH(HEADER_NAME, "Expires: 60", "To\x01: <sip:a@b>", "To-: <sip:a@b>", SYNTAX),
	ROW_WITH(HEADER_NAME, "Expires: 60", "From\x08: <sip:a@b>", "From-: 1", SYNTAX),
	ROW_WITH(HEADER_NAME, "Expires: 60", "Content-Length\x01: 9", "Content-Length-: 9", SYNTAX),
	ROW_WITH(HEADER_NAME, "Expires: 60", "To\x7f: <sip:a@b>", "To~: <sip:a@b>", SYNTAX),
	ROW_WITH(HEADER_NAME, "Expires: 60", "\x01To: <sip:a@b>", "!To: <sip:a@b>", SYNTAX),
	ROW_WITH(HEADER_NAME, "Expires: 60", "T\x0bo: <sip:a@b>", "T'o: <sip:a@b>", SYNTAX),
	ROW_WITH(HEADER_NAME, "Expires: 60", "To \t\x0c: <sip:a@b>", "Too \t: <sip:a@b>", SYNTAX),
	ROW_WITH(HEADER_NAME, "Expires: 60", "P-Asserted-Identity\x1f: <sip:a@b>",
		 "P-Asserted-Identity\t: \x1f<sip:a@b>", SYNTAX),
	ROW_WITH(HEADER_NAME, "SIP/2.0\r\n", "SIP/2.0\r\n Subject: a\r\n",
		 "SIP/2.0\r\nSubject: a\r\n b\r\n", SYNTAX),
	ROW_WITH(VIA_MISSING, "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabc;rport",
		 "Via: SIP/2.0/UDP x\r\nVia: \t", "Via: SIP/2.0/UDP x", SW_SANITY_BIT(SEPARATORS)),
	ROW_WITH(FROM_MISSING, " \"Alice\" <sip:alice@atlanta.example.com>;tag=f1", "\r\n ",
		 " <sip:x@y>;tag=f1", SW_SANITY_BIT(SEPARATORS) | SW_SANITY_BIT(FROM_TAG_MISSING)),
	ROW_WITH(TO_MISSING, " Bob <sip:bob@biloxi.example.com>", "", " x:y",
		 SW_SANITY_BIT(SEPARATORS)),
	ROW(AMBIGUOUS, ";tag=f1", ";tag=f1;tag=f2", ";tag=f1;tags=f2"),
	ROW(AMBIGUOUS, ";tag=f1", ";x=\"tag=1\";tag=f1; TAG = 1", ";x=\";tag=1\";tag=f1"),
	ROW_WITH(AMBIGUOUS, "Bob <sip:bob@biloxi.example.com>",
		 "Bob \"<sip:eve@x>\" <sip:bob@biloxi.example.com>",
		 "\"Bob <sip:eve@x>\" <sip:bob@biloxi.example.com>",
		 SW_SANITY_BIT(DISPLAY_NAME) | SW_SANITY_BIT(QUOTES)),
	ROW_WITH(AMBIGUOUS, "Bob <sip:bob@biloxi.example.com>",
		 "sip:eve@x <sip:bob@biloxi.example.com>", "sip-eve <sip:bob@biloxi.example.com>",
		 SW_SANITY_BIT(DISPLAY_NAME)),
	ROW_WITH(AMBIGUOUS, "biloxi.example.com>\r\nCall",
		 "biloxi.example.com>, <sip:a@b>;tag=1\r\nCall",
		 "biloxi.example.com> ;tag=1\r\nCall", 0),
	ROW_WITH(AMBIGUOUS, "biloxi.example.com>\r\nCall", "biloxi.example.com;tag=1\r\nCall",
		 "biloxi.example.com;tag=1>\r\nCall", SW_SANITY_BIT(ADDR_SPEC)),
	ROW_WITH(AMBIGUOUS, "biloxi.example.com>\r\nCall", "biloxi.example.com>;x=\";tag=1\r\nCall",
		 "biloxi.example.com>;x=\"\";tag=1\r\nCall", SW_SANITY_BIT(QUOTES)),
	ROW(AMBIGUOUS, "Bob <sip:bob@biloxi.example.com>", "<tel:2?@3>", "<tel:2?3>"),
	ROW(AMBIGUOUS, "Bob <sip:bob@biloxi.example.com>", "<tel:>", "<tel:2>"),
	ROW(AMBIGUOUS, "Bob <sip:bob@biloxi.example.com>", "<tel:;x=1>", "<tel:1;x=1>"),
	ROW(AMBIGUOUS, "Bob <sip:bob@biloxi.example.com>",
	    "<sip\x1a"
	    "1@x>",
	    "<sip:1@x>"),
	/* Servers read these in two ways: sofia-sip joins the values. */
	ROW(REACH, "Expires: 60", "Authorization: Digest realm=\"r\" nonce=\"n\"",
	    "Authorization: Digest realm=\"r\",nonce=\"n\""),
	ROW(REACH, "Expires: 60", "Authorization: Digest nonce=\"n\" username=\"u\"",
	    "Authorization: Digest nonce=\"n\"\r\n , username=\"u\""),
	ROW(METHOD_CASE, "INVITE sip", "invite sip", "INVITE sip"),
	ROW(CALL_ID_EMPTY, "c1@192.0.2.1", "", "c"),
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
	ROW(SEPARATORS, ";rport", ";rport,,SIP/2.0/UDP x", ";rport,SIP/2.0/UDP x"),
	ROW(URI_SYNTAX, "sip:bob@biloxi", "sip:b ob@biloxi", "sip:b%20ob@biloxi"),
	ROW(URI_SYNTAX, "example.com SIP", "example.com?a=b SIP", "example.com;a=b SIP"),
	ROW(URI_SYNTAX, "sip:bob@biloxi.example.com SIP", "<sip:bob@x> SIP", "sip:b?ob@x SIP"),
	ROW(URI_SYNTAX, "sip:bob@biloxi.example.com SIP", "bob SIP", "tel:1 SIP"),
	ROW(IPV6_BRACKETS, "biloxi.example.com SIP", "2001:db8::1 SIP", "[2001:db8::1]:5060 SIP"),
	ROW(IPV6_BRACKETS, "192.0.2.1:5060", "2001:db8::1", "[2001:db8::1] : 5060"),
	ROW(IPV6_BRACKETS, "<sip:alice@192.0.2.1>", "<sip:a:b@::1>", "<sip:a:b@[::1]:5060>"),
	ROW(ADDR_SPEC, "<sip:alice@192.0.2.1>", "sip:alice@192.0.2.1?a=b",
	    "<sip:alice@192.0.2.1?a=b>"),
	ROW(ADDR_SPEC, "<sip:alice@192.0.2.1>", "< sip:alice@192.0.2.1>",
	    "\t<sip:alice@192.0.2.1>\t"),
	ROW(ADDR_SPEC, "Bob <sip:bob@biloxi.example.com>", "sip:bob@b c", "sip:bob@bc"),
	ROW(DISPLAY_NAME, "Bob <", "Bo, b <", "Bo b%~' <"),
	ROW(DISPLAY_NAME, "Bob <",
	    "B\xc3\xb6"
	    "b <",
	    "\"B\xc3\xb6"
	    "b\" <"),
	ROW(UTF8, "Expires: 60", "Subject: \xc3", "Subject: \xc3\xa4"),
	ROW(UTF8, "Expires: 60", "Subject: \xed\xa0\x80", "Subject: \xed\x9f\xbf"),
	ROW(UTF8, "Expires: 60", "Subject: \xe0\x9f\xbf", "Subject: \xe0\xa0\x80"),
	ROW(UTF8, "Expires: 60", "Subject: \xf0\x8f\xbf\xbf", "Subject: \xf4\x8f\xbf\xbf"),
	ROW(REQUEST_URI_SYNTAX, "sip:bob@biloxi.example.com SIP", "sip:bob@ SIP", "sip:bob@b SIP"),
	ROW(VIA_SYNTAX, "SIP/2.0/UDP", "SIP/2......0/UDP", "SIP / 2.0 / UDP"),
	ROW(FROM_SYNTAX, "atlanta.example.com>;", "atlanta..com>;", "atlanta.com.>;"),
	ROW(TO_SYNTAX, "biloxi.example.com>\r\nCall", "256.256.256.256>\r\nCall",
	    "255.255.255.254>\r\nCall"),
	ROW(CONTACT_SYNTAX, "<sip:alice@192.0.2.1>", "<sip:>", "<sip:a>"),
	ROW(ROUTE_SYNTAX, "Expires: 60", "Route: sip:a", "Route: <sip:a>"),
	ROW(RECORD_ROUTE_SYNTAX, "Expires: 60", "Record-Route: <sip:a;lr>,",
	    "Record-Route: <sip:a;lr>,<sip:b>"),
	ROW(REFER_TO_SYNTAX, "Expires: 60", "r: <a>", "r: <a:b>"),
	ROW(CALL_ID_SYNTAX, "c1@192.0.2.1", "c1@192.0.2.1@x", "c1@[192.0.2.1]"),
	ROW(CALL_ID_SYNTAX, "c1@192.0.2.1", "c1 c2", "c1-c2"),
	ROW(CONTENT_TYPE_SYNTAX, "text/plain", "text", "text / plain"),
	ROW(UTF8, "Expires: 60", "Subject: \xc0\x80", "Subject: \xef\xbb\xbf"),
};

/* A message that breaks one of the older checks mostly breaks the grammar as well. */
#define GRAMMAR                                                                                  \
	(SW_SANITY_BIT(REQUEST_URI_SYNTAX) | SW_SANITY_BIT(VIA_SYNTAX) |                         \
	 SW_SANITY_BIT(FROM_SYNTAX) | SW_SANITY_BIT(TO_SYNTAX) | SW_SANITY_BIT(CONTACT_SYNTAX) | \
	 SW_SANITY_BIT(ROUTE_SYNTAX) | SW_SANITY_BIT(RECORD_ROUTE_SYNTAX) |                      \
	 SW_SANITY_BIT(REFER_TO_SYNTAX) | SW_SANITY_BIT(CALL_ID_SYNTAX) |                        \
	 SW_SANITY_BIT(CONTENT_TYPE_SYNTAX))

/* The violations that come with this one, because it cannot come alone. */
static uint64_t company(const struct row *row)
{
	if (row->bit == SW_SANITY_BIT(CSEQ_NUMBER) && row->bad[0] == '+')
		return SW_SANITY_BIT(CSEQ_METHOD);
	if (row->bit == SW_SANITY_BIT(NUL) && row->what[0] == '"')
		return SW_SANITY_BIT(QUOTES);
	if (row->bit == SW_SANITY_BIT(NUL) && row->what[0] == 'E' && row->bad[0] == 'X')
		return SW_SANITY_BIT(HEADER_SYNTAX);
	return row->with;
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
		if (!(row->bit & GRAMMAR))
			msg.violations &= ~GRAMMAR;
		assert_violations(msg.violations, row->bit | company(row), row->bad);
		replace(&text, base, row->what, row->good, strlen(row->good));
		msg = scan(text.octets, text.length, 0);
		assert_violations(msg.violations, 0, row->good);
		seen |= row->bit;
	}
	/* the bounds have a test of their own */
	seen |= SW_SANITY_BIT(HEADER_COUNT) | SW_SANITY_BIT(HEADER_LENGTH) |
		SW_SANITY_BIT(VIA_COUNT) | SW_SANITY_BIT(METHOD_LENGTH) |
		SW_SANITY_BIT(CONTACT_COUNT) | SW_SANITY_BIT(MESSAGE_LENGTH) |
		SW_SANITY_BIT(URI_LENGTH) |
		SW_SANITY_BIT(REACH); /* and what is too much to read: test_reach() */
	assert_violations(seen, SW_SANITY_STRICT, "a check without a row");
}

static void test_bounds(void **state)
{
	struct sip_input in = sip_exact_input(sizeof(base) - 1, 0, SW_SANITY_STRICT);

	(void)state;
#define BOUND(field, value, id)                                                                  \
	do {                                                                                     \
		struct sip_input at = in, over = in;                                             \
		at.bounds.field = value;                                                         \
		over.bounds.field = -1 + (value);                                                \
		assert_violations(scan_with(base, &at).violations, 0, #field);                   \
		assert_violations(scan_with(base, &over).violations, SW_SANITY_BIT(id), #field); \
	} while (0)
	BOUND(message, sizeof(base) - 1, MESSAGE_LENGTH);
	BOUND(headers, 10, HEADER_COUNT);
	BOUND(header, 55, HEADER_LENGTH);
	BOUND(via, 1, VIA_COUNT);
	BOUND(contacts, 1, CONTACT_COUNT);
	BOUND(method, 6, METHOD_LENGTH);
	BOUND(uri, 26, URI_LENGTH);
#undef BOUND
}

/* More than the scanner reads is a violation, wherever it stands; as much as fits is read. `unit`
 * stands `count` times in the place of `what`. */
static struct sip_msg scan_many(const char *what, const char *before, const char *unit,
				unsigned int count, const char *behind)
{
	static struct text text;
	static char many[5000];
	size_t size = strlen(before);

	memcpy(many, before, size);
	for (; count; count--, size += strlen(unit))
		memcpy(many + size, unit, strlen(unit));
	strcpy(many + size, behind);
	replace(&text, base, what, many, strlen(many));
	return scan(text.octets, text.length, 0);
}

static void test_reach(void **state)
{
	static const struct {
		const char *what, *before, *unit, *behind;
		unsigned int good, bad;
		uint64_t bits; /* that come with it: HEADER_NAME alone is as good as REACH */
	} rows[] = {
		{"From: ", "From:", " ", "", 1000, 1100, SW_SANITY_BIT(REACH)},
		{"From: ", "From:", " \t", "", 500, 1000, SW_SANITY_BIT(REACH)},
		{"From: ", "From", " ", ":", 1000, 1100, SW_SANITY_BIT(HEADER_NAME)},
		{"Expires: 60", "P-Asserted-Identity", " ", ": <sip:a@b>", 1000, 1100,
		 SW_SANITY_BIT(HEADER_NAME)},
		{"Expires: 60", "P-Asserted-Identity:", " ", "<sip:a@b>", 1000, 2000,
		 SW_SANITY_BIT(REACH)},
		{"Expires: 60", "User-Agent:", "\r\n ", "x", 330, 700, SW_SANITY_BIT(REACH)},
		{"Expires: 60", "Refer-To:", " ", "<sip:a@b>", 1000, 3000, SW_SANITY_BIT(REACH)},
		{"Expires: 60", "User-Agent: x", " ", "", 64, 66, SW_SANITY_BIT(REACH)},
		{";tag=f1", ";", " ", "tag=f1", 900, 1100, SW_SANITY_BIT(REACH)},
		{";tag=f1", ";tag", " ", "=f1", 900, 1100, SW_SANITY_BIT(REACH)},
		{";tag=f1", ";tag=", " ", "f1", 900, 1100, SW_SANITY_BIT(REACH)},
		{"<sip:alice@atlanta", "<", " ", "sip:alice@atlanta", 0, 1100,
		 SW_SANITY_BIT(REACH)},
		{";tag=f1", "", ";x", ";tag=f1", 60, 130, SW_SANITY_BIT(REACH)},
		{";rport", "", ";x=\"\"", ",SIP/2.0/UDP a", 30, 65, SW_SANITY_BIT(REACH)},
		{"Expires: 60", "Route: <sip:a>", ",<sip:b>", "", 120, 140, SW_SANITY_BIT(REACH)},
		{"Expires: 60", "m: <sip:a>", ",<sip:b>", "", 120, 520,
		 SW_SANITY_BIT(REACH) | SW_SANITY_BIT(CONTACT_COUNT) |
			 SW_SANITY_BIT(HEADER_LENGTH)},
		{"Expires: 60", "Authorization: Digest a=1", ",b=1", ",nonce=\"n\",username=x", 20,
		 40, SW_SANITY_BIT(REACH)},
		{"Expires: 60", "User-Agent: x", "\r\nUser-Agent: y", "", 7, 8,
		 SW_SANITY_BIT(REACH)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_msg msg = scan_many(rows[i].what, rows[i].before, rows[i].unit,
					       rows[i].good, rows[i].behind);

		assert_violations(msg.violations & SW_SANITY_DEFAULT, 0, rows[i].before);
		if (strstr(rows[i].behind, "tag=f1") || strstr(rows[i].before, "tag"))
			assert_int_equal(msg.from.tag.length, 2);
		msg = scan_many(rows[i].what, rows[i].before, rows[i].unit, rows[i].bad,
				rows[i].behind);
		if (!(msg.violations & rows[i].bits))
			fail_msg("%s %u times is not found", rows[i].before, rows[i].bad);
	}
}

/* Text at a place where no client puts it is read all the same. */
static void test_read_all_the_same(void **state)
{
	static struct text text;
	struct sip_msg msg;

	(void)state;
	replace(&text, base, "<sip:alice@", "< \t\r\n sip:alice@", 16);
	msg = scan(text.octets, text.length, 0);
	assert_span(text.octets, msg.from.user, "alice");
	assert_int_equal(msg.violations & SW_SANITY_DEFAULT, 0);
	replace(&text, base, "<sip:bob@biloxi.example.com>", "<tel: +49 30;x=y >;tag=1", 24);
	msg = scan(text.octets, text.length, 0);
	assert_span(text.octets, msg.to.user, " +49 30");
	replace(&text, base, "sip:bob@biloxi.example.com SIP", "<sip:bob@b> SIP", 15);
	msg = scan(text.octets, text.length, 0);
	assert_span(text.octets, msg.uri_user, "bob");
	assert_span(text.octets, msg.uri_host, "b");
	replace(&text, base, "INVITE sip:bob", "INVITE \tsip:bob", 15);
	msg = scan(text.octets, text.length, 0);
	assert_span(text.octets, msg.uri_user, "bob");
}

/* CR LF before a message is skipped, as far as it is read; and nothing behind it is a keepalive. */
static void test_leading_line_ends(void **state)
{
	static char octets[8192];
	size_t size = sizeof(base) - 1;

	(void)state;
	for (size_t count = 2046; count <= 2050; count++) {
		struct sip_msg msg;

		for (size_t i = 0; i < 2050; i++)
			octets[i] = i % 2 ? '\n' : '\r';
		assert_int_equal(scan(octets, 2048, 0).kind, SW_MESSAGE_KEEPALIVE);
		memcpy(octets + count, base, size);
		msg = scan(octets, count + size, 0);
		assert_int_equal(msg.kind, count < 2048 ? SW_MESSAGE_INVITE : SW_MESSAGE_NOT_SIP);
		assert_int_equal(!(msg.violations & SW_SANITY_BIT(START_LINE)), count < 2048);
	}
	memset(octets, '\n', sizeof(octets));
	assert_true(scan(octets, 2049, 0).violations & SW_SANITY_BIT(START_LINE));
}

/* Whether a span is these octets of this message. */
static void test_spans(void **state)
{
	struct sip_msg msg = scan(base, sizeof(base) - 1, 0);

	(void)state;
	assert_int_equal(msg.kind, SW_MESSAGE_INVITE);
	assert_int_equal(msg.cseq_kind, SW_MESSAGE_INVITE);
	assert_int_equal(msg.status, 0);
	assert_int_equal(msg.flags,
			 SIP_START | SIP_TOP_VIA | SIP_COMPLETE | SIP_FROM_TAG | SIP_COOKIE);
	assert_int_equal(msg.scheme, SIP_SCHEME_SIP);
	assert_int_equal(msg.cseq, 314159);
	assert_int_equal(msg.max_forwards, 70);
	assert_int_equal(msg.content_length, 4);
	assert_int_equal(msg.expires, 60);
	assert_int_equal(msg.lines, 12);
	assert_int_equal(msg.headers, 10);
	assert_int_equal(msg.via_count, 1);
	assert_int_equal(msg.body_offset, sizeof(base) - 1 - 4);
	assert_span(base, msg.method, "INVITE");
	assert_span(base, msg.uri, "sip:bob@biloxi.example.com");
	assert_span(base, msg.uri_user, "bob");
	assert_span(base, msg.uri_host, "biloxi.example.com");
	assert_span(base, msg.via_transport, "UDP");
	assert_span(base, msg.via_sent_by, "192.0.2.1:5060");
	assert_span(base, msg.via_host, "192.0.2.1");
	assert_span(base, msg.via_branch, "z9hG4bKabc");
	assert_span(base, msg.from.user, "alice");
	assert_span(base, msg.from.host, "atlanta.example.com");
	assert_span(base, msg.from.tag, "f1");
	assert_span(base, msg.to.user, "bob");
	assert_span(base, msg.to.host, "biloxi.example.com");
	assert_span(base, msg.to.tag, "");
	assert_span(base, msg.cseq_method, "INVITE");
	assert_span(base, VALUE(CALL_ID), "c1@192.0.2.1");
	assert_span(base, VALUE(CONTACT), "<sip:alice@192.0.2.1>");
	assert_span(base, VALUE(CONTENT_TYPE), "text/plain");
}

static void test_odd_spans(void **state)
{
	struct sip_input in = sip_exact_input(sizeof(odd) - 1, 0, SW_SANITY_DEFAULT);
	struct sip_msg msg = scan_with(odd, &in);

	(void)state;
	assert_violations(msg.violations, 0, "odd");
	assert_int_equal(msg.kind, SW_MESSAGE_OTHER);
	assert_int_equal(msg.begin, 5);
	assert_int_equal(msg.scheme, SIP_SCHEME_SIPS);
	assert_int_equal(msg.via_count, 3);
	assert_int_equal(msg.route_count, 3);
	assert_int_equal(msg.record_route_count, 2);
	assert_int_equal(msg.headers, 20);
	assert_int_equal(msg.lines, 29);
	assert_int_equal(msg.repeated, SIP_PRESENT(VIA) | SIP_PRESENT(ROUTE));
	assert_int_equal(msg.body_offset, sizeof(odd) - 1);
	assert_true(msg.flags & SIP_TO_TAG);
	assert_span(odd, msg.uri_user, "a%20b;x=y");
	assert_span(odd, msg.uri_host, "[2001:db8::1]");
	assert_span(odd, msg.from.user, "al");
	assert_span(odd, msg.from.host, "h.example.com");
	assert_span(odd, msg.from.tag, "f1");
	assert_span(odd, msg.to.user, "+1-23");
	assert_span(odd, msg.to.host, "");
	assert_span(odd, msg.to.tag, "t1");
	assert_span(odd, msg.via_transport, "TCP");
	assert_span(odd, msg.via_host, "[2001:db8::2]");
	assert_span(odd, msg.via_sent_by, "[2001:db8::2] : 5070");
	assert_span(odd, msg.via_branch, "z9hG4bK1");
	assert_span(odd, msg.cseq_method, "FOO");
	assert_span(odd, msg.nonce, "n1");
	assert_span(odd, msg.proxy_nonce, "n2");
	assert_span(odd, VALUE(CALL_ID), "id@x");
	assert_span(odd, VALUE(P_ASSERTED_IDENTITY), "<tel:+1>");
	assert_span(odd, VALUE(P_PREFERRED_IDENTITY), "<tel:+2>");
	assert_span(odd, VALUE(P_CHARGING_VECTOR), "icid-value=3");
	assert_span(odd, VALUE(REMOTE_PARTY_ID), "<sip:4@x>");
	assert_span(odd, VALUE(DIVERSION), "<sip:5@x>");
	assert_span(odd, VALUE(HISTORY_INFO), "<sip:6@x>;index=1");
	assert_span(odd, VALUE(PRIVACY), "id");
	assert_span(odd, VALUE(REFER_TO), "<sip:7@x>");
	assert_span(odd, VALUE(USER_AGENT), "ua/1 (x)");
}

static void test_kinds(void **state)
{
	static const char *const tokens[] = {
#define METHOD(id, token) [SW_MESSAGE_##id] = token,
#define KIND(id, name)
#include <sipward/methods.def>
#undef METHOD
#undef KIND
	};
	static struct text text;
	struct sip_msg msg;
	char line[64];

	(void)state;
	for (int i = 0; i < SW_METHOD_COUNT; i++) {
		size_t length = strlen(tokens[i]);

		snprintf(line, sizeof(line), "%s sip:x SIP/2.0\r\n", tokens[i]);
		assert_int_equal(scan(line, strlen(line), 0).kind, i);
		for (size_t k = 0; k < length; k++) { /* any other octet makes another method */
			line[k] ^= 0x40;
			assert_int_not_equal(scan(line, strlen(line), 0).kind, i);
			line[k] ^= 0x40 | 0x20; /* but some servers do not tell small letters */
			msg = scan(line, strlen(line), 0);
			assert_int_equal(msg.kind, i);
			assert_true(msg.violations & SW_SANITY_BIT(METHOD_CASE));
			line[k] ^= 0x20;
		}
		assert_false(scan(line, strlen(line), 0).violations & SW_SANITY_BIT(METHOD_CASE));
		snprintf(line, sizeof(line), "%sX sip:x SIP/2.0\r\n", tokens[i]);
		assert_int_equal(scan(line, strlen(line), 0).kind, SW_MESSAGE_OTHER);
	}
	replace(&text, base, "INVITE sip:bob@biloxi.example.com SIP/2.0", "SIP/2.0 183 Progress",
		20);
	assert_int_equal(scan(text.octets, text.length, 0).kind, SW_MESSAGE_RESPONSE);
	assert_int_equal(scan(text.octets, text.length, 0).status, 183);
	assert_int_equal(scan("\r\n\r\n", 4, SIP_STREAM).kind, SW_MESSAGE_KEEPALIVE);
	assert_int_equal(scan("", 0, 0).kind, SW_MESSAGE_KEEPALIVE);
	assert_int_equal(scan("GET / HTTP/1.1\r\n\r\n", 18, SIP_STREAM).kind, SW_MESSAGE_NOT_SIP);
	assert_true(
		scan_edit("sip:bob@biloxi.example.com SIP", "URN:service:sos.fire SIP", 0).flags &
		SIP_URGENT);
	assert_true(scan_edit("sip:bob@biloxi.example.com SIP", "urn:service:sos SIP", 0).flags &
		    SIP_URGENT);
	assert_false(scan_edit("sip:bob@biloxi.example.com SIP", "urn:service:sosx SIP", 0).flags &
		     SIP_URGENT);
}

/* Emergency services in From and To, in each form that may be written. */
static void test_urgent_parties(void **state)
{
	static const struct {
		const char *from, *to;
		uint32_t flags;
	} parties[] = {
		{"<sip:a@b>;tag=1", "<urn:service:sos>", SIP_TO_URGENT},
		{"<sip:a@b>;tag=1", "urn:service:sos;tag=2", SIP_TO_URGENT},
		{"<sip:a@b>;tag=1", "\"<x>\" <URN:service:SOS.fire>;tag=2", SIP_TO_URGENT},
		{"<urn:service:sos>;tag=1", "<sip:a@b>", SIP_FROM_URGENT},
		{"urn:service:sos.a", "<urn:service:sos>", SIP_FROM_URGENT | SIP_TO_URGENT},
		{"<sip:a@b>;tag=1", "<urn:service:sosx>", 0},
		{"<sip:a@b>;tag=1", "<urn:service:so>", 0},
		{"<sip:a@b>;tag=1", "\"urn:service:sos\" <sip:a@b>;x=urn:service:sos", 0},
		{"<sip:urn:service:sos@b>;tag=1", "<sip:urn:service:sos>", 0},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(parties) / sizeof(parties[0]); i++) {
		int size = snprintf(text, sizeof(text),
				    "BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
				    "From: %s\r\nTo: %s\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n",
				    parties[i].from, parties[i].to);

		assert_int_equal(scan(text, size, 0).flags & (SIP_FROM_URGENT | SIP_TO_URGENT),
				 parties[i].flags);
	}
}

static void test_early(void **state)
{
	struct sip_input in = sip_exact_input(sizeof(base) - 1, SIP_EARLY, SW_SANITY_DEFAULT);
	struct sip_msg msg = scan_with(base, &in);

	(void)state;
	assert_int_equal(msg.flags, SIP_START | SIP_TOP_VIA | SIP_COOKIE);
	assert_int_equal(msg.present, SIP_PRESENT(VIA));
	assert_span(base, msg.via_branch, "z9hG4bKabc");
	assert_span(base, msg.uri_user, "bob");
	assert_int_equal(msg.violations, 0);
	assert_resumes(base, sizeof(base) - 1, SW_SANITY_STRICT);
	assert_resumes(odd, sizeof(odd) - 1, SW_SANITY_STRICT);
	assert_resumes("X sip:x SIP/2.0\r\nTo: x\r\n\r\n", 27, SW_SANITY_STRICT);
}

/* Methods without a name of their own are compared octet by octet. */
static void test_unknown_methods(void **state)
{
	static const char *const methods[] = {"FOO", "FO", "FOOO", "FoO", "a-rather-long-method",
					      "FOO"};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		for (size_t k = 0; k < sizeof(methods) / sizeof(methods[0]); k++) {
			uint64_t found;

			snprintf(text, sizeof(text), "%s sip:x SIP/2.0\r\nCSeq: 1 %s\r\n\r\n",
				 methods[i], methods[k]);
			found = scan(text, strlen(text), 0).violations & SW_SANITY_BIT(CSEQ_METHOD);
			assert_int_equal(!found, !strcmp(methods[i], methods[k]));
		}
	}
}

/* A cut message is judged by what is there: it violates nothing that the whole one does not,
 * wherever it is cut, and the parts that it reports are complete. */
static void test_cut(void **state)
{
	static const uint32_t modes[] = {SIP_STREAM, SIP_FRAGMENT};

	(void)state;
	for (size_t length = 0; length < sizeof(base) - 1; length++) {
		for (int i = 0; i < 2; i++) {
			struct sip_input in = sip_exact_input(length, modes[i], SW_SANITY_STRICT);
			struct sip_msg msg;

			in.datagram_length = sizeof(base) - 1;
			msg = scan_with(base, &in);
			assert_violations(msg.violations, 0, "cut");
			if (msg.flags & SIP_TOP_VIA)
				assert_span(base, msg.via_branch, "z9hG4bKabc");
			if (msg.flags & SIP_FROM_TAG)
				assert_span(base, msg.from.tag, "f1");
			if (msg.present & SIP_PRESENT(CSEQ))
				assert_int_equal(msg.cseq, 314159);
		}
		assert_true(scan(base, length, 0).violations || !length);
	}
}

/* The next segment may begin with a fold. */
static void test_cut_before_fold(void **state)
{
	const char *behind = strstr(base, "CSeq");

	(void)state;
	assert_false(scan(base, behind - base, SIP_STREAM).present & SIP_PRESENT(CALL_ID));
	assert_true(scan(base, behind - base + 1, SIP_STREAM).present & SIP_PRESENT(CALL_ID));
}

static void test_fragment(void **state)
{
	struct sip_input in = sip_exact_input(sizeof(base) - 3, SIP_FRAGMENT, SW_SANITY_STRICT);

	(void)state;
	in.datagram_length = sizeof(base) - 1;
	assert_violations(scan_with(base, &in).violations, 0, "Content-Length by the datagram");
	in.datagram_length--;
	assert_violations(scan_with(base, &in).violations, SW_SANITY_BIT(CONTENT_LENGTH_LONG),
			  "Content-Length by the datagram");
	in.flags = SIP_STREAM;
	assert_violations(scan_with(base, &in).violations, 0, "a stream goes on");
	/* a fragment that ends in the Via has no top Via, even if the Via could end there */
	in = sip_exact_input(strstr(base, ";rport") - base, SIP_FRAGMENT, SW_SANITY_STRICT);
	assert_false(scan_with(base, &in).flags & SIP_TOP_VIA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_read_all_the_same),
		cmocka_unit_test(test_leading_line_ends),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_odd_spans),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_unknown_methods),
		cmocka_unit_test(test_urgent_parties),
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_before_fold),
		cmocka_unit_test(test_fragment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
