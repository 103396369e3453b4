/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Responses that nobody asked for, and all those that look like them and are not: a zone that wants
 * only what the server asked for must not end a call.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <netinet/in.h>

#include "agent/canaries.h"
#include "kernel/state_values.h"
#include "rig.h"

static const char *const expected =
	YAML_PLAIN "zones:\n"
		   "  - {name: public, responses: expected}\n"
		   "  - {name: gateway, sources: [203.0.113.0/24], responses: any}\n";

static void tell(struct rig *rig, const struct sw_health *health)
{
	state_health_write(&rig->test_run.state, health);
}

/* As it is once an agent keeps the observers in place. */
static struct sw_health good_health(const struct rig *rig)
{
	return (struct sw_health){
		.heartbeat = rig->test_run.now,
		.observed_from = rig->test_run.now - SW_OBSERVED_FOR,
	};
}

static void passes_time(struct rig *rig, uint64_t seconds)
{
	struct sw_health health;

	rig->test_run.now += seconds * SECOND;
	health = good_health(rig);
	tell(rig, &health);
}

static void open_at(struct rig *rig, const char *yaml)
{
	rig_open(rig, yaml);
	rig->test_run.now = 10000 * SECOND;
	passes_time(rig, 0);
}

static void server_sends(struct rig *rig, const char *method, unsigned int n)
{
	char text[1024];

	sends_out(rig, text, request(text, sizeof(text), method, n, NULL));
}

static void answers(struct rig *rig, unsigned int status, unsigned int n, enum sw_reason reason)
{
	char text[1024];

	sends(rig, text, response(text, sizeof(text), status, "INVITE", n), reason);
}

static void test_unsolicited(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	open_at(&rig, expected);
	answers(&rig, 200, 1, SW_REASON_UNSOLICITED_RESPONSE);
	server_sends(&rig, "INVITE", 1);
	answers(&rig, 100, 1, SW_REASON_NONE);
	answers(&rig, 200, 1, SW_REASON_NONE);
	answers(&rig, 200, 2, SW_REASON_UNSOLICITED_RESPONSE);
	/* Where the zone takes them all. */
	rig.from.addr = address("203.0.113.9");
	answers(&rig, 200, 2, SW_REASON_NONE);
}

/* By branch, never by address: forks, retransmissions, hosts with several addresses. */
static void test_any_answerer(void **state)
{
	static const char *const others[] = {"198.51.100.8", "192.0.2.77", "198.51.100.7"};
	auto_rig struct rig rig;

	(void)state;
	open_at(&rig, expected);
	server_sends(&rig, "INVITE", 1);
	for (unsigned int i = 0; i < array_size(others); i++) {
		rig.from.addr = address(others[i]);
		rig.from.port = 5060 + i;
		answers(&rig, 180, 1, SW_REASON_NONE);
		answers(&rig, 200, 1, SW_REASON_NONE);
		answers(&rig, 200, 1, SW_REASON_NONE);
	}
	/* RFC 3261 13.3.1.4: again and again, for 64 T1. */
	for (int i = 0; i < 8; i++) {
		passes_time(&rig, 4);
		answers(&rig, 200, 1, SW_REASON_NONE);
	}
}

/* The server that retransmits, or forks one branch to two addresses. */
static void test_branch_to_two_addresses(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	open_at(&rig, expected);
	server_sends(&rig, "INVITE", 1);
	rig.from.addr = address("198.51.100.99");
	server_sends(&rig, "INVITE", 1);
	answers(&rig, 200, 1, SW_REASON_NONE);
	rig.from.addr = address("198.51.100.7");
	answers(&rig, 200, 1, SW_REASON_NONE);
}

static void test_ringing(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	open_at(&rig, expected);
	server_sends(&rig, "INVITE", 1);
	server_sends(&rig, "INVITE", 2);
	passes_time(&rig, 180);
	answers(&rig, 180, 1, SW_REASON_NONE);
	passes_time(&rig, 21);
	answers(&rig, 200, 2, SW_REASON_UNSOLICITED_RESPONSE); /* it never rang */
	passes_time(&rig, 570);
	answers(&rig, 200, 1, SW_REASON_NONE);
	passes_time(&rig, 10);
	answers(&rig, 200, 1, SW_REASON_UNSOLICITED_RESPONSE);
}

