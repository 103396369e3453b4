/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The zone of a packet, by the longest prefix; lists, bans and modes.
 */
#include "policy/prefix.h"
#include "rig.h"

static void from(struct rig *rig, const char *source)
{
	rig->from.addr = address(source);
	rig->to.addr = address(strchr(source, ':') ? "2001:db8::1" : "192.0.2.1");
}

static void in_zone(struct rig *rig, const char *source, const char *zone)
{
	uint64_t before = counted_in(rig, zone, SW_MODE_ENFORCE, SW_REASON_NONE);

	from(rig, source);
	sends_method(rig, "OPTIONS", 1, SW_REASON_NONE);
	assert_int_equal(counted_in(rig, zone, SW_MODE_ENFORCE, SW_REASON_NONE), before + 1);
}

static void test_longest_prefix(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "zones:\n"
			    "  - {name: wide, sources: [203.0.113.0/24, \"2001:db8::/32\"]}\n"
			    "  - {name: narrow, sources: [203.0.113.128/25, \"2001:db8:1::/48\"]}\n"
			    "  - {name: host, sources: [203.0.113.200, \"2001:db8:1::5\"]}\n"
			    "  - {name: public, sources: [0.0.0.0/0]}\n");
	in_zone(&rig, "203.0.113.1", "wide");
	in_zone(&rig, "203.0.113.129", "narrow");
	in_zone(&rig, "203.0.113.200", "host");
	in_zone(&rig, "203.0.114.1", "public");
	in_zone(&rig, "2001:db8:2::1", "wide");
	in_zone(&rig, "2001:db8:1::1", "narrow");
	in_zone(&rig, "2001:db8:1::5", "host");
	in_zone(&rig, "2001:db9::1", "public");
}

static void test_methods_of_a_zone(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size;

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "zones:\n"
		 "  - {name: carrier, sources: [203.0.113.0/24], methods: [INVITE, OPTIONS]}\n"
		 "  - {name: public, methods: [REGISTER, other]}\n");
	sends_method(&rig, "INVITE", 1, SW_REASON_METHOD);
	sends_method(&rig, "REGISTER", 2, SW_REASON_NONE);
	sends_method(&rig, "FROBNICATE", 3, SW_REASON_NONE);
	from(&rig, "203.0.113.9");
	sends_method(&rig, "INVITE", 4, SW_REASON_NONE);
	sends_method(&rig, "REGISTER", 5, SW_REASON_METHOD);
	sends_method(&rig, "FROBNICATE", 6, SW_REASON_METHOD);
	/* Case counts (RFC 3261 7.1): this is another method. */
	sends_method(&rig, "invite", 7, SW_REASON_METHOD_CASE);
	sends_method(&rig, "invites", 7, SW_REASON_METHOD);
	/* Without these a call cannot end: never refused by a method list. */
	sends_method(&rig, "ACK", 8, SW_REASON_NONE);
	sends_method(&rig, "BYE", 9, SW_REASON_NONE);
	sends_method(&rig, "CANCEL", 10, SW_REASON_NONE);
	sends_method(&rig, "PRACK", 11, SW_REASON_NONE);
	/* Nor is anything inside a dialog, nor a response. */
	size = request(text, sizeof(text), "INFO", 12, NULL);
	sends(&rig, text, size, SW_REASON_METHOD);
	size = request(text, sizeof(text), "INFO", 13, "abc");
	sends(&rig, text, size, SW_REASON_NONE);
	size = response(text, sizeof(text), 200, "INFO", 14);
	sends(&rig, text, size, SW_REASON_NONE);
}

