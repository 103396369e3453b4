/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What `sipward who` reads: the limit cells of one source are found and read as the data path
 * finds and reads them, and the bans of one source are not those of another.
 */
#include "kernel/compile_rate.h"
#include "kernel/skeleton.h"
#include "kernel/source_limits.h"
#include "policy/prefix.h"
#include "policy/rate.h"

#include "newcomers.h"

static struct source_limit *limits;
static size_t limit_count;

static void look(const struct rig *rig)
{
	struct limit_query query = {
		.state = &rig->test_run.state,
		.policy = (const struct sw_policy *)&rig->test_run.skel->rodata->policy,
		.zone = rig->test_run.numbers[rig->policy.zone_count - 1], /* the last one */
		.addr = rig->from.addr,
		.port = rig->from.port,
		.now = rig->test_run.now,
	};

	free(limits);
	limits = NULL;
	source_limits(&query, &limits, &limit_count);
}

static const struct source_limit *limit_of(const char *rule, enum sw_share share)
{
	for (size_t i = 0; i < limit_count; i++)
		if (strcmp(limits[i].rule, rule) == 0 && limits[i].share == share)
			return &limits[i];
	fail_msg("no limit %s", rule);
	return NULL;
}

static void assert_used(const char *rule, enum sw_share share, uint64_t used, uint64_t room,
			bool spent)
{
	const struct source_limit *limit = limit_of(rule, share);

	assert_int_equal(limit->used, used);
	assert_int_equal(limit->room, room);
	assert_int_equal(limit->spent, spent);
}

#define LIMITS                                                                                \
	YAML_PLAIN "zones: [{name: public, rates: {source: {any: 10/s burst 20, INVITE: 1/m " \
		   "burst 3}, prefix: 100/s burst 200, zone: 1000/s burst 1000}}]\n"

/* `spent` is what the next packet finds. */
static void test_cells_of_a_source(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, LIMITS);
	look(&rig);
	assert_used("rates.source.INVITE", SW_SHARE_OTHERS, 0, 3, false);
	for (unsigned int i = 0; i < 3; i++) {
		look(&rig);
		assert_used("rates.source.INVITE", SW_SHARE_OTHERS, i, 3, false);
		sends_method(&rig, "INVITE", i, SW_REASON_NONE);
	}
	look(&rig);
	assert_used("rates.source.INVITE", SW_SHARE_OTHERS, 3, 3, true);
	assert_used("rates.source.any", SW_SHARE_OTHERS, 3, 20, false);
	assert_used("rates.prefix", SW_SHARE_OTHERS, 3, 200, false);
	assert_used("rates.zone", SW_SHARE_OTHERS, 3, 1000, false);
	sends_method(&rig, "INVITE", 9, SW_REASON_RATE_SOURCE_METHOD);
	assert_int_equal(limit_of("rates.source.INVITE", SW_SHARE_OTHERS)->reason,
			 SW_REASON_RATE_SOURCE_METHOD);
	/* Its neighbour spent nothing of its own, and shares network and zone. */
	rig.from.addr = address("198.51.100.8");
	look(&rig);
	assert_used("rates.source.INVITE", SW_SHARE_OTHERS, 0, 3, false);
	assert_used("rates.prefix", SW_SHARE_OTHERS, 3, 200, false);
	rig.from.addr = address("198.51.101.7");
	look(&rig);
	assert_used("rates.prefix", SW_SHARE_OTHERS, 0, 200, false);
	/* A minute brings one packet back. */
	rig.from.addr = address("198.51.100.7");
	rig.test_run.now += 60 * SECOND;
	look(&rig);
	assert_used("rates.source.INVITE", SW_SHARE_OTHERS, 2, 3, false);
	sends_method(&rig, "INVITE", 10, SW_REASON_NONE);
}

/* The same source has other cells in another zone. */
static void test_cells_of_a_zone(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: office, sources: [198.51.100.0/24], "
				  "count: {v4: 28}, rates: {source: {any: 1/m burst 2}, "
				  "prefix: 1/m burst 9, zone: 1/m burst 9}}]\n");
	assert_int_equal(rig.policy.zone_count, 2);
	sends_method(&rig, "OPTIONS", 1, SW_REASON_NONE);
	rig.from.addr = address("198.51.100.14");
	look(&rig);
	assert_used("rates.source.any", SW_SHARE_OTHERS, 1, 2, false);
	assert_used("rates.prefix", SW_SHARE_OTHERS, 1, 9, false);
	assert_used("rates.zone", SW_SHARE_OTHERS, 1, 9, false);
	rig.from.addr = address("198.51.100.16");
	look(&rig);
	assert_used("rates.source.any", SW_SHARE_OTHERS, 0, 2, false);
}

static void test_cells_of_ipv6(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, LIMITS);
	rig.from.addr = address("2001:db8:0:1::1");
	rig.to.addr = address("2001:db8::1");
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
	rig.from.addr = address("2001:db8:0:1:abcd::1");
	look(&rig);
	assert_used("rates.source.INVITE", SW_SHARE_OTHERS, 1, 3, false);
	rig.from.addr = address("2001:db8:0:2::1");
	look(&rig);
	assert_used("rates.source.INVITE", SW_SHARE_OTHERS, 0, 3, false);
}

