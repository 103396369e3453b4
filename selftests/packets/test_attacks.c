/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Attacks on nonces and on what is learned from answers, by somebody who has a proxy relay what he
 * wrote himself: in the victim's name over UDP. selftests/attacks does likewise with real servers.
 */
#include "kernel/known.h"
#include "newcomers.h"
#include "phone.h"

#define VICTIM    "198.51.100.7"
#define EVIL      "203.0.113.66"
#define CHALLENGE "WWW-Authenticate: Digest realm=\"lab\", nonce=\"n00000001\"\r\n"

static const char *const watched =
	YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1000/s burst 1000}, "
		   "bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 30/60s}}]\n";

/* Nobody got into the table, and nothing that was told is evidence. The guesses were noticed. */
static void only_hints(struct rig *rig, unsigned int least)
{
	struct error e = {};

	assert_int_equal(known_count(&rig->test_run.state, &e), 0);
	overhear(rig);
	assert_true(told_count >= least);
	for (unsigned int i = 0; i < told_count; i++)
		assert_false(told[i].proved);
}

static void guesses_as_victim(struct rig *rig)
{
	rig->from.addr = address(VICTIM);
	for (unsigned int i = 0; i < 12; i++)
		registers(rig, 1, 401, 100 + i);
}

/* An answer as the attacker wrote it; `above`: the Via of the server's own, or nothing. */
static size_t forged(char *text, size_t size, const char *above, unsigned int status,
		     unsigned int branch, const char *extra)
{
	return snprintf(
		text, size,
		"SIP/2.0 %u Whatever\r\n%s"
		"Via: SIP/2.0/UDP " VICTIM ":5060;branch=z9hG4bKa%08x\r\n"
		"From: <sip:alice@example.com>;tag=f\r\nTo: <sip:nobody@example.com>;tag=t\r\n"
		"Call-ID: forged\r\nCSeq: 1 REGISTER\r\n%sContent-Length: 0\r\n\r\n",
		status, above, branch, extra);
}

/* It comes from the attacker's own address, and the server forwards it by its second Via. */
static void relays(struct rig *rig, unsigned int status, unsigned int branch, const char *extra)
{
	struct endpoint victim = rig->from;
	char text[2048];

	rig->from = (struct endpoint){.addr = address(EVIL), .port = 5070};
	assert_true(gets_in(rig, text,
			    forged(text, sizeof(text),
				   "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\n", status,
				   branch, extra)));
	rig->from = victim;
	sends_out(rig, text, forged(text, sizeof(text), "", status, branch, extra));
}

static unsigned int asks_to_register(struct rig *rig, const char *user, const char *nonce)
{
	struct phone phone = {"REGISTER", user, user, nonce, new_branch(), NULL};

	asks(rig, &phone, SW_REASON_NONE);
	return phone.branch;
}

/* A proxy forwards a response that it has no transaction for. So the attacker writes the challenge
 * to a REGISTER that he sent in the victim's name, and chooses its nonce. */
static void test_forged_challenge(void **state)
{
	struct phone phone = {"REGISTER", "alice", "alice", NULL, 0, NULL};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	phone.branch = new_branch();
	asks(&rig, &phone, SW_REASON_NONE);           /* spoofed */
	answers(&rig, &phone, 401, "n000000aa", "t"); /* the server's own goes to the victim */
	relays(&rig, 401, phone.branch, CHALLENGE);
	guesses_as_victim(&rig);
	only_hints(&rig, 10);
}

/* The same challenge is forwarded to two addresses. Guesses with its nonce are noticed all the
 * same. */
static void test_nonce_sent_to_two_addresses(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	for (unsigned int i = 0; i < 2; i++) {
		rig.from.addr = address(i ? "198.51.100.70" : "198.51.100.71");
		relays(&rig, 401, asks_to_register(&rig, "alice", NULL), CHALLENGE);
	}
	rig.from.addr = address(EVIL);
	for (unsigned int i = 0; i < 12; i++)
		registers(&rig, 1, 401, 1);
	only_hints(&rig, 10);
}

