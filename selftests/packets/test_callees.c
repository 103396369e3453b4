/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Calls to one number, from everywhere: the limit of the number, callers that it does not concern,
 * and a table of numbers that is full.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <netinet/in.h>

#include "kernel/skeleton.h"

#include "rig.h"

#define FIVE "rates: {callee: 5/s burst 5}"

static const char *const limited = YAML_PLAIN
	"dial_prefixes: {international: [\"00\"], national: [\"0\"], country: \"49\"}\n"
	"emergency: {numbers: [\"112\"], rate: 3/s burst 3}\n"
	"zones: [{name: other, sources: [203.0.113.0/24], " FIVE "}, {name: public, " FIVE "}]\n";

static unsigned int next;

static size_t invite(char *text, size_t size, const char *uri, const char *tag)
{
	char whole[1024];

	request(whole, sizeof(whole), "INVITE", next++, tag);
	return snprintf(text, size, "INVITE %s SIP/2.0%s", uri, strstr(whole, "\r\n"));
}

/* How many of `count` calls to this URI are let in, each from another address. */
static unsigned int calls(struct rig *rig, const char *uri, unsigned int count)
{
	unsigned int passed = 0;
	char text[2048];

	for (unsigned int i = 0; i < count; i++) {
		size_t size = invite(text, sizeof(text), uri, NULL);

		rig->from.addr.octets[15] = next;
		passed += gets_in(rig, text, size);
	}
	return passed;
}

static void test_limit(void **state)
{
	auto_rig struct rig rig;
	char text[2048];

	(void)state;
	rig_open(&rig, limited);
	assert_int_equal(calls(&rig, "sip:+4930123456@example.com", 100), 5);
	assert_int_equal(outcome.reason, SW_REASON_RATE_CALLEE);
	assert_int_equal(counted(&rig, SW_MODE_ENFORCE, SW_REASON_RATE_CALLEE), 95);
	/* The number beside it, and inside a call, and what is no call. */
	assert_int_equal(calls(&rig, "sip:+4930123457@example.com", 100), 5);
	sends(&rig, text, invite(text, sizeof(text), "sip:+4930123456@example.com", "t"),
	      SW_REASON_NONE);
	sends(&rig, text, request(text, sizeof(text), "OPTIONS", next++, NULL), SW_REASON_NONE);
	/* What is refused costs nothing. */
	rig.test_run.now += SECOND / 5;
	assert_int_equal(calls(&rig, "sip:+4930123456@example.com", 100), 1);
	rig.test_run.now += 60 * SECOND;
	assert_int_equal(calls(&rig, "sip:+4930123456@example.com", 100), 5);
	/* Each zone by itself. */
	rig.from.addr = address("203.0.113.1");
	assert_int_equal(calls(&rig, "sip:+4930123456@example.com", 100), 5);
	assert_int_equal(counted_in(&rig, "other", SW_MODE_ENFORCE, SW_REASON_RATE_CALLEE), 95);
}

/* However it is written. */
static void test_one_number(void **state)
{
	static const char *const written[] = {
		"sip:+4930123456@example.com", "sip:004930123456@example.com",
		"sip:030123456@example.com",   "tel:+49-30-123456",
		"sip:+49%330123456@b",         "tel:123456;phone-context=+4930",
	};
	auto_rig struct rig rig;
	unsigned int passed = 0;

	(void)state;
	rig_open(&rig, limited);
	for (size_t i = 0; i < array_size(written); i++)
		passed += calls(&rig, written[i], 2);
	assert_int_equal(passed, 5);
	assert_int_equal(outcome.reason, SW_REASON_RATE_CALLEE);
	/* A number without a country, and its start, are others. */
	assert_int_equal(calls(&rig, "sip:4930123456@example.com", 9), 5);
	assert_int_equal(calls(&rig, "sip:+493012345@example.com", 9), 5);
	/* A name is no number. */
	assert_int_equal(calls(&rig, "sip:alice@example.com", 50), 50);
	assert_int_equal(calls(&rig, "sip:example.com", 50), 50);
}

/* To has the number where the Request-URI is a contact. */
static void test_number_in_to(void **state)
{
	auto_rig struct rig rig;
	unsigned int passed = 0;
	char text[1024], whole[2048];

	(void)state;
	rig_open(&rig, limited);
	for (unsigned int i = 0; i < 50; i++) {
		invite(text, sizeof(text), "sip:line1@192.0.2.1", NULL);
		snprintf(whole, sizeof(whole), "%.*s\r\nTo: <tel:+4930777>%s",
			 (int)(strstr(text, "\r\nTo: ") - text), text,
			 strstr(strstr(text, "\r\nTo: ") + 2, "\r\n"));
		passed += gets_in(&rig, whole, strlen(whole));
	}
	assert_int_equal(passed, 5);
}

