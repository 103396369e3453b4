/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/jobs.h"

#include <string.h>

#define JOBS_MAX      64
#define HURRY_TIMEOUT (200 * 1000000ull) /* one batch of a walk, on a busy host */

/* In the thread. The queue is the loop's, and its first entry stays where it is while this runs. */
static void run(void *context)
{
	struct jobs *jobs = context;

	pthread_mutex_lock(&jobs->lock);
	if (!jobs->ending) {
		struct job job = jobs->jobs[0];

		job.run(jobs->context, &job);
	}
	pthread_mutex_unlock(&jobs->lock);
}

static void forget_first(struct jobs *jobs)
{
	free(jobs->jobs[0].line);
	jobs->count--;
	memmove(jobs->jobs, jobs->jobs + 1, jobs->count * sizeof(*jobs->jobs));
}

/* In the loop. */
static void done(void *context)
{
	struct jobs *jobs = context;

	forget_first(jobs);
	if (jobs->count && !jobs->ending)
		worker_start(&jobs->worker, run, done, jobs);
}

int jobs_open(struct jobs *jobs, struct loop *loop, void *context, struct error *e)
{
	jobs->context = context;
	return worker_open(&jobs->worker, loop, "policies", e);
}

bool jobs_add(struct jobs *jobs, struct job *job)
{
	if (jobs->ending || jobs->count >= JOBS_MAX)
		return false;
	append(jobs->jobs, jobs->count, *job);
	job->line = NULL;
	if (!jobs->worker.busy)
		worker_start(&jobs->worker, run, done, jobs);
	return true;
}

bool jobs_has(const struct jobs *jobs, void (*run_it)(void *context, const struct job *job))
{
	for (size_t i = 0; i < jobs->count; i++)
		if (jobs->jobs[i].run == run_it)
			return true;
	return false;
}

void jobs_slow(struct jobs *jobs)
{
	pthread_mutex_unlock(&jobs->lock);
}

int jobs_quick(struct jobs *jobs, struct error *e)
{
	pthread_mutex_lock(&jobs->lock);
	return jobs->ending ? fail(e, EXIT_FAILED,
				   "the agent is being stopped; nothing was "
				   "changed") :
			      0;
}

bool jobs_close(struct jobs *jobs, uint64_t timeout)
{
	bool ended;

	if (!jobs->worker.open)
		return true;
	jobs->ending = true;
	pthread_mutex_unlock(&jobs->lock);
	ended = worker_wait(&jobs->worker, timeout) || worker_hurry(&jobs->worker, HURRY_TIMEOUT);
	pthread_mutex_lock(&jobs->lock);
	if (!ended)
		return false;
	worker_close(&jobs->worker);
	jobs->ending = false; /* what is left to do is done without a thread */
	while (jobs->count)
		forget_first(jobs);
	free(jobs->jobs);
	jobs->jobs = NULL;
	return true;
}
