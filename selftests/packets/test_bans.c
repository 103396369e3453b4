/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The results of behaviour: bans, which grow longer; penalties, which spare sources that the server
 * served; and the better grade of sources that the server serves.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>

#include "kernel/penalties.h"
#include "newcomers.h"
#include "phone.h"

static const char *const watched =
	YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1000/s, probe: off}, "
		   "bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 30/60s}}]\n";

static const char *const probed = YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1000/s}, "
					     "bans: {auth_failures: 10/60s}}]\n";

static void bans(struct rig *rig, enum sw_reason reason, enum ban_outcome wanted,
		 struct sw_ban *made)
{
	struct bans rules = {.duration = 600 * SECOND, .escalate = 4, .max = 24 * 3600 * SECOND};
	struct ban_order order = {.source = {.addr = rig->from.addr, .length = 32},
				  .reason = reason,
				  .evidence = 10,
				  .bans = &rules};

	assert_int_equal(ban_sentence(&rig->test_run.state, &order, rig->test_run.now, made),
			 wanted);
}

static void test_ban_says_why(void **state)
{
	static const enum sw_reason reasons[] = {SW_REASON_AUTH_FAILURES, SW_REASON_ENUMERATION,
						 SW_REASON_SANITY_VIOLATIONS};
	auto_rig struct rig rig;
	struct sw_ban made;

	(void)state;
	rig_open(&rig, watched);
	for (unsigned int i = 0; i < array_size(reasons); i++) {
		rig.from.addr.octets[15]++;
		bans(&rig, reasons[i], BAN_MADE, &made);
		sends_method(&rig, "INVITE", i, reasons[i]);
		assert_int_equal(made.evidence, 10);
	}
	rig.test_run.now = made.end - 1;
	sends_method(&rig, "INVITE", 10, SW_REASON_SANITY_VIOLATIONS);
	rig.test_run.now++;
	sends_method(&rig, "INVITE", 11, SW_REASON_NONE);
}

static void test_ban_escalates(void **state)
{
	static const uint64_t minutes[] = {10, 40, 160, 640, 1440, 1440};
	auto_rig struct rig rig;
	struct sw_ban made;

	(void)state;
	rig_open(&rig, watched);
	for (unsigned int i = 0; i < array_size(minutes); i++) {
		bans(&rig, SW_REASON_AUTH_FAILURES, BAN_MADE, &made);
		assert_int_equal((made.end - made.start) / (60 * SECOND), minutes[i]);
		bans(&rig, SW_REASON_ENUMERATION, BAN_THERE, &made);
		rig.test_run.now += minutes[i] * 60 * SECOND + 23 * 3600 * SECOND;
	}
	/* A day after its end nobody remembers it. */
	rig.test_run.now += 3600 * SECOND;
	bans(&rig, SW_REASON_AUTH_FAILURES, BAN_MADE, &made);
	assert_int_equal((made.end - made.start) / (60 * SECOND), 10);
}

static void test_ban_by_hand_stays(void **state)
{
	auto_rig struct rig rig;
	struct prefix source = {};
	struct error e = {};
	struct sw_ban made, there;
	struct sw_source key = {.length = 32};

	(void)state;
	rig_open(&rig, watched);
	rig.test_run.now = monotonic_ns();
	source.addr = key.addr = rig.from.addr;
	source.length = 32;
	assert_int_equal(ban_add(&rig.test_run.state, &source, 5 * SECOND, "mine", NULL, &e), 0);
	bans(&rig, SW_REASON_AUTH_FAILURES, BAN_THERE, &made);
	assert_int_equal(bpf_map_lookup_elem(rig.test_run.state.fds[STATE_BANS], &key, &there), 0);
	assert_string_equal(there.note, "mine");
	sends_method(&rig, "INVITE", 1, SW_REASON_BAN);
	/* And is no first one of a row. */
	rig.test_run.now += 10 * SECOND;
	bans(&rig, SW_REASON_AUTH_FAILURES, BAN_MADE, &made);
	assert_int_equal(made.flags, 0);
}

static void test_ban_table_is_full(void **state)
{
	auto_rig struct rig rig;
	struct sw_ban made;

	(void)state;
	rig_open(&rig,
		 "tables: {bans: 16}\n" YAML_PLAIN
		 "zones: [{name: public, newcomers: {rate: 1000/s}, bans: {sanity: 30/60s}}]\n");
	for (int i = 0; i < 16; i++) {
		rig.from.addr.octets[15] = i;
		bans(&rig, SW_REASON_AUTH_FAILURES, BAN_MADE, &made);
	}
	rig.from.addr.octets[15] = 16;
	bans(&rig, SW_REASON_AUTH_FAILURES, BAN_FULL, &made);
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
	/* Those that ended make room. */
	rig.test_run.now += 3600 * SECOND;
	bans(&rig, SW_REASON_AUTH_FAILURES, BAN_MADE, &made);
}

