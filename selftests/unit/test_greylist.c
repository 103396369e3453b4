/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The greylist's memory, natively: the packets that are let in as retransmissions, and how often a
 * stranger's packet is by chance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernel/known.h"
#include "lib/greylist.h"

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
		{1 * MS, 0},     {100 * MS, 0},   {335 * MS, 0},   {370 * MS, 1},  {500 * MS, 1},
		{1000 * MS, 1},  {2000 * MS, 1},  {4000 * MS, 1},  {4490 * MS, 1}, {4540 * MS, 0},
		{10000 * MS, 0}, {16000 * MS, 0}, {30000 * MS, 0},
	};

	(void)state;
	for (size_t i = 0; i < array_size(paces); i++) {
		struct sw_greylist_line line = {};
		uint64_t now = 77777 * MS + i * 3333 * MS;

		assert_int_equal(greylist_note(&line, 42, now), 0);
		assert_int_equal(greylist_note(&line, 42, now + paces[i].after), paces[i].again);
	}
}

static void test_one_admission_each_time(void **state)
{
	struct sw_greylist_line line = {};

	(void)state;
	assert_int_equal(greylist_note(&line, mix(1), 1000 * MS), 0);
	assert_int_equal(greylist_note(&line, mix(1), 1500 * MS), 1);
	assert_int_equal(greylist_note(&line, mix(1), 1510 * MS), 0);
	assert_int_equal(greylist_note(&line, mix(1), 2500 * MS), 1);
}

/* How patient it is by what it does: a client doubles its pause, without a cap for an INVITE (RFC
 * 3261 17.1.1.2), up to 4 s for all else (17.1.2.2). */
static void test_backoff(void **state)
{
	static const struct {
		unsigned int at[8], backoff[8];
	} ways[] = {
		{{0, 500, 1500, 3500, 7500, 15500, 31500}, {0, 1, 2, 3, 3, 3, 3}},
		{{0, 500, 1500, 3500, 7500, 11500, 15500, 19500}, {0, 1, 2, 3, 3, 3, 3, 3}},
		/* One was lost: the first one that comes again, the second, and so on; */
		{{0, 1500, 3500, 7500, 15500, 31500}, {0, 1, 2, 3, 3, 3}},
		{{0, 500, 3500, 7500, 15500, 31500}, {0, 1, 2, 3, 3, 3}},
		{{0, 500, 1500, 7500, 15500, 31500}, {0, 1, 2, 3, 3, 3}},
		{{0, 500, 1500, 3500, 15500, 31500}, {0, 1, 2, 3, 3, 3}},
		/* or two. */
		{{0, 3500, 7500, 15500, 31500}, {0, 1, 2, 3, 3}},
		{{0, 500, 7500, 15500, 31500}, {0, 1, 2, 3, 3}},
		{{0, 500, 1500, 15500, 31500}, {0, 1, 2, 3, 3}},
		{{0, 600, 1200, 1800, 2400}, {0, 1, 1, 1, 1}}, /* never doubles */
		{{0, 500, 1500, 2400, 3300}, {0, 1, 2, 2, 2}},
		/* too soon: from the start */
		{{0, 500, 1500, 1600, 2100, 3100}, {0, 1, 2, 0, 1, 2}},
		/* too late: after 4.5 s at first sight, then after 9, 18, 19.5 */
		{{0, 4600, 5100}, {0, 0, 1}},
		{{0, 500, 9400, 9900}, {0, 1, 2, 1}},
		{{0, 500, 9600, 10100}, {0, 1, 0, 1}},
		{{0, 500, 1500, 19400, 24000}, {0, 1, 2, 3, 3}},
		{{0, 500, 1500, 19600, 20100}, {0, 1, 2, 0, 1}},
		{{0, 500, 1500, 3500, 22900}, {0, 1, 2, 3, 3}},
		{{0, 500, 1500, 3500, 23100}, {0, 1, 2, 3, 0}},
	};

	(void)state;
	for (size_t i = 0; i < array_size(ways); i++) {
		struct sw_greylist_line line = {};

		for (int j = 0; j < 8 && (!j || ways[i].at[j]); j++) {
			uint64_t now = (70000 + 3333 * i + ways[i].at[j]) * MS;
			uint32_t backoff = greylist_note(&line, mix(7), now);

			if (backoff != ways[i].backoff[j])
				fail_msg("way %zu: backoff %u at %u ms, not %u", i, backoff,
					 ways[i].at[j], ways[i].backoff[j]);
		}
	}
}

/* A pause is a fifth shorter or longer than it should be, whenever it begins within a unit of
 * time: backoff grows as if it were not. */
