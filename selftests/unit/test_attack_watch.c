/* SPDX-License-Identifier: GPL-2.0-only
 *
 * When an attack begins and ends: not by a moment of either.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "agent/attack_watch.h"

#include <cmocka.h>

#define CALM (4 * SW_NS_PER_SEC)

/* One look a second: '.' calm, 'l' limiting, 'g' greylist. `news` has what each one said: 'b', 'e',
 * or '.'. */
static void looks(const char *states, const char *news)
{
	struct attack_watch watch = {};

	assert_int_equal(strlen(states), strlen(news));
	for (size_t i = 0; states[i]; i++) {
		enum attack_state state = states[i] == 'g' ? ATTACK_GREYLIST :
					  states[i] == 'l' ? ATTACK_LIMITING :
							     ATTACK_CALM;
		enum attack_news said =
			attack_watch_look(&watch, state, (100 + i) * SW_NS_PER_SEC, CALM);

		assert_int_equal("\0be"[said] ? "\0be"[said] : '.', news[i]);
	}
}

static void test_looks(void **state)
{
	(void)state;
	looks("........", "........");
	looks("l.l...l.l....", ".............");
	looks("lll", "..b");
	looks("l.l.l", "....b");
	looks("lggg....", "..b....e");
	/* A pause that is shorter than it is to be is no end. */
	looks("lll...l...l....", "..b...........e");
	/* What was seen in one attack does not begin the next. */
	looks("lll....l.l.l", "..b...e....b");
	looks("lll....ll....", "..b...e......");
}

static void test_worst(void **state)
{
	static const enum attack_state states[] = {ATTACK_LIMITING, ATTACK_GREYLIST,
						   ATTACK_LIMITING, ATTACK_CALM};
	struct attack_watch watch = {};

	(void)state;
	for (int i = 0; i < 3; i++)
		attack_watch_look(&watch, states[i], i, CALM);
	assert_true(watch.under);
	assert_int_equal(watch.began, 2);
	assert_int_equal(attack_watch_look(&watch, ATTACK_CALM, 2 + CALM, CALM), ATTACK_HAS_ENDED);
	assert_int_equal(watch.worst, ATTACK_GREYLIST);
	assert_int_equal(watch.began, 2);
	for (int i = 0; i < 3; i++)
		attack_watch_look(&watch, ATTACK_LIMITING, 2 * CALM + i, CALM);
	assert_true(watch.under);
	assert_int_equal(watch.worst, ATTACK_LIMITING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_worst),
	};

	return cmocka_run_group_tests_name("attack watch", tests, NULL, NULL);
}