/* Nothing answers an ACK, so its branch is worth nothing. */
static void test_ack_asks_for_nothing(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	open_at(&rig, expected);
	server_sends(&rig, "ACK", 1);
	answers(&rig, 200, 1, SW_REASON_UNSOLICITED_RESPONSE);
}

static void test_observer_in_doubt(void **state)
{
	struct sw_health good, worse[5];
	auto_rig struct rig rig;

	(void)state;
	open_at(&rig, expected);
	good = good_health(&rig);
	for (unsigned int i = 0; i < array_size(worse); i++)
		worse[i] = good;
	worse[0].heartbeat -= SW_HEARTBEAT_LIFE + 1;
	worse[1].observed_from += 1; /* the first 180 s */
	worse[2].observed_from = 0;
	worse[3].overflowed_until = rig.test_run.now + 1;
	worse[4].unanswered_from = rig.test_run.now;
	for (unsigned int i = 0; i < array_size(worse); i++) {
		tell(&rig, &worse[i]);
		answers(&rig, 200, 1, SW_REASON_NONE);
		tell(&rig, &good);
		answers(&rig, 200, 1, SW_REASON_UNSOLICITED_RESPONSE);
	}
	good.overflowed_until = rig.test_run.now; /* over */
	good.heartbeat = rig.test_run.now + 1000; /* another CPU's clock is ahead */
	tell(&rig, &good);
	answers(&rig, 200, 1, SW_REASON_UNSOLICITED_RESPONSE);
}

/* RFC 2543 knew no branches. */
static void test_server_without_branches(void **state)
{
	static const char without[] =
		"OPTIONS sip:bob@198.51.100.7 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5060\r\n"
		"From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\n"
		"Call-ID: 3@192.0.2.1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
	static const char answer[] =
		"SIP/2.0 200 OK\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5060\r\n"
		"From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>;tag=2\r\n"
		"Call-ID: 3@192.0.2.1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
	auto_rig struct rig rig;

	(void)state;
	open_at(&rig, expected);
	sends(&rig, answer, sizeof(answer) - 1, SW_REASON_UNSOLICITED_RESPONSE);
	sends_out(&rig, without, sizeof(without) - 1);
	sends(&rig, answer, sizeof(answer) - 1, SW_REASON_NONE);
	answers(&rig, 200, 1, SW_REASON_UNSOLICITED_RESPONSE);
	passes_time(&rig, 201);
	sends(&rig, answer, sizeof(answer) - 1, SW_REASON_UNSOLICITED_RESPONSE);
}

/* Branches that leave by TCP are not noted: no segment is ever dropped for its content. */
static void test_tcp(void **state)
{
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	open_at(&rig, expected);
	sends_tcp(&rig, text, response(text, sizeof(text), 200, "INVITE", 1), SW_REASON_NONE);
}

static void test_peer_and_shadow(void **state)
{
	auto_rig struct rig rig, shadow;
	char text[1024];

	(void)state;
	open_at(&rig, YAML_PLAIN "zones: [{name: carrier, sources: [198.51.100.0/24], trust: peer, "
				 "responses: expected}]\n");
	answers(&rig, 200, 1, SW_REASON_UNSOLICITED_RESPONSE);
	server_sends(&rig, "BYE", 1);
	answers(&rig, 200, 1, SW_REASON_NONE);
	open_at(&shadow, YAML_PLAIN "shadow: [unsolicited_response]\n"
				    "zones: [{name: public, responses: expected}]\n");
	sends_shadowed(&shadow, text, response(text, sizeof(text), 200, "INVITE", 1),
		       SW_REASON_UNSOLICITED_RESPONSE);
}

