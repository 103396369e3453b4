/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One writer for a state, and one agent for a run directory: two locks, since either can be moved
 * without the other. They go with the descriptors.
 */
#ifndef SIPWARD_KERNEL_LOCK_H
#define SIPWARD_KERNEL_LOCK_H

#include "base/base.h"

struct lock {
	int state; /* the directory of the pins itself: who has its pins has its lock */
	int run;   /* RUN_DIR/lock, with the pid */
};

#define LOCK_NONE                      \
	{                              \
		.state = -1, .run = -1 \
	}

/* -1 and *e when another process has one of them: the text names its pid, and says `advice`. */
int lock_take(struct lock *lock, const char *advice, struct error *e);
void lock_release(struct lock *lock);
#define auto_lock cleanup(lock_release)

/* False when the directory or the file that was locked is not there any more: somebody removed it,
 * and another process could lock what comes in its place. */
bool lock_holds(const struct lock *lock);

/* The process that has the lock of the state now; 0: nobody, or nobody that is seen from here. */
long lock_holder(void);

#endif
