/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "kernel/namespace.h"
#include "kernel/paths.h"
#include "kernel/private.h"

#define TRIES 10

/* The process that holds a lock on that file (proc(5), /proc/locks). */
static long holder_of(const struct stat *file)
{
	auto_file FILE *locks = fopen("/proc/locks", "re");
	auto_free char *line = NULL;
	size_t room = 0;

	while (locks && getline(&line, &room, locks) > 0) {
		unsigned int major_, minor_;
		uint64_t inode;
		long pid;

		if (sscanf(line, "%*s FLOCK %*s %*s %ld %x:%x:%" SCNu64, &pid, &major_, &minor_,
			   &inode) == 4 &&
		    inode == file->st_ino && major_ == major(file->st_dev) &&
		    minor_ == minor(file->st_dev))
			return pid;
	}
	return 0;
}

static int refuse(int fd, const char *what, const char *advice, struct error *e)
{
	char pid[32] = "unknown", net[PATH_MAX];
	struct network its = {}, here = network_here();
	struct stat file;
	long holder;

	if (fstat(fd, &file) == 0 && (holder = holder_of(&file)) > 0) {
		snprintf(pid, sizeof(pid), "%ld", holder);
		snprintf(net, sizeof(net), "/proc/%ld/ns/net", holder);
		if (stat(net, &file) == 0)
			its.inode = file.st_ino;
	}
	if (its.inode && its.inode != here.inode)
		return fail(e, EXIT_FAILED,
			    "%s: a sipward agent in another network namespace has "
			    "it (pid %s, net:[%" PRIu64 "]). An agent in this "
			    "namespace needs SIPWARD_BPF_DIR and SIPWARD_RUN_DIR set to "
			    "directories of its own (such as %s-2 and %s-2), and another file in "
			    "state: {save: FILE} of its policy",
			    what, pid, its.inode, bpf_dir(), run_dir());
	return fail(e, EXIT_FAILED, "a sipward agent runs already (pid %s has the lock of %s); %s",
		    pid, what, advice);
}

static bool same_file(int fd, const char *path)
{
	struct stat held, there;

	return fstat(fd, &held) == 0 && stat(path, &there) == 0 && held.st_ino == there.st_ino &&
	       held.st_dev == there.st_dev;
}

/* Between opening and locking, the one who held it may have removed it. */
static int lock_state(const char *advice, struct error *e)
{
	for (int i = 0; i < TRIES; i++) {
		auto_fd int fd = private_directory(bpf_dir(), "meta", e);

		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0)
			return refuse(fd, bpf_dir(), advice, e);
		if (same_file(fd, bpf_dir()))
			return take_fd(fd);
	}
	return fail(e, EXIT_FAILED, "%s: something removes it again and again", bpf_dir());
}

static int lock_run(const char *advice, struct error *e)
{
	auto_fd int directory = private_directory(run_dir(), "lock", e);
	auto_fd int fd = directory < 0 ? -1 : private_file(directory, run_dir(), "lock", e);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return refuse(fd, run_dir(), advice, e);
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", getpid()) < 0)
		return fail(e, EXIT_FAILED, "%s/lock: cannot be written: %s", run_dir(),
			    strerror(errno));
	return take_fd(fd);
}

int lock_take(struct lock *lock, const char *advice, struct error *e)
{
	lock_release(lock);
	lock->state = lock_state(advice, e);
	lock->run = lock->state < 0 ? -1 : lock_run(advice, e);
	if (lock->run >= 0)
		return 0;
	lock_release(lock);
	return -1;
}

void lock_release(struct lock *lock)
{
	close_fd(&lock->run);
	close_fd(&lock->state);
	lock->run = lock->state = -1;
}

bool lock_holds(const struct lock *lock)
{
	auto_free char *path = xasprintf("%s/lock", run_dir());

	return same_file(lock->state, bpf_dir()) && same_file(lock->run, path);
}

long lock_holder(void)
{
	struct stat file;

	return stat(bpf_dir(), &file) == 0 ? holder_of(&file) : 0;
}
