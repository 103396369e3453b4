/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Work that nobody needs is left out of a scan, and headers are read in brief. The judgement must
 * not change by that. The data path of most policies runs so; all other tests need everything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sip_generate.h"
#include "sip_needs.h"

#define MESSAGES 60000

static unsigned int peeked;

static void compare(const uint8_t *octets, size_t size, uint32_t flags, unsigned int n)
{
	unsigned int differ = needs_that_differ(octets, size, flags, n);
	enum peeked found = peek(octets, size, n);

	if (differ != ~0u)
		fail_msg("needs %x: %.*s", differ, (int)size, octets);
	if (found == PEEK_DIFFERS)
		fail_msg("peek: %.*s", (int)size, octets);
	peeked += found == PEEK_SAME;
}

static void test_generated(void **state)
{
	static uint8_t octets[SW_MESSAGE_MAX];
	static const uint32_t modes[] = {0, SIP_STREAM, SIP_FRAGMENT};

	(void)state;
	for (unsigned int n = 0; n < MESSAGES; n++) {
		struct sip_random random = {n};
		size_t size = sip_generate(&random, octets, sizeof(octets));

		compare(octets, size, modes[n % 3], n);
		size = sip_mutate(&random, octets, size, sizeof(octets));
		compare(octets, size, modes[n % 3], n);
	}
}

/* Everything that is read in brief, and each octet of it broken in each way. */
static const char plain[] = "INVITE sip:a@b SIP/2.0\r\n"
			    "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK1\r\n"
			    "Via: SIP/2.0/TCP 255.255.255.255, SIP/2.0/TLS [::1]\r\n"
			    "Max-Forwards: 70\r\n"
			    "From: \"A\" <sip:100@a>;tag=1\r\n"
			    "To: <sip:100@b;x=y>;tag=8e\r\n"
			    "Contact: <sip:100@c>\r\n"
			    "Call-ID: 4f@x\r\n"
			    "CSeq: 21743 INVITE\r\n"
			    "Proxy-Authorization: Digest username=\"a\",nonce=\"b\"\r\n"
			    "Authorization: Digest nonce=c, username=d\r\n"
			    "Content-Type: a/b\r\n"
			    "User-Agent: c\r\n"
			    "Allow: INVITE\r\n"
			    "Route: <sip:d>\r\n"
			    "Server: e\r\n"
			    "Expires: 7200\r\n"
			    "Diversion: <sip:f>\r\n"
			    "Privacy: id\r\n"
			    "Alert-Info: g\r\n"
			    "m: <sip:h>\r\n"
			    "Content-Length: 17\r\n"
			    "\r\n"
			    "what is behind it";

static void test_every_octet(void **state)
{
	static uint8_t octets[sizeof(plain)];

	(void)state;
	for (size_t i = 0; i < sizeof(plain) - 1; i++) {
		compare((const uint8_t *)plain, i, i % 2 ? SIP_STREAM : 0, i);
		for (unsigned int value = 0; value < 256; value++) {
			memcpy(octets, plain, sizeof(plain));
			octets[i] = value;
			compare(octets, sizeof(plain) - 1, 0, value);
		}
	}
}

/* Likewise with an octet more, or one less. */
static void test_every_insertion(void **state)
{
	static const char inserted[] = " \t\r\n\"<>;:,@09aZ\x80\xff";
	static uint8_t octets[sizeof(plain) + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(plain) - 1; i++) {
		memcpy(octets, plain, i);
		memcpy(octets + i, plain + i + 1, sizeof(plain) - 1 - i);
		compare(octets, sizeof(plain) - 2, 0, i);
		for (size_t j = 0; j < sizeof(inserted); j++) {
			memcpy(octets, plain, i);
			octets[i] = inserted[j];
			memcpy(octets + i + 1, plain + i, sizeof(plain) - i);
			compare(octets, sizeof(plain), 0, i);
		}
	}
}

static size_t quotes(char *to, unsigned int count)
{
	for (unsigned int i = 0; i < 2 * count; i++)
		to[i] = '"';
	return 2 * count;
}

