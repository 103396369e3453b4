/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The greylist's memory, natively: who is let in as a retransmission, and how often a stranger
 * is by chance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernel/known.h"
#include "sights.h"

#include <cmocka.h>

#define MS 1000000ull

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

static void test_pace(void **state)
{
	static const struct {
		uint64_t after;
		int again;
	} paces[] = {
		{1 * MS, 0}, {100 * MS, 0}, {390 * MS, 0}, {410 * MS, 1}, {500 * MS, 1}, {1000 * MS, 1},
		{2000 * MS, 1}, {4000 * MS, 1}, {4490 * MS, 1}, {4600 * MS, 0}, {10000 * MS, 0},
	};

	(void)state;
	for (size_t i = 0; i < array_size(paces); i++) {
		struct sw_sights line = {};
		uint64_t now = 77777 * MS + i * 3333 * MS;

		assert_int_equal(sight_again(&line, 42, now), 0);
		assert_int_equal(sight_again(&line, 42, now + paces[i].after), paces[i].again);
	}
}

static void test_one_admission_each_time(void **state)
{
	struct sw_sights line = {};

	(void)state;
	assert_int_equal(sight_again(&line, mix(1), 1000 * MS), 0);
	assert_int_equal(sight_again(&line, mix(1), 1500 * MS), 1);
	assert_int_equal(sight_again(&line, mix(1), 1510 * MS), 0);
	assert_int_equal(sight_again(&line, mix(1), 2500 * MS), 1);
}

/* A line forgets its oldest cell, so 15 strangers in between do no harm. */
static void test_fifteen_strangers(void **state)
{
	struct sw_sights line = {};

	(void)state;
	sight_again(&line, mix(1), 1000 * MS);
	for (uint64_t i = 0; i < 15; i++)
		assert_int_equal(sight_again(&line, mix(100 + i), (1001 + i) * MS), 0);
	assert_int_equal(sight_again(&line, mix(1), 1500 * MS), 1);
	for (uint64_t i = 0; i < 16; i++)
		sight_again(&line, mix(200 + i), (1501 + i) * MS);
	assert_int_equal(sight_again(&line, mix(1), 2500 * MS), 0);
}

/* At a flood of random keys, 16 cells of 20 bits let in about one in 10^5: as many as `status`
 * says. */
static void test_chance(void **state)
{
	const uint64_t lines = 64, count = 4000000;
	auto_free struct sw_sights *table = xcalloc(lines, sizeof(*table));
	const uint64_t rate = 12 * lines; /* 12 sights a line each second */
	double said = sights_false_admissions(lines, rate) * count / rate;
	uint64_t let_in = 0;

	(void)state;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t key = mix(i + 1);

		let_in += sight_again(&table[key % lines], key, 1000 * MS + i * 1000 * MS / rate);
	}
	print_message("# let in by chance: %lu of %lu, said %.1f\n", (unsigned long)let_in,
		      (unsigned long)count, said);
	assert_in_range(let_in, said / 2, said * 3 / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_one_admission_each_time),
		cmocka_unit_test(test_fifteen_strangers),
		cmocka_unit_test(test_chance),
	};

	return cmocka_run_group_tests_name("sights", tests, NULL, NULL);
}
