/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What nobody needs is left out of a scan, and headers are read in brief: what is judged must
 * not change by that. The data path of most policies runs so; all other tests need everything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static unsigned int needs;
#define SIP_NEEDS(what) (needs & (what))
#include "sip_exact.h"

#include "sip_generate.h"

#define MESSAGES 60000

/* What only those are told who need more than a judgement. */
#define UNTOLD (SIP_FROM_TAG | SIP_COOKIE)
#define JUDGED                                                                             \
	(SIP_PRESENT(VIA) | SIP_PRESENT(FROM) | SIP_PRESENT(TO) | SIP_PRESENT(CALL_ID) |   \
	 SIP_PRESENT(CSEQ) | SIP_PRESENT(MAX_FORWARDS) | SIP_PRESENT(CONTENT_LENGTH))

/* What a policy may need without strict work. */
static const unsigned int lean[] = {
	0,
	SIP_NEED_PARTIES,
	SIP_NEED_VIA,
	SIP_NEED_TOKENS,
	SIP_NEED_LOGINS,
	SIP_NEED_VIA | SIP_NEED_TOKENS,
	SIP_NEED_VIA | SIP_NEED_TOKENS | SIP_NEED_PARTIES | SIP_NEED_LOGINS,
	SIP_NEED_VALUES,
	SIP_NEED_VALUES | SIP_NEED_LINES | SIP_NEED_PARTIES,
	SIP_NEED_ALL & ~SIP_NEED_STRICT,
};

static bool same_span(struct sip_span a, struct sip_span b)
{
	return a.length == b.length && (!a.length || a.offset == b.offset);
}

static bool same_party(const struct sip_party *a, const struct sip_party *b, unsigned int what)
{
	return (!(what & SIP_NEED_PARTIES) ||
		(same_span(a->user, b->user) && same_span(a->host, b->host))) &&
	       (!(what & (SIP_NEED_PARTIES | SIP_NEED_TOKENS)) || same_span(a->tag, b->tag));
}

static bool same_values(const struct sip_msg *a, const struct sip_msg *b, unsigned int what)
{
	for (unsigned int i = 0; i < SIP_HEADER_COUNT; i++)
		if (!same_span(a->value[i], b->value[i]))
			return false;
	for (unsigned int i = 0; i < SIP_MORE_ALL && what & SIP_NEED_LINES; i++)
		if (!same_span(a->more[i], b->more[i]))
			return false;
	return a->present == b->present && a->repeated == b->repeated && a->cseq == b->cseq &&
	       a->cseq_kind == b->cseq_kind && same_span(a->cseq_method, b->cseq_method) &&
	       a->max_forwards == b->max_forwards && a->max_breadth == b->max_breadth &&
	       a->content_length == b->content_length && a->lines == b->lines &&
	       a->route_count == b->route_count && a->record_route_count == b->record_route_count;
}

/* Each that was asked for. */
static bool same_told(const struct sip_msg *a, const struct sip_msg *b, unsigned int what)
{
	if (what & SIP_NEED_VIA &&
	    !(same_span(a->via_transport, b->via_transport) &&
	      same_span(a->via_sent_by, b->via_sent_by) && same_span(a->via_host, b->via_host) &&
	      same_span(a->via_branch, b->via_branch) &&
	      (a->flags & SIP_COOKIE) == (b->flags & SIP_COOKIE)))
		return false;
	if (what & SIP_NEED_VALUES && !same_values(a, b, what))
		return false;
	if (what & SIP_NEED_PARTIES &&
	    !(same_span(a->uri_user, b->uri_user) && same_span(a->uri_host, b->uri_host)))
		return false;
	if (what & SIP_NEED_TOKENS &&
	    !(same_span(a->value[SIP_CALL_ID], b->value[SIP_CALL_ID]) &&
	      same_span(a->nonce, b->nonce) && same_span(a->proxy_nonce, b->proxy_nonce)))
		return false;
	if (what & SIP_NEED_LOGINS &&
	    !(same_span(a->login, b->login) && same_span(a->proxy_login, b->proxy_login)))
		return false;
	return same_party(&a->from, &b->from, what) && same_party(&a->to, &b->to, what);
}

static bool same_judged(const struct sip_msg *a, const struct sip_msg *b)
{
	return a->violations == b->violations && (a->flags & ~UNTOLD) == (b->flags & ~UNTOLD) &&
	       ((a->present ^ b->present) & JUDGED) == 0 && a->kind == b->kind &&
	       a->status == b->status && a->headers == b->headers &&
	       a->via_count == b->via_count && a->body_offset == b->body_offset;
}

/* Scanned whole, or as far as the top Via and from there on: that too changes nothing. */
static void scan(const uint8_t *octets, const struct sip_input *in, unsigned int what, bool halves,
		 unsigned int n, struct sip_msg *msg)
{
	struct sip_input part = *in;

	needs = what;
	part.flags |= halves ? SIP_EARLY : 0;
	assert_true(sip_scan_exact(octets, &part, n, msg));
	if (!halves)
		return;
	part.flags = in->flags | SIP_RESUME;
	assert_true(sip_scan_exact(octets, &part, n, msg));
}

static void compare(const uint8_t *octets, size_t size, uint32_t flags, unsigned int n)
{
	struct sip_input in = sip_exact_input(size, flags, SW_SANITY_DEFAULT);
	struct sip_msg all = { 0 };

	scan(octets, &in, SIP_NEED_ALL, false, n, &all);
	for (size_t i = 0; i < sizeof(lean) / sizeof(lean[0]); i++) {
		struct sip_msg brief = { 0 };

		scan(octets, &in, lean[i], n & 1, n, &brief);
		if (!same_judged(&all, &brief) || !same_told(&all, &brief, lean[i]))
			fail_msg("needs %x: violations %llx and %llx, flags %x and %x, vias %u and %u: %.*s",
				 lean[i], (unsigned long long)all.violations,
				 (unsigned long long)brief.violations, all.flags, brief.flags,
				 all.via_count, brief.via_count, (int)size, octets);
	}
}

static void test_generated(void **state)
{
	static uint8_t octets[SW_MESSAGE_MAX];
	static const uint32_t modes[] = { 0, SIP_STREAM, SIP_FRAGMENT };

	(void)state;
	for (unsigned int n = 0; n < MESSAGES; n++) {
		struct sip_random random = { n };
		size_t size = sip_generate(&random, octets, sizeof(octets));

		compare(octets, size, modes[n % 3], n);
		size = sip_mutate(&random, octets, size, sizeof(octets));
		compare(octets, size, modes[n % 3], n);
	}
}

/* Everything that is read in brief, and each octet of it broken in each way. */
static const char plain[] =
	"INVITE sip:a@b SIP/2.0\r\n"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated),
		cmocka_unit_test(test_every_octet),
		cmocka_unit_test(test_every_insertion),
	};

	return cmocka_run_group_tests_name("needs", tests, NULL, NULL);
}
