/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int refuse_link(const char *path, struct error *e)
{
	return fail(e, EXIT_FAILED,
		    "%s: is a symbolic link, which another user may change; remove "
		    "it",
		    path);
}

/* A directory that nothing is in, or that has our mark, is one of ours. */
static bool is_ours(int directory, const char *mark)
{
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	bool empty = entries != NULL;
	struct stat is;

	for (struct dirent *entry; entries && (entry = readdir(entries));)
		empty &= strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (entries)
		closedir(entries);
	return empty ||
	       (fstatat(directory, mark, &is, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(is.st_mode));
}

/* The opened file belongs to this user, and no other user may open it. */
static int make_private(int fd, const char *path, const char *mark, struct error *e)
{
	mode_t mode = mark ? 0700 : 0600;
	struct stat is;

	if (fstat(fd, &is) < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be read: %s", path, strerror(errno));
	if (!mark && !S_ISREG(is.st_mode))
		return fail(e, EXIT_FAILED, "%s: is not a regular file; remove it", path);
	if (is.st_uid != geteuid())
		return fail(e, EXIT_FAILED,
			    "%s: belongs to user %u, but user %u runs this; remove "
			    "it, or give it to user %u",
			    path, is.st_uid, geteuid(), geteuid());
	if (!(is.st_mode & 07777 & ~mode))
		return 0;
	if (mark && !is_ours(fd, mark))
		return fail(e, EXIT_FAILED,
			    "%s: other users may open it (mode %04o), and it has "
			    "files that are not sipward's; name a directory of its own",
			    path, is.st_mode & 07777);
	if (fchmod(fd, mode) < 0)
		return fail(e, EXIT_FAILED, "%s: its mode cannot be made %04o: %s", path, mode,
			    strerror(errno));
	return 0;
}

int private_directory(const char *path, const char *mark, struct error *e)
{
	auto_fd int fd = -1;
	struct stat is;
	int reason;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return fail(e, EXIT_FAILED, "%s: cannot be made: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	reason = errno;
	if (fd >= 0)
		return make_private(fd, path, mark, e) < 0 ? -1 : take_fd(fd);
	if (lstat(path, &is) == 0 && S_ISLNK(is.st_mode))
		return refuse_link(path, e);
	return fail(e, reason == EACCES ? EXIT_PRIVILEGE : EXIT_FAILED, "%s: cannot be opened: %s",
		    path, strerror(reason));
}

int private_file(int directory, const char *path, const char *name, struct error *e)
{
	auto_free char *whole = xasprintf("%s/%s", path, name);
	/* Somebody may have put a pipe there: opening it must not wait. */
	auto_fd int fd = openat(directory, name,
				O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == ELOOP ? refuse_link(whole, e) :
					fail(e, EXIT_FAILED, "%s: cannot be opened: %s", whole,
					     strerror(errno));
	return make_private(fd, whole, NULL, e) < 0 ? -1 : take_fd(fd);
}