/* Bans by hand from 10.0.0.0 on, `live` of them for ever, and `ended` that behaviour earned. */
static void fill_bans(struct rig *rig, uint32_t live, uint32_t ended)
{
	uint32_t count = live + ended;
	auto_free struct sw_source *keys = xcalloc(count, sizeof(*keys));
	auto_free struct sw_ban *bans = xcalloc(count, sizeof(*bans));

	for (uint32_t i = 0; i < count; i++) {
		keys[i] = (struct sw_source){.addr = {.octets = {[10] = 0xff, [11] = 0xff}},
					     .length = 32};
		keys[i].addr.words[3] = htonl((10u << 24) + i);
		bans[i] = (struct sw_ban){.start = rig->test_run.now - 2,
					  .end = BAN_FOREVER,
					  .reason = SW_REASON_BAN};
		if (i < live)
			continue;
		bans[i].reason = SW_REASON_AUTH_FAILURES;
		bans[i].end = rig->test_run.now - 1;
	}
	assert_int_equal(bpf_map_update_batch(rig->test_run.state.fds[STATE_BANS], keys, bans,
					      &count, NULL),
			 0);
}

static enum ban_outcome ban_one(struct rig *rig, struct ban_room *room)
{
	struct bans rules = {.duration = 600 * SECOND, .escalate = 4, .max = 24 * 3600 * SECOND};
	struct ban_order order = {.source = {.addr = rig->from.addr, .length = 32},
				  .reason = SW_REASON_AUTH_FAILURES,
				  .evidence = 10,
				  .bans = &rules,
				  .room = room};
	struct sw_ban made;

	return ban_sentence(&rig->test_run.state, &order, rig->test_run.now, &made);
}

/* Room in a large table is found in parts, and no look takes long; no ban by hand gives way. */
static void test_room_in_a_large_table(void **state)
{
	const uint32_t size = 300000;
	auto_rig struct rig rig;
	struct ban_counts counts;
	struct ban_room room = {};
	uint64_t longest = 0;
	int looks = 0;
	enum ban_outcome outcome;

	(void)state;
	rig_open(&rig,
		 "tables: {bans: 300000}\n" YAML_PLAIN
		 "zones: [{name: public, newcomers: {rate: 1000/s}, bans: {sanity: 30/60s}}]\n");
	rig.test_run.now = monotonic_ns();
	fill_bans(&rig, size - 1, 1);
	do {
		uint64_t start = monotonic_ns(), took;

		outcome = ban_one(&rig, &room);
		took = monotonic_ns() - start;
		longest = took > longest ? took : longest;
	} while (++looks < 10000 && outcome == BAN_FULL && !room.none_until);
	assert_int_equal(outcome, BAN_MADE);
	assert_int_equal(room.found, 1);
	assert_true(longest < SECOND);
	/* Now there is none, and that is known after one look through the whole table. */
	rig.from.addr.octets[15]++;
	for (looks = 0; looks < 10000 && room.none_until <= rig.test_run.now; looks++)
		assert_int_equal(ban_one(&rig, &room), BAN_FULL);
	assert_true(looks < 10000);
	assert_int_equal(ban_one(&rig, &room), BAN_FULL);
	assert_int_equal(room.found, 1);
	assert_int_equal(ban_sweep_counts(&rig.test_run.state, &counts, NULL), 0);
	assert_int_equal(counts.by_hand, size - 1);
	assert_int_equal(counts.earned, 1);
	/* The one that behaviour earned ends, and makes room. */
	rig.test_run.now += 601 * SECOND;
	for (looks = 0; looks < 10000 && (outcome = ban_one(&rig, &room)) == BAN_FULL; looks++)
		;
	assert_int_equal(outcome, BAN_MADE);
	assert_int_equal(room.found, 2);
}

