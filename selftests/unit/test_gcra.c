/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The limit cell, natively: the same header that is compiled for BPF.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernel/compile.h"
#include "kernel/compile_rate.h"

/* Another CPU that writes the cell first, as often as `races_to_lose` says. */
static _Thread_local unsigned int races_to_lose, races;

static __u64 race(__u64 *cell, __u64 expected, __u64 wanted)
{
	races++;
	if (races_to_lose) {
		races_to_lose--;
		return expected + 1;
	}
	__atomic_compare_exchange_n(cell, &expected, wanted, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return expected;
}

#define __sync_val_compare_and_swap race
#include "lib/gcra.h"
#include "policy/rate.h"
#undef __sync_val_compare_and_swap

#include <cmocka.h>

#define SECOND SW_NS_PER_SEC

static struct sw_limit limit_of(const char *text)
{
	struct rate rate;
	const char *why;

	if (rate_parse(text, &rate, &why) < 0)
		fail_msg("%s: %s", text, why);
	return compile_rate(&rate);
}

static unsigned int admitted(__u64 *cell, const struct sw_limit *limit, uint64_t now,
			     unsigned int count, uint64_t step)
{
	unsigned int passed = 0;

	for (unsigned int i = 0; i < count; i++)
		passed += gcra_admit(cell, limit, now + i * step);
	return passed;
}

static void test_no_limit(void **state)
{
	struct sw_limit none = {};
	__u64 cell = 0;

	(void)state;
	assert_int_equal(admitted(&cell, &none, SECOND, 100000, 0), 100000);
	assert_int_equal(cell, 0);
}

static void test_burst_then_rate(void **state)
{
	struct sw_limit limit = limit_of("10/s burst 25");
	__u64 cell = 0;

	(void)state;
	assert_int_equal(admitted(&cell, &limit, SECOND, 100, 0), 25);
	assert_int_equal(admitted(&cell, &limit, SECOND + SECOND / 10, 100, 0), 1);
	assert_int_equal(admitted(&cell, &limit, SECOND + SECOND / 10 - 1, 100, 0), 0);
	assert_int_equal(admitted(&cell, &limit, 100 * SECOND, 100, 0), 25);
}

static void test_burst_of_one(void **state)
{
	struct sw_limit limit = limit_of("1/h burst 1");
	__u64 cell = 0;

	(void)state;
	assert_int_equal(admitted(&cell, &limit, SECOND, 3600, SECOND), 1);
	assert_int_equal(admitted(&cell, &limit, 3601 * SECOND, 2, 0), 1);
}

static void test_refusal_writes_nothing(void **state)
{
	struct sw_limit limit = limit_of("10/s burst 1");
	__u64 cell = 0, before;

	(void)state;
	assert_int_equal(gcra_admit(&cell, &limit, SECOND), 1);
	before = cell;
	assert_int_equal(admitted(&cell, &limit, SECOND, 1000, 0), 0);
	assert_int_equal(cell, before);
}

/* Clocks of CPUs may disagree: an older time finds the cell ahead, and is still refused. */
static void test_clock_skew(void **state)
{
	struct sw_limit limit = limit_of("10/s burst 1");
	__u64 cell = 0;

	(void)state;
	assert_int_equal(gcra_admit(&cell, &limit, 5 * SECOND), 1);
	assert_int_equal(admitted(&cell, &limit, 5 * SECOND - 1000000, 1000, 1000), 0);
}

/* A source must not wait out what a slower limit before a reload had noted. */
static void test_cell_of_another_limit(void **state)
{
	struct sw_limit slow = limit_of("1/h burst 10"), fast = limit_of("100/s burst 100");
	__u64 cell = 0;

	(void)state;
	assert_int_equal(admitted(&cell, &slow, SECOND, 20, 0), 10);
	assert_int_equal(gcra_admit(&cell, &fast, SECOND), 1);
	assert_int_equal(gcra_admit(&cell, &fast, SECOND), 0);
	assert_in_range(admitted(&cell, &fast, SECOND, 1000, SECOND / 1000), 98, 101);
}

static void test_nothing_overflows(void **state)
{
	struct sw_limit widest = limit_of("1/24h burst 300"), finest = limit_of("1000000000/s");
	__u64 cell = 0;

	(void)state;
	assert_int_equal(admitted(&cell, &widest, SECOND, 400, 0), 300);
	cell = ~0ull; /* no program writes that; one that reads it must not trip over it */
	gcra_admit(&cell, &widest, SECOND);
	cell = 0;
	assert_int_equal(admitted(&cell, &finest, SECOND, 1000, 1), 1000);
}

/* Never more than the rate, also where nanoseconds do not divide it. */
static void test_never_more_than_the_rate(void **state)
{
	static const struct {
		const char *rate;
		uint64_t count, period;
	} rates[] = {
		{"3/s burst 1", 3, SECOND},
		{"7/s burst 1", 7, SECOND},
		{"999/s burst 1", 999, SECOND},
		{"1000000000/s burst 1", 1000000000, SECOND},
		{"600000001/s burst 1", 600000001, SECOND},
		{"11/24h burst 1", 11, 24 * 3600 * SECOND},
		{"5/7ms burst 1", 5, SECOND / 1000 * 7},
	};

	(void)state;
	for (size_t i = 0; i < array_size(rates); i++) {
		struct sw_limit limit = limit_of(rates[i].rate);

		assert_true((unsigned __int128)limit.interval * rates[i].count >= rates[i].period);
		assert_true((unsigned __int128)(limit.interval - 1) * rates[i].count <
			    rates[i].period);
		assert_int_equal(limit.tolerance, 0);
	}
}

/* 584 years after boot the clock's 64 bits end, and begin again. */
static void test_clock_wraps(void **state)
{
	struct sw_limit limit = limit_of("10/s burst 5");
	uint64_t now = 0 - SECOND / 2;
	__u64 cell = now - SECOND;

	(void)state;
	assert_int_equal(admitted(&cell, &limit, now, 100, 0), 5);
	for (int i = 0; i < 10; i++) {
		now += SECOND / 10;
		assert_int_equal(admitted(&cell, &limit, now, 100, 0), 1);
	}
	assert_true(now < SECOND);
}

/* Idle for as long as the widest limit needs, and much longer. */
static void test_long_intervals(void **state)
{
	struct sw_limit widest = limit_of("1/24h burst 365");
	const uint64_t day = 24 * 3600 * SECOND;
	uint64_t now = SECOND;
	__u64 cell = 0;

	(void)state;
	assert_int_equal(admitted(&cell, &widest, now, 1000, 0), 365);
	now += day - 1;
	assert_int_equal(admitted(&cell, &widest, now, 10, 0), 0);
	now += 1;
	assert_int_equal(admitted(&cell, &widest, now, 10, 0), 1);
	now += 100 * 365 * day;
	assert_int_equal(admitted(&cell, &widest, now, 1000, 0), 365);
}

static void test_lost_races(void **state)
{
	struct sw_limit limit = limit_of("10/s burst 10");
	__u64 cell = 0;

	(void)state;
	races = 0;
	races_to_lose = GCRA_TRIES - 1;
	assert_int_equal(gcra_admit(&cell, &limit, SECOND), 1);
	assert_int_equal(races, GCRA_TRIES);
	assert_int_equal(cell, SECOND + limit.interval);
	races = 0;
	races_to_lose = GCRA_TRIES;
	assert_int_equal(gcra_admit(&cell, &limit, SECOND), 0);
	assert_int_equal(races, GCRA_TRIES);
	assert_int_equal(races_to_lose, 0);
	assert_int_equal(cell, SECOND + limit.interval);
}

/* --- several CPUs at one cell --- */

#define THREADS 4

struct hammer {
	__u64 *cell;
	const struct sw_limit *limit;
	uint64_t *clock; /* one for all, as on the wire */
	uint64_t until;
	uint64_t passed;
	uint64_t asked;
};

static void *hammer(void *context)
{
	struct hammer *h = context;
	uint64_t now;

	while ((now = __atomic_fetch_add(h->clock, 1000, __ATOMIC_RELAXED)) < h->until)
		h->passed += gcra_admit(h->cell, h->limit, now);
	return NULL;
}

static void test_exact_under_contention(void **state)
{
	struct sw_limit limit = limit_of("10000/s burst 100");
	uint64_t clock = SECOND, passed = 0;
	__u64 cell = 0;
	struct hammer hammers[THREADS];
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		hammers[i] = (struct hammer){&cell, &limit, &clock, SECOND + SECOND * 9 / 10, 0, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, &hammers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		passed += hammers[i].passed;
	}
	/* 0.9 s: less than the skew that a cell puts up with, however threads are scheduled.
	 * Rate x time + burst; and not far below, or races would starve the source. */
	assert_in_range(passed, 8500, 9000 + 100);
}

/* All at one moment: the burst exactly, however the threads are scheduled. */
static void *hammer_moment(void *context)
{
	struct hammer *h = context;

	for (h->asked = 0; h->asked < 100000; h->asked++)
		h->passed += gcra_admit(h->cell, h->limit, SECOND);
	return NULL;
}

static void test_burst_under_contention(void **state)
{
	struct sw_limit limit = limit_of("1/h burst 5000");
	__u64 cell = 0;
	uint64_t passed = 0;
	struct hammer hammers[THREADS];
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		hammers[i] = (struct hammer){.cell = &cell, .limit = &limit};
		assert_int_equal(pthread_create(&threads[i], NULL, hammer_moment, &hammers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		passed += hammers[i].passed;
	}
	assert_int_equal(passed, 5000);
	assert_int_equal(cell, SECOND + 5000 * limit.interval);
}

/* A part of the burst. A cell that another limit wrote does not matter here. */
static void test_part_of_the_burst(void **state)
{
	struct sw_limit limit = limit_of("10/s burst 31");
	__u64 cell = 0;

	(void)state;
	for (unsigned int spent = 0; spent < 31; spent++) {
		assert_int_equal(gcra_leaves(&cell, &limit, SECOND, 1, 3), spent <= 10);
		assert_int_equal(gcra_leaves(&cell, &limit, SECOND, 2, 3), spent <= 20);
		assert_true(gcra_admit(&cell, &limit, SECOND));
	}
	assert_false(gcra_leaves(&cell, &limit, SECOND, 2, 3));
	assert_true(gcra_leaves(&cell, &limit, 10 * SECOND, 1, 3));
	cell = 100 * SECOND;
	assert_true(gcra_leaves(&cell, &limit, SECOND, 1, 3));
}

/* Where it says so no packet conforms, however late the time was; and it says so of a cell that is
 * far over its limit. */
static void test_stays_spent(void **state)
{
	static const char *const limits[] = {"1/h", "2/s burst 10", "100/s", "1000/s burst 5"};
	const uint64_t late = SECOND / 50, now = 100 * SECOND;

	(void)state;
	for (size_t i = 0; i < array_size(limits); i++) {
		struct sw_limit limit = limit_of(limits[i]);
		uint64_t end = limit.tolerance + limit.interval + 3 * SECOND;
		unsigned int stays = 0;

		for (uint64_t ahead = 0; ahead < end; ahead += 1 + end / 100000) {
			__u64 cell = now + ahead;

			if (!gcra_stays_spent(&cell, &limit, now, late))
				continue;
			stays++;
			for (uint64_t at = now; at <= now + late; at += late / 4) {
				assert_false(gcra_leaves(&cell, &limit, at, 1, 1));
				assert_false(gcra_admit(&cell, &limit, at));
			}
		}
		assert_true(stays > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_burst_then_rate),
		cmocka_unit_test(test_burst_of_one),
		cmocka_unit_test(test_refusal_writes_nothing),
		cmocka_unit_test(test_clock_skew),
		cmocka_unit_test(test_cell_of_another_limit),
		cmocka_unit_test(test_nothing_overflows),
		cmocka_unit_test(test_never_more_than_the_rate),
		cmocka_unit_test(test_clock_wraps),
		cmocka_unit_test(test_long_intervals),
		cmocka_unit_test(test_lost_races),
		cmocka_unit_test(test_part_of_the_burst),
		cmocka_unit_test(test_stays_spent),
		cmocka_unit_test(test_exact_under_contention),
		cmocka_unit_test(test_burst_under_contention),
	};

	return cmocka_run_group_tests_name("gcra", tests, NULL, NULL);
}
