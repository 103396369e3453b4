/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Rates, with time set by hand: packets that conform, packets that do not, and the cell that each
 * spends.
 */
#include "rig.h"

static unsigned int next;

/* How many of `count` packets, `step` nanoseconds apart, are let in. */
static unsigned int admitted(struct rig *rig, const char *method, const char *tag,
			     unsigned int count, uint64_t step)
{
	unsigned int passed = 0;
	char text[1024];

	for (unsigned int i = 0; i < count; i++, rig->test_run.now += step) {
		size_t size = request(text, sizeof(text), method, next++, tag);

		passed += gets_in(rig, text, size);
	}
	return passed;
}

static void test_burst_and_rate(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "zones: [{name: public, rates: {source: {any: 10/s burst 25}}}]\n");
	assert_int_equal(admitted(&rig, "OPTIONS", NULL, 100, 0), 25);
	assert_int_equal(outcome.reason, SW_REASON_RATE_SOURCE);
	assert_int_equal(counted(&rig, SW_MODE_ENFORCE, SW_REASON_RATE_SOURCE), 75);
	/* A refusal costs nothing: after 100 ms there is one more, however hard it is tried. */
	rig.test_run.now += SECOND / 10;
	assert_int_equal(admitted(&rig, "OPTIONS", NULL, 50, 0), 1);
	/* At 1000 packets a second for 10 s: the rate, no border of a window to abuse. */
	assert_in_range(admitted(&rig, "OPTIONS", NULL, 10000, SECOND / 1000), 99, 101);
	rig.test_run.now += 60 * SECOND;
	assert_int_equal(admitted(&rig, "OPTIONS", NULL, 100, 0), 25);
}

static void test_sources_are_apart(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "zones: [{name: public, rates: {source: {any: 10/s burst 10}}}]\n");
	assert_int_equal(admitted(&rig, "OPTIONS", NULL, 20, 0), 10);
	rig.from.addr = address("198.51.100.8");
	assert_int_equal(admitted(&rig, "OPTIONS", NULL, 20, 0), 10);
	/* Another port is the same source; another address of the same /64 too. */
	rig.from.port = 6060;
	assert_int_equal(admitted(&rig, "OPTIONS", NULL, 20, 0), 0);
	rig.from.addr = address("2001:db8:0:1::1");
	rig.to.addr = address("2001:db8::1");
	assert_int_equal(admitted(&rig, "OPTIONS", NULL, 5, 0), 5);
	rig.from.addr = address("2001:db8:0:1:abcd::1");
	assert_int_equal(admitted(&rig, "OPTIONS", NULL, 20, 0), 5);
	rig.from.addr = address("2001:db8:0:2::1");
	assert_int_equal(admitted(&rig, "OPTIONS", NULL, 20, 0), 10);
}

static void test_method_classes(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, rates: {source: {any: 100/s burst 100, "
				  "INVITE: 5/s burst 5, REGISTER: 3/s burst 3}}}]\n");
	assert_int_equal(admitted(&rig, "INVITE", NULL, 50, 0), 5);
	assert_int_equal(outcome.reason, SW_REASON_RATE_SOURCE_METHOD);
	assert_int_equal(admitted(&rig, "REGISTER", NULL, 50, 0), 3);
	/* The INVITEs and REGISTERs that were refused spent nothing of the common cell. */
	assert_int_equal(admitted(&rig, "NOTIFY", NULL, 200, 0), 92);
	assert_int_equal(outcome.reason, SW_REASON_RATE_SOURCE);
}

/* A request inside a dialog that goes unanswered ends the call (RFC 3261 12.2.1.2). */
static void test_dialogs_have_their_own_limit(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size;

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "zones: [{name: public, rates: {zone: 10/s burst 10, source: {any: 5/s burst 5, "
		 "dialog: 20/s burst 20, response: 7/s burst 7}}}]\n");
	assert_int_equal(admitted(&rig, "INVITE", NULL, 50, 0), 5);
	assert_int_equal(admitted(&rig, "INVITE", "tag", 8, 0), 8);
	assert_int_equal(admitted(&rig, "BYE", NULL, 4, 0), 4);
	assert_int_equal(admitted(&rig, "ACK", NULL, 4, 0), 4);
	assert_int_equal(admitted(&rig, "CANCEL", NULL, 2, 0), 2);
	assert_int_equal(admitted(&rig, "PRACK", NULL, 10, 0), 2);
	assert_int_equal(outcome.reason, SW_REASON_RATE_DIALOG);
	for (unsigned int i = 0; i < 7; i++) {
		size = response(text, sizeof(text), 200, "INVITE", i);
		sends(&rig, text, size, SW_REASON_NONE);
	}
	sends(&rig, text, size, SW_REASON_RATE_RESPONSE);
}