/* More separators than are read: all such numbers are one. */
static void test_unread_numbers(void **state)
{
	auto_rig struct rig rig;
	unsigned int passed = 0;

	(void)state;
	rig_open(&rig, limited);
	for (unsigned int i = 0; i < 50; i++) {
		auto_free char *uri = xasprintf("sip:+%064d%u@b", 0, i);

		for (char *c = uri + 5; *c == '0'; c++)
			*c = '-';
		passed += calls(&rig, uri, 1);
	}
	assert_int_equal(passed, 5);
	assert_int_equal(outcome.reason, SW_REASON_RATE_CALLEE);
	/* Where digits end the reading they are enough. */
	assert_int_equal(calls(&rig, "sip:+49301234567890123456789012345678901234567890@b", 50), 5);
}

static void make_known(struct rig *rig, const char *addr)
{
	struct sw_source key = {.addr = address(addr), .port = htons(5060), .length = 32};
	struct sw_known entry = {
		.since = rig->test_run.now,
		.seen = rig->test_run.now,
		.ttl = 64,
		.grade = SW_GRADE_PROVED,
	};

	rig->from.addr = key.addr;
	assert_int_equal(bpf_map_update_elem(rig->test_run.state.fds[STATE_KNOWN], &key, &entry,
					     BPF_ANY),
			 0);
}

#define NEWCOMERS "newcomers: {rate: 10000/s}, "

/* They are not refused by what strangers spent, and spend nothing of it. */
static void test_known_callers(void **state)
{
	static const char yaml[] = YAML_PLAIN "zones: [{name: public, " NEWCOMERS FIVE "}]\n";
	auto_rig struct rig rig;
	char text[2048];

	(void)state;
	rig_open(&rig, yaml);
	make_known(&rig, "198.51.100.200");
	for (unsigned int i = 0; i < 50; i++)
		sends(&rig, text, invite(text, sizeof(text), "sip:+4930123@b", NULL),
		      SW_REASON_NONE);
	assert_int_equal(outcome.grade, SW_GRADE_PROVED);
	assert_int_equal(calls(&rig, "sip:+4930123@b", 100), 5);
	assert_int_equal(outcome.grade, SW_GRADE_NONE);
	rig.from.addr = address("198.51.100.200");
	sends(&rig, text, invite(text, sizeof(text), "sip:+4930123@b", NULL), SW_REASON_NONE);
	/* His address from another port is a stranger's. */
	rig.from.port = 5061;
	sends(&rig, text, invite(text, sizeof(text), "sip:+4930123@b", NULL),
	      SW_REASON_RATE_CALLEE);
}

/* A carrier brings the calls of all. */
static void test_peer(void **state)
{
	static const char yaml[] =
		YAML_PLAIN "zones: [{name: public, " NEWCOMERS "methods: [INVITE]}, "
			   "{name: carrier, trust: peer, sources: [203.0.113.0/24], " FIVE "}]\n";
	auto_rig struct rig rig;
	unsigned int passed = 0;
	char text[2048];

	(void)state;
	rig_open(&rig, yaml);
	make_known(&rig, "203.0.113.5");
	for (unsigned int i = 0; i < 50; i++)
		passed += gets_in(&rig, text, invite(text, sizeof(text), "sip:+4930123@b", NULL));
	assert_int_equal(passed, 5);
	assert_int_equal(outcome.reason, SW_REASON_RATE_CALLEE);
}

/* Beyond their budget, too. */
static void test_emergency(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, limited);
	assert_int_equal(calls(&rig, "sip:112@example.com", 50), 50);
	assert_int_equal(calls(&rig, "urn:service:sos", 50), 50);
	assert_int_equal(calls(&rig, "sip:113@example.com", 50), 5);
}

/* Over TCP a call is counted, and passes: of a stranger. */
static void test_tcp(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size;

	(void)state;
	rig_open(&rig, limited);
	for (unsigned int i = 0; i < 5; i++) {
		size = invite(text, sizeof(text), "sip:+4930123@b", NULL);
		sends_tcp(&rig, text, size, SW_REASON_NONE);
	}
	size = invite(text, sizeof(text), "sip:+4930123@b", NULL);
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
	sends_frame_shadowed(&rig, SW_REASON_RATE_CALLEE);
	/* The server took a call from there: it is known, and no longer counted. */
	{
		struct sw_source key = {.addr = rig.from.addr, .length = 32};
		struct sw_authenticated served = {};
		int map = rig.test_run.state.fds[STATE_AUTHENTICATED];

		assert_int_equal(bpf_map_update_elem(map, &key, &served, BPF_ANY), 0);
	}
	sends_tcp(&rig, text, size, SW_REASON_NONE);
}