static void test_cells_of_a_port(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, count: address+port, "
				  "rates: {source: {any: 1/m burst 2}}}]\n");
	sends_method(&rig, "OPTIONS", 1, SW_REASON_NONE);
	look(&rig);
	assert_used("rates.source.any", SW_SHARE_OTHERS, 1, 2, false);
	rig.from.port++;
	look(&rig);
	assert_used("rates.source.any", SW_SHARE_OTHERS, 0, 2, false);
}

/* A known endpoint has cells of its own, which no other packet of its address spends. */
static void test_cells_of_a_known_endpoint(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 5/s burst 5}, "
				  "rates: {source: {any: 1/m burst 10}}}]\n");
	becomes_known(&rig);
	look(&rig);
	assert_used("rates.source.any", SW_SHARE_OTHERS, 0, 10, false);
	for (unsigned int i = 0; i < 4; i++)
		sends_method(&rig, "INVITE", 100 + i, SW_REASON_NONE);
	look(&rig);
	assert_used("rates.source.any", SW_SHARE_OTHERS, 0, 10, false);
	assert_used("rates.source.any", SW_SHARE_PATH, 4, 10, false);
	spend_budget(&rig);
	look(&rig);
	assert_true(limit_of("newcomers.rate", SW_SHARE_OTHERS)->spent);
}

/* Responses of nobody's spend the ceiling of the zone. */
static void test_ceilings(void **state)
{
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, unproven: {response: 1/m burst 3}}]\n");
	look(&rig);
	assert_used("unproven.response", SW_SHARE_OTHERS, 0, 3, false);
	for (unsigned int i = 0; i < 3; i++)
		sends(&rig, text, response(text, sizeof(text), 200, "OPTIONS", i), SW_REASON_NONE);
	look(&rig);
	assert_used("unproven.response", SW_SHARE_OTHERS, 3, 3, true);
	assert_int_equal(limit_of("unproven.response", SW_SHARE_OTHERS)->reason,
			 SW_REASON_UNPROVEN_RESPONSE);
}

/* The limit of a service is for all zones. */
static void test_cells_of_a_service(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, "version: 1\nservices: [{transport: udp, port: 5060, rate: 1/m burst 3}]\n"
		       "mode: enforce\nzones: [{name: public}]\n");
	look(&rig);
	assert_used("udp/5060", SW_SHARE_OTHERS, 0, 3, false);
	for (unsigned int i = 0; i < 3; i++)
		sends_method(&rig, "OPTIONS", i, SW_REASON_NONE);
	look(&rig);
	assert_used("udp/5060", SW_SHARE_OTHERS, 3, 3, true);
	sends_method(&rig, "OPTIONS", 9, SW_REASON_RATE_SERVICE);
	assert_int_equal(limit_of("udp/5060", SW_SHARE_OTHERS)->reason, SW_REASON_RATE_SERVICE);
}

static void test_bans_of_one_source(void **state)
{
	auto_rig struct rig rig;
	struct ban_entry *bans;
	struct prefix prefix;
	struct sw_source source;
	const char *why;
	size_t count;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	assert_int_equal(prefix_parse("2001:db8:0:1::1", &prefix, &why), 0);
	ban_source(&prefix.addr, &source);
	assert_int_equal(ban_list_source(&rig.test_run.state, &source, &bans, &count, NULL), 0);
	assert_int_equal(count, 0);
	assert_int_equal(ban_add(&rig.test_run.state, &prefix, SECOND, "x", NULL, NULL), 0);
	assert_int_equal(prefix_parse("2001:db8:0:2::1", &prefix, &why), 0);
	assert_int_equal(allow_add(&rig.test_run.state, &prefix, SECOND, "y", NULL, NULL), 0);
	assert_int_equal(ban_list_source(&rig.test_run.state, &source, &bans, &count, NULL), 0);
	assert_int_equal(count, 1);
	assert_string_equal(bans[0].ban.note, "x");
	free(bans);
}

static void assert_limit_text(const char *text)
{
	struct rate rate;
	struct sw_limit limit;
	auto_free char *shown = NULL;
	const char *why;

	assert_int_equal(rate_parse(text, &rate, &why), 0);
	limit = compile_rate(&rate);
	shown = limit_text(&limit);
	assert_string_equal(shown, text);
}

static void test_limits_as_text(void **state)
{
	(void)state;
	assert_limit_text("1/s burst 1");
	assert_limit_text("3/s burst 7");
	assert_limit_text("40/s burst 100");
	assert_limit_text("1000000/s burst 5");
	assert_limit_text("10/m burst 10");
	assert_limit_text("1/m burst 3");
	assert_limit_text("7/h burst 1");
}

static int at_end(void **state)
{
	(void)state;
	free(limits);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells_of_a_source),
		cmocka_unit_test(test_cells_of_a_zone),
		cmocka_unit_test(test_cells_of_ipv6),
		cmocka_unit_test(test_cells_of_a_port),
		cmocka_unit_test(test_cells_of_a_known_endpoint),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_cells_of_a_service),
		cmocka_unit_test(test_bans_of_one_source),
		cmocka_unit_test(test_limits_as_text),
	};

	return cmocka_run_group_tests_name("who", tests, NULL, at_end);
}
