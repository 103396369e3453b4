/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The values that are a proof, and those that are none: each kind of value that an endpoint may
 * send back, and the ways in which somebody else can choose it, compute it or learn it. The
 * attacker writes the endpoint's address into his packets; docs/threat-model.md has the same list
 * in words.
 */
#include <linux/ip.h>

#include "kernel/known.h"
#include "newcomers.h"
#include "phone.h"

static const char *const watched =
	YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1000/s burst 1000}, "
		   "bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 30/60s}}]\n";
static void nobody_is_known(struct rig *rig)
{
	struct error e = {};

	assert_int_equal(outcome.grade, SW_GRADE_NONE);
	assert_int_equal(known_count(&rig->test_run.state, &e), 0);
}

/* Nothing that was told is evidence. Returns how much of it there is. */
static unsigned int no_evidence(struct rig *rig)
{
	overhear(rig);
	for (unsigned int i = 0; i < told_count; i++)
		assert_false(told[i].proved);
	return told_count;
}

/* A request inside a dialog that is malformed. */
static void sends_malformed(struct rig *rig, const char *call, const char *tag, unsigned int n)
{
	char text[1024];
	size_t size = snprintf(text, sizeof(text),
			       "OPTIONS sip:bob@example.com SIP/2.0\r\n"
			       "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKm%u\r\n"
			       "Max-Forwards: 999\r\n"
			       "From: <sip:alice@example.com>;tag=f\r\n"
			       "To: <sip:bob@example.com>;tag=%s\r\n"
			       "Call-ID: %s\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
			       n, tag, call);

	sends(rig, text, size, SW_REASON_MAX_FORWARDS);
}

/* A response repeats the To-tag of its request (RFC 3261 8.2.6.2): the attacker chose it. */
static void test_echoed_tag(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	for (unsigned int i = 0; i < 8; i++) {
		char tag[32];
		struct phone phone = {"OPTIONS", "alice", "bob", NULL, new_branch(), tag};

		snprintf(tag, sizeof(tag), "%08xchosen", i * 2654435761u);
		asks(&rig, &phone, SW_REASON_NONE);
		answers(&rig, &phone, 200, NULL, tag);
		asks(&rig, &phone, SW_REASON_NONE); /* the same pair again */
		nobody_is_known(&rig);
	}
	for (unsigned int i = 0; i < 35; i++)
		sends_malformed(&rig, "c8", "e3779b97chosen", i);
	assert_int_equal(no_evidence(&rig), 0); /* inside a dialog, as they say */
	nobody_is_known(&rig);
}

/* Many addresses, two packets each: none of them enters the table. */
static void test_echoes_of_many(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	for (unsigned int i = 0; i < 800; i++) {
		struct phone phone = {"INVITE", "alice", "bob", NULL, new_branch(), "t"};

		rig.from.addr = address("203.0.113.0");
		rig.from.addr.octets[14] += i >> 8;
		rig.from.addr.octets[15] = i;
		rig.test_run.now += 10 * MS;
		asks(&rig, &phone, SW_REASON_NONE);
		answers(&rig, &phone, 481, NULL, "t");
		phone.method = "ACK";
		asks(&rig, &phone, SW_REASON_NONE);
	}
	nobody_is_known(&rig);
}

/* A proxy relays the answer of a phone behind it, which chose the tag: to an INVITE in another's
 * name. The ACK goes on with something, and so it passes beside a flood; it proves nothing. */
