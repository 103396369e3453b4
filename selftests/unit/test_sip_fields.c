/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Headers of trust, charging and authentication, natively: which are known by name, challenges
 * and what answers them, and the addresses in values.
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

/* A message with one more header. */
static struct sip_msg scan_header(char *text, size_t room, const char *start, const char *header)
{
	int size = snprintf(text, room, "%s\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n%s\r\n\r\n",
			    start, header);

	assert_in_range(size, 1, room - 1);
	return scan(text, size, SIP_STREAM);
}

#define REQUEST "REGISTER sip:a SIP/2.0"
#define REFUSAL "SIP/2.0 401 Unauthorized"

static void test_names(void **state)
{
	static const struct {
		const char *name;
		enum sip_header id;
	} names[] = {
		{"WWW-Authenticate", SIP_WWW_AUTHENTICATE},
		{"Proxy-Authenticate", SIP_PROXY_AUTHENTICATE},
		{"Max-Breadth", SIP_MAX_BREADTH},
		{"Referred-By", SIP_REFERRED_BY},
		{"b", SIP_REFERRED_BY},
		{"P-Charging-Function-Addresses", SIP_P_CHARGING_FUNCTION_ADDRESSES},
		{"p-access-NETWORK-info", SIP_P_ACCESS_NETWORK_INFO},
		{"P-Visited-Network-ID", SIP_P_VISITED_NETWORK_ID},
		{"Alert-Info", SIP_ALERT_INFO},
		{"Server", SIP_SERVER},
	};
	char text[512], header[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t size = strlen(names[i].name);
		struct sip_msg msg;

		snprintf(header, sizeof(header), "%s : value ", names[i].name);
		msg = scan_header(text, sizeof(text), REQUEST, header);
		assert_int_equal(msg.present, SIP_PRESENT(VIA) | 1u << names[i].id);
		assert_span(text, msg.value[names[i].id], "value");
		/* Each octet of the name counts, and its length. */
		for (size_t at = 0; at < size; at++) {
			snprintf(header, sizeof(header), "%s: value", names[i].name);
			header[at] = '.';
			msg = scan_header(text, sizeof(text), REQUEST, header);
			assert_int_equal(msg.present, SIP_PRESENT(VIA));
		}
		snprintf(header, sizeof(header), "%s.: value", names[i].name);
		msg = scan_header(text, sizeof(text), REQUEST, header);
		assert_int_equal(msg.present, SIP_PRESENT(VIA));
	}
}

static void test_max_breadth(void **state)
{
	char text[512];

	(void)state;
	assert_int_equal(scan_header(text, sizeof(text), REQUEST, "Max-Breadth: 60").max_breadth,
			 60);
	assert_int_equal(scan_header(text, sizeof(text), REQUEST,
				     "Max-Breadth: 60\r\nMax-Breadth: 1")
				 .max_breadth,
			 60);
	assert_int_equal(
		scan_header(text, sizeof(text), REQUEST, "Max-Breadth: 4294967296").max_breadth,
		~0u);
	assert_int_equal(scan_header(text, sizeof(text), REQUEST, "Max-Breadth: x").max_breadth,
			 ~0u);
	assert_int_equal(scan_header(text, sizeof(text), REQUEST, "X: 1").max_breadth, 0);
}

