/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>

#include <sipward/policy.h>

#include "kernel/walk.h"

#define NICE         5
#define CLOSE_WITHIN (100 * 1000000ull)

uint64_t worker_processor_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * SW_NS_PER_SEC + now.tv_nsec;
}

static void *work(void *context)
{
	struct worker *w = context;

	if (w->yields)
		setpriority(PRIO_PROCESS, gettid(), NICE);
	walk_hurry(&w->hurry);
	pthread_mutex_lock(&w->lock);
	while (!w->end) {
		void (*job)(void *) = take(w->job);
		void *job_context = w->job_context;

		if (!job) {
			pthread_cond_wait(&w->wake, &w->lock);
			continue;
		}
		pthread_mutex_unlock(&w->lock);
		job(job_context);
		pthread_mutex_lock(&w->lock);
		eventfd_write(w->finished, 1);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* The lock orders what the job wrote before what done() reads. */
static void finish(struct worker *w)
{
	eventfd_t count;

	if (!w->busy || eventfd_read(w->finished, &count) < 0)
		return;
	pthread_mutex_lock(&w->lock);
	pthread_mutex_unlock(&w->lock);
	w->busy = false;
	w->done(w->done_context);
}

static void on_finished(void *context, int fd)
{
	(void)fd;
	finish(context);
}

static int start_thread(struct worker *w, const char *name, struct error *e)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		return fail(e, EXIT_FAILED, "the thread %s cannot be made: %s", name,
			    strerror(error));
	pthread_setname_np(w->thread, name);
	w->open = true;
	return 0;
}

int worker_open(struct worker *w, struct loop *loop, const char *name, struct error *e)
{
	w->loop = loop;
	w->finished = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->finished < 0)
		return fail(e, EXIT_FAILED, "eventfd: %s", strerror(errno));
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	if (start_thread(w, name, e) < 0) {
		close(take_fd(w->finished));
		return -1;
	}
	if (loop_add(loop, w->finished, on_finished, w, e) == 0)
		return 0;
	worker_close(w);
	return -1;
}

void worker_start(struct worker *w, void (*job)(void *), void (*done)(void *), void *context)
{
	w->busy = true;
	w->done = done;
	w->done_context = context;
	atomic_store(&w->hurry, false);
	pthread_mutex_lock(&w->lock);
	w->job = job;
	w->job_context = context;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

bool worker_wait(struct worker *w, uint64_t nanoseconds)
{
	struct pollfd fd = {.fd = w->finished, .events = POLLIN};
	uint64_t end = monotonic_ns() + nanoseconds, now;

	while (w->busy && (now = monotonic_ns()) < end) {
		poll(&fd, 1, end - now < SW_NS_PER_SEC ? (end - now) / 1000000 + 1 : 1000);
		finish(w);
	}
	return !w->busy;
}

bool worker_hurry(struct worker *w, uint64_t nanoseconds)
{
	atomic_store(&w->hurry, true);
	return worker_wait(w, nanoseconds);
}

void worker_close(struct worker *w)
{
	struct timespec until;

	if (!w->open)
		return;
	loop_remove(w->loop, w->finished);
	atomic_store(&w->hurry, true);
	pthread_mutex_lock(&w->lock);
	w->end = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += CLOSE_WITHIN;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	if (pthread_timedjoin_np(w->thread, NULL, &until) != 0)
		return;
	close_fd(&w->finished);
	w->open = false;
	w->finished = -1;
	w->busy = false;
}