static void test_relayed_to_tag(void **state)
{
	struct phone phone = {"INVITE", "alice", "bob", NULL, 0, NULL};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	phone.branch = new_branch();
	asks(&rig, &phone, SW_REASON_NONE);
	answers(&rig, &phone, 404, NULL, "chosen");
	spend_budget(&rig);
	newcomers_told(&rig);
	phone.method = "ACK";
	phone.tag = "chosen";
	asks(&rig, &phone, SW_REASON_NONE);
	nobody_is_known(&rig);
	assert_int_equal(newcomers_told(&rig), 1); /* so that it is probed */
	/* Another tag, or another address: it belongs to nothing. */
	phone.tag = "other";
	asks(&rig, &phone, SW_REASON_GREYLIST);
	rig.from.addr = address("198.51.100.8");
	phone.tag = "chosen";
	asks(&rig, &phone, SW_REASON_GREYLIST);
	assert_int_equal(newcomers_told(&rig), 0);
}

/* A proxy relays the caller's From-tag and Call-ID: the caller knows what the callee was sent. */
static void test_relayed_from_tag(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size;

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	size = dialog_message(text, sizeof(text), "INVITE sip:bob@198.51.100.7 SIP/2.0", "INVITE",
			      "call", "callers", NULL, "1");
	sends_out(&rig, text, size);
	spend_budget(&rig);
	size = dialog_message(text, sizeof(text), "BYE sip:alice@example.com SIP/2.0", "BYE",
			      "call", "b", "callers", "2");
	sends(&rig, text, size, SW_REASON_NONE);
	nobody_is_known(&rig);
	size = dialog_message(text, sizeof(text), "BYE sip:alice@example.com SIP/2.0", "BYE",
			      "call", "b", "others", "3");
	sends(&rig, text, size, SW_REASON_GREYLIST);
}

/* Branches that count up, or of one request that forks to two addresses, can be computed. */
static void test_branch(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size;

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	size = request(text, sizeof(text), "OPTIONS", 77, NULL);
	sends_out(&rig, text, size);
	spend_budget(&rig);
	size = response(text, sizeof(text), 200, "OPTIONS", 78);
	sends(&rig, text, size, SW_REASON_GREYLIST);
	size = response(text, sizeof(text), 200, "OPTIONS", 77);
	sends(&rig, text, size, SW_REASON_NONE);
	nobody_is_known(&rig);
	sends_method(&rig, "INVITE", 1, SW_REASON_GREYLIST);
}

/* A nonce proves nothing: several addresses may get the same one, over TLS unseen; a proxy relays
 * challenges, even whole responses that nobody asked for; and some servers' can be computed. */
static void test_nonce(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	for (unsigned int i = 0; i < 12; i++)
		registers(&rig, 1 + i, 401, 2 + i);
	/* The first refusal may be that of an old nonce; the others are hints. */
	assert_int_equal(no_evidence(&rig), 11);
	registers(&rig, 13, 200, 0);
	nobody_is_known(&rig);
	/* And an accepted nonce that expired is no failure here either. */
	for (unsigned int i = 0; i < 5; i++)
		registers(&rig, 13, 401, 20 + i);
	assert_int_equal(no_evidence(&rig), 0);
}

/* Somebody without any proof logs in, in another's name, with an account of his own. */
static void test_nobody_is_made_good(void **state)
{
	auto_rig struct rig rig;
	struct phone phone = {"OPTIONS", "alice", "nobody", NULL, 0, NULL};

	(void)state;
	rig_open(&rig, watched);
	registers(&rig, 0, 401, 1);
	registers(&rig, 1, 200, 0);
	phone.branch = new_branch();
	asks(&rig, &phone, SW_REASON_NONE);
	answers(&rig, &phone, 404, NULL, "t");
	assert_int_equal(overhear(&rig), 1);
	assert_int_equal(told[0].good, 0);
	becomes_known(&rig);
	registers(&rig, 1, 200, 0);
	phone.branch = new_branch();
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
	assert_int_equal(outcome.grade, SW_GRADE_GOOD);
}

static void lay_ttl(struct rig *rig, const char *method, unsigned int n, uint8_t ttl)
{
	char text[1024];
	size_t size = request(text, sizeof(text), method, n, NULL);

	assert_true(frame_message(&rig->frame, &rig->from, &rig->to, false, text, size));
	((struct iphdr *)(rig->frame.octets + rig->frame.ip))->ttl = ttl;
}