/* Values, not lines. Where servers differ, the larger number. */
static void test_contacts(void **state)
{
	static const struct {
		const char *header;
		unsigned int count;
	} rows[] = {
		{"X: 1", 0},
		{"Contact: <sip:a@b>", 1},
		{"m:sip:a@b", 1},
		{"Contact:\t*", 1},
		{"Contact: <sip:a@b>,<sip:c@d>", 2},
		{"Contact : <sip:a@b> ,\r\n <sip:c@d>;expires=1\r\nm: sip:e@f", 3},
		{"Contact: \"a, b\" <sip:c@d>, sip:e@f", 2},
		{"Contact: \"a\\\", b\" <sip:c@d>", 1},
		{"Contact: <sip:a@b>;x=\"c,d\",<sip:e@f>", 2},
		{"Contact: <sip:1,2@b>;+sip.instance=\"<urn:uuid:0,1>\"", 1},
		{"Contact: <sip:a@b>;x=\"c,d\"", 1},
		{"Contact: <sip:a@b, <sip:c@d>", 1},
		{"Contact: <sip:a@b, sip:c@d, sip:e@f", 3}, /* nothing is closed */
		{"Contact: \"a, sip:b@c, sip:d@e", 3},
		{"Contact: sip:a\"@b, sip:c@d, sip:e\"@f", 3}, /* no quoted strings */
		{"Contact: <sip:a@b>\", sip:c@d, sip:e@f\"", 3},
		{"Contact: \"a\"\", sip:b@c, sip:d@e\"", 3},
		{"Contact:\"a, b\" <sip:c@d>,\"e, f\" <sip:g@h>", 2},
		{"Contact: ,", 2},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_msg msg = scan_header(text, sizeof(text), REQUEST, rows[i].header);

		if (msg.contact_count != rows[i].count)
			fail_msg("%s: %u", rows[i].header, msg.contact_count);
	}
}

/* Parsers differ where no comma stands between two parameters, so that the nonce is in doubt. */
static void test_comma(void **state)
{
	char text[512];
	struct sip_msg msg;

	(void)state;
	msg = scan_header(text, sizeof(text), REFUSAL,
			  "WWW-Authenticate: Digest realm=\"r\" nonce=\"n\"");
	assert_true(msg.violations & SW_SANITY_BIT(REACH));
	msg = scan_header(text, sizeof(text), REFUSAL,
			  "Proxy-Authenticate: Digest realm=\"r\"\r\n\tnonce=\"n\"");
	assert_true(msg.violations & SW_SANITY_BIT(REACH));
	msg = scan_header(text, sizeof(text), REFUSAL,
			  "WWW-Authenticate: Digest realm=\"r\"\r\n ,, nonce=\"n\"");
	assert_false(msg.violations & SW_SANITY_BIT(REACH));
	assert_span(text, msg.nonce, "n");
}

/* A challenge, and what answers it, have one nonce, in the field of the same name. */
static void test_challenge(void **state)
{
	char text[512];
	struct sip_msg msg;

	(void)state;
	msg = scan_header(text, sizeof(text), REFUSAL,
			  "WWW-Authenticate: Digest realm=\"a, nonce=\\\"no\\\"\",\r\n"
			  " NONCE = \"n,1\", stale=true\r\n"
			  "WWW-Authenticate: Digest nonce=\"second\"\r\n"
			  "Proxy-Authenticate: Digest "
			  "nonce=n2,qop=\"auth,auth-int\",username=\"x\"");
	assert_span(text, msg.nonce, "n,1");
	assert_span(text, msg.proxy_nonce, "n2");
	assert_span(text, msg.proxy_login, "");
	msg = scan_header(text, sizeof(text), REQUEST,
			  "Authorization: Digest username=\"bob \\\"b\\\", x\", cnonce=\"c\", "
			  "nonce=\"n,1\"\r\n"
			  "Proxy-Authorization: Digest  nonce = \"n2\" , username=bob");
	assert_span(text, msg.nonce, "n,1");
	assert_span(text, msg.login, "bob \\\"b\\\", x");
	assert_span(text, msg.proxy_nonce, "n2");
	assert_span(text, msg.proxy_login, "bob");
	msg = scan_header(text, sizeof(text), REQUEST,
			  "Authorization: Digest username*=UTF-8''b, usernames=\"x\", "
			  "nonces=\"y\"");
	assert_span(text, msg.login, "");
	assert_span(text, msg.nonce, "");
}

/* Neither is read where it does not belong. */
static void test_misplaced(void **state)
{
	char text[512];
	struct sip_msg msg;

	(void)state;
	msg = scan_header(text, sizeof(text), REQUEST, "WWW-Authenticate: Digest nonce=\"n\"");
	assert_span(text, msg.nonce, "");
	msg = scan_header(text, sizeof(text), REFUSAL,
			  "Authorization: Digest nonce=\"n\", username=\"u\"");
	assert_span(text, msg.nonce, "");
	assert_span(text, msg.login, "");
	assert_int_equal(msg.present, SIP_PRESENT(VIA) | SIP_PRESENT(AUTHORIZATION));
}

