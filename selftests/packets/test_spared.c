/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Emergency calls from a source that behaviour banned: behind a NAT it is many. The tests show
 * messages that pass a ban, each beside one that does not; how many pass; and messages that every
 * ban drops.
 */
#include <linux/udp.h>

#include "banned.h"

static const char *const watched =
	YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1000/s, probe: off}, "
		   "bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 30/60s}}]\n"
		   "emergency: {numbers: [\"112\", \"+49110110110\"]}\n";

/* It passes; or is refused for what the ban is for, and counts as a hit of it. */
static void says(struct rig *rig, const struct message *m, enum sw_reason reason)
{
	uint64_t before = hits(rig);
	char text[2048];

	sends(rig, text, message_of(text, sizeof(text), m), reason);
	assert_int_equal(hits(rig) - before, reason != SW_REASON_NONE);
}

static void calls(struct rig *rig, const char *uri, enum sw_reason reason)
{
	struct message m = {.cseq = "INVITE"};
	char line[256];

	snprintf(line, sizeof(line), "INVITE %s SIP/2.0", uri);
	m.line = line;
	says(rig, &m, reason);
	if (!reason)
		assert_true(outcome.emergency);
}

static void test_emergency_calls_pass(void **state)
{
	static const enum sw_reason reasons[] = {SW_REASON_AUTH_FAILURES, SW_REASON_ENUMERATION,
						 SW_REASON_SANITY_VIOLATIONS};
	static const char *const help[] = {
		"urn:service:sos",
		"URN:Service:SOS",
		"urn:service:sos.ambulance",
		"sip:112@example.com",
		"sips:112@example.com",
		"tel:112",
		"SIP:112@example.com",
		"sip:112;phone-context=+49@example.com",
		"sip:+49110110110@example.com",
	};
	/* As many octets of which begin as the others do. */
	static const char *const others[] = {
		"urn:service:sosx",     "urn:service:counseling",
		"sip:1123@example.com", "sip:alice@a",
		"sip:11@example.com",   "sip:+49110110111@example.com",
		"tel:1129999",          "sip:112",
		"sip:@example.com",     "  sip:112@example.com",
		"sip: 112@example.com",
	};

	(void)state;
	for (size_t r = 0; r < array_size(reasons); r++) {
		auto_rig struct rig rig;

		rig_open(&rig, watched);
		is_banned(&rig, reasons[r]);
		for (size_t i = 0; i < array_size(help); i++)
			calls(&rig, help[i], SW_REASON_NONE);
		for (size_t i = 0; i < array_size(others); i++)
			calls(&rig, others[i], reasons[r]);
	}
}

/* Other requests for the same, and no requests. */
static void test_other_requests_do_not(void **state)
{
	static const struct message messages[] = {
		{"REGISTER sip:112@example.com SIP/2.0", "<sip:112@example.com>", NULL, "REGISTER"},
		{"OPTIONS urn:service:sos SIP/2.0", "<urn:service:sos>", NULL, "OPTIONS"},
		{"MESSAGE sip:112@example.com SIP/2.0", "<sip:112@a>;tag=t", NULL, "MESSAGE"},
		{"SUBSCRIBE sip:112@example.com SIP/2.0", "<sip:112@a>;tag=t", NULL, "SUBSCRIBE"},
		{"invite sip:112@example.com SIP/2.0", "<sip:112@a>", NULL, "invite"},
		{"INVITES sip:112@example.com SIP/2.0", "<sip:112@a>", NULL, "INVITES"},
		{"INVITE sip:112@example.com SIP/3.0", "<sip:112@a>", NULL, "INVITE"},
	};
	static const char small[] = "INVITE sip:112@abcde";
	auto_rig struct rig rig;
	uint64_t before;

	(void)state;
	rig_open(&rig, watched);
	is_banned(&rig, SW_REASON_ENUMERATION);
	for (size_t i = 0; i < array_size(messages); i++)
		/* A packet that is no SIP has that reason, as from any source. It was scanned,
		 * within the budget for packets that may be an emergency call. */
		if (i == array_size(messages) - 1) {
			char text[1024];

			sends(&rig, text, message_of(text, sizeof(text), &messages[i]),
			      SW_REASON_START_LINE);
		} else {
			says(&rig, &messages[i], SW_REASON_ENUMERATION);
		}
	/* No keepalive passes a ban, whatever it begins with and whoever says how long it is. */
	before = hits(&rig);
	sends(&rig, small, sizeof(small) - 2, SW_REASON_ENUMERATION);
	sends(&rig, "\r\n\r\n", 4, SW_REASON_ENUMERATION);
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, false, small, sizeof(small) - 1));
	((struct udphdr *)(rig.frame.octets + rig.frame.transport))->len = __builtin_bswap16(27);
	sends_frame(&rig, SW_REASON_ENUMERATION);
	assert_int_equal(hits(&rig) - before, 3);
}

