/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The ceilings beside and above a source's own: its network, its zone, the service; connections,
 * handshakes and malformed messages; and what one source is.
 */
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "rig.h"

#define SYN     0x02
#define SYN_ACK 0x12
#define ACK     0x10

static unsigned int next;

/* How many of `count` new requests are let in, at one moment. */
static unsigned int admitted(struct rig *rig, const char *method, unsigned int count)
{
	unsigned int passed = 0;
	char text[1024];

	for (unsigned int i = 0; i < count; i++) {
		size_t size = request(text, sizeof(text), method, next++, NULL);

		passed += gets_in(rig, text, size);
	}
	return passed;
}

/* One request each of `count` neighbours. */
static unsigned int admitted_of(struct rig *rig, const char *first, unsigned int count)
{
	unsigned int passed = 0;

	rig->from.addr = address(first);
	for (unsigned int i = 0; i < count; i++, rig->from.addr.octets[15]++)
		passed += admitted(rig, "OPTIONS", 1);
	return passed;
}

static void test_network_ceiling(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, rates: {prefix: 10/s burst 10, "
				  "source: {any: 5/s burst 5}}}]\n");
	assert_int_equal(admitted_of(&rig, "198.51.100.1", 100), 10);
	assert_int_equal(outcome.reason, SW_REASON_RATE_PREFIX);
	assert_int_equal(counted(&rig, SW_MODE_ENFORCE, SW_REASON_RATE_PREFIX), 90);
	assert_int_equal(admitted_of(&rig, "198.51.101.1", 100), 10);
	/* A /56 is one network, the next one is another. */
	rig.to.addr = address("2001:db8::1");
	for (int i = 0; i < 20; i++) {
		rig.from.addr = address("2001:db8:0:100::1");
		rig.from.addr.octets[7] = i;
		assert_int_equal(admitted(&rig, "OPTIONS", 1), i < 10);
	}
	rig.from.addr = address("2001:db8:0:200::1");
	assert_int_equal(admitted(&rig, "OPTIONS", 1), 1);
	rig.test_run.now += SECOND;
	rig.from.addr = address("2001:db8:0:1ff::1");
	assert_int_equal(admitted(&rig, "OPTIONS", 1), 1);
}

/* A packet that a narrower ceiling refuses has spent nothing of a wider one. */
static void test_narrow_before_wide(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, "version: 1\n"
		       "services: [{transport: udp, port: 5060, rate: 40/s burst 40}]\n"
		       "zones: [{name: public, rates: {zone: 30/s burst 30, prefix: 20/s burst 20, "
		       "source: {any: 10/s burst 10, INVITE: 5/s burst 5}}},\n"
		       " {name: other, sources: [203.0.113.0/24]}]\n");
	assert_int_equal(admitted(&rig, "INVITE", 100), 5);
	assert_int_equal(outcome.reason, SW_REASON_RATE_SOURCE_METHOD);
	assert_int_equal(admitted(&rig, "OPTIONS", 100), 5);
	assert_int_equal(outcome.reason, SW_REASON_RATE_SOURCE);
	assert_int_equal(admitted_of(&rig, "198.51.100.20", 100), 10);
	assert_int_equal(outcome.reason, SW_REASON_RATE_PREFIX);
	assert_int_equal(admitted_of(&rig, "198.51.101.20", 15), 10);
	assert_int_equal(outcome.reason, SW_REASON_RATE_ZONE);
	rig.from.addr = address("203.0.113.1");
	assert_int_equal(admitted(&rig, "INVITE", 100), 10);
	assert_int_equal(outcome.reason, SW_REASON_RATE_SERVICE);
	assert_int_equal(counted_in(&rig, "other", SW_MODE_ENFORCE, SW_REASON_RATE_SERVICE), 90);
}

/* In shadow a refused request passes, and spends what it would have spent. */
static void test_narrow_in_shadow(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "shadow: [rate_source_method]\n"
				  "zones: [{name: public, rates: {source: {any: 10/s burst 10, "
				  "INVITE: 5/s burst 5}}}]\n");
	assert_int_equal(admitted(&rig, "INVITE", 100), 10);
	assert_int_equal(outcome.reason, SW_REASON_RATE_SOURCE);
	assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_RATE_SOURCE_METHOD), 95);
}