/* More quoted strings than are looked through, of which a branch may hide some. */
static void test_quotes_around_branch(void **state)
{
	char text[1024] = "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;a=";
	size_t size = strlen(text);

	(void)state;
	size += quotes(text + size, 10);
	size += snprintf(text + size, sizeof(text) - size, ";branch=x");
	size += quotes(text + size, 60);
	size += snprintf(text + size, sizeof(text) - size, ", SIP/2.0/UDP i\r\n\r\n");
	compare((const uint8_t *)text, size, 0, 0);
}

/* Branches that are taken at a glance, and their neighbours that are left to the scan. */
static void test_peek(void **state)
{
	static const struct {
		const char *start, *via;
		enum peeked found;
	} cases[] = {
		{"INVITE sip:a@b SIP/2.0", "Via: SIP/2.0/UDP h:5060;rport;branch=z9hG4bK1",
		 PEEK_SAME},
		{"SUBSCRIBE sip:a@b SIP/2.0", "VIA: sip/2.0/udp [::1]:5060;BRANCH=x;rport",
		 PEEK_SAME},
		{"SIP/2.0 180 Ringing", "Via: SIP/2.0/UDP h;a;b=c;d;branch=x", PEEK_SAME},
		{"ACK sip:a@b SIP/2.0", "Via: SIP/2.0/UDP h;branch=x;branch=y", PEEK_SAME},
		{"OPTIONS sip:a SIP/2.0", "Via: SIP/2.0/UDP h;branch=x", PEEK_SAME},
		{"INVITE sip:a@b SIP/2.0", "Via: SIP/2.0/UDP h;branch=", PEEK_LEFT},
		{"INVITE sip:a@b SIP/2.0", "Via: SIP/2.0/UDP h;branch;branch=x", PEEK_LEFT},
		{"INVITE sip:a@b SIP/2.0", "Via: SIP/2.0/UDP h;a=\";branch=x\"", PEEK_LEFT},
		{"INVITE sip:a@b SIP/2.0", "Via: SIP/2.0/UDP h, SIP/2.0/UDP i;branch=x", PEEK_LEFT},
		{"INVITE sip:a@b SIP/2.0", "Via: SIP/2.0/UDP [::1;branch=x", PEEK_LEFT},
		{"INVITE sip:a@b SIP/2.0", "Via: SIP/2.0/UDP h ;branch=x", PEEK_LEFT},
		{"INVITE sip:a@b SIP/2.0", "Via: SIP/2.0/UDP h;branch=\"x\"", PEEK_LEFT},
		{"INVITE sip:a@b SIP/2.0", "From: <sip:c>\r\nVia: SIP/2.0/UDP h;branch=x",
		 PEEK_LEFT},
		{"INVITE sip:a@b SIP/2.0", " Via: SIP/2.0/UDP h;branch=x", PEEK_LEFT},
		{"INVITE  sip:a@b SIP/2.0", "Via: SIP/2.0/UDP h;branch=x", PEEK_LEFT},
		{"INVITE sip:a@b SIP/1.0", "Via: SIP/2.0/UDP h;branch=x", PEEK_LEFT},
		{"invite sip:a@b SIP/2.0", "Via: SIP/2.0/UDP h;branch=x", PEEK_LEFT},
		{"SIP/2.0 700 No", "Via: SIP/2.0/UDP h;branch=x", PEEK_LEFT},
		{"SIP/2.0 20 No", "Via: SIP/2.0/UDP h;branch=x", PEEK_LEFT},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int size = snprintf(text, sizeof(text), "%s\r\n%s\r\nTo: <sip:a>\r\n\r\n",
				    cases[i].start, cases[i].via);

		if (peek((const uint8_t *)text, size, i) != cases[i].found)
			fail_msg("%s / %s", cases[i].start, cases[i].via);
	}
	assert_true(peeked > MESSAGES / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated),
		cmocka_unit_test(test_every_octet),
		cmocka_unit_test(test_every_insertion),
		cmocka_unit_test(test_quotes_around_branch),
		cmocka_unit_test(test_peek),
	};

	return cmocka_run_group_tests_name("needs", tests, NULL, NULL);
}