static void test_lists(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "lists:\n"
		 "  deny: [198.51.100.0/24, 203.0.113.5, \"2001:db8:bad::/48\", \"2001:db8::9\"]\n"
		 "  allow: [198.51.100.64/26, 198.51.100.3]\n");
	from(&rig, "198.51.100.1");
	sends_method(&rig, "OPTIONS", 1, SW_REASON_DENY_LIST);
	from(&rig, "198.51.100.65");
	sends_method(&rig, "OPTIONS", 1, SW_REASON_NONE);
	from(&rig, "198.51.100.3");
	sends_method(&rig, "OPTIONS", 1, SW_REASON_NONE);
	from(&rig, "203.0.113.5");
	sends_method(&rig, "OPTIONS", 1, SW_REASON_DENY_LIST);
	from(&rig, "203.0.113.6");
	sends_method(&rig, "OPTIONS", 1, SW_REASON_NONE);
	from(&rig, "2001:db8:bad:1::1");
	sends_method(&rig, "OPTIONS", 1, SW_REASON_DENY_LIST);
	from(&rig, "2001:db8::9");
	sends_method(&rig, "OPTIONS", 1, SW_REASON_DENY_LIST);
	from(&rig, "2001:db8::8");
	sends_method(&rig, "OPTIONS", 1, SW_REASON_NONE);
}

/* The type that ban_add() and allow_add() share. */
typedef int by_hand(const struct state *state, const struct prefix *addr, uint64_t duration,
		    const char *note, struct prefix *source, struct error *e);

static void add(struct rig *rig, by_hand *to, const char *source, uint64_t duration)
{
	struct prefix prefix;
	const char *why;
	struct error e = {};

	assert_int_equal(prefix_parse(source, &prefix, &why), 0);
	assert_int_equal(to(&rig->test_run.state, &prefix, duration, "test", NULL, &e), 0);
}

static void ban(struct rig *rig, const char *source, uint64_t duration)
{
	add(rig, ban_add, source, duration);
}

static void allow(struct rig *rig, const char *source, uint64_t duration)
{
	add(rig, allow_add, source, duration);
}

/* The expiry is in the value: with no agent to sweep, a ban still ends on time. */
static void test_bans(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "lists: {allow: [203.0.113.77]}\n");
	rig.test_run.now = monotonic_ns();
	ban(&rig, "198.51.100.7", 60 * SECOND);
	sends_method(&rig, "OPTIONS", 1, SW_REASON_BAN);
	rig.test_run.now += 59 * SECOND;
	sends_method(&rig, "OPTIONS", 2, SW_REASON_BAN);
	from(&rig, "198.51.100.8");
	sends_method(&rig, "OPTIONS", 3, SW_REASON_NONE);
	from(&rig, "198.51.100.7");
	rig.test_run.now += 2 * SECOND;
	sends_method(&rig, "OPTIONS", 4, SW_REASON_NONE);
	/* A subscriber has a whole /64. */
	ban(&rig, "2001:db8:0:1::5", BAN_FOREVER);
	from(&rig, "2001:db8:0:1:ffff::9");
	sends_method(&rig, "OPTIONS", 5, SW_REASON_BAN);
	from(&rig, "2001:db8:0:2::5");
	sends_method(&rig, "OPTIONS", 6, SW_REASON_NONE);
	/* A source on the allow list is never locked out. */
	ban(&rig, "203.0.113.77", BAN_FOREVER);
	from(&rig, "203.0.113.77");
	sends_method(&rig, "OPTIONS", 7, SW_REASON_NONE);
}

/* By hand is stronger than a list that comes from elsewhere, as long as it lasts; and limits and
 * checks hold as for everybody. */
