/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The agent's main thread waits here: descriptors and what to call when they are readable. No call
 * may take more than some milliseconds: longer work is a job of a worker (worker.h), or is done in
 * parts (loop_continue).
 */
#ifndef SIPWARD_AGENT_LOOP_H
#define SIPWARD_AGENT_LOOP_H

#include <pthread.h>

#include "base/base.h"

typedef void (*loop_handler)(void *context, int fd);

/* How long it worked without looking for what happened: from one wait to the next. */
struct loop_rounds {
	uint64_t count;
	uint64_t longest;      /* nanoseconds of its own processor time */
	uint64_t longest_wall; /* likewise, with what it waited for others */
	uint64_t longest_lock; /* before a round: how long another thread kept the lock */
};

struct loop {
	int epoll;
	pthread_mutex_t *lock; /* held by the caller, given up while it waits (jobs.h); or NULL */
	bool stop;
	struct loop_rounds rounds;
	/* Something that is done in parts: called once a round, until it returns false. */
	bool (*more)(void *context);
	void *more_context;
	bool has_more;
	struct loop_entry *entries;
	size_t entry_count;
};

int loop_open(struct loop *loop, struct error *e);
void loop_close(struct loop *loop);

/* Calls handler(context, fd) whenever fd is readable or hung up, until loop_remove. */
int loop_add(struct loop *loop, int fd, loop_handler handler, void *context, struct error *e);
void loop_remove(struct loop *loop, int fd);

/* Calls loop->more() soon, and again as long as it returns true. */
void loop_continue(struct loop *loop);

/* Runs until loop->stop is set by a handler. */
int loop_run(struct loop *loop, struct error *e);

#endif