/* Beside the budget of newcomers, which reads no further than the top Via. */
static void test_with_admission(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	open_at(&rig, YAML_PLAIN "zones: [{name: public, responses: expected, "
				 "newcomers: {rate: 5/s burst 5}}]\n");
	answers(&rig, 200, 1, SW_REASON_UNSOLICITED_RESPONSE);
	server_sends(&rig, "INVITE", 1);
	answers(&rig, 200, 1, SW_REASON_NONE);
	assert_int_equal(outcome.grade, SW_GRADE_NONE);
	answers(&rig, 200, 2, SW_REASON_UNSOLICITED_RESPONSE);
}

/* A request that is too large for one packet: the observer sees its first fragment. */
static void send_fragment(struct rig *rig, unsigned int n)
{
	bool ipv6 = rig->from.addr.words[2] != htonl(0xffff);
	char text[1024];
	size_t size = request(text, sizeof(text), "INVITE", n, NULL);
	uint16_t udp[4] = {htons(5060), htons(5060), htons(size + 3000 + 8), 0};

	frame_ethernet(&rig->frame, ipv6 ? ETH_P_IPV6 : ETH_P_IP);
	frame_ip(&rig->frame, &rig->to.addr, &rig->from.addr,
		 ipv6 ? IPPROTO_FRAGMENT : IPPROTO_UDP);
	if (ipv6) {
		uint16_t header[4] = {htons(IPPROTO_UDP << 8), htons(1), 0, htons(1)};

		frame_append(&rig->frame, header, sizeof(header));
	} else {
		((struct iphdr *)(rig->frame.octets + rig->frame.ip))->frag_off = htons(0x2000);
	}
	frame_append(&rig->frame, udp, sizeof(udp));
	frame_append(&rig->frame, text, size / 8 * 8);
	frame_finish(&rig->frame);
	sends_out_frame(rig);
}

static void test_request_in_fragments(void **state)
{
	(void)state;
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		auto_rig struct rig rig;

		open_at(&rig, expected);
		if (ipv6) {
			rig.from.addr = address("2001:db8::7");
			rig.to.addr = address("2001:db8::1");
		}
		send_fragment(&rig, 1);
		answers(&rig, 200, 1, SW_REASON_NONE);
		answers(&rig, 200, 2, SW_REASON_UNSOLICITED_RESPONSE);
	}
}

/* A server that sends more than its table holds. While the agent finds its oldest mark, the branch
 * of that second is there too; when the table forgot, the rule is told so. */
static void overflow(unsigned int a_second, bool forgets)
{
	static struct canaries canaries;
	auto_rig struct rig rig;
	unsigned int n = 1;

	memset(&canaries, 0, sizeof(canaries));
	open_at(&rig, "tables: {branches: 4096}\n" YAML_PLAIN
		      "zones: [{name: public, responses: expected}]\n");
	for (unsigned int second = 0; second < 700; second++) {
		struct sw_health health = good_health(&rig);
		unsigned int old = second < 190 ? 1 : (second - 190) * a_second + 1;

		canaries_step(&canaries, &rig.test_run.state, rig.test_run.now);
		health.overflowed_until = canaries.overflowed_until;
		tell(&rig, &health);
		answers(&rig, 200, old, second ? SW_REASON_NONE : SW_REASON_UNSOLICITED_RESPONSE);
		for (unsigned int i = 0; i < a_second; i++)
			server_sends(&rig, "OPTIONS", n++);
		rig.test_run.now += SECOND;
	}
	assert_int_equal(canaries.overflowed_until > rig.test_run.now, forgets);
}

static void test_table_large_enough(void **state)
{
	(void)state;
	overflow(1, false);
}

static void test_table_too_small(void **state)
{
	(void)state;
	overflow(40, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unsolicited),
		cmocka_unit_test(test_any_answerer),
		cmocka_unit_test(test_branch_to_two_addresses),
		cmocka_unit_test(test_ringing),
		cmocka_unit_test(test_ack_asks_for_nothing),
		cmocka_unit_test(test_observer_in_doubt),
		cmocka_unit_test(test_server_without_branches),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_peer_and_shadow),
		cmocka_unit_test(test_with_admission),
		cmocka_unit_test(test_request_in_fragments),
		cmocka_unit_test(test_table_large_enough),
		cmocka_unit_test(test_table_too_small),
	};

	return cmocka_run_group_tests_name("responses", tests, NULL, NULL);
}