/* Every line of a header that rules read, up to as many as are kept. */
static void test_lines(void **state)
{
	char text[2048];
	struct sip_msg msg;

	(void)state;
	msg = scan_header(text, sizeof(text), REQUEST,
			  "Contact: <sip:a@b>\r\nX: y\r\nm:\r\nContact :\r\n"
			  " <sip:c@d>,\r\n\t<sip:e@f> ");
	assert_int_equal(sip_line_count(&msg, SIP_CONTACT), SIP_LINES_MAX);
	assert_span(text, sip_line(&msg, SIP_CONTACT, 0), "<sip:a@b>");
	assert_span(text, sip_line(&msg, SIP_CONTACT, 1), "");
	assert_span(text, sip_line(&msg, SIP_CONTACT, 2), "<sip:c@d>,\r\n\t<sip:e@f>");
	assert_int_equal(sip_line(&msg, SIP_CONTACT, 3).length, 0);
	assert_int_equal(sip_line_count(&msg, SIP_REFER_TO), 1);
	assert_false(sip_lost_lines(&msg, SIP_CONTACT));
	msg = scan_header(text, sizeof(text), REQUEST,
			  "r: 1\r\nr: 2\r\nr: 3\r\nr: 4\r\nr: 5\r\nr: 6\r\nr: 7\r\nr: 8");
	for (unsigned int n = 0; n < SIP_LINES_MAX; n++)
		assert_span(text, sip_line(&msg, SIP_REFER_TO, n), (char[]){'1' + n, 0});
	assert_false(sip_lost_lines(&msg, SIP_REFER_TO));
	msg = scan_header(text, sizeof(text), REQUEST,
			  "r: 1\r\nr: 2\r\nr: 3\r\nr: 4\r\nr: 5\r\nr: 6\r\nr: 7\r\nr: 8\r\nr: 9");
	assert_span(text, sip_line(&msg, SIP_REFER_TO, 7), "8");
	assert_true(sip_lost_lines(&msg, SIP_REFER_TO));
	assert_false(sip_lost_lines(&msg, SIP_CONTACT));
}

