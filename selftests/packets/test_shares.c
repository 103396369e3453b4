/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The limits that a packet spends: a known endpoint's packets that carry a proof, those that only
 * come by its path, and all others, which may be spoofed. None of them spends what stands before it
 * in this list. And emergency calls, which spend nothing of anybody within their budget.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <netinet/in.h>

#include "kernel/skeleton.h"

#include "rig.h"

static unsigned int next;

struct path {
	uint8_t ttl;
	uint16_t port;
	uint16_t vlan; /* 0: no tag */
	bool priority; /* a tag without an id before that */
};

static const struct path proofs_path = {.ttl = 60, .port = 5060, .vlan = 42};

/* The endpoint of the rig, as if it had sent back a proof by this path. */
static void make_known(struct rig *rig, const struct path *path)
{
	struct sw_source key = {
		.addr = rig->from.addr,
		.port = htons(path->port),
		.length = addr_is_ipv4(&rig->from.addr) ? 32 : 128,
	};
	struct sw_known entry = {
		.since = rig->test_run.now,
		.seen = rig->test_run.now,
		.ttl = path->ttl,
		.vlan = path->vlan,
		.grade = SW_GRADE_PROVED,
	};

	assert_int_equal(bpf_map_update_elem(rig->test_run.state.fds[STATE_KNOWN], &key, &entry,
					     BPF_ANY),
			 0);
}

static void frame_by(struct rig *rig, const struct path *path, const char *text, size_t size)
{
	bool ipv4 = addr_is_ipv4(&rig->from.addr);
	uint16_t type = ipv4 ? ETH_P_IP : ETH_P_IPV6;
	uint8_t *ip;

	frame_ethernet(&rig->frame, type);
	if (path->priority)
		frame_vlan(&rig->frame, ETH_P_8021Q, 0, type);
	if (path->vlan)
		frame_vlan(&rig->frame, ETH_P_8021Q, path->vlan, type);
	frame_ip(&rig->frame, &rig->from.addr, &rig->to.addr, IPPROTO_UDP);
	frame_udp(&rig->frame, path->port, rig->to.port);
	assert_true(frame_append(&rig->frame, text, size));
	ip = rig->frame.octets + rig->frame.ip;
	if (ipv4)
		((struct iphdr *)ip)->ttl = path->ttl;
	else
		((struct ipv6hdr *)ip)->hop_limit = path->ttl;
	frame_finish(&rig->frame);
}

/* How many of `count` new requests by this path are let in; with a nonce they have credentials. */
static unsigned int admitted_by(struct rig *rig, const struct path *path, const char *method,
				const char *nonce, unsigned int count)
{
	unsigned int passed = 0;
	char text[2048];

	for (unsigned int i = 0; i < count; i++) {
		size_t size = request(text, sizeof(text), method, next++, NULL);

		if (nonce)
			size = size - 2 +
			       snprintf(text + size - 2, sizeof(text) - size,
					"Authorization: Digest username=\"bob\", realm=\"lab\", "
					"nonce=\"%s\", uri=\"sip:lab\", response=\"00\"\r\n\r\n",
					nonce);
		frame_by(rig, path, text, size);
		passed += gets_in_frame(rig);
	}
	return passed;
}

static unsigned int admitted(struct rig *rig, const struct path *path, unsigned int count)
{
	return admitted_by(rig, path, "OPTIONS", NULL, count);
}

static const char *const ten_each =
	YAML_PLAIN "zones: [{name: public, newcomers: {rate: 10000/s}, "
		   "rates: {source: {any: 10/s burst 10, dialog: 10/s burst 10}}}]\n";

/* A priority tag is no VLAN, and hides none. */
static void test_priority_tag(void **state)
{
	static const struct path untagged = {.ttl = 60, .port = 5060};
	static const struct path same[] = {
		{.ttl = 60, .port = 5060, .priority = true},
		{.ttl = 60, .port = 5060, .vlan = 42, .priority = true},
	};
	static const struct path other = {.ttl = 60, .port = 5060, .vlan = 43, .priority = true};

	(void)state;
	for (size_t i = 0; i < array_size(same); i++) {
		auto_rig struct rig rig;

		rig_open(&rig, ten_each);
		make_known(&rig, i ? &proofs_path : &untagged);
		assert_int_equal(admitted(&rig, &same[i], 1), 1);
		assert_int_equal(outcome.grade, SW_GRADE_PROVED);
		assert_int_equal(admitted(&rig, &other, 1), 1);
		assert_int_equal(outcome.grade, SW_GRADE_NONE);
	}
}

