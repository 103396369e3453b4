/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Behaviour over UDP: the packets that the data path takes for an offence, and tells as a hint.
 * Evidence comes on TCP connections (test_connections.c). Here the program and the observer see
 * packets and answers; selftests/unit/test_conduct.c tests the counts that lead to a ban, and
 * test_bans.c the effects of a ban.
 */
#include "phone.h"

static const char *const watched =
	YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1000/s, probe: off}, "
		   "bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 30/60s}}]\n";

/* Every guess gets a new nonce, and the next guess uses it. */
static void test_guessing(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	registers(&rig, 1, 401, 2); /* may be an old nonce */
	assert_int_equal(overhear(&rig), 0);
	for (unsigned int i = 2; i < 12; i++)
		registers(&rig, i, 401, i + 1);
	assert_int_equal(heard(&rig, SW_OFFENCE_AUTH, false), 10);
	assert_int_equal(told_count, 10);
	assert_int_equal(told[9].failures, 10);
	assert_memory_equal(&told[0].source.addr, &rig.from.addr, sizeof(rig.from.addr));
	assert_int_equal(told[0].source.length, 32);
	assert_int_equal(told[0].good, 0);
	/* 403 is a registrar's way to say so, too. */
	registers(&rig, 0, 401, 100);
	registers(&rig, 100, 403, 0);
	assert_int_equal(heard(&rig, SW_OFFENCE_AUTH, false), 1);
}

/* A server that answers within one second gives the same nonce again. */
static void test_guessing_with_one_nonce_a_second(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	for (int i = 0; i < 11; i++)
		registers(&rig, 1, 401, 1);
	assert_int_equal(heard(&rig, SW_OFFENCE_AUTH, false), 10);
}

/* A guesser that keeps its first nonce, whatever it is sent. */
static void test_guessing_with_an_old_nonce(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	for (unsigned int i = 0; i < 11; i++)
		registers(&rig, 1, 401, 10 + i);
	assert_int_equal(heard(&rig, SW_OFFENCE_AUTH, false), 10);
}

/* Each time the old nonce has expired, and the new one is taken: no failure, ever. */
static void test_expired_nonces(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	registers(&rig, 1, 200, 0);
	for (unsigned int i = 1; i < 20; i++) {
		rig.test_run.now += 3 * SECOND;
		registers(&rig, i, 401, i + 1);
		registers(&rig, i + 1, 200, 0);
	}
	assert_int_equal(overhear(&rig), 0);
}

/* Many subscriptions at once, with a nonce that was good for the registration. */
static void test_expired_nonce_many_times(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	registers(&rig, 1, 200, 0);
	rig.test_run.now += 10 * SECOND;
	for (int i = 0; i < 20; i++) {
		struct phone phone = {"SUBSCRIBE", "alice", "bob", "n00000001", new_branch(), NULL};

		asks(&rig, &phone, SW_REASON_NONE);
		answers(&rig, &phone, 401, "n00000002", "t");
	}
	assert_int_equal(overhear(&rig), 0);
}

/* A nonce from before the last refusal, that nobody used yet: it may have expired as well. */
static void test_older_nonce(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	registers(&rig, 0, 401, 2);
	registers(&rig, 2, 401, 3);
	registers(&rig, 1, 401, 4);
	assert_int_equal(overhear(&rig), 0);
	registers(&rig, 4, 401, 5);
	assert_int_equal(heard(&rig, SW_OFFENCE_AUTH, false), 1);
}

static void test_wrong_then_right(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	registers(&rig, 1, 401, 2);
	registers(&rig, 2, 200, 0);
	assert_int_equal(overhear(&rig), 0);
	/* And it begins anew. */
	registers(&rig, 0, 401, 3);
	registers(&rig, 3, 401, 4);
	assert_int_equal(overhear(&rig), 0);
	registers(&rig, 4, 401, 5);
	assert_int_equal(heard(&rig, SW_OFFENCE_AUTH, false), 1);
	assert_int_equal(told[0].failures, 1);
}