/* This host is also the router of a phone, which writes the challenge: a challenge in transit is
 * none of the server's. The server's own answer to the same request resolves it. */
static void test_challenge_in_transit(void **state)
{
	struct phone phone = {"REGISTER", "alice", "alice", "n00000001", 0, NULL};
	auto_rig struct rig rig;
	struct endpoint server;

	(void)state;
	rig_open(&rig, "version: 1\n"
		       "services: [{transport: udp, port: 5060, addresses: [192.0.2.1]}]\n"
		       "zones: [{name: public, newcomers: {rate: 1000/s burst 1000}, "
		       "bans: {auth_failures: 10/60s}}]\n");
	server = rig.to;
	phone.branch = new_branch();
	asks(&rig, &phone, SW_REASON_NONE);
	rig.to.addr = address("10.9.9.9");
	answers(&rig, &phone, 401, "n00000001", "t");
	only_hints(&rig, 0);
	assert_int_equal(told_count, 0);
	rig.to = server;
	answers(&rig, &phone, 401, "n00000001", "t");
	only_hints(&rig, 1);
	guesses_as_victim(&rig);
	only_hints(&rig, 10);
}

/* The observer reads 2048 octets of what leaves. Behind that the nonce goes to the attacker too. */
static void test_nonce_behind_the_octets_read(void **state)
{
	char text[8192], routes[4096] = "";
	auto_rig struct rig rig;
	unsigned int branch;
	size_t size = 0;

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	branch = asks_to_register(&rig, "alice", NULL); /* with maddr=EVIL, in truth */
	while (size < 2048)
		size += snprintf(routes + size, sizeof(routes) - size, "Record-Route: <sip:a>\r\n");
	rig.from.addr = address(EVIL);
	sends_out(&rig, text,
		  snprintf(text, sizeof(text),
			   "SIP/2.0 401 Unauthorized\r\n"
			   "Via: SIP/2.0/UDP " VICTIM ";branch=z9hG4bKa%08x;maddr=" EVIL "\r\n%s"
			   "From: <sip:a@example.com>;tag=f\r\nTo: <sip:a@example.com>;tag=t\r\n"
			   "Call-ID: c%x\r\nCSeq: 1 REGISTER\r\n" CHALLENGE
			   "Content-Length: 0\r\n\r\n",
			   branch, routes, branch));
	guesses_as_victim(&rig);
	only_hints(&rig, 10);
}

/* A phone that uses the nonce of its registration in a call tells it to whom it calls: no proxy
 * takes credentials off an ACK (RFC 3261 13.2.2.4). */
static void test_nonce_in_a_relayed_request(void **state)
{
	auto_rig struct rig rig;
	char text[2048];

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	registers(&rig, 1, 200, 0);
	rig.from.addr = address(EVIL); /* it is called */
	sends_out(
		&rig, text,
		snprintf(text, sizeof(text),
			 "ACK sip:evil@" EVIL " SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKp\r\n"
			 "Via: SIP/2.0/UDP " VICTIM ":5060;branch=z9hG4bKq\r\n"
			 "From: <sip:alice@example.com>;tag=f\r\nTo: <sip:evil@example.com>;tag=t\r\n"
			 "Call-ID: c\r\nCSeq: 1 ACK\r\nAuthorization: Digest username=\"alice\", "
			 "realm=\"lab\", nonce=\"n00000001\", uri=\"sip:x\", response=\"0\"\r\n"
			 "Content-Length: 0\r\n\r\n"));
	rig.from.addr = address(VICTIM);
	overhear(&rig);
	for (unsigned int i = 0; i < 14; i++)
		registers_as(&rig, "bob", 1, 401, 100 + i); /* spoofed */
	only_hints(&rig, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forged_challenge),
		cmocka_unit_test(test_nonce_sent_to_two_addresses),
		cmocka_unit_test(test_challenge_in_transit),
		cmocka_unit_test(test_nonce_behind_the_octets_read),
		cmocka_unit_test(test_nonce_in_a_relayed_request),
	};

	return cmocka_run_group_tests_name("attacks", tests, NULL, NULL);
}
