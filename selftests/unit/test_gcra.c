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

#include "gcra.h"

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

/* --- several CPUs at one cell --- */

#define THREADS 4

struct hammer {
	__u64 *cell;
	const struct sw_limit *limit;
	uint64_t *clock;  /* one for all, as on the wire */
	uint64_t until;
	uint64_t passed;
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
		hammers[i] = (struct hammer){&cell, &limit, &clock, SECOND + SECOND * 9 / 10, 0};
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
		cmocka_unit_test(test_exact_under_contention),
	};

	return cmocka_run_group_tests_name("gcra", tests, NULL, NULL);
}
