/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Watches the files of the lists: with inotify on their folders, so that a file that takes the
 * place of another by a rename is seen, and with a look at each every half a minute for file
 * systems that tell nothing (NFS). A thread of its own looks and reads: a disk that hangs delays
 * nobody. Judging what was read is another's work (feed_reload.h).
 */
#ifndef SIPWARD_AGENT_FEEDS_H
#define SIPWARD_AGENT_FEEDS_H

#include <sys/stat.h>

#include "agent/worker.h"
#include "policy/text.h"

/* Tells one state of a file from another. */
struct file_state {
	bool there;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct watched {
	struct policy_file file; /* its path; a text while one was read and is not judged */
	struct file_state seen;  /* when it was last read */
	bool fresh;              /* it was read, and is to be judged */
	struct error wrong;      /* it could not be read */
	time_t taken;            /* when what is in force was taken, by the wall clock */
	char *kept;              /* why the file as it is now is not in force; NULL: it is */
};

struct feeds {
	struct watched *files;
	size_t count;
	struct worker worker;
	struct look *look; /* what the worker does, or NULL */
	struct loop *loop;
	int inotify;
	int timer;
	bool armed;             /* the timer is: what is told until then is looked at with it */
	unsigned int postponed; /* looks in a row that found somebody writing */
	uint64_t look_at;       /* monotonic nanoseconds: the next slow look */
	void (*found)(void *context); /* some file is fresh */
	void *context;
	void (*say)(const char *text);
	char trouble[256];
};

#define FEEDS_CLOSED .worker = WORKER_CLOSED, .inotify = -1, .timer = -1

int feeds_open(struct feeds *feeds, struct loop *loop, struct error *e);
void feeds_close(struct feeds *feeds);

/* Watches the feeds of this policy, all of which were read just now, and looks at once whether they
 * changed meanwhile. Those that count as empty are kept so until they are good. */
void feeds_follow(struct feeds *feeds, const struct policy *policy);

/* Once a second. */
void feeds_tick(struct feeds *feeds);

/* The one with this path, or whose path ends with it; NULL. */
struct watched *feeds_find(struct feeds *feeds, const char *path);

#endif