/* The same address by any other path: it never spends the endpoint's limits. */
static void other_paths(const char *from, const char *to)
{
	const struct path others[] = {
		{.ttl = 59, .port = 5060, .vlan = 42}, {.ttl = 61, .port = 5060, .vlan = 42},
		{.ttl = 60, .port = 5061, .vlan = 42}, {.ttl = 60, .port = 5060, .vlan = 43},
		{.ttl = 60, .port = 5060, .vlan = 0},
	};

	for (size_t i = 0; i < array_size(others); i++) {
		auto_rig struct rig rig;

		rig_open(&rig, ten_each);
		rig.from.addr = address(from);
		rig.to.addr = address(to);
		make_known(&rig, &proofs_path);
		assert_int_equal(admitted(&rig, &others[i], 50), 10);
		assert_int_equal(outcome.grade, SW_GRADE_NONE);
		assert_int_equal(outcome.reason, SW_REASON_RATE_SOURCE);
		assert_int_equal(admitted(&rig, &proofs_path, 50), 10);
		assert_int_equal(outcome.grade, SW_GRADE_PROVED);
		assert_int_equal(outcome.reason, SW_REASON_RATE_SOURCE);
		/* And a second other path is no third limit. */
		assert_int_equal(admitted(&rig, &others[(i + 1) % array_size(others)], 50), 0);
	}
}

static void test_other_paths(void **state)
{
	(void)state;
	other_paths("198.51.100.7", "192.0.2.1");
}

static void test_other_paths_ipv6(void **state)
{
	(void)state;
	other_paths("2001:db8:0:1::7", "2001:db8::1");
}

/* Inside a dialog they spend what no request outside does, by each path its own. */
static void test_dialogs_are_apart(void **state)
{
	const struct path other = {.ttl = 59, .port = 5060, .vlan = 42};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, ten_each);
	make_known(&rig, &proofs_path);
	assert_int_equal(admitted(&rig, &proofs_path, 50), 10);
	assert_int_equal(admitted_by(&rig, &other, "BYE", NULL, 50), 10);
	assert_int_equal(outcome.reason, SW_REASON_RATE_DIALOG);
	assert_int_equal(admitted_by(&rig, &proofs_path, "BYE", NULL, 50), 10);
	assert_int_equal(outcome.reason, SW_REASON_RATE_DIALOG);
}

/* Spoofed neighbours, or the endpoint's spoofed self, fill the network's ceiling: not its own. */
static void test_network_is_apart(void **state)
{
	const struct path other = {.ttl = 59, .port = 5060};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 10000/s}, "
				  "rates: {prefix: 20/s burst 20}}]\n");
	make_known(&rig, &proofs_path);
	for (int i = 0; i < 200; i++) {
		rig.from.addr.octets[15] = i;
		assert_int_equal(admitted(&rig, &other, 1), i < 20);
	}
	rig.from.addr.octets[15] = 7;
	assert_int_equal(admitted(&rig, &other, 50), 0);
	assert_int_equal(outcome.reason, SW_REASON_RATE_PREFIX);
	assert_int_equal(admitted(&rig, &proofs_path, 50), 20);
}

/* --- emergency calls --- */

static size_t emergency(char *text, size_t size, unsigned int n)
{
	char whole[1024];

	request(whole, sizeof(whole), "INVITE", n, NULL);
	return snprintf(text, size, "INVITE urn:service:sos SIP/2.0%s", strstr(whole, "\r\n"));
}

static unsigned int calls(struct rig *rig, const struct path *path, unsigned int count)
{
	unsigned int passed = 0;
	char text[2048];

	for (unsigned int i = 0; i < count; i++) {
		frame_by(rig, path, text, emergency(text, sizeof(text), next++));
		passed += gets_in_frame(rig);
	}
	return passed;
}

