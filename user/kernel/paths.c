/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define BPFFS "/sys/fs/bpf"

static const char *from_environment(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

const char *bpf_dir(void)
{
	return from_environment("SIPWARD_BPF_DIR", BPFFS "/sipward");
}

const char *run_dir(void)
{
	return from_environment("SIPWARD_RUN_DIR", "/run/sipward");
}

void pin_path(char path[PATH_MAX], const char *iface, const char *name)
{
	snprintf(path, PATH_MAX, "%s%s%s/%s", bpf_dir(), iface ? "/" : "", iface ? iface : "",
		 name);
}

bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

static int make_directory(const char *path, mode_t mode, struct error *e)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return fail(e, EXIT_FAILED, "%s: cannot be made: %s", path, strerror(errno));
	return 0;
}

int paths_prepare(struct error *e)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME;

	if (strncmp(bpf_dir(), BPFFS "/", strlen(BPFFS "/")) == 0 && !is_bpffs(BPFFS) &&
	    mount("bpf", BPFFS, "bpf", flags, "mode=700") < 0)
		return fail(e, EXIT_PRIVILEGE,
			    "%s: no BPF file system is mounted there, and mounting it failed: %s; "
			    "run: mount -t bpf bpf " BPFFS, BPFFS, strerror(errno));
	if (make_directory(bpf_dir(), 0700, e) < 0 || make_directory(run_dir(), 0755, e) < 0)
		return -1;
	if (!is_bpffs(bpf_dir()))
		return fail(e, EXIT_FAILED, "%s: is not on a BPF file system; point "
			    "SIPWARD_BPF_DIR into one, or run: mount -t bpf bpf " BPFFS, bpf_dir());
	return 0;
}

int state_lock(const char *advice, struct error *e)
{
	auto_fd int fd = -1;
	char path[PATH_MAX], pid[32] = "";
	ssize_t got;

	snprintf(path, sizeof(path), "%s/lock", run_dir());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be opened: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		got = pread(fd, pid, sizeof(pid) - 1, 0);
		pid[got > 0 ? strcspn(pid, "\n") : 0] = '\0';
		return fail(e, EXIT_FAILED, "a sipward agent runs already (pid %s); %s",
			    *pid ? pid : "unknown", advice);
	}
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", getpid()) < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be written: %s", path, strerror(errno));
	return take_fd(fd);
}