/* The messages that set up, change and end such a call, from both sides; and the same messages of
 * another call. */
static void test_messages_inside_the_call(void **state)
{
	static const struct message help[] = {
		{"ACK sip:psap@192.0.2.9 SIP/2.0", "<urn:service:sos>;tag=t", NULL, "ACK"},
		{"ACK sip:112@example.com SIP/2.0", "<sip:psap@example.com>;tag=t", NULL, "ACK"},
		{"CANCEL urn:service:sos SIP/2.0", "<sip:psap@example.com>", NULL, "CANCEL"},
		{"CANCEL sip:112@example.com SIP/2.0", "<sip:112@example.com>", NULL, "CANCEL"},
		{"PRACK sip:psap@192.0.2.9 SIP/2.0", "\"Help\" <urn:service:sos.fire>;tag=t", NULL,
		 "PRACK"},
		{"UPDATE sip:psap@192.0.2.9 SIP/2.0", "<sip:112@example.com>;tag=t", NULL,
		 "UPDATE"},
		{"INVITE sip:psap@192.0.2.9 SIP/2.0", "urn:service:sos;tag=t", NULL, "INVITE"},
		{"BYE sip:psap@192.0.2.9 SIP/2.0", "<tel:112>;tag=t", NULL, "BYE"},
		{"SIP/2.0 200 OK", "<sip:bob@example.com>;tag=f", "<urn:service:sos>;tag=t", "BYE"},
		{"SIP/2.0 200 OK", "<sip:bob@example.com>;tag=f", "<sip:112@example.com>;tag=t",
		 "INVITE"},
	};
	static const struct message others[] = {
		{"ACK sip:psap@192.0.2.9 SIP/2.0", "<urn:service:sosx>;tag=t", NULL, "ACK"},
		{"CANCEL sip:1123@example.com SIP/2.0", "<sip:1123@example.com>", NULL, "CANCEL"},
		{"BYE sip:psap@192.0.2.9 SIP/2.0", "<sip:1120@example.com>;tag=t", NULL, "BYE"},
		/* Its own name says nothing. */
		{"BYE sip:psap@192.0.2.9 SIP/2.0", NULL, "<urn:service:sos>;tag=f", "BYE"},
		/* Without a tag it begins something. */
		{"UPDATE sip:psap@192.0.2.9 SIP/2.0", "<urn:service:sos>", NULL, "UPDATE"},
		{"INVITE sip:00882@192.0.2.9 SIP/2.0", "<urn:service:sos>", NULL, "INVITE"},
		{"INVITE sip:00882@192.0.2.9 SIP/2.0", "<sip:112@example.com>", NULL, "INVITE"},
		{"SIP/2.0 200 OK", "<urn:service:sos>;tag=f", "<sip:bob@example.com>;tag=t", "BYE"},
		{"SIP/2.0 200 OK", "<sip:112@a>;tag=f", "<sip:911@example.com>;tag=t", "INVITE"},
	};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	for (size_t i = 0; i < array_size(help); i++)
		says(&rig, &help[i], SW_REASON_NONE);
	rig.test_run.now += 2 * SECOND;
	for (size_t i = 0; i < array_size(others); i++)
		says(&rig, &others[i], SW_REASON_AUTH_FAILURES);
}

/* Where no zone has a budget for newcomers: a message is scanned at once then; and of a policy
 * that has no `bans:` any more. */
static void test_without_newcomers(void **state)
{
	static const struct message bye = {"BYE sip:psap@192.0.2.9 SIP/2.0",
					   "<sip:112@example.com>;tag=t", NULL, "BYE"};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "emergency: {numbers: [\"112\"]}\n");
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	calls(&rig, "urn:service:sos", SW_REASON_NONE);
	calls(&rig, "sip:112@example.com", SW_REASON_NONE);
	calls(&rig, "sip:1120@example.com", SW_REASON_AUTH_FAILURES);
	says(&rig, &bye, SW_REASON_NONE);
}

