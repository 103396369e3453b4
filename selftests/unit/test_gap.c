/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The gaps between samples: every packet has the same chance to be picked, whatever was picked
 * before it.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/gap.h"

#define DRAWS 4000000

static uint32_t scale_of(double weight)
{
	return weight > 1 ? round(-4096 / log1p(-1 / weight)) : 0;
}

/* xorshift64*, from a seed that does not change: the test says the same at each run. */
static uint32_t draw_random(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15ull;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	return x * 0x2545f4914f6cdd1dull >> 32;
}

static void test_quantiles(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++)
		assert_int_equal(gap_quantiles[i], round(-log(1 - i / 256.0) * 8192));
	assert_true(gap_quantiles[256] > gap_quantiles[255]);
}

static void test_every_packet(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_int_equal(gap_draw(draw_random(), scale_of(1)), 0);
	assert_int_equal(gap_draw(0xffffffff, 0), 0);
}

/* Of packets that are picked with the chance 1 / weight, and of the next packet behind one. */
static void has_chance(double weight)
{
	double sum = 0, squares = 0, mean, variance, wanted = weight - 1;
	uint64_t next = 0;

	for (int i = 0; i < DRAWS; i++) {
		double gap = gap_draw(draw_random(), scale_of(weight));

		sum += gap;
		squares += gap * gap;
		next += gap < 1;
	}
	mean = sum / DRAWS;
	variance = squares / DRAWS - mean * mean;
	printf("# 1 of %.0f: mean %.3f, variance %.4g of %.4g, next %.5f of %.5f\n", weight,
	       mean + 1, variance, weight * wanted, (double)next / DRAWS, 1 / weight);
	assert_true(fabs(mean - wanted) < 0.003 * weight);
	assert_true(fabs(variance / (weight * wanted) - 1) < 0.05);
	assert_true(fabs(next * weight / DRAWS - 1) < 0.15);
}

static void test_chance(void **state)
{
	(void)state;
	has_chance(2);
	has_chance(4);
	has_chance(16);
	has_chance(64);
	has_chance(1024);
}

static void test_largest(void **state)
{
	uint32_t gap = gap_draw(0xffffffff, scale_of(16384.0 * 64));

	(void)state;
	assert_in_range(gap, 7 * 16384 * 64, 8 * 16384 * 64);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_every_packet),
		cmocka_unit_test(test_chance),
		cmocka_unit_test(test_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
