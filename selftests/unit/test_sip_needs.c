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

static void compare(const uint8_t *octets, size_t size, uint32_t flags, unsigned int n)
{
	unsigned int differ = needs_that_differ(octets, size, flags, n);

	if (differ != ~0u)
		fail_msg("needs %x: %.*s", differ, (int)size, octets);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated),
		cmocka_unit_test(test_every_octet),
		cmocka_unit_test(test_every_insertion),
		cmocka_unit_test(test_quotes_around_branch),
	};

	return cmocka_run_group_tests_name("needs", tests, NULL, NULL);
}
