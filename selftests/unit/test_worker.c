/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A thread for what takes long: the loop goes on beside it, is told when the job is done, and can
 * end it early; and work in parts, which lets everything else in between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include "agent/worker.h"
#include "kernel/walk.h"

#include <cmocka.h>

#include "threads.h"

#define MS 1000000ull

struct scene {
	struct loop loop;
	struct worker worker;
	pthread_t thread; /* that the job ran in */
	atomic_bool go;   /* the job may end */
	bool hurried;     /* it was told to */
	int done;
	int ticks, timer;
	int parts;
};

static int set_up(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	struct error e = {};

	s->worker = (struct worker)WORKER_CLOSED;
	if (loop_open(&s->loop, &e) < 0 || worker_open(&s->worker, &s->loop, "test", &e) < 0)
		return -1;
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	worker_close(&s->worker);
	loop_close(&s->loop);
	free(s);
	return 0;
}

static void job(void *context)
{
	struct scene *s = context;

	s->thread = pthread_self();
	while (!atomic_load(&s->go) && !walk_hurried())
		usleep(1000);
	s->hurried = walk_hurried();
}

static void done(void *context)
{
	struct scene *s = context;

	s->done++;
	s->loop.stop = true;
}

static void on_tick(void *context, int fd)
{
	struct scene *s = context;
	uint64_t expired;

	if (read(fd, &expired, sizeof(expired)) == sizeof(expired) && ++s->ticks == 3)
		atomic_store(&s->go, true);
}

static void test_loop_goes_on(void **state)
{
	struct itimerspec every = {{0, 1 * MS}, {0, 1 * MS}};
	struct scene *s = *state;
	auto_fd int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	struct error e = {};

	timerfd_settime(timer, 0, &every, NULL);
	assert_int_equal(loop_add(&s->loop, timer, on_tick, s, &e), 0);
	worker_start(&s->worker, job, done, s);
	assert_true(s->worker.busy);
	assert_int_equal(loop_run(&s->loop, &e), 0);
	assert_int_equal(s->done, 1);
	assert_true(s->ticks >= 3);
	assert_false(s->worker.busy);
	assert_false(pthread_equal(s->thread, pthread_self()));
	assert_false(s->hurried);
	loop_remove(&s->loop, timer);
}

static void test_backoff(void **state)
{
	struct scene *s = *state;

	worker_start(&s->worker, job, done, s);
	assert_false(worker_wait(&s->worker, 5 * MS));
	assert_int_equal(s->done, 0);
	assert_true(worker_hurry(&s->worker, 10000 * MS));
	assert_int_equal(s->done, 1);
	assert_true(s->hurried);
	/* And the next one takes its time again. */
	worker_start(&s->worker, job, done, s);
	assert_false(worker_wait(&s->worker, 5 * MS));
	atomic_store(&s->go, true);
	assert_true(worker_wait(&s->worker, 10000 * MS));
	assert_int_equal(s->done, 2);
	assert_false(s->hurried);
}

static void test_close_ends_the_job(void **state)
{
	struct scene *s = *state;

	worker_start(&s->worker, job, done, s);
	worker_close(&s->worker);
	assert_false(s->worker.open);
	assert_int_equal(s->done, 0);
}

/* The number that the next descriptor gets. */
static int next_fd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	close(fd);
	return fd;
}

/* One that cannot be opened leaves nothing open: it may be tried each second. */
static void test_cannot_be_opened(void **state)
{
	struct scene *s = *state;
	struct worker worker = WORKER_CLOSED;
	struct loop no_loop = {.epoll = -1};
	int next = next_fd();
	struct error e = {};

	threads_can_be_made(false);
	assert_int_equal(worker_open(&worker, &s->loop, "test", &e), -1);
	threads_can_be_made(true);
	assert_non_null(strstr(e.text, "the thread test cannot be made"));
	assert_false(worker.open);
	assert_int_equal(worker.finished, -1);
	assert_int_equal(next_fd(), next);
	assert_int_equal(worker_open(&worker, &no_loop, "test", &e), -1);
	free(no_loop.entries);
	assert_false(worker.open);
	assert_int_equal(worker.finished, -1);
	assert_int_equal(next_fd(), next);
	assert_int_equal(worker_open(&worker, &s->loop, "test", &e), 0);
	worker_close(&worker);
}

/* Work in parts: other work has its turn after each part. */
static bool part(void *context)
{
	struct scene *s = context;

	if (++s->parts == 5)
		eventfd_write(s->timer, 1);
	return s->parts < 100000;
}

static void on_event(void *context, int fd)
{
	struct scene *s = context;

	(void)fd;
	s->loop.stop = true;
}

static void test_parts(void **state)
{
	struct scene *s = *state;
	auto_fd int event = eventfd(0, EFD_CLOEXEC);
	struct error e = {};

	s->timer = event;
	s->loop.more = part;
	s->loop.more_context = s;
	assert_int_equal(loop_add(&s->loop, event, on_event, s, &e), 0);
	loop_continue(&s->loop);
	assert_int_equal(loop_run(&s->loop, &e), 0);
	assert_int_equal(s->parts, 5);
	assert_int_equal(s->loop.rounds.count, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_loop_goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_backoff, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_close_ends_the_job, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cannot_be_opened, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_parts, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