static void test_jitter(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 10000; i++) {
		struct sw_greylist_line line = {};
		uint64_t now = 70000 * MS + mix(i) % (100 * MS);

		assert_int_equal(greylist_note(&line, mix(7), now), 0);
		for (unsigned int n = 0; n < 6; n++) {
			now += (500 * MS << n) * (80 + mix(16 * i + n) % 41) / 100;
			assert_int_equal(greylist_note(&line, mix(7), now), n < 3 ? n + 1 : 3);
		}
	}
}

/* A line forgets its oldest cell, so 15 strangers in between do no harm. */
static void test_fifteen_strangers(void **state)
{
	struct sw_greylist_line line = {};

	(void)state;
	greylist_note(&line, mix(1), 1000 * MS);
	for (uint64_t i = 0; i < 15; i++)
		assert_int_equal(greylist_note(&line, mix(100 + i), (1001 + i) * MS), 0);
	assert_int_equal(greylist_note(&line, mix(1), 1500 * MS), 1);
	for (uint64_t i = 0; i < 16; i++)
		greylist_note(&line, mix(200 + i), (1501 + i) * MS);
	assert_int_equal(greylist_note(&line, mix(1), 2500 * MS), 0);
}

/* CPUs read their clocks a tick apart. A cell a unit ahead is the newest, not the oldest. */
static void test_clock_of_another_cpu(void **state)
{
	const uint64_t boundary = 100ull << GREYLIST_UNIT_BITS;
	struct sw_greylist_line line = {};

	(void)state;
	for (uint64_t i = 0; i < SW_GREYLIST_CELLS - 1; i++)
		greylist_note(&line, mix(100 + i), boundary - 500 * MS + i * MS);
	assert_int_equal(greylist_note(&line, mix(1), boundary), 0);
	assert_int_equal(greylist_note(&line, mix(2), boundary - MS), 0);
	assert_int_equal(greylist_note(&line, mix(1), boundary + 500 * MS), 1);
}

/* At a flood of random keys, 16 cells of 20 bits let in about one in 10^5: as many as `status`
 * says, for any number of sights a line each second; at few a cell lives until its time wraps. */
static void chance(double a_line)
{
	const uint64_t lines = 64, count = 4000000;
	auto_free struct sw_greylist_line *table = xcalloc(lines, sizeof(*table));
	const uint64_t rate = a_line * lines;
	double said = greylist_false_admissions(lines, rate) * count / rate;
	uint64_t let_in = 0;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t key = mix(i + 1);

		let_in += greylist_note(&table[key % lines], key,
					1000 * MS + i * 1000 * MS / rate) > 0;
	}
	print_message("# let in by chance: %lu of %lu, said %.1f\n", (unsigned long)let_in,
		      (unsigned long)count, said);
	assert_in_range(let_in, said / 2, said * 3 / 2);
}

/* A flood of which every packet comes twice, 600 ms apart, keeps cells that are waited for longer:
 * by chance a stranger meets them more often, yet no more than all cells of its line. */
static void test_chance_among_repeats(void **state)
{
	const uint64_t lines = 64, count = 4000000, rate = 2 * lines;
	auto_free struct sw_greylist_line *table = xcalloc(lines, sizeof(*table));
	uint64_t by_chance = 0, patient = 0, kept = 0;

	(void)state;
	for (uint64_t i = 0; i < count; i++) {
		/* In turn a new key, and that of 600 ms ago. */
		bool again = i % 2 && i > rate;
		uint64_t key = mix(again ? i - 1 - rate * 6 / 10 / 2 * 2 : i);
		uint32_t backoff =
			greylist_note(&table[key % lines], key, 1000 * MS + i * 1000 * MS / rate);

		by_chance += !again && backoff;
		kept += again && backoff == 1;
		patient += backoff > 1;
	}
	print_message("# of %lu, half of them repeats: %lu let in by chance, %lu as patient; %lu "
		      "repeats kept\n",
		      (unsigned long)count, (unsigned long)by_chance, (unsigned long)patient,
		      (unsigned long)kept);
	assert_true(kept > count * 45 / 100);
	assert_true(by_chance <= count / 2 * SW_GREYLIST_CELLS >> 20);
	assert_true(patient <= count / 2 * SW_GREYLIST_CELLS >> 20);
}

static void test_admissions_by_chance(void **state)
{
	(void)state;
	chance(12);
	chance(2);
	chance(0.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_one_admission_each_time),
		cmocka_unit_test(test_fifteen_strangers),
		cmocka_unit_test(test_clock_of_another_cpu),
		cmocka_unit_test(test_admissions_by_chance),
		cmocka_unit_test(test_chance_among_repeats),
	};

	return cmocka_run_group_tests_name("greylist", tests, NULL, NULL);
}
