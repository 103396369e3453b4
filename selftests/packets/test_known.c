/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What proves who a source is, what looks as if it did, and what the proof is good for: a spent
 * budget, and a server that falls behind, are nothing to those who are known.
 */
#include <linux/ip.h>

#include "newcomers.h"

/* It answers the request `n` of the endpoint with this To-tag. */
static void answers(struct rig *rig, unsigned int n, const char *tag)
{
	char text[1024];
	size_t size = snprintf(text, sizeof(text),
		"SIP/2.0 200 OK\r\n"
		"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK%08x;rport\r\n"
		"From: <sip:bob@example.com>;tag=f%x\r\n"
		"To: <sip:alice@example.com>;tag=%s\r\n"
		"Call-ID: %x@198.51.100.7\r\n"
		"CSeq: 1 INVITE\r\n"
		"Content-Length: 0\r\n\r\n", n, n, tag, n);

	departs(rig, text, size);
}

/* Calls of others, whose tags show what this server's tags are like. */
static void habit(struct rig *rig, const char *head)
{
	static const char *const tags[] = {"8f3a1c77d0e24b5f", "c4b2e9015a6d7788",
					   "17e0aa42bd93c5f6", "e5d41b6a0f2c8e39"};
	struct endpoint caller = rig->from;
	char tag[64];

	rig->from.addr = address("203.0.113.50");
	for (unsigned int i = 0; i < array_size(tags); i++) {
		snprintf(tag, sizeof(tag), "%s%s", head, tags[i]);
		answers(rig, 50 + i, tag);
	}
	rig->from = caller;
}

static void acks(struct rig *rig, unsigned int n, const char *tag, enum sw_reason reason)
{
	char text[1024];

	sends(rig, text, request(text, sizeof(text), "ACK", n, tag), reason);
}

static void becomes_known(struct rig *rig)
{
	habit(rig, "");
	sends_method(rig, "INVITE", 1, SW_REASON_NONE);
	answers(rig, 1, "3b9d0c5e71a8f264");
	acks(rig, 1, "3b9d0c5e71a8f264", SW_REASON_NONE);
	assert_int_equal(outcome.grade, SW_GRADE_PROVED);
}

static void test_to_tag_proves(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	becomes_known(&rig);
	spend_budget(&rig);
	for (unsigned int i = 100; i < 150; i++)
		sends_method(&rig, "INVITE", i, SW_REASON_NONE);
	/* Its endpoint is known, its address is not: another port is another sender. */
	rig.from.port = 5062;
	sends_method(&rig, "INVITE", 200, SW_REASON_GREYLIST);
}

/* Calls a server whose tags begin like this, and is given a tag. */
static void is_answered(struct rig *rig, const char *head, const char *tag)
{
	rig_open(rig, BUDGET_OF_5);
	habit(rig, head);
	sends_method(rig, "INVITE", 1, SW_REASON_NONE);
	answers(rig, 1, tag);
}

/* Beyond the budget only a proof gets in. */
static void tag_proves_nothing(struct rig *rig, const char *tag)
{
	spend_budget(rig);
	acks(rig, 1, tag, SW_REASON_GREYLIST);
	assert_int_equal(outcome.grade, SW_GRADE_NONE);
}

static void test_guessed_tag(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	is_answered(&rig, "", "3b9d0c5e71a8f264");
	tag_proves_nothing(&rig, "3b9d0c5e71a8f265");
}

/* What a second address got too proves nothing for either. */
static void test_shared_tag(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	is_answered(&rig, "", "3b9d0c5e71a8f264");
	rig.from.addr = address("198.51.100.66"); /* the attacker's own address */
	answers(&rig, 1, "3b9d0c5e71a8f264");
	rig.from.addr = address("198.51.100.7");
	tag_proves_nothing(&rig, "3b9d0c5e71a8f264");
}

/* A long head that all tags share, and a checksum that anybody can compute. */
static void test_computable_tags(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	is_answered(&rig, "a6a1c5f60faecf035a1ae5b6e96e979a-",
		    "a6a1c5f60faecf035a1ae5b6e96e979a-3b9d");
	tag_proves_nothing(&rig, "a6a1c5f60faecf035a1ae5b6e96e979a-3b9d");
}

/* Who answers a request that the server sent to it is there. */
static void test_branch_proves(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size;

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	size = request(text, sizeof(text), "OPTIONS", 77, NULL);
	departs(&rig, text, size);
	spend_budget(&rig);
	size = response(text, sizeof(text), 200, "OPTIONS", 78);
	sends(&rig, text, size, SW_REASON_GREYLIST);
	size = response(text, sizeof(text), 200, "OPTIONS", 77);
	sends(&rig, text, size, SW_REASON_NONE);
	assert_int_equal(outcome.grade, SW_GRADE_PROVED);
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
}

/* The nonce of a challenge, by the server or by a proxy in front of it, comes back in the
 * request that answers it. */
