/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/fault.h"

#ifdef SW_FAULTS

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

static bool started;
static unsigned long count;

/* Opened for each: what a killed process wrote is there. */
static void log_point(const char *name)
{
	const char *path = getenv("SIPWARD_FAULT_LOG");
	auto_fd int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd >= 0)
		dprintf(fd, "%lu %s\n", count, name);
}

int fault_point(const char *name, struct error *e)
{
	const char *want = getenv("SIPWARD_FAULT"), *from = getenv("SIPWARD_FAULT_FROM");
	char *kind = NULL;

	started |= !from || strcmp(from, name) == 0;
	if (!started)
		return 0;
	count++;
	log_point(name);
	if (!want || strtoul(want, &kind, 10) != count)
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