static void test_services_are_apart(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, "version: 1\n"
		       "services: [{transport: udp, port: 5060, rate: 10/s burst 10}, "
		       "{transport: udp, port: 5070}, {transport: udp, port: 5080, "
		       "rate: 3/s burst 3}]\n");
	assert_int_equal(admitted(&rig, "OPTIONS", 20), 10);
	assert_int_equal(outcome.reason, SW_REASON_RATE_SERVICE);
	rig.to.port = 5070;
	assert_int_equal(admitted(&rig, "OPTIONS", 20), 20);
	rig.to.port = 5080;
	assert_int_equal(admitted(&rig, "OPTIONS", 20), 3);
	rig.to.port = 5060;
	rig.test_run.now += SECOND;
	assert_int_equal(admitted(&rig, "OPTIONS", 20), 10);
}

/* NOTIFY and PUBLISH are what SUBSCRIBE is: event packages. */
static void test_event_packages(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, rates: {source: {SUBSCRIBE: 6/s burst 6, "
				  "MESSAGE: 2/s burst 2}}}]\n");
	assert_int_equal(admitted(&rig, "SUBSCRIBE", 2), 2);
	assert_int_equal(admitted(&rig, "PUBLISH", 2), 2);
	assert_int_equal(admitted(&rig, "NOTIFY", 10), 2);
	assert_int_equal(outcome.reason, SW_REASON_RATE_SOURCE_METHOD);
	assert_int_equal(admitted(&rig, "MESSAGE", 10), 2);
	assert_int_equal(admitted(&rig, "REFER", 10), 10);
}

/* --- what one source is --- */

static void test_count_port(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "zones: [{name: office, sources: [198.51.100.0/24], count: address+port, "
		 "rates: {source: {any: 5/s burst 5}}}, "
		 "{name: public, rates: {source: {any: 5/s burst 5}}}]\n");
	for (unsigned int port = 1024; port < 1044; port++) {
		rig.from.port = port;
		assert_int_equal(admitted(&rig, "OPTIONS", 10), 5);
	}
	rig.from.addr = address("203.0.113.1");
	assert_int_equal(admitted(&rig, "OPTIONS", 10), 5);
	rig.from.port++;
	assert_int_equal(admitted(&rig, "OPTIONS", 10), 0);
}

static void test_count_prefix(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, count: {v4: 28, v6: 48}, "
				  "rates: {source: {any: 5/s burst 5}}}]\n");
	assert_int_equal(admitted_of(&rig, "198.51.100.16", 16), 5);
	assert_int_equal(admitted_of(&rig, "198.51.100.32", 16), 5);
	rig.to.addr = address("2001:db8::1");
	rig.from.addr = address("2001:db8:1:1::1");
	assert_int_equal(admitted(&rig, "OPTIONS", 10), 5);
	rig.from.addr = address("2001:db8:1:ffff::1");
	assert_int_equal(admitted(&rig, "OPTIONS", 10), 0);
	rig.from.addr = address("2001:db8:2::1");
	assert_int_equal(admitted(&rig, "OPTIONS", 10), 5);
}

/* A ban is for an address, or a /64, in each zone, whatever the zone counts by. */
static void test_bans_count_subscribers(void **state)
{
	static const char *const counts[] = {"address", "address+port", "{v4: 24, v6: 48}"};

	(void)state;
	for (size_t i = 0; i < array_size(counts); i++) {
		auto_rig struct rig rig;
		auto_free char *yaml =
			xasprintf(YAML_PLAIN "zones: [{name: public, count: %s}]\n", counts[i]);
		struct prefix who = {.addr = address("198.51.100.7"), .length = 32};
		struct error e = {};

		rig_open(&rig, yaml);
		if (ban_add(&rig.test_run.state, &who, 3600 * SECOND, NULL, NULL, &e) < 0)
			fail_msg("%s", e.text);
		rig.from.port = 1024 + i;
		sends_method(&rig, "OPTIONS", next++, SW_REASON_BAN);
		rig.from.addr.octets[15]++;
		sends_method(&rig, "OPTIONS", next++, SW_REASON_NONE);
		who = (struct prefix){
			.addr = address("2001:db8:1:1::1"), .length = 128, .ipv6 = true};
		if (ban_add(&rig.test_run.state, &who, 3600 * SECOND, NULL, NULL, &e) < 0)
			fail_msg("%s", e.text);
		rig.to.addr = address("2001:db8::1");
		rig.from.addr = address("2001:db8:1:1::abcd");
		sends_method(&rig, "OPTIONS", next++, SW_REASON_BAN);
		rig.from.addr = address("2001:db8:1:2::1");
		sends_method(&rig, "OPTIONS", next++, SW_REASON_NONE);
	}
}

