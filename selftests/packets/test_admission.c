/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which newcomers get in when their budget is spent: those who send again as a client does, and
 * emergency calls. Everything else is what a flood looks like.
 */
#include "newcomers.h"

static void test_budget(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	for (unsigned int i = 0; i < 5; i++)
		sends_method(&rig, "INVITE", i, SW_REASON_NONE);
	sends_method(&rig, "INVITE", 5, SW_REASON_GREYLIST);
	rig.test_run.now += SECOND / 5;
	sends_method(&rig, "INVITE", 6, SW_REASON_NONE);
	sends_method(&rig, "INVITE", 7, SW_REASON_GREYLIST);
}

/* RFC 3261 17.1.1.2: 500 ms, and twice that each time. */
static void test_retransmission_gets_in(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	spend_budget(&rig);
	sends_method(&rig, "INVITE", 1, SW_REASON_GREYLIST);
	rig.test_run.now += 100 * MS;
	sends_method(&rig, "INVITE", 1, SW_REASON_GREYLIST); /* no client is that impatient */
	rig.test_run.now += 500 * MS;
	spend_budget(&rig);
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
	/* CANCEL and ACK share the branch; a dialog begins with one admission per T1. */
	sends_method(&rig, "INVITE", 1, SW_REASON_GREYLIST);
}

static void test_retransmission_too_late(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	spend_budget(&rig);
	sends_method(&rig, "INVITE", 1, SW_REASON_GREYLIST);
	rig.test_run.now += 5 * SECOND;
	spend_budget(&rig);
	sends_method(&rig, "INVITE", 1, SW_REASON_GREYLIST);
}

/* Another source with the same branch is another key. */
static void test_retransmission_of_somebody_else(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	spend_budget(&rig);
	sends_method(&rig, "INVITE", 1, SW_REASON_GREYLIST);
	rig.test_run.now += 500 * MS;
	spend_budget(&rig);
	rig.from.addr = address("198.51.100.8");
	sends_method(&rig, "INVITE", 1, SW_REASON_GREYLIST);
}

static void test_greylist_off_and_always(void **state)
{
	auto_rig struct rig off, always;

	(void)state;
	rig_open(&off, YAML_PLAIN
		 "zones: [{name: public, newcomers: {rate: 5/s burst 5, greylist: off}}]\n");
	spend_budget(&off);
	sends_method(&off, "INVITE", 1, SW_REASON_NEWCOMERS);
	rig_open(&always, YAML_PLAIN
		 "zones: [{name: public, newcomers: {rate: 5/s burst 5, greylist: always}}]\n");
	sends_method(&always, "INVITE", 1, SW_REASON_GREYLIST);
	always.test_run.now += 500 * MS;
	sends_method(&always, "INVITE", 1, SW_REASON_NONE);
}

/* A policy that only counts sends nothing: no newcomer is told to the agent, and no answer is
 * consumed. */
static void test_monitor_sends_nothing(void **state)
{
	static const char *const modes[] = {"enforce", "monitor"};
	static const char answer[] =
		"SIP/2.0 200 OK\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=" SW_PROBE_BRANCH
		"00112233445566778899aabbccddeeff\r\n"
		"From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>;tag=2\r\n"
		"Call-ID: 3@192.0.2.1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
	char yaml[512];

	(void)state;
	for (int monitor = 0; monitor < 2; monitor++) {
		auto_rig struct rig rig;

		snprintf(yaml, sizeof(yaml), "mode: %s\n%s", modes[monitor], BUDGET_OF_5);
		rig_open(&rig, yaml);
		sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
		assert_int_equal(newcomers_told(&rig), !monitor);
		assert_int_equal(gets_in(&rig, answer, sizeof(answer) - 1), monitor);
	}
}

/* A peer is named in the policy, TCP has its handshake: neither is a newcomer. */
static void test_never_newcomers(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones:\n"
				  "  - {name: public, newcomers: {rate: 5/s burst 5}}\n"
				  "  - {name: carrier, sources: [192.0.2.128/25], trust: peer, "
				  "newcomers: {rate: 1/s burst 1}}\n");
	spend_budget(&rig);
	for (unsigned int i = 0; i < 20; i++) {
		size = request(text, sizeof(text), "INVITE", i, NULL);
		sends_tcp(&rig, text, size, SW_REASON_NONE);
	}
	rig.from.addr = address("192.0.2.200");
	for (unsigned int i = 0; i < 20; i++)
		sends_method(&rig, "INVITE", i, SW_REASON_NONE);
}

static size_t emergency(char *text, size_t size, const char *uri, unsigned int n)
{
	size_t used = request(text, size, "INVITE", n, NULL);
	char *line = strstr(text, "\r\n");
	char rest[1024];

	snprintf(rest, sizeof(rest), "%s", line);
	used = snprintf(text, size, "INVITE %s SIP/2.0%s", uri, rest);
	return used;
}

static void test_emergency(void **state)
{
	static const char *const calls[] = {"urn:service:sos", "urn:service:sos.fire",
					    "sip:112@example.com", "sip:911@example.com",
					    "tel:112"};
	static const char *const others[] = {"urn:service:sofa", "sip:1120@example.com",
					     "sip:11@example.com", "sip:+112@example.com"};
	auto_rig struct rig rig;
	char text[2048];
	size_t size;

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "zones: [{name: public, methods: [OPTIONS, INVITE], "
		 "newcomers: {rate: 5/s burst 5}, rates: {source: {any: 1/s burst 1}}}]\n"
		 "emergency: {numbers: [\"112\", \"911\"], rate: 10/s burst 10}\n");
	for (int i = 0; i < 5; i++) {
		rig.from.addr.octets[15]++;
		sends_method(&rig, "INVITE", 2000 + i, SW_REASON_NONE);
	}
	for (unsigned int i = 0; i < array_size(calls); i++) {
		size = emergency(text, sizeof(text), calls[i], i);
		sends(&rig, text, size, SW_REASON_NONE);
	}
	for (unsigned int i = 0; i < array_size(others); i++) {
		size = emergency(text, sizeof(text), others[i], 50 + i);
		sends(&rig, text, size, SW_REASON_GREYLIST);
	}
	/* Beyond its budget it is a call like others. */
	for (unsigned int i = 0; i < 5; i++) {
		size = emergency(text, sizeof(text), "sip:112@example.com", 60 + i);
		sends(&rig, text, size, SW_REASON_NONE);
	}
	sends(&rig, text, size, SW_REASON_GREYLIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_retransmission_gets_in),
		cmocka_unit_test(test_retransmission_too_late),
		cmocka_unit_test(test_retransmission_of_somebody_else),
		cmocka_unit_test(test_greylist_off_and_always),
		cmocka_unit_test(test_monitor_sends_nothing),
		cmocka_unit_test(test_never_newcomers),
		cmocka_unit_test(test_emergency),
	};

	return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
