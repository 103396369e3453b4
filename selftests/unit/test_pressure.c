/* SPDX-License-Identifier: GPL-2.0-only
 *
 * When the agent believes that the server falls behind, and when that its answers go elsewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/pressure.h"

#include <cmocka.h>

struct server {
	struct pressure pressure;
	uint64_t requests;
	uint64_t answers;
};

static void second(struct server *s, unsigned int requests, unsigned int answers)
{
	s->requests += requests;
	s->answers += answers;
	pressure_step(&s->pressure, s->requests, s->answers, true);
}

static struct server running(void)
{
	struct server s = {.requests = 1000000, .answers = 3};

	second(&s, 0, 0); /* what was before the agent says nothing */
	second(&s, 10, 10);
	return s;
}

static void test_falls_behind(void **state)
{
	struct server s = running();

	(void)state;
	second(&s, 500, 100);
	second(&s, 500, 20); /* those of one second, in two */
	assert_false(pressure_falls_behind(&s.pressure));
	second(&s, 500, 20);
	assert_true(pressure_falls_behind(&s.pressure));
	second(&s, 500, 300);
	assert_false(pressure_falls_behind(&s.pressure));
}

static void test_no_load(void **state)
{
	struct server s = running();

	(void)state;
	for (int i = 0; i < 30; i++) {
		second(&s, PRESSURE_REQUESTS - 1, i % 10 == 0);
		assert_false(pressure_falls_behind(&s.pressure));
	}
}

/* A burst at the end of a second, answered in the next; and a pause of the server's. */
static void test_late_answers(void **state)
{
	struct server s = running();

	(void)state;
	for (int i = 0; i < 10; i++) {
		second(&s, 200, 0);
		assert_false(pressure_falls_behind(&s.pressure));
		second(&s, 0, 200);
		assert_false(pressure_falls_behind(&s.pressure));
	}
	second(&s, 100, 0);
	second(&s, 100, 0);
	second(&s, 100, 300);
	assert_false(pressure_falls_behind(&s.pressure));
}

/* Every INVITE rings: it was answered by that. */
static void test_ringing(void **state)
{
	struct server s = running();

	(void)state;
	for (int i = 0; i < 30; i++) {
		second(&s, 300, 300);
		assert_false(pressure_falls_behind(&s.pressure));
	}
}

static void test_answers_elsewhere(void **state)
{
	struct server s = {};

	(void)state;
	second(&s, 0, 0);
	for (int i = 0; i < UNANSWERED_SECONDS; i++) {
		assert_false(pressure_unanswered(&s.pressure));
		second(&s, 300, 0);
		assert_false(pressure_falls_behind(&s.pressure));
	}
	assert_true(pressure_unanswered(&s.pressure));
	second(&s, 300, 1);
	assert_false(pressure_unanswered(&s.pressure));
}

/* A server that died was heard before; in the end nobody can tell. */
static void test_server_that_died(void **state)
{
	struct server s = running();
	int behind = 0;

	(void)state;
	for (int i = 0; i < 2 * UNANSWERED_SECONDS; i++) {
		second(&s, 300, 0);
		behind += pressure_falls_behind(&s.pressure);
	}
	assert_true(behind > UNANSWERED_SECONDS / 2);
	assert_false(pressure_falls_behind(&s.pressure));
	assert_true(pressure_unanswered(&s.pressure));
}

/* Few requests, far apart, as a monitor's: silence needs both. */
static void test_few_requests(void **state)
{
	struct server s = running();

	(void)state;
	for (int i = 0; i < 600; i++) {
		second(&s, i % 60 == 0, i % 60 == 1);
		assert_false(pressure_unanswered(&s.pressure));
	}
}

static void test_observer_away(void **state)
{
	struct server s = running();

	(void)state;
	for (int i = 0; i < 100; i++) {
		s.requests += 500;
		pressure_step(&s.pressure, s.requests, s.answers, false);
		assert_false(pressure_falls_behind(&s.pressure));
		assert_false(pressure_unanswered(&s.pressure));
	}
	second(&s, 500, 0);
	assert_false(pressure_falls_behind(&s.pressure));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_falls_behind),      cmocka_unit_test(test_no_load),
		cmocka_unit_test(test_late_answers),      cmocka_unit_test(test_ringing),
		cmocka_unit_test(test_answers_elsewhere), cmocka_unit_test(test_server_that_died),
		cmocka_unit_test(test_few_requests),      cmocka_unit_test(test_observer_away),
	};

	return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}