/* --- TCP and TLS --- */

static void sends_segment(struct rig *rig, uint8_t flags, const void *payload, size_t size,
			  enum sw_reason reason)
{
	frame_ethernet(&rig->frame, ETH_P_IP);
	frame_ip(&rig->frame, &rig->from.addr, &rig->to.addr, IPPROTO_TCP);
	frame_tcp(&rig->frame, rig->from.port, rig->to.port, flags);
	assert_true(frame_append(&rig->frame, payload, size));
	frame_finish(&rig->frame);
	sends_frame(rig, reason);
}

static void test_syn(void **state)
{
	static const uint16_t ports[] = {5060, 5061};

	(void)state;
	for (size_t i = 0; i < array_size(ports); i++) {
		auto_rig struct rig rig;

		rig_open(&rig,
			 YAML_PLAIN "zones: [{name: public, rates: {source: {any: 1/s burst 1, "
				    "syn: 5/s burst 5}}}]\n");
		rig.to.port = ports[i];
		for (unsigned int n = 0; n < 8; n++) {
			rig.from.port = 1024 + n;
			sends_segment(&rig, SYN, "", 0,
				      n < 5 ? SW_REASON_NONE : SW_REASON_RATE_SYN);
		}
		/* Segments of a connection pass, and so does the answer to a SYN of the server. */
		sends_segment(&rig, ACK, "", 0, SW_REASON_NONE);
		sends_segment(&rig, SYN_ACK, "", 0, SW_REASON_NONE);
		rig.from.addr.octets[15]++;
		sends_segment(&rig, SYN, "", 0, SW_REASON_NONE);
		rig.from.addr.octets[15]--;
		rig.test_run.now += SECOND / 5;
		sends_segment(&rig, SYN, "", 0, SW_REASON_NONE);
		sends_segment(&rig, SYN, "", 0, SW_REASON_RATE_SYN);
	}
}

static const uint8_t client_hello[64] = {22, 3, 1, 0, 59, 1, 0, 0, 55, 3, 3};

static void test_tls_handshakes(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, rates: {source: {tls: 5/s burst 5}}}]\n");
	rig.to.port = 5061;
	for (unsigned int i = 0; i < 8; i++)
		sends_segment(&rig, ACK, client_hello, sizeof(client_hello),
			      i < 5 ? SW_REASON_NONE : SW_REASON_RATE_TLS);
	/* On the port of plain SIP it is no handshake: a drop would kill the connection. */
	rig.to.port = 5060;
	sends_segment(&rig, ACK, client_hello, sizeof(client_hello), SW_REASON_NONE);
	rig.to.port = 5061;
	rig.from.addr.octets[15]++;
	sends_segment(&rig, ACK, client_hello, sizeof(client_hello), SW_REASON_NONE);
}

/* Data, alerts, other messages of the handshake, and what is too short to tell. */
static void test_no_tls_handshakes(void **state)
{
	static const struct {
		size_t at;
		uint8_t octet;
	} changes[] = {{0, 23}, {0, 21}, {1, 2}, {2, 5}, {5, 2}, {5, 16}, {6, 1}};
	auto_rig struct rig rig;
	uint8_t record[sizeof(client_hello)];

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, rates: {source: {tls: 1/s burst 1}}}]\n");
	rig.to.port = 5061;
	sends_segment(&rig, ACK, client_hello, sizeof(client_hello), SW_REASON_NONE);
	for (size_t i = 0; i < array_size(changes); i++) {
		memcpy(record, client_hello, sizeof(record));
		record[changes[i].at] = changes[i].octet;
		sends_segment(&rig, ACK, record, sizeof(record), SW_REASON_NONE);
	}
	sends_segment(&rig, ACK, client_hello, 8, SW_REASON_NONE);
	sends_segment(&rig, ACK, "", 0, SW_REASON_NONE);
	sends_segment(&rig, ACK, client_hello, 9, SW_REASON_RATE_TLS);
}

static void test_tls_service_rate(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig,
		 "version: 1\nservices: [{transport: tls, port: 5061, rate: 20/s burst 20}]\n");
	rig.to.port = 5061;
	for (unsigned int i = 0; i < 25; i++) {
		rig.from.addr.octets[15] = i;
		sends_segment(&rig, ACK, client_hello, sizeof(client_hello),
			      i < 20 ? SW_REASON_NONE : SW_REASON_RATE_SERVICE);
	}
	sends_segment(&rig, ACK, "data", 4, SW_REASON_NONE);
}

