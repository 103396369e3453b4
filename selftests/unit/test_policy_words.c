/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The words of the policy language in tables: prefixes, rates, names, and the right word that is
 * near to a wrong one.
 */
#include "policy/names.h"
#include "policy/prefix.h"
#include "policy/rate.h"
#include "policy_asserts.h"

static void test_prefix_parse(void **state)
{
	static const struct {
		const char *text;
		const char *canonical; /* NULL: it is none */
	} cases[] = {
		{"192.0.2.0/24", "192.0.2.0/24"},
		{"192.0.2.1", "192.0.2.1"},
		{"192.0.2.1/32", "192.0.2.1"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"128.0.0.0/1", "128.0.0.0/1"},
		{"255.255.255.254/31", "255.255.255.254/31"},
		{"0.0.0.0", "0.0.0.0"},
		{"2001:db8::/32", "2001:db8::/32"},
		{"2001:DB8:0:0::1", "2001:db8::1"},
		{"2001:db8::1/128", "2001:db8::1"},
		{"::/0", "::/0"},
		{"::", "::"},
		{"8000::/1", "8000::/1"},
		{"::fffe:0:0/95", "::fffe:0:0/95"},
		{"64:ff9b::/96", "64:ff9b::/96"},
		{"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
		{"::ffff:0:0/96", NULL},
		{"::ffff:192.0.2.1", NULL},
		{"::ffff:192.0.2.0/120", NULL},
		{"192.0.2.1/24", NULL},
		{"192.0.2.128/24", NULL},
		{"1.0.0.0/0", NULL},
		{"2001:db8::1/127", NULL},
		{"2001:db8::/31", "2001:db8::/31"},
		{"2001:db9::/31", NULL},
		{"192.0.2.0/33", NULL},
		{"2001:db8::/129", NULL},
		{"192.0.2.0/", NULL},
		{"192.0.2.0/-0", NULL},
		{"192.0.2.0/+24", NULL},
		{"192.0.2.0/024", NULL},
		{"192.0.2.0/24 ", NULL},
		{" 192.0.2.0/24", NULL},
		{"192.0.2.0/24/24", NULL},
		{"192.0.2.0/4294967320", NULL},
		{"192.0.2", NULL},
		{"192.0.2.01", NULL},
		{"0xc0.0.2.1", NULL},
		{"3221225985", NULL},
		{"fe80::1%eth0", NULL},
		{"[2001:db8::1]", NULL},
		{"2001:db8::1::", NULL},
		{"/24", NULL},
		{"", NULL},
		{"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/24", NULL},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		const char *why = "left as it was";
		struct prefix prefix;
		int result = prefix_parse(cases[i].text, &prefix, &why);

		if (result != (cases[i].canonical ? 0 : -1))
			fail_msg("'%s' gives %d: %s", cases[i].text, result, why);
		if (result == 0)
			assert_prefix(&prefix, cases[i].canonical);
		else
			assert_true(why && strlen(why) > 10);
	}
}

static void test_prefix_layout(void **state)
{
	static const uint8_t v4[16] = {[10] = 0xff, 0xff, 192, 0, 2, 0};
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8};
	struct prefix prefix;
	const char *why;

	(void)state;
	assert_int_equal(prefix_parse("192.0.2.0/24", &prefix, &why), 0);
	assert_memory_equal(prefix.addr.octets, v4, 16);
	assert_int_equal(prefix.length, 24);
	assert_false(prefix.ipv6);
	assert_int_equal(prefix_parse("2001:db8::/32", &prefix, &why), 0);
	assert_memory_equal(prefix.addr.octets, v6, 16);
	assert_int_equal(prefix.length, 32);
	assert_true(prefix.ipv6);
}

