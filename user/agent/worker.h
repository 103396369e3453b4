/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A thread beside the agent's loop, for what takes long: it runs one job at a time, and the loop
 * is called back when the job is done. A job gets all that it reads handed over: it shares nothing
 * with the loop while it runs.
 */
#ifndef SIPWARD_AGENT_WORKER_H
#define SIPWARD_AGENT_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "agent/loop.h"

struct worker {
	struct loop *loop;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool open;
	bool yields;       /* to the rest of the host: nothing waits for it */
	int finished;      /* eventfd: the job is done */
	bool busy;         /* from worker_start() until done() is called */
	atomic_bool hurry; /* the job ends as soon as it can (kernel/walk.h) */
	/* under the lock */
	bool end;
	void (*job)(void *context);
	void *job_context;
	/* the loop's */
	void (*done)(void *context);
	void *done_context;
};

#define WORKER_CLOSED          \
	{                      \
		.finished = -1 \
	}

/* Starts the thread, which takes no signals. When it fails, nothing is left open. */
int worker_open(struct worker *worker, struct loop *loop, const char *name, struct error *e);

/* Runs job(context) in the thread, and then done(context) in the loop. Not while it is busy. */
void worker_start(struct worker *worker, void (*job)(void *context), void (*done)(void *context),
		  void *context);

/* Waits until the job is done, at most so many nanoseconds, and calls done(); true when it is not
 * busy any more. */
bool worker_wait(struct worker *worker, uint64_t nanoseconds);

/* Likewise, but the job is told to end early. */
bool worker_hurry(struct worker *worker, uint64_t nanoseconds);

/* Processor time of this thread, in nanoseconds: the cost of a job, however busy the host is. */
uint64_t worker_processor_ns(void);

/* Ends the thread, which is told to hurry. One that does not come back (a disk that hangs) is left
 * behind, for the process ends. */
void worker_close(struct worker *worker);

#endif