/* The first fragment has the number; another one is judged with it. */
static void test_first_fragment(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size;

	(void)state;
	rig_open(&rig, limited);
	assert_int_equal(calls(&rig, "sip:+4930123@b", 5), 5);
	size = invite(text, sizeof(text), "sip:+4930123@b", NULL);
	frame_ethernet(&rig.frame, ETH_P_IP);
	frame_ip(&rig.frame, &rig.from.addr, &rig.to.addr, IPPROTO_UDP);
	((struct iphdr *)(rig.frame.octets + rig.frame.ip))->frag_off = htons(0x2000);
	frame_udp(&rig.frame, rig.from.port, rig.to.port);
	frame_append(&rig.frame, text, size / 8 * 8);
	frame_finish(&rig.frame);
	sends_frame(&rig, SW_REASON_RATE_CALLEE);
}

/* The narrower limits come first, and cost the number nothing; what the number refuses costs the
 * zone nothing. */
static void test_order(void **state)
{
	auto_rig struct rig rig;
	unsigned int passed = 0;
	char text[2048];

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, rates: {zone: 8/s burst 8, "
				  "callee: 5/s burst 5, source: {INVITE: 1/s burst 2}}}]\n");
	for (unsigned int i = 0; i < 20; i++)
		passed += gets_in(&rig, text, invite(text, sizeof(text), "sip:+4930123@b", NULL));
	assert_int_equal(passed, 2);
	assert_int_equal(outcome.reason, SW_REASON_RATE_SOURCE_METHOD);
	assert_int_equal(calls(&rig, "sip:+4930123@b", 20), 3);
	assert_int_equal(outcome.reason, SW_REASON_RATE_CALLEE);
	assert_int_equal(calls(&rig, "sip:+4930124@b", 20), 3);
	assert_int_equal(outcome.reason, SW_REASON_RATE_ZONE);
	/* The zone's limit, which costs less, spared the second number what it refused. */
	rig.test_run.now += SECOND / 4;
	assert_int_equal(calls(&rig, "sip:+4930124@b", 20), 2);
	assert_int_equal(outcome.reason, SW_REASON_RATE_ZONE);
}

/* As far as the number's cell is ahead, in the table. */
static void fill(struct rig *rig, uint64_t until)
{
	struct sw_callee_line line;

	for (uint32_t i = 0; i < SW_CALLEE_LINES; i++) {
		for (int way = 0; way < SW_WAYS; way++) {
			line.tags[way] = ~0ull - way * SW_ZONES_MAX;
			line.tat[way] = until;
		}
		assert_int_equal(bpf_map_update_elem(rig->test_run.state.fds[STATE_CALLEES], &i,
						     &line, BPF_ANY),
				 0);
	}
}

/* Numbers without an entry share those of others: spent ones refuse, and a flood of other numbers
 * opens no way around the limit. */
static void test_full_table(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, limited);
	fill(&rig, rig.test_run.now + 1);
	assert_int_equal(calls(&rig, "sip:+4930123@b", 50), 4);
	assert_int_equal(outcome.reason, SW_REASON_RATE_CALLEE);
	fill(&rig, rig.test_run.now + SECOND);
	assert_int_equal(calls(&rig, "sip:+4930123@b", 50), 0);
	/* Over when their time is. */
	rig.test_run.now += SECOND;
	assert_int_equal(calls(&rig, "sip:+4930123@b", 50), 5);
}

static void test_monitor_and_shadow(void **state)
{
	auto_rig struct rig rig;
	char text[2048];

	(void)state;
	rig_open(&rig, YAML_PLAIN "shadow: [rate_callee]\nzones: [{name: public, " FIVE "}]\n");
	assert_int_equal(calls(&rig, "sip:+4930123@b", 5), 5);
	sends_shadowed(&rig, text, invite(text, sizeof(text), "sip:+4930123@b", NULL),
		       SW_REASON_RATE_CALLEE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),          cmocka_unit_test(test_one_number),
		cmocka_unit_test(test_number_in_to),   cmocka_unit_test(test_unread_numbers),
		cmocka_unit_test(test_known_callers),  cmocka_unit_test(test_peer),
		cmocka_unit_test(test_emergency),      cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_first_fragment), cmocka_unit_test(test_order),
		cmocka_unit_test(test_full_table),     cmocka_unit_test(test_monitor_and_shadow),
	};

	return cmocka_run_group_tests_name("callees", tests, NULL, NULL);
}