static void test_rate_parse(void **state)
{
	static const struct {
		const char *text;
		uint64_t count, period_ms, burst;
	} good[] = {
		{"40/s", 40, 1000, 40},
		{"1/s", 1, 1000, 1},
		{"40/s burst 100", 40, 1000, 100},
		{"40/s  burst  100", 40, 1000, 100},
		{"40/s burst 1", 40, 1000, 1},
		{"10/60s", 10, 60000, 1},
		{"61/m", 61, 60000, 2},
		{"60/m", 60, 60000, 1},
		{"100/m burst 500", 100, 60000, 500},
		{"7200/h", 7200, 3600000, 2},
		{"1/24h", 1, 86400000, 1},
		{"5/500ms", 5, 500, 10},
		{"1/1ms", 1, 1, 1000},
		{"1/ms", 1, 1, 1000},
		{"1000000/ms", 1000000, 1, 1000000000},
		{"1000000000/s", 1000000000, 1000, 1000000000},
		{"1/s burst 31536000", 1, 1000, 31536000},
	};
	/* clang-format off */
	static const char *const bad[] = {
		"", "s", "/s", "40", "40/", "40s", "40 /s", "40/ s", " 40/s", "40/s ", "40/S",
		"40/d", "40/sec", "40/-1s", "40/0s", "40/0ms", "40/01s", "40/25h", "40/86401s",
		"40/1.5s", "0/s", "-1/s", "+1/s", "1e3/s", "0x10/s", "010/s", "1.5/s",
		"1000000001/s", "18446744073709551617/s", "1000001/ms", "1000000000/999ms",
		"40/s burst", "40/s burst ", "40/s burst 0", "40/s burst -1", "40/s burst 01",
		"40/s burst 1000000001", "40/s burst 5 5", "40/s burst5", "40/sburst 5",
		"40/s Burst 5", "40/s, burst 5", "1/s burst 31536001", "1/24h burst 366",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < array_size(good); i++) {
		struct rate rate;
		const char *why = "";

		if (rate_parse(good[i].text, &rate, &why) < 0)
			fail_msg("'%s': %s", good[i].text, why);
		assert_rate(&rate, good[i].count, good[i].period_ms * 1000000, good[i].burst);
	}
	for (size_t i = 0; i < array_size(bad); i++) {
		struct rate rate;
		const char *why = NULL;

		if (rate_parse(bad[i], &rate, &why) != -1)
			fail_msg("'%s' is a rate?", bad[i]);
		assert_true(why && strlen(why) > 10);
	}
}

static void test_nearest_word(void **state)
{
	static const char *const words[] = {"sources", "methods", "mode", "name",
					    "rates",   "INVITE",  NULL};
	static const struct {
		const char *word;
		const char *nearest;
	} cases[] = {
		{"metods", "methods"},  {"method", "methods"},  {"METHODS", "methods"},
		{"source", "sources"},  {"soruces", "sources"}, {"invite", "INVITE"},
		{"nmae", "name"},       {"rate", "rates"},      {"xyzzyfoobar", NULL},
		{"sources", "sources"}, {"signatures", NULL},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		const char *nearest = nearest_word(cases[i].word, words);

		if (!nearest || !cases[i].nearest)
			assert_ptr_equal(nearest, cases[i].nearest);
		else
			assert_string_equal(nearest, cases[i].nearest);
	}
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < SW_REASON_COUNT; i++) {
		assert_int_equal(reason_by_name(reason_name(i)), i);
		assert_non_null(reason_text(i));
		assert_non_null(reason_rfc(i));
	}
	for (int i = 0; i < SW_MESSAGE_COUNT; i++)
		assert_int_equal(message_by_name(message_name(i)), i);
	assert_string_equal(reason_name(SW_REASON_VIA_COUNT), "via_count");
	assert_string_equal(reason_rfc(SW_REASON_CSEQ_NUMBER), "RFC 3261 8.1.1.5");
	assert_string_equal(reason_threat(SW_REASON_TCP_FLAGS), "scan");
	assert_string_equal(message_name(SW_MESSAGE_UPDATE), "UPDATE");
	assert_string_equal(message_name(SW_MESSAGE_NOT_SIP), "not_sip");
	assert_string_equal(rate_name(SW_RATE_STUN), "stun");
	assert_null(rate_name(SW_RATE_SPARE_1));
	assert_string_equal(mode_name(SW_MODE_MONITOR), "monitor");
	assert_string_equal(transport_name(SW_TLS), "tls");
	assert_int_equal(reason_by_name("no such"), -1);
	assert_int_equal(message_by_name("invite"), -1);
	assert_null(reason_name(SW_REASON_COUNT));
	assert_null(message_name(SW_MESSAGE_COUNT));
	assert_null(rate_name(SW_RATE_COUNT));
	assert_null(mode_name(SW_MODE_COUNT));
	assert_null(transport_name(SW_TRANSPORT_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix_parse), cmocka_unit_test(test_prefix_layout),
		cmocka_unit_test(test_rate_parse),   cmocka_unit_test(test_nearest_word),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
