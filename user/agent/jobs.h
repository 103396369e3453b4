/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A change of the policy takes longer than a moment: it reads a text, loads programs and copies
 * tables. A thread of its own does that, one job after the other. All data of the agent belongs to
 * the thread that holds the one lock: the loop gives it up only while it waits for events, and a
 * job gives it up around its slow steps, which touch nothing of the agent. So each reads as if
 * there were one thread, and neither delays the other.
 */
#ifndef SIPWARD_AGENT_JOBS_H
#define SIPWARD_AGENT_JOBS_H

#include "agent/worker.h"

struct job {
	/* Called with the lock held. */
	void (*run)(void *context, const struct job *job);
	uint64_t client; /* who waits for the answer, as the control socket counts; 0: nobody */
	char *line;      /* what it asked; owned */
};

struct jobs {
	pthread_mutex_t lock;
	struct worker worker;
	void *context;    /* handed to each job */
	struct job *jobs; /* the first one runs when the worker is busy */
	size_t count;
	bool ending;
};

#define JOBS_CLOSED                                                        \
	{                                                                  \
		.lock = PTHREAD_MUTEX_INITIALIZER, .worker = WORKER_CLOSED \
	}

/* Starts the thread. The caller holds the lock already, and the loop knows it (loop.h). */
int jobs_open(struct jobs *jobs, struct loop *loop, void *context, struct error *e);

/* Adds one, and takes over job->line. False when too many wait: then it is not taken. */
bool jobs_add(struct jobs *jobs, struct job *job);

/* True when a job with this function waits or runs. */
bool jobs_has(const struct jobs *jobs, void (*run)(void *context, const struct job *job));

/* Around a slow step: code between the two must not touch the data that the lock guards.
 * jobs_quick() has the lock again when it returns, also when it fails: the agent ends, and the job
 * must give up and change nothing. Both may be called before there is a second thread. */
void jobs_slow(struct jobs *jobs);
int jobs_quick(struct jobs *jobs, struct error *e);

/* No job begins any more, and one that runs gives up after its step. Waits for that at most so many
 * nanoseconds; then a job that walks through a table (kernel/walk.h) gives up there. False when it
 * still runs: then nothing that it may use can be freed. */
bool jobs_close(struct jobs *jobs, uint64_t timeout);

#endif
