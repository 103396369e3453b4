/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Jobs: one after the other, beside the loop in their slow steps only; and what becomes of them
 * when the agent ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include "agent/jobs.h"
#include "kernel/walk.h"

#include <cmocka.h>

#define MS 1000000ull

struct scene {
	struct loop loop;
	struct jobs jobs;
	atomic_bool began; /* a slow step */
	atomic_bool go;    /* it may end */
	bool hurried;      /* it was told to */
	int refused, ran;
};

static int set_up(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	struct error e = {};

	s->jobs = (struct jobs)JOBS_CLOSED;
	if (loop_open(&s->loop, &e) < 0)
		return -1;
	s->loop.lock = &s->jobs.lock;
	pthread_mutex_lock(&s->jobs.lock);
	*state = s;
	return jobs_open(&s->jobs, &s->loop, s, &e);
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	atomic_store(&s->go, true);
	jobs_close(&s->jobs, 10000 * MS);
	loop_close(&s->loop);
	free(s);
	return 0;
}

static void slow(void *context, const struct job *job)
{
	struct scene *s = context;
	struct error e = {};

	(void)job;
	jobs_slow(&s->jobs);
	atomic_store(&s->began, true);
	while (!atomic_load(&s->go) && !walk_hurried())
		usleep(1000);
	s->hurried = walk_hurried();
	s->refused += jobs_quick(&s->jobs, &e) < 0;
	s->ran++;
}

static void last(void *context, const struct job *job)
{
	struct scene *s = context;

	(void)job;
	s->ran++;
	s->loop.stop = true;
}

static void add(struct scene *s, void (*run)(void *, const struct job *))
{
	struct job job = {.run = run, .line = xstrdup("a line")};

	assert_true(jobs_add(&s->jobs, &job));
	assert_null(job.line);
}

/* Gives up the lock until the job is in its slow step. */
static void wait_until_slow(struct scene *s)
{
	pthread_mutex_unlock(&s->jobs.lock);
	while (!atomic_load(&s->began))
		usleep(1000);
	pthread_mutex_lock(&s->jobs.lock);
}

static void test_one_after_the_other(void **state)
{
	struct scene *s = *state;
	struct error e = {};

	atomic_store(&s->go, true);
	for (int i = 0; i < 20; i++)
		add(s, slow);
	add(s, last);
	assert_true(jobs_has(&s->jobs, last));
	assert_int_equal(loop_run(&s->loop, &e), 0);
	assert_int_equal(s->ran, 21);
	assert_int_equal(s->refused, 0);
}

static void test_end_in_a_slow_step(void **state)
{
	struct scene *s = *state;

	add(s, slow);
	add(s, last);
	wait_until_slow(s);
	atomic_store(&s->go, true);
	assert_true(jobs_close(&s->jobs, 10000 * MS));
	assert_int_equal(s->ran, 1); /* the second one never began */
	assert_int_equal(s->refused, 1);
	assert_false(s->hurried);
	assert_false(jobs_has(&s->jobs, last));
}

/* One that walks through a table for longer than anybody waits. */
static void test_end_of_a_walk(void **state)
{
	struct scene *s = *state;

	add(s, slow);
	wait_until_slow(s);
	assert_true(jobs_close(&s->jobs, 5 * MS));
	assert_int_equal(s->ran, 1);
	assert_int_equal(s->refused, 1);
	assert_true(s->hurried);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_after_the_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_end_in_a_slow_step, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_end_of_a_walk, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