/* Each ceiling by itself: a call within the budget neither asks nor spends it; beyond the budget
 * it is a call like others. */
static void test_emergency_passes_ceilings(void **state)
{
	static const struct {
		const char *service, *rates;
		enum sw_reason reason;
	} ceilings[] = {
		{"", "source: {INVITE: 1/s burst 1}", SW_REASON_RATE_SOURCE_METHOD},
		{"", "source: {any: 1/s burst 1}", SW_REASON_RATE_SOURCE},
		{"", "prefix: 1/s burst 1", SW_REASON_RATE_PREFIX},
		{"", "zone: 1/s burst 1", SW_REASON_RATE_ZONE},
		{", rate: 1/s burst 1", "source: {stun: 1/s}", SW_REASON_RATE_SERVICE},
	};

	(void)state;
	for (size_t i = 0; i < array_size(ceilings); i++) {
		auto_rig struct rig rig;
		auto_free char *yaml =
			xasprintf("version: 1\nservices: [{transport: udp, port: 5060%s}]\n"
				  "emergency: {rate: 5/s burst 5}\n"
				  "zones: [{name: public, rates: {%s}}]\n",
				  ceilings[i].service, ceilings[i].rates);

		rig_open(&rig, yaml);
		assert_int_equal(calls(&rig, &proofs_path, 5), 5);
		assert_int_equal(outcome.emergency, 1);
		assert_int_equal(admitted_by(&rig, &proofs_path, "INVITE", NULL, 5), 1);
		assert_int_equal(outcome.reason, ceilings[i].reason);
		assert_int_equal(calls(&rig, &proofs_path, 5), 0);
		assert_int_equal(outcome.emergency, 0);
		assert_int_equal(outcome.reason, ceilings[i].reason);
		rig.test_run.now += SECOND / 5;
		assert_int_equal(calls(&rig, &proofs_path, 5), 1);
	}
}

static void test_emergency_passes_method_list(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "emergency: {rate: 5/s burst 5}\n"
				  "zones: [{name: public, methods: [OPTIONS]}]\n");
	assert_int_equal(calls(&rig, &proofs_path, 10), 5);
	assert_int_equal(outcome.reason, SW_REASON_METHOD);
}

/* Anybody can write the URN; a known endpoint has a budget that others cannot spend. */
static void test_emergency_of_the_known(void **state)
{
	const struct path other = {.ttl = 59, .port = 5060, .vlan = 42};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "emergency: {rate: 5/s burst 5}\n"
				  "zones: [{name: public, newcomers: {rate: 1/s burst 1}, "
				  "rates: {source: {INVITE: 1/s burst 1}}}]\n");
	make_known(&rig, &proofs_path);
	assert_int_equal(calls(&rig, &other, 50), 6); /* the budget, and one newcomer */
	assert_int_equal(outcome.reason, SW_REASON_GREYLIST);
	assert_int_equal(calls(&rig, &proofs_path, 50), 6); /* and one INVITE */
	assert_int_equal(outcome.reason, SW_REASON_RATE_SOURCE_METHOD);
}

static void test_emergency_of_each_zone(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "emergency: {rate: 5/s burst 5}\n"
				  "zones: [{name: public, methods: [OPTIONS]}, "
				  "{name: a, sources: [203.0.113.0/24], methods: [OPTIONS]}]\n");
	assert_int_equal(calls(&rig, &proofs_path, 10), 5);
	rig.from.addr = address("203.0.113.1");
	assert_int_equal(calls(&rig, &proofs_path, 10), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_priority_tag),
		cmocka_unit_test(test_other_paths),
		cmocka_unit_test(test_other_paths_ipv6),
		cmocka_unit_test(test_dialogs_are_apart),
		cmocka_unit_test(test_network_is_apart),
		cmocka_unit_test(test_emergency_passes_ceilings),
		cmocka_unit_test(test_emergency_passes_method_list),
		cmocka_unit_test(test_emergency_of_the_known),
		cmocka_unit_test(test_emergency_of_each_zone),
	};

	return cmocka_run_group_tests_name("shares", tests, NULL, NULL);
}