static void proves_by_nonce(const char *status, const char *challenge, const char *credentials)
{
	auto_rig struct rig rig;
	char text[1024];

	rig_open(&rig, BUDGET_OF_5);
	departs(&rig, text, snprintf(text, sizeof(text),
		"SIP/2.0 %s\r\n"
		"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1\r\n"
		"From: <sip:bob@example.com>;tag=f\r\nTo: <sip:bob@example.com>;tag=t\r\n"
		"Call-ID: 1@198.51.100.7\r\nCSeq: 1 REGISTER\r\n"
		"%s: Digest realm=\"example.com\", nonce=\"5f3c,9a\", algorithm=MD5\r\n"
		"Content-Length: 0\r\n\r\n", status, challenge));
	for (int right = 0; right < 2; right++) {
		sends(&rig, text, snprintf(text, sizeof(text),
			"REGISTER sip:example.com SIP/2.0\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK2%d\r\n"
			"From: <sip:bob@example.com>;tag=f\r\nTo: <sip:bob@example.com>\r\n"
			"Call-ID: 1@198.51.100.7\r\nCSeq: 2 REGISTER\r\n"
			"%s: Digest username=\"bob\",realm=\"example.com\",nonce = \"5f3c,9%c\"\r\n"
			"Content-Length: 0\r\n\r\n", right, credentials, right ? 'a' : 'b'),
			SW_REASON_NONE);
		assert_int_equal(outcome.grade, right ? SW_GRADE_PROVED : SW_GRADE_NONE);
	}
}

static void test_nonce_proves(void **state)
{
	(void)state;
	proves_by_nonce("401 Unauthorized", "WWW-Authenticate", "Authorization");
	proves_by_nonce("407 Proxy Authentication Required", "Proxy-Authenticate",
			"Proxy-Authorization");
}

/* The known caller's own address, by another path: a newcomer, and it cannot spend what the
 * caller has. */
static void test_spoofed_known_source(void **state)
{
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 5/s burst 5}, "
				  "rates: {source: {any: 10/s burst 10}}}]\n");
	becomes_known(&rig);
	spend_budget(&rig);
	for (unsigned int i = 0; i < 50; i++) {
		size_t size = request(text, sizeof(text), "INVITE", 500 + i, NULL);

		assert_true(frame_message(&rig.frame, &rig.from, &rig.to, false, text, size));
		((struct iphdr *)(rig.frame.octets + rig.frame.ip))->ttl = 57;
		sends_frame(&rig, SW_REASON_GREYLIST);
	}
	for (unsigned int i = 0; i < 10; i++)
		sends_method(&rig, "INVITE", 600 + i, SW_REASON_NONE);
	sends_method(&rig, "INVITE", 700, SW_REASON_RATE_SOURCE);
}

static void test_known_is_forgotten(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, "known: {for: 1h}\n" BUDGET_OF_5);
	becomes_known(&rig);
	rig.trial.now += 3599 * SECOND;
	spend_budget(&rig);
	sends_method(&rig, "INVITE", 2, SW_REASON_NONE); /* and is not idle any more */
	rig.trial.now += 3599 * SECOND;
	spend_budget(&rig);
	sends_method(&rig, "INVITE", 3, SW_REASON_NONE);
	rig.trial.now += 3601 * SECOND;
	spend_budget(&rig);
	sends_method(&rig, "INVITE", 4, SW_REASON_GREYLIST);
}

/* Another CPU may have seen the endpoint by a clock that is a little ahead. */
static void test_clock_skew(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	rig.trial.now = 100 * SECOND;
	becomes_known(&rig);
	spend_budget(&rig);
	rig.trial.now -= MS;
	sends_method(&rig, "INVITE", 2, SW_REASON_NONE);
}

static void test_server_falls_behind(void **state)
{
	auto_rig struct rig rig;
	struct sw_health health = {};

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
	health.pressure_until = rig.trial.now + 3 * SECOND;
	state_health_write(&rig.trial.state, &health);
	/* The budget is not spent, and yet newcomers wait; a known endpoint does not. */
	sends_method(&rig, "INVITE", 2, SW_REASON_GREYLIST);
	rig.trial.now += 600 * MS;
	sends_method(&rig, "INVITE", 2, SW_REASON_NONE);
	habit(&rig, "");
	answers(&rig, 2, "3b9d0c5e71a8f264");
	acks(&rig, 2, "3b9d0c5e71a8f264", SW_REASON_NONE);
	sends_method(&rig, "INVITE", 3, SW_REASON_NONE);
	rig.trial.now += 3 * SECOND;
	rig.from.port = 5099;
	sends_method(&rig, "INVITE", 4, SW_REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_tag_proves),
		cmocka_unit_test(test_guessed_tag),
		cmocka_unit_test(test_shared_tag),
		cmocka_unit_test(test_computable_tags),
		cmocka_unit_test(test_branch_proves),
		cmocka_unit_test(test_nonce_proves),
		cmocka_unit_test(test_spoofed_known_source),
		cmocka_unit_test(test_known_is_forgotten),
		cmocka_unit_test(test_clock_skew),
		cmocka_unit_test(test_server_falls_behind),
	};

	return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