/* Banned sources have half of the burst of `emergency:`, and a flood of theirs leaves the rest. */
static void test_budget(void **state)
{
	const struct message other = {"INVITE tel:112 SIP/2.0", NULL, NULL, "INVITE"};
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "zones: [{name: public, newcomers: {rate: 1/s burst 1, greylist: always}, "
		 "bans: {sanity: 30/60s}}]\n"
		 "emergency: {numbers: [\"112\"], rate: 1/s burst 11}\n");
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	for (unsigned int i = 0; i < 6; i++)
		calls(&rig, "sip:112@example.com", SW_REASON_NONE);
	for (unsigned int i = 0; i < 100; i++)
		calls(&rig, "urn:service:sos", SW_REASON_AUTH_FAILURES);
	rig.from.addr = address("198.51.100.8");
	for (unsigned int i = 0; i < 6; i++)
		sends(&rig, text, message_of(text, sizeof(text), &other),
		      i < 5 ? SW_REASON_NONE : SW_REASON_GREYLIST);
	rig.from.addr = address("198.51.100.7");
	rig.test_run.now += 6 * SECOND;
	calls(&rig, "tel:112", SW_REASON_NONE);
}

/* Messages of a banned source that may belong to an emergency call are scanned up to a ceiling.
 * Messages that cannot belong to one are not scanned, and spend nothing. */
static void test_ceiling(void **state)
{
	static const struct message bye = {"BYE sip:psap@192.0.2.9 SIP/2.0",
					   "<urn:service:sos>;tag=t", NULL, "BYE"};
	static const struct message other = {"BYE sip:bob@192.0.2.9 SIP/2.0", "<sip:a@b>;tag=t",
					     NULL, "BYE"};
	static const struct message options = {"OPTIONS urn:service:sos SIP/2.0",
					       "<urn:service:sos>;tag=t", NULL, "OPTIONS"};
	struct ban_entry *list;
	auto_rig struct rig rig;
	size_t count;

	(void)state;
	rig_open(&rig, watched);
	rig.test_run.now = monotonic_ns();
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	for (unsigned int i = 0; i < 100; i++) {
		says(&rig, &options, SW_REASON_AUTH_FAILURES);
		assert_false(outcome.scanned);
		assert_int_equal(outcome.message, SW_MESSAGE_OPAQUE);
	}
	says(&rig, &bye, SW_REASON_NONE);
	for (unsigned int i = 0; i < 100; i++) {
		says(&rig, &other, SW_REASON_AUTH_FAILURES);
		assert_int_equal(outcome.scanned, i < 19);
	}
	says(&rig, &bye, SW_REASON_AUTH_FAILURES);
	/* Calls have one of their own, and are not scanned beyond it. */
	for (unsigned int i = 0; i < 40; i++) {
		calls(&rig, "urn:service:sos", i < 20 ? SW_REASON_NONE : SW_REASON_AUTH_FAILURES);
		assert_int_equal(outcome.scanned, i < 20);
	}
	rig.test_run.now += 100 * MS;
	says(&rig, &bye, SW_REASON_NONE);
	calls(&rig, "urn:service:sos", SW_REASON_NONE);
	calls(&rig, "urn:service:sos", SW_REASON_AUTH_FAILURES);
	/* The cell is no note. */
	assert_int_equal(ban_list(&rig.test_run.state, BAN_DENIES, &list, &count, NULL), 0);
	assert_int_equal(count, 1);
	assert_string_equal(list[0].ban.note, "");
	free(list);
}

/* By hand, and by a list; and over TCP every ban drops all, as the documents say. */
static void test_dropped_by_hand(void **state)
{
	static const struct message help = {"INVITE urn:service:sos SIP/2.0", "<urn:service:sos>",
					    NULL, "INVITE"};
	struct prefix source = {.addr = address("198.51.100.7"), .length = 32};
	auto_rig struct rig rig;
	struct error e = {};
	char text[1024];
	size_t size;

	(void)state;
	rig_open(&rig, watched);
	rig.test_run.now = monotonic_ns();
	assert_int_equal(ban_add(&rig.test_run.state, &source, 60 * SECOND, "x", NULL, &e), 0);
	says(&rig, &help, SW_REASON_BAN);
	rig.from.addr = address("198.51.100.8");
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	says(&rig, &help, SW_REASON_NONE);
	size = message_of(text, sizeof(text), &help);
	sends_tcp(&rig, text, size, SW_REASON_AUTH_FAILURES);
	rig.to.port = 5061;
	sends_tcp(&rig, text, size, SW_REASON_AUTH_FAILURES);
}

