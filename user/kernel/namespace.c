/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/namespace.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "kernel/paths.h"
#include "kernel/pins.h"

#define NETWORK_NAME "sipward-agent" /* abstract: each network namespace has its own */

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static bool inode_of(const char *path, uint64_t *inode)
{
	struct stat is;

	if (stat(path, &is) < 0)
		return false;
	*inode = is.st_ino;
	return true;
}

struct network network_here(void)
{
	auto_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct network here = {};
	socklen_t size = sizeof(here.cookie);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &here.cookie, &size) < 0)
		here.cookie = 0;
	inode_of("/proc/self/ns/net", &here.inode);
	return here;
}

bool network_same(const struct network *a, const struct network *b)
{
	return a->inode == b->inode && (a->cookie == b->cookie || !a->cookie || !b->cookie);
}

bool network_of_state(struct network *network)
{
	char path[PATH_MAX];
	auto_fd int fd = -1;
	uint32_t zero = 0;

	pin_path(path, NULL, NAMESPACE_PIN);
	fd = bpf_obj_get(path);
	return fd >= 0 && bpf_map_lookup_elem(fd, &zero, network) == 0 && network->inode;
}

/* --- where it is --- */

/* A namespace that a process is in. */
static bool process_path(uint64_t inode, char path[PATH_MAX])
{
	DIR *processes = opendir("/proc");
	bool found = false;

	for (struct dirent *entry; processes && !found && (entry = readdir(processes));) {
		uint64_t its;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, PATH_MAX, "/proc/%.20s/ns/net", entry->d_name);
		found = inode_of(path, &its) && its == inode;
	}
	if (processes)
		closedir(processes);
	return found;
}

/* A namespace that a file stands for (`ip netns add`, container engines). */
static bool mounted_path(uint64_t inode, char path[PATH_MAX])
{
	auto_file FILE *mounts = fopen("/proc/self/mountinfo", "re");
	auto_free char *line = NULL, *root = xasprintf("net:[%" PRIu64 "]", inode);
	size_t room = 0;

	while (mounts && getline(&line, &room, mounts) > 0) {
		char its_root[64];

		if (sscanf(line, "%*s %*s %*s %63s %4095s", its_root, path) == 2 &&
		    strcmp(its_root, root) == 0)
			return true;
	}
	return false;
}

bool network_path(const struct network *network, char path[PATH_MAX])
{
	return mounted_path(network->inode, path) || process_path(network->inode, path);
}

bool network_enter(const struct network *network)
{
	char path[PATH_MAX];
	auto_fd int fd = -1;
	struct network here;

	if (!network_path(network, path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return false;
	here = network_here();
	return network_same(&here, network);
}

/* --- whose it is --- */

static int refuse(const struct network *network, const char *path, struct error *e)
{
	auto_free char *enter = path ? xasprintf("nsenter --net=%s sipward detach", path) :
				       xstrdup("sipward detach, in that namespace");

	return fail(e, EXIT_FAILED,
		    "%s: this state belongs to another network namespace "
		    "(net:[%" PRIu64 "]). For an agent in this one set SIPWARD_BPF_DIR and "
		    "SIPWARD_RUN_DIR to directories of its own (such as %s-2 and %s-2), and let "
		    "state: {save: FILE} of its policy name another file. To remove the state of "
		    "the other one, run: %s",
		    bpf_dir(), network->inode, bpf_dir(), run_dir(), enter);
}

int network_check(struct error *e)
{
	struct network here = network_here(), owner;
	char path[PATH_MAX];
	bool found;

	if (!network_of_state(&owner) || network_same(&owner, &here))
		return 0;
	/* The same number with another cookie: the old namespace is gone, its number was reused. */
	if (owner.inode == here.inode)
		return 0;
	found = network_path(&owner, path);
	/* From inside a container its processes may not be seen, but its interfaces are. */
	if (found || pins_hold_elsewhere())
		return refuse(&owner, found ? path : NULL, e);
	return 0;
}

/* The process that has the name and listens there, if it is one of root's; else 0. */
static int agent_at(const struct sockaddr_un *address, socklen_t size)
{
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred peer = {};
	socklen_t length = sizeof(peer);

	if (fd < 0 || connect(fd, (const struct sockaddr *)address, size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return 0;
	return peer.uid == geteuid() ? peer.pid : 0;
}

int network_lock(struct error *e)
{
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(NETWORK_NAME);
	int pid;

	memcpy(address.sun_path + 1, NETWORK_NAME, strlen(NETWORK_NAME));
	if (fd < 0 || (bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 1) == 0))
		return take_fd(fd);
	pid = agent_at(&address, size);
	if (!pid)
		return take_fd(fd);
	return fail(e, EXIT_FAILED,
		    "a sipward agent with other directories runs in this network "
		    "namespace already (pid %d); one agent serves all interfaces of a namespace: "
		    "stop it first, or give it both with -i",
		    pid);
}

/* The value is there before the pin is: nobody finds one without the other. */
static int note(const struct network *network, const char *path)
{
	auto_fd int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NAMESPACE_PIN, sizeof(uint32_t),
					sizeof(*network), 1, NULL);
	uint32_t zero = 0;

	if (fd < 0 || bpf_map_update_elem(fd, &zero, network, BPF_ANY) < 0)
		return -1;
	unlink(path);
	return bpf_obj_pin(fd, path);
}

int network_claim(struct error *e)
{
	struct network here = network_here(), owner;
	char path[PATH_MAX];

	if (network_check(e) < 0)
		return -1;
	if (network_of_state(&owner) && memcmp(&owner, &here, sizeof(here)) == 0)
		return 0;
	pin_path(path, NULL, NAMESPACE_PIN);
	if (note(&here, path) < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be pinned: %s", path, strerror(errno));
	return 0;
}

bool network_renew(void)
{
	struct network here = network_here(), owner;
	char path[PATH_MAX];

	if (network_of_state(&owner) && memcmp(&owner, &here, sizeof(here)) == 0)
		return false;
	pin_path(path, NULL, NAMESPACE_PIN);
	return note(&here, path) == 0;
}