/* The success of a request that needs no password says nothing about passwords. */
static void test_success_elsewhere_clears_nothing(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	registers(&rig, 1, 401, 2);
	for (unsigned int i = 2; i < 12; i++) {
		char nonce[16];
		struct phone phone = {"OPTIONS", "alice", "bob", nonce, new_branch(), NULL};

		snprintf(nonce, sizeof(nonce), "n%08x", i);
		asks(&rig, &phone, SW_REASON_NONE);
		answers(&rig, &phone, 200, NULL, "t");
		registers(&rig, i, 401, i + 1);
	}
	assert_int_equal(heard(&rig, SW_OFFENCE_AUTH, false), 10);
	assert_int_equal(told[9].good, 0);
}

/* Its answer was lost: the same again is no second failure. */
static void test_retransmission(void **state)
{
	auto_rig struct rig rig;
	struct phone phone = {"REGISTER", "alice", "alice", "n00000002", 7000, NULL};

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	registers(&rig, 1, 401, 2);
	for (int i = 0; i < 5; i++) {
		rig.test_run.now += 500 * MS;
		asks(&rig, &phone, SW_REASON_NONE);
		answers(&rig, &phone, 401, "n00000003", "t");
	}
	assert_int_equal(heard(&rig, SW_OFFENCE_AUTH, false), 1);
}

static void test_others_behind_the_same_address(void **state)
{
	auto_rig struct rig rig;
	char user[32];

	(void)state;
	rig_open(&rig, watched);
	/* All in one second, which has one nonce; each had another one, which expired. */
	for (unsigned int round = 0; round < 3; round++) {
		for (int i = 0; i < 20; i++) {
			snprintf(user, sizeof(user), "phone%d", i);
			if (round)
				registers_as(&rig, user, round, 401, round + 1);
			else
				registers_as(&rig, user, 0, 401, 1);
			registers_as(&rig, user, round + 1, 200, 0);
		}
		rig.test_run.now += 60 * SECOND;
	}
	assert_int_equal(overhear(&rig), 0);
	/* One of them forgot its password. */
	registers_as(&rig, "phone3", 3, 401, 4);
	registers_as(&rig, "phone3", 4, 401, 5);
	registers_as(&rig, "phone3", 5, 401, 6);
	assert_true(heard(&rig, SW_OFFENCE_AUTH, false) >= 1);
}

/* The attacker has the phone's address, but never saw a nonce that was sent there. */
static void test_spoofed_guesses(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	registers(&rig, 1, 200, 0);
	for (unsigned int i = 0; i < 20; i++)
		registers(&rig, 5000 + i, 401, 100 + i);
	assert_int_equal(heard(&rig, SW_OFFENCE_AUTH, false), 20);
	assert_int_equal(told_count, 20);
	/* And the phone goes on as if nothing had been. */
	rig.test_run.now += 3 * SECOND;
	registers(&rig, 1, 401, 200);
	registers(&rig, 200, 200, 0);
	assert_int_equal(overhear(&rig), 0);
}

/* The attacker asks in the same second, and gets the same nonce: it proves nothing for either. */
static void test_shared_nonce(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	rig.from.addr = address("198.51.100.66");
	registers(&rig, 0, 401, 1);
	rig.from.addr = address("198.51.100.7");
	for (unsigned int i = 0; i < 20; i++)
		registers(&rig, 1, 401, 1);
	assert_int_equal(heard(&rig, SW_OFFENCE_AUTH, false), 20);
	assert_int_equal(told_count, 20);
}

static void test_peers_and_allowed_are_not_watched(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "zones:\n"
		 "  - {name: public, newcomers: {rate: 1000/s}, bans: {auth_failures: 10/60s}}\n"
		 "  - {name: carrier, sources: [198.51.100.0/24], trust: peer}\n"
		 "lists: {allow: [203.0.113.5, 203.0.114.0/24]}\n");
	for (int from = 0; from < 3; from++) {
		static const char *const addresses[] = {"198.51.100.7", "203.0.113.5",
							"203.0.114.9"};

		rig.from.addr = address(addresses[from]);
		registers(&rig, 0, 401, 1);
		for (unsigned int i = 1; i < 12; i++)
			registers(&rig, i, 401, i + 1);
	}
	assert_int_equal(overhear(&rig), 0);
}