static void test_address(void **state)
{
	static const struct {
		const char *value, *user, *host; /* user with "!": others may read another one */
	} rows[] = {
		{"<sip:+15550100@example.com>", "+15550100", "example.com"},
		{"<sip:+15550100@example.com;user=phone>;party=calling", "+15550100",
		 "example.com"},
		{"\"A, <sip:no@no>;\\\" x\"  <sips:a:pw@[2001:db8::1]:5061>", "a", "[2001:db8::1]"},
		{"\"A\"<TEL:+1-555;phone-context=x>, <sip:b@c>", "+1-555", ""},
		{"A B\t<sip:example.com:5060>", "", "example.com"},
		{"Doe, John <sip:j@x>", "j", "x"},
		{"<tel:112>", "112", ""},
		{"tel:+1555, <sip:no@no>", "+1555", ""},
		{"tel:911;phone-context=+1", "911", ""},
		{"sip:a@b, <sip:c@d>", "a", "b"},
		{"sip:a@b;tag=x@y", "a", "b"},
		{"sip:b>c@d", "b>c", "d"},
		{"sip:a@b \t", "a", "b"},
		{"<sip:t@e?Replaces=a%40b>", "t", "e"},
		{"< sip:a@b>", "a", "b"},
		{"<sip:a@b", "!a", "b"},
		{"\"A <sip:a@b>", "a", "b"},
		{"<urn:service:sos>", "", ""},
		{"<mailto:a@b>", "a", "b"},
		{"*", "", ""},
		{"a;b<sip:c@d>", "!c", "d"},
		{"sip:", "", ""},
		/* Broken values, as careless servers read them. */
		{"<900@h>", "900", "h"},
		{"900:pw@h", "!900", "h"},
		{":900@h", "!900", "h"},
		{"1:900", "!1", ""},
		{"x:900:pw", "900", ""},
		{"x+1.a-b:900;y", "900", ""},
		{"900@h:5060", "!900", "h"},
		{"x://900:pw@h:5060", "900", "h"},
		{"sip:900;phone-context=+49@h;x=y, sip:b@c", "900;phone-context=+49", "h"},
		{"sip:900\t@h", "900\t", "h"},
		/* Others read another one. */
		{"sip:a@b <sip:c@d>", "!a", "b"},
		{"sip:a@b;x<sip:c@d>", "!a", "b"},
		{"SIP:<sip:900@y>", "!<sip", "y"},
		{";<sip:900@y>", "!900", "y"},
		{"a \"<sip:b@c>\" <sip:d@e>", "!d", "e"},
		{"<tel:1@900>", "!1", ""},
		{"<sip:@900@y>", "!", "900"},
		{"<sip:a@b@c>", "!a", "b"},
		{"\"a\" b <sip:c@d>", "c", "d"},
		{"\"a\" b:1 <sip:c@d>", "!c", "d"},
		{"b:1 <sip:c@d>", "c", "d"},
		{"b:1<sip:c@d>", "!c", "d"},
		{"<sip:c\"@d>", "!c\"", "d"},
		{"<sip:c@d>e", "!c", "d"},
		{"<sip:c@d> ;e", "c", "d"},
		{"sip:c@d;e=\"f\"", "!c", "d"},
		{"sip:c@d;e, \"f\" <sip:g@h>", "c", "d"},
		{"a@b,<sip:c@d>", "!c", "d"},
		{"tel:1,a@192.0.2.1", "!1", ""},
		{"tel:1, sip:a@192.0.2.1", "!1", ""},
		{"tel:1, sip:192.0.2.1", "1", ""},
		{"tel:1, <sip:a@192.0.2.1>", "1", ""},
		{"tel:y;,@192.0.2.1", "!y", ""},
		{"TEL:8,p:@192.0.2.1", "!8", ""},
		{"tel:8;x,p:@192.0.2.1", "!8", ""},
		{"sip:8,p:x@h", "!", "8"},
		{"sip:8;x,p:x@h", "!", "8"},
		{"sip:8;x,p:x", "", "8"},
		{"sip:8@g,p:x@h", "8", "g"},
		{"sip:g;x, <sip:8@h>", "", "g"},
		{"tel:1, \"a@b\" <sip:c@d>", "1", ""},
		{"<tel:1 2>", "!1 2", ""},
		{"<tel:1-2 >", "1-2 ", ""},
		{"< sip:192.0.2.1>", "!", "192.0.2.1"},
		{"(a)<sip:192.0.2.1>", "!", "192.0.2.1"},
		{"(a) <sip:192.0.2.1>", "", "192.0.2.1"},
		{"", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t size = strlen(rows[i].value);

		/* The octets behind the value are no part of it. */
		for (size_t pad = 0; pad < SIP_PADS; pad++) {
			uint8_t *block = malloc(size + SIP_PAD);
			uint64_t address;

			memcpy(block, rows[i].value, size);
			for (size_t j = 0; j < SIP_PAD; j++)
				block[size + j] = sip_pads[pad][j % 8];
			address = sip_address((const struct sip_buf *)block, 0, size);
			assert_span((char *)block, sip_address_user(address),
				    rows[i].user + (rows[i].user[0] == '!'));
			assert_span((char *)block, sip_address_host(address), rows[i].host);
			if (sip_address_unsure(address) != (rows[i].user[0] == '!'))
				fail_msg("%s", rows[i].value);
			free(block);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),    cmocka_unit_test(test_max_breadth),
		cmocka_unit_test(test_contacts), cmocka_unit_test(test_challenge),
		cmocka_unit_test(test_comma),    cmocka_unit_test(test_misplaced),
		cmocka_unit_test(test_lines),    cmocka_unit_test(test_address),
	};

	return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
