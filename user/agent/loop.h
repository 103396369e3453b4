/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The agent's one thread waits here: descriptors and what to call when they are readable.
 */
#ifndef SIPWARD_AGENT_LOOP_H
#define SIPWARD_AGENT_LOOP_H

#include "base/base.h"

typedef void (*loop_handler)(void *context, int fd);

struct loop {
	int epoll;
	bool stop;
	struct loop_entry *entries;
	size_t entry_count;
};

int loop_open(struct loop *loop, struct error *e);
void loop_close(struct loop *loop);

/* Calls handler(context, fd) whenever fd is readable or hung up, until loop_remove. */
int loop_add(struct loop *loop, int fd, loop_handler handler, void *context, struct error *e);
void loop_remove(struct loop *loop, int fd);

/* Runs until loop->stop is set by a handler. */
int loop_run(struct loop *loop, struct error *e);

#endif