/* A peer that has an address out of somebody's network. */
static void test_ban_of_a_network_spares_its_peer(void **state)
{
	auto_rig struct rig rig;
	struct bans rules = {.duration = SECOND, .escalate = 1, .max = SECOND};
	struct ban_order order = {.reason = SW_REASON_AUTH_FAILURES, .bans = &rules};
	struct sw_ban made;

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "zones:\n"
		 "  - {name: public, newcomers: {rate: 1000/s}, bans: {auth_failures: 10/60s}}\n"
		 "  - {name: carrier, sources: [\"2001:db8::1\"], trust: peer}\n");
	rig.from.addr = address("2001:db8::2");
	rig.to.addr = address("2001:db8:1::1");
	order.source.addr = address("2001:db8::");
	order.source.length = 64;
	assert_int_equal(ban_sentence(&rig.test_run.state, &order, rig.test_run.now, &made),
			 BAN_MADE);
	sends_method(&rig, "INVITE", 1, SW_REASON_AUTH_FAILURES);
	rig.from.addr = address("2001:db8::1");
	sends_method(&rig, "INVITE", 2, SW_REASON_NONE);
}

/* --- penalties --- */

static void penalise(struct rig *rig, uint64_t for_ns)
{
	struct sw_source source = {.addr = rig->from.addr, .length = 32};

	assert_true(penalty_set(&rig->test_run.state, &source, rig->test_run.now + for_ns));
}

static void test_penalty(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
	penalise(&rig, 60 * SECOND);
	sends_method(&rig, "INVITE", 2, SW_REASON_GREYLIST);
	rig.test_run.now += 500 * MS;
	sends_method(&rig, "INVITE", 2, SW_REASON_NONE); /* again, as phones do */
	sends_method(&rig, "INVITE", 3, SW_REASON_GREYLIST);
	rig.from.addr = address("198.51.100.8");
	sends_method(&rig, "INVITE", 4, SW_REASON_NONE);
	rig.from.addr = address("198.51.100.7");
	rig.test_run.now += 60 * SECOND;
	sends_method(&rig, "INVITE", 5, SW_REASON_NONE);
}

/* An endpoint that the server has served does not notice it; one that is only known has to send its
 * requests twice, but nothing that is inside a dialog. */
static void test_penalty_spares_the_served(void **state)
{
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig, probed);
	becomes_known(&rig);
	penalise(&rig, 60 * SECOND);
	sends_method(&rig, "REGISTER", 2, SW_REASON_GREYLIST);
	sends(&rig, text, request(text, sizeof(text), "BYE", 3, "t"), SW_REASON_NONE);
	rig.test_run.now += 500 * MS;
	sends_method(&rig, "REGISTER", 2, SW_REASON_NONE);
}

/* All of them together have a share of the budget. */
static void test_penalty_share(void **state)
{
	auto_rig struct rig rig;
	unsigned int i, passed = 0;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 80/s burst 1}, "
				  "bans: {enumeration: 20/60s}}]\n");
	penalise(&rig, 60 * SECOND);
	for (i = 0; i < 20; i++)
		sends_method(&rig, "INVITE", i, SW_REASON_GREYLIST);
	rig.test_run.now += 500 * MS;
	for (i = 0; i < 20; i++) {
		char text[1024];
		size_t size = request(text, sizeof(text), "INVITE", i, NULL);

		rig.test_run.now += 15 * MS; /* the whole budget lets in each of them */
		passed += gets_in(&rig, text, size);
	}
	assert_int_equal(passed, 3); /* 10 a second */
}

/* --- good ones --- */

static void test_served_endpoint_becomes_good(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, probed);
	becomes_known(&rig);
	registers(&rig, 0, 401, 1);
	registers(&rig, 1, 200, 0);
	assert_int_equal(outcome.grade, SW_GRADE_PROVED);
	registers(&rig, 1, 200, 0);
	assert_int_equal(outcome.grade, SW_GRADE_GOOD);
	penalise(&rig, 60 * SECOND); /* it does not notice */
	/* Never the reverse. */
	registers(&rig, 1, 401, 2);
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
	assert_int_equal(outcome.grade, SW_GRADE_GOOD);
	/* Another endpoint of the address is not. */
	rig.from.port = 5062;
	sends_method(&rig, "INVITE", 2, SW_REASON_GREYLIST);
	assert_int_equal(outcome.grade, SW_GRADE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ban_says_why),
		cmocka_unit_test(test_ban_escalates),
		cmocka_unit_test(test_ban_by_hand_stays),
		cmocka_unit_test(test_ban_table_is_full),
		cmocka_unit_test(test_room_in_a_large_table),
		cmocka_unit_test(test_ban_of_a_network_spares_its_peer),
		cmocka_unit_test(test_penalty),
		cmocka_unit_test(test_penalty_spares_the_served),
		cmocka_unit_test(test_penalty_share),
		cmocka_unit_test(test_served_endpoint_becomes_good),
	};

	return cmocka_run_group_tests_name("bans", tests, NULL, NULL);
}