static void test_allowed_by_hand(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "lists: {deny: [198.51.100.7, 203.0.113.0/24, 2001:db8::/32]}\n"
				  "zones: [{name: public, methods: [OPTIONS]}]\n");
	rig.test_run.now = monotonic_ns();
	sends_method(&rig, "OPTIONS", 1, SW_REASON_DENY_LIST);
	allow(&rig, "198.51.100.7", 60 * SECOND);
	sends_method(&rig, "OPTIONS", 2, SW_REASON_NONE);
	sends_method(&rig, "MESSAGE", 3, SW_REASON_METHOD);
	from(&rig, "198.51.100.8");
	sends_method(&rig, "OPTIONS", 4, SW_REASON_NONE);
	from(&rig, "203.0.113.7");
	sends_method(&rig, "OPTIONS", 5, SW_REASON_DENY_LIST);
	allow(&rig, "203.0.113.7", 60 * SECOND);
	sends_method(&rig, "OPTIONS", 6, SW_REASON_NONE);
	allow(&rig, "2001:db8:0:1::5", BAN_FOREVER);
	from(&rig, "2001:db8:0:1:ffff::9");
	sends_method(&rig, "OPTIONS", 7, SW_REASON_NONE);
	from(&rig, "2001:db8:0:2::5");
	sends_method(&rig, "OPTIONS", 8, SW_REASON_DENY_LIST);
	from(&rig, "198.51.100.7");
	rig.test_run.now += 61 * SECOND;
	sends_method(&rig, "OPTIONS", 9, SW_REASON_DENY_LIST);
}

/* One table: the later of the two entries holds. */
static void test_allowed_or_banned(void **state)
{
	auto_rig struct rig rig;
	struct ban_entry *entries;
	size_t count;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	rig.test_run.now = monotonic_ns();
	ban(&rig, "198.51.100.7", BAN_FOREVER);
	allow(&rig, "198.51.100.7", BAN_FOREVER);
	sends_method(&rig, "OPTIONS", 1, SW_REASON_NONE);
	assert_int_equal(ban_sweep(&rig.test_run.state, NULL), 0);
	assert_int_equal(ban_list(&rig.test_run.state, BAN_DENIES, &entries, &count, NULL), 0);
	free(entries);
	assert_int_equal(count, 0);
	ban(&rig, "198.51.100.7", BAN_FOREVER);
	sends_method(&rig, "OPTIONS", 2, SW_REASON_BAN);
	assert_int_equal(ban_list(&rig.test_run.state, BAN_ALLOWS, &entries, &count, NULL), 0);
	free(entries);
	assert_int_equal(count, 0);
}

static void test_ban_holds_on_every_transport(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	rig.test_run.now = monotonic_ns();
	ban(&rig, "198.51.100.7", BAN_FOREVER);
	sends_tcp(&rig, "", 0, SW_REASON_BAN);
	sends(&rig, "\r\n\r\n", 4, SW_REASON_BAN);
	rig.to.port = 5061;
	sends_tcp(&rig, "\x16\x03\x01", 3, SW_REASON_BAN);
}

static void test_monitor_mode(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size = request(text, sizeof(text), "MESSAGE", 1, NULL);

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones:\n"
				  "  - {name: watched, sources: [203.0.113.0/24], mode: monitor, "
				  "methods: [INVITE]}\n"
				  "  - {name: public, methods: [INVITE]}\n");
	sends(&rig, text, size, SW_REASON_METHOD);
	from(&rig, "203.0.113.1");
	sends_shadowed(&rig, text, size, SW_REASON_METHOD);
	assert_int_equal(outcome.verdict, SW_TEST_RUN_WOULD_DROP);
}

static void test_rule_in_shadow(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size = request(text, sizeof(text), "MESSAGE", 1, NULL);

	(void)state;
	rig_open(&rig, YAML_PLAIN "shadow: [method]\nzones: [{name: public, methods: [INVITE]}]\n"
				  "lists: {deny: [203.0.113.5]}\n");
	sends_shadowed(&rig, text, size, SW_REASON_METHOD);
	assert_int_equal(outcome.verdict, SW_TEST_RUN_PASS);
	from(&rig, "203.0.113.5");
	sends(&rig, text, size, SW_REASON_DENY_LIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_longest_prefix),
		cmocka_unit_test(test_methods_of_a_zone),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_bans),
		cmocka_unit_test(test_allowed_by_hand),
		cmocka_unit_test(test_allowed_or_banned),
		cmocka_unit_test(test_ban_holds_on_every_transport),
		cmocka_unit_test(test_monitor_mode),
		cmocka_unit_test(test_rule_in_shadow),
	};

	return cmocka_run_group_tests_name("zones", tests, NULL, NULL);
}