/* A message that is malformed; `nonce` NULL: without credentials. */
static void sends_malformed(struct rig *rig, const char *nonce, enum sw_reason reason)
{
	char text[2048], credentials[256] = "";
	unsigned int n = new_branch();
	size_t size;

	if (nonce)
		snprintf(credentials, sizeof(credentials),
			 "Authorization: Digest "
			 "username=\"alice\", nonce=\"%s\"\r\n",
			 nonce);
	size = snprintf(text, sizeof(text),
			"INVITE sip:bob@example.com SIP/2.0\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKb%08x\r\n"
			"Max-Forwards: 999\r\n"
			"From: <sip:alice@example.com>;tag=f\r\n"
			"To: <sip:bob@example.com>\r\n"
			"Call-ID: m%x\r\n"
			"CSeq: 1 INVITE\r\n"
			"%s"
			"Content-Length: 0\r\n\r\n",
			n, n, credentials);
	if (reason == SW_REASON_NONE)
		sends_shadowed(rig, text, size, SW_REASON_MAX_FORWARDS);
	else
		sends(rig, text, size, reason);
}

static void test_malformed(void **state)
{
	auto_rig struct rig rig, shadow;

	(void)state;
	rig_open(&rig, watched);
	sends_malformed(&rig, NULL, SW_REASON_MAX_FORWARDS);
	sends_malformed(&rig, "n00000001", SW_REASON_MAX_FORWARDS); /* guessed */
	assert_int_equal(heard(&rig, SW_OFFENCE_SANITY, false), 2);
	assert_int_equal(told_count, 2);
	registers(&rig, 0, 401, 1);
	sends_malformed(&rig, "n00000001", SW_REASON_MAX_FORWARDS);
	assert_int_equal(heard(&rig, SW_OFFENCE_SANITY, false), 1);
	assert_int_equal(told_count, 1);
	registers(&rig, 1, 200, 0); /* well-formed */
	assert_int_equal(overhear(&rig), 0);
	rig_open(&shadow,
		 "shadow: [max_forwards]\n" YAML_PLAIN
		 "zones: [{name: public, newcomers: {rate: 9/s}, bans: {sanity: 30/60s}}]\n");
	sends_malformed(&shadow, NULL, SW_REASON_NONE);
	assert_int_equal(overhear(&shadow), 0);
}

/* An enumeration is counted by the users that the source asks for, as the server's answers tell. */
static void test_enumeration(void **state)
{
	auto_rig struct rig rig;
	struct phone phone = {"OPTIONS", "alice", NULL, NULL, 0, NULL};
	char callee[16], nonce[] = "n00000001";

	(void)state;
	rig_open(&rig, watched);
	for (unsigned int i = 0; i < 5; i++) {
		snprintf(callee, sizeof(callee), "%u", 200 + i % 3);
		phone.callee = callee;
		phone.branch = new_branch();
		asks(&rig, &phone, SW_REASON_NONE);
		answers(&rig, &phone, 404, NULL, "t");
	}
	assert_int_equal(heard(&rig, SW_OFFENCE_ENUMERATION, false), 5);
	assert_int_equal(told_count, 5);
	assert_true(told[0].who == told[3].who && told[0].who != told[1].who);
	/* Credentials change nothing of that; 484 and 486 are nothing. */
	registers(&rig, 0, 401, 1);
	phone.nonce = nonce;
	for (unsigned int status = 480; status < 488; status += 4) {
		phone.branch = new_branch();
		asks(&rig, &phone, SW_REASON_NONE);
		answers(&rig, &phone, status, NULL, "t");
	}
	assert_int_equal(overhear(&rig), 0);
	phone.branch = new_branch();
	asks(&rig, &phone, SW_REASON_NONE);
	answers(&rig, &phone, 604, NULL, "t");
	assert_int_equal(heard(&rig, SW_OFFENCE_ENUMERATION, false), 1);
	assert_int_equal(told_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guessing),
		cmocka_unit_test(test_guessing_with_one_nonce_a_second),
		cmocka_unit_test(test_guessing_with_an_old_nonce),
		cmocka_unit_test(test_expired_nonces),
		cmocka_unit_test(test_expired_nonce_many_times),
		cmocka_unit_test(test_older_nonce),
		cmocka_unit_test(test_wrong_then_right),
		cmocka_unit_test(test_success_elsewhere_clears_nothing),
		cmocka_unit_test(test_retransmission),
		cmocka_unit_test(test_others_behind_the_same_address),
		cmocka_unit_test(test_spoofed_guesses),
		cmocka_unit_test(test_shared_nonce),
		cmocka_unit_test(test_peers_and_allowed_are_not_watched),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_enumeration),
	};

	return cmocka_run_group_tests_name("behaviour", tests, NULL, NULL);
}