static void test_zone_limit(void **state)
{
	auto_rig struct rig rig;
	unsigned int passed = 0;

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "zones:\n"
		 "  - {name: public, rates: {zone: 100/s burst 100}}\n"
		 "  - {name: carrier, sources: [203.0.113.0/24], rates: {zone: 10/s burst 10}}\n");
	for (int i = 1; i < 255; i++) {
		rig.from.addr.octets[15] = i;
		passed += admitted(&rig, "INVITE", NULL, 1, 0);
	}
	assert_int_equal(passed, 100);
	assert_int_equal(outcome.reason, SW_REASON_RATE_ZONE);
	rig.from.addr = address("203.0.113.1");
	assert_int_equal(admitted(&rig, "INVITE", NULL, 100, 0), 10);
	assert_int_equal(counted_in(&rig, "carrier", SW_MODE_ENFORCE, SW_REASON_RATE_ZONE), 90);
}

/* Keepalives and STUN are never an offence, and have ceilings of their own. */
static void test_keepalives_and_stun(void **state)
{
	static const char stun[20] = {0, 1, 0, 0, 0x21, 0x12, (char)0xa4, 0x42};
	static const struct {
		const char *payload;
		size_t size;
	} keepalives[] = {
		{"", 0},
		{"\0", 1},
		{"\r\n", 2},
		{"\r\n\r\n", 4},
		{"jaK", 3},
		{" ", 1},
		{"0123456789012345678", 19},
	};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, rates: {source: {any: 1/s burst 1, "
				  "keepalive: 7/s burst 7, stun: 2/s burst 2}}}]\n");
	for (size_t i = 0; i < array_size(keepalives); i++) {
		sends(&rig, keepalives[i].payload, keepalives[i].size, SW_REASON_NONE);
		assert_int_equal(outcome.message, SW_MESSAGE_KEEPALIVE);
	}
	sends(&rig, "\r\n\r\n", 4, SW_REASON_KEEPALIVE_RATE);
	sends(&rig, stun, sizeof(stun), SW_REASON_NONE);
	sends(&rig, stun, sizeof(stun), SW_REASON_NONE);
	assert_int_equal(outcome.message, SW_MESSAGE_STUN);
	sends(&rig, stun, sizeof(stun), SW_REASON_STUN_RATE);
	/* None of that spent what requests have. */
	sends_method(&rig, "OPTIONS", 1, SW_REASON_NONE);
	sends_method(&rig, "OPTIONS", 2, SW_REASON_RATE_SOURCE);
}

/* Almost STUN is not STUN. */
static void test_stun_look_alikes(void **state)
{
	static const char good[24] = {0, 1, 0, 4, 0x21, 0x12, (char)0xa4, 0x42};
	static const struct {
		int at;
		char octet;
	} changes[] = {{0, 0x40}, {3, 8}, {3, 3}, {4, 0x22}, {7, 0x43}};
	auto_rig struct rig rig;
	char text[24];

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	sends(&rig, good, sizeof(good), SW_REASON_NONE);
	for (size_t i = 0; i < array_size(changes); i++) {
		memcpy(text, good, sizeof(text));
		text[changes[i].at] = changes[i].octet;
		sends(&rig, text, sizeof(text), SW_REASON_START_LINE);
	}
}

/* `text` behind what makes it STUN: type, a length that fits, the cookie. */
static size_t as_stun(char *out, size_t size, const char *text)
{
	size_t length = strlen(text), whole = (8 + length + 3) / 4 * 4;

	assert_true(whole >= 20 && whole <= size);
	memset(out, ' ', whole);
	memcpy(out, "\0\1\0\0\x21\x12\xa4\x42", 8);
	out[2] = (whole - 20) >> 8;
	out[3] = whole - 20;
	memcpy(out + 8, text, length);
	return whole;
}

/* Some servers take any eight octets for a method: no message passes as STUN, wherever it begins,
 * however it is written. A packet that only holds text, or the name of the protocol, does. */
static void test_no_sip_in_stun(void **state)
{
	static const char *const tails[] = {
		" sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n\r\n",
		" sip:alice@example.com sIp/2.0\r\n\r\n",
	};
	auto_rig struct rig rig;
	char text[1024], tail[1024];

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	for (size_t i = 0; i < array_size(tails); i++) {
		for (int shift = 0; shift < 16; shift++) {
			snprintf(tail, sizeof(tail), " %.*s%s", shift, "0123456789abcdef",
				 tails[i] + 1);
			sends(&rig, text, as_stun(text, sizeof(text), tail), SW_REASON_START_LINE);
			assert_int_equal(outcome.message, SW_MESSAGE_NOT_SIP);
			for (char *at = tail; *at; at++)
				if (*at == '2' && at[1] == '.')
					*at = '3';
			sends(&rig, text, as_stun(text, sizeof(text), tail), SW_REASON_NONE);
			assert_int_equal(outcome.message, SW_MESSAGE_STUN);
		}
	}
	memset(tail, '/', sizeof(tail));
	tail[540] = '\0';
	sends(&rig, text, as_stun(text, sizeof(text), tail), SW_REASON_NONE);
	memset(tail, '/', sizeof(tail));
	tail[544] = '\0';
	sends(&rig, text, as_stun(text, sizeof(text), tail), SW_REASON_START_LINE);
}

/* CR LF is skipped before a message; a payload of nothing else is a keepalive, of which at most
 * 2048 octets are looked at. */
static void test_line_ends_before_a_message(void **state)
{
	auto_rig struct rig rig;
	char text[4096];
	size_t size;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, methods: [INVITE]}]\n");
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? '\n' : '\r';
	sends(&rig, text, 2048, SW_REASON_NONE);
	assert_int_equal(outcome.message, SW_MESSAGE_KEEPALIVE);
	size = request(text + 2046, sizeof(text) - 2046, "OPTIONS", 1, NULL);
	sends(&rig, text, 2046 + size, SW_REASON_METHOD);
	text[2046] = '\r';
	text[2047] = '\n';
	size = request(text + 2048, sizeof(text) - 2048, "OPTIONS", 1, NULL);
	sends(&rig, text, 2048 + size, SW_REASON_START_LINE);
}

/* Monitor mode of the whole policy simulates: a packet that would be refused must spend nothing
 * either. */
static void test_monitor_spends_the_same(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, "mode: monitor\n" YAML_PLAIN
		       "zones: [{name: public, rates: {source: {any: 10/s burst 25}}}]\n");
	assert_int_equal(admitted(&rig, "OPTIONS", NULL, 100, 0), 100);
	assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_RATE_SOURCE), 75);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst_and_rate),
		cmocka_unit_test(test_sources_are_apart),
		cmocka_unit_test(test_method_classes),
		cmocka_unit_test(test_dialogs_have_their_own_limit),
		cmocka_unit_test(test_zone_limit),
		cmocka_unit_test(test_keepalives_and_stun),
		cmocka_unit_test(test_stun_look_alikes),
		cmocka_unit_test(test_no_sip_in_stun),
		cmocka_unit_test(test_line_ends_before_a_message),
		cmocka_unit_test(test_monitor_spends_the_same),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
