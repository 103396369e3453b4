/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/fault.h"

#ifdef SW_FAULTS

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

static bool started;
static unsigned long count;

/* Opened for each line, so that the lines of a killed process are there. */
static void log_point(const char *name, unsigned long number)
{
	const char *path = getenv("SIPWARD_FAULT_LOG");
	auto_fd int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd >= 0)
		dprintf(fd, "%lu %s\n", number, name);
}

/* The number of this point, one thread after the other; 0 before the first that counts. */
static unsigned long count_point(const char *name)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	const char *from = getenv("SIPWARD_FAULT_FROM");
	unsigned long number = 0;

	pthread_mutex_lock(&lock);
	started |= !from || strcmp(from, name) == 0;
	if (started) {
		number = ++count;
		log_point(name, number);
	}
	pthread_mutex_unlock(&lock);
	return number;
}

int fault_point(const char *name, struct error *e)
{
	const char *want = getenv("SIPWARD_FAULT");
	unsigned long number = count_point(name);
	char *kind = NULL;

	if (!number || !want || strtoul(want, &kind, 10) != number)
		return 0;
	if (strcmp(kind, ":kill") == 0)
		kill(getpid(), SIGKILL);
	if (strcmp(kind, ":stop") == 0) {
		kill(getpid(), SIGSTOP);
		return 0;
	}
	errno = EIO;
	return fail(e, EXIT_FAILED, "a fault was injected before: %s", name);
}

#endif