/* The answer that begins the dialog of message_of(), to the rig's endpoint. */
static void answers_call(struct rig *rig)
{
	static const struct message answer = {"SIP/2.0 200 OK", "<sip:alice@example.com>;tag=t",
					      NULL, "INVITE"};
	char text[1024];

	sends_out(rig, text, message_of(text, sizeof(text), &answer));
}

/* A neighbour's call goes on while their address is banned: what belongs to a dialog in which the
 * server sent something there, from both sides, and nothing that begins something. */
static void test_calls_of_neighbours(void **state)
{
	static const char callee[] = "<sip:alice@example.com>;tag=t";
	static const struct message inside[] = {
		{"ACK sip:alice@192.0.2.9 SIP/2.0", callee, NULL, "ACK"},
		{"INVITE sip:alice@192.0.2.9 SIP/2.0", callee, NULL, "INVITE"},
		{"UPDATE sip:alice@192.0.2.9 SIP/2.0", callee, NULL, "UPDATE"},
		{"SIP/2.0 200 OK", "<sip:bob@example.com>;tag=f", callee, "INVITE"},
		{"BYE sip:alice@192.0.2.9 SIP/2.0", callee, NULL, "BYE"},
		{"SIP/2.0 200 OK", "<sip:bob@example.com>;tag=f", callee, "BYE"},
	};
	static const struct message others[] = {
		{"BYE sip:alice@192.0.2.9 SIP/2.0", "<sip:alice@example.com>;tag=x", NULL, "BYE"},
		{"BYE sip:alice@192.0.2.9 SIP/2.0", callee, "<sip:bob@example.com>;tag=x", "BYE"},
		{"SIP/2.0 200 OK", "<sip:bob@example.com>;tag=x", callee, "BYE"},
		{"INVITE sip:alice@192.0.2.9 SIP/2.0", "<sip:alice@example.com>", NULL, "INVITE"},
		{"REGISTER sip:example.com SIP/2.0", callee, NULL, "REGISTER"},
		{"MESSAGE sip:alice@example.com SIP/2.0", callee, NULL, "MESSAGE"},
		{"OPTIONS sip:alice@example.com SIP/2.0", callee, NULL, "OPTIONS"},
	};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	says(&rig, &inside[4], SW_REASON_AUTH_FAILURES);
	answers_call(&rig);
	for (size_t i = 0; i < array_size(inside); i++)
		says(&rig, &inside[i], SW_REASON_NONE);
	for (size_t i = 0; i < array_size(others); i++)
		says(&rig, &others[i], SW_REASON_AUTH_FAILURES);
	/* It is no dialog of another banned address. */
	rig.from.addr = address("198.51.100.8");
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	says(&rig, &inside[4], SW_REASON_AUTH_FAILURES);
}

/* In shadow the ban of a reason is counted, and drops nothing; once, and in the counter. */
static void test_shadow(void **state)
{
	static const struct message other = {"BYE sip:bob@192.0.2.9 SIP/2.0", "<sip:a@b>;tag=t",
					     NULL, "BYE"};
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig, YAML_PLAIN "shadow: [auth_failures]\n");
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	sends_shadowed(&rig, text, message_of(text, sizeof(text), &other), SW_REASON_AUTH_FAILURES);
	calls(&rig, "urn:service:sos", SW_REASON_NONE);
	assert_int_equal(hits(&rig), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_emergency_calls_pass),
		cmocka_unit_test(test_other_requests_do_not),
		cmocka_unit_test(test_messages_inside_the_call),
		cmocka_unit_test(test_without_newcomers),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_calls_of_neighbours),
		cmocka_unit_test(test_dropped_by_hand),
		cmocka_unit_test(test_shadow),
	};

	return cmocka_run_group_tests_name("spared", tests, NULL, NULL);
}