/* Routes change: the path of an endpoint is that of its last probe. */
static void test_path_of_a_probe(void **state)
{
	static const char branch[] = "0123456789abcdef0123456789abcdef";
	auto_rig struct rig rig;
	char text[1024];
	size_t size;

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	becomes_known(&rig);
	is_probed(&rig, branch);
	size = snprintf(text, sizeof(text),
			"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%s%s\r\n"
			"From: <sip:192.0.2.1>;tag=p\r\nTo: <sip:x>;tag=q\r\nCall-ID: probe\r\n"
			"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
			SW_PROBE_BRANCH, branch);
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, false, text, size));
	((struct iphdr *)(rig.frame.octets + rig.frame.ip))->ttl = 57;
	assert_false(gets_in_frame(&rig));
	spend_budget(&rig);
	lay_ttl(&rig, "INVITE", 1, 57);
	sends_frame(&rig, SW_REASON_NONE);
	sends_method(&rig, "INVITE", 2, SW_REASON_GREYLIST);
}

/* A guess, another's answer, an answer that comes too late, and one that comes twice. */
static void test_probe(void **state)
{
	static const char branch[] = "0123456789abcdef0123456789abcdef";
	auto_rig struct rig rig;
	struct error e = {};

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	is_probed(&rig, branch);
	answers_probe(&rig, "0123456789abcdef0123456789abcdee");
	nobody_is_known(&rig);
	rig.from.addr = address("198.51.100.8");
	answers_probe(&rig, branch);
	nobody_is_known(&rig);
	rig.from.addr = address("198.51.100.7");
	rig.test_run.now += 33 * SECOND;
	answers_probe(&rig, branch);
	nobody_is_known(&rig);
	is_probed(&rig, branch);
	answers_probe(&rig, branch);
	assert_int_equal(outcome.grade, SW_GRADE_PROVED);
	/* It is spent: another port of the same address gains nothing by it. */
	rig.from.port = 5070;
	answers_probe(&rig, branch);
	assert_int_equal(outcome.grade, SW_GRADE_NONE);
	assert_int_equal(known_count(&rig.test_run.state, &e), 1);
}

/* The server answers with every tag and nonce that an attacker wants: probes stay. */
static void test_nothing_pushes_out_a_probe(void **state)
{
	static const char branch[] = "0123456789abcdef0123456789abcdef";
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig, "tables: {proofs: 64, branches: 64}\n" BUDGET_OF_5);
	is_probed(&rig, branch);
	for (unsigned int i = 0; i < 4096; i++)
		sends_out(
			&rig, text,
			snprintf(text, sizeof(text),
				 "SIP/2.0 401 Unauthorized\r\n"
				 "Via: SIP/2.0/UDP 198.51.100.9:5060;branch=z9hG4bK%u\r\n"
				 "From: <sip:a@example.com>;tag=f\r\nTo: <sip:a@example.com>;tag=t%u\r\n"
				 "Call-ID: %u\r\nCSeq: 1 REGISTER\r\n"
				 "WWW-Authenticate: Digest realm=\"x\", nonce=\"n%u\"\r\n"
				 "Content-Length: 0\r\n\r\n",
				 i, i, i, i));
	answers_probe(&rig, branch);
	assert_int_equal(outcome.grade, SW_GRADE_PROVED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echoed_tag),
		cmocka_unit_test(test_echoes_of_many),
		cmocka_unit_test(test_relayed_to_tag),
		cmocka_unit_test(test_relayed_from_tag),
		cmocka_unit_test(test_branch),
		cmocka_unit_test(test_nonce),
		cmocka_unit_test(test_nobody_is_made_good),
		cmocka_unit_test(test_path_of_a_probe),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_nothing_pushes_out_a_probe),
	};

	return cmocka_run_group_tests_name("proofs", tests, NULL, NULL);
}
