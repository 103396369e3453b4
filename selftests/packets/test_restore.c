/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Known endpoints that come back from a time before this kernel, in the data path and in the sweep.
 */
#include "rig.h"

#include "kernel/known.h"

#define HOUR     (3600 * SECOND)
/* Longer than this host can be up, so that its time lies before the kernel's start. */
#define LONG_AGO (9 * 365 * 24 * HOUR)

static struct known_entry endpoint(const struct rig *rig, const char *addr, uint64_t age)
{
	struct known_entry entry = {
		.endpoint = {.addr = address(addr),
			     .port = __builtin_bswap16(rig->from.port),
			     .length = 32},
		.known = {.ttl = 64, .grade = SW_GRADE_PROVED, .proofs = 1},
	};

	entry.known.since = entry.known.seen = monotonic_ns() - age;
	return entry;
}

static void test_known_again(void **state)
{
	auto_rig struct rig rig;
	struct known_entry entry;

	(void)state;
	rig_open(&rig, YAML_PLAIN
		 "known: {for: 3650d}\n"
		 "zones: [{name: public, newcomers: {rate: 1/24h, greylist: always}}]\n");
	rig.test_run.now = monotonic_ns();
	sends_method(&rig, "OPTIONS", 1, SW_REASON_GREYLIST);
	entry = endpoint(&rig, "198.51.100.7", LONG_AGO);
	assert_int_equal(known_restore(&rig.test_run.state, &entry, 1), 1);
	sends_method(&rig, "OPTIONS", 2, SW_REASON_NONE);
	assert_int_equal(outcome.grade, SW_GRADE_PROVED);
}

static void test_restored_endpoints_expire(void **state)
{
	auto_rig struct rig rig;
	struct known_entry entries[3];

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	entries[0] = endpoint(&rig, "192.0.2.10", LONG_AGO);
	entries[1] = endpoint(&rig, "192.0.2.11", HOUR);
	entries[2] = endpoint(&rig, "192.0.2.12", 3 * HOUR);
	assert_int_equal(known_restore(&rig.test_run.state, entries, 3), 3);
	assert_int_equal(known_sweep(&rig.test_run.state, LONG_AGO + HOUR, NULL), 3);
	assert_int_equal(known_sweep(&rig.test_run.state, LONG_AGO - HOUR, NULL), 2);
	assert_int_equal(known_sweep(&rig.test_run.state, 2 * HOUR, NULL), 1);
	/* However far before the kernel's start, it was seen before, and not after now. */
	assert_int_equal(known_restore(&rig.test_run.state, entries, 3), 2);
	assert_int_equal(known_sweep(&rig.test_run.state, 2 * HOUR, NULL), 1);
}

/* The last seen come first, and an entry that is there already is newer than any file. The last one
 * of 16 is kept for endpoints that were served. */
static void test_full_table(void **state)
{
	auto_rig struct rig rig;
	struct known_entry entries[40], now;
	struct known_entry *left = NULL;
	char text[32];
	size_t count;

	(void)state;
	rig_open(&rig, YAML_PLAIN "tables: {known: 16}\n");
	now = endpoint(&rig, "192.0.2.0", 0);
	now.known.grade = SW_GRADE_GOOD;
	assert_int_equal(known_restore(&rig.test_run.state, &now, 1), 1);
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d", i);
		entries[i] = endpoint(&rig, text, (i + 1) * HOUR);
	}
	assert_int_equal(known_restore(&rig.test_run.state, entries, 40), 14);
	assert_int_equal(known_list(&rig.test_run.state, &left, &count, NULL), 0);
	assert_int_equal(count, 15);
	for (size_t i = 0; i < count; i++) {
		assert_true(left[i].endpoint.addr.octets[15] < 15);
		assert_int_equal(left[i].known.grade, left[i].endpoint.addr.octets[15] ?
							      SW_GRADE_PROVED :
							      SW_GRADE_GOOD);
	}
	free(left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_again),
		cmocka_unit_test(test_restored_endpoints_expire),
		cmocka_unit_test(test_full_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