/* --- malformed --- */

#define WRONG "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bKx\r\n\r\n"
#define JUNK  "this is no message at all\r\n\r\n"

/* The profile lets it pass: up to the ceiling. */
static void test_malformed_profile_off(void **state)
{
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "sanity: {profile: off}\n"
			    "zones: [{name: public, rates: {source: {malformed: 5/s burst 5}}}]\n");
	for (int i = 0; i < 3; i++)
		sends(&rig, WRONG, strlen(WRONG), SW_REASON_NONE);
	for (int i = 0; i < 2; i++)
		sends(&rig, JUNK, strlen(JUNK), SW_REASON_NONE);
	sends(&rig, WRONG, strlen(WRONG), SW_REASON_RATE_MALFORMED);
	sends(&rig, JUNK, strlen(JUNK), SW_REASON_RATE_MALFORMED);
	/* Well-formed messages are not counted; nor are messages that could end a call. */
	sends_method(&rig, "OPTIONS", 1, SW_REASON_NONE);
	snprintf(text, sizeof(text), "BYE%s", strchr(WRONG, ' '));
	sends(&rig, text, strlen(text), SW_REASON_NONE);
	sends(&rig, "SIP/2.0 200 OK\r\n\r\n\r\n", 20, SW_REASON_NONE);
	rig.from.addr.octets[15]++;
	sends(&rig, WRONG, strlen(WRONG), SW_REASON_NONE);
}

/* Without the ceiling nothing is even looked for. */
static void test_malformed_without_a_ceiling(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "sanity: {profile: off}\n");
	for (int i = 0; i < 20; i++)
		sends(&rig, WRONG, strlen(WRONG), SW_REASON_NONE);
}

static void test_malformed_in_shadow(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "shadow: [from_missing, to_missing, call_id_missing, "
			    "cseq_missing]\n"
			    "zones: [{name: public, rates: {source: {malformed: 5/s burst 5}}}]\n");
	for (int i = 0; i < 10; i++)
		assert_int_equal(gets_in(&rig, WRONG, strlen(WRONG)), i < 5);
	assert_int_equal(outcome.reason, SW_REASON_RATE_MALFORMED);
	assert_int_equal(outcome.shadow_count, 4);
}

/* A message that a check drops keeps the reason of the check, and needs no ceiling. */
static void test_malformed_dropped_anyway(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "zones: [{name: public, rates: {source: {malformed: 1/s burst 1}}}]\n");
	for (int i = 0; i < 5; i++)
		sends(&rig, WRONG, strlen(WRONG), SW_REASON_FROM_MISSING);
	for (int i = 0; i < 5; i++)
		sends(&rig, JUNK, strlen(JUNK), SW_REASON_START_LINE);
}

/* On TCP nothing is dropped; messages beyond the ceiling are counted. */
static void test_malformed_tcp(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "sanity: {profile: off}\n"
			    "zones: [{name: public, rates: {source: {malformed: 2/s burst 2}}}]\n");
	for (int i = 0; i < 5; i++) {
		assert_true(
			frame_message(&rig.frame, &rig.from, &rig.to, true, WRONG, strlen(WRONG)));
		assert_true(gets_in_frame(&rig));
	}
	assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_RATE_MALFORMED), 3);
	assert_int_equal(counted(&rig, SW_MODE_ENFORCE, SW_REASON_RATE_MALFORMED), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_network_ceiling),
		cmocka_unit_test(test_narrow_before_wide),
		cmocka_unit_test(test_narrow_in_shadow),
		cmocka_unit_test(test_services_are_apart),
		cmocka_unit_test(test_event_packages),
		cmocka_unit_test(test_count_port),
		cmocka_unit_test(test_count_prefix),
		cmocka_unit_test(test_bans_count_subscribers),
		cmocka_unit_test(test_syn),
		cmocka_unit_test(test_tls_handshakes),
		cmocka_unit_test(test_no_tls_handshakes),
		cmocka_unit_test(test_tls_service_rate),
		cmocka_unit_test(test_malformed_profile_off),
		cmocka_unit_test(test_malformed_without_a_ceiling),
		cmocka_unit_test(test_malformed_in_shadow),
		cmocka_unit_test(test_malformed_dropped_anyway),
		cmocka_unit_test(test_malformed_tcp),
	};

	return cmocka_run_group_tests_name("ceilings", tests, NULL, NULL);
}
