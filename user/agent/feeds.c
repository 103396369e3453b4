/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/feeds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <time.h>

#include "agent/say.h"
#include "policy/lists.h"

#define LOOK_EVERY    (30 * SW_NS_PER_SEC)
#define SETTLE_MS     200 /* since the last write; a writer that goes on is waited for */
#define POSTPONED_MAX 10
#define RENAMED       (IN_MOVED_TO | IN_MOVED_FROM)
#define WATCHED       (IN_CLOSE_WRITE | RENAMED | IN_CREATE | IN_DELETE | IN_ATTRIB)

/* One file while the worker looks at it. */
struct looked {
	struct policy_file file;
	struct file_state seen;
	struct error wrong;
	bool fresh;
};

struct look {
	struct looked *files;
	size_t count;
	int inotify;
	bool again; /* somebody writes */
	char trouble[256];
};

static void look_free(struct look **look)
{
	if (!*look)
		return;
	for (size_t i = 0; i < (*look)->count; i++) {
		free((*look)->files[i].file.path);
		free((*look)->files[i].file.text);
	}
	free((*look)->files);
	close_fd(&(*look)->inotify);
	free(*look);
	*look = NULL;
}

/* --- in the worker --- */

/* A folder that is watched already stays so; one that came back is watched again. */
static void watch_folder(struct look *look, const char *path)
{
	auto_free char *folder = xstrdup(path);
	char *slash = strrchr(folder, '/');

	if (slash)
		slash[slash == folder] = '\0';
	if (look->inotify >= 0 &&
	    inotify_add_watch(look->inotify, slash ? folder : ".", WATCHED) < 0 && errno != ENOENT)
		snprintf(look->trouble, sizeof(look->trouble),
			 "%s cannot be watched: %s; its lists are looked at every 30 s", folder,
			 strerror(errno));
}

/* The folder of the name, and that of the file behind a symbolic link. */
static void watch(struct look *look, const char *path)
{
	auto_free char *real = realpath(path, NULL);

	watch_folder(look, path);
	if (real && strcmp(real, path) != 0)
		watch_folder(look, real);
}

static struct file_state state_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct file_state){};
	return (struct file_state){
		.there = true,
		.device = st.st_dev,
		.inode = st.st_ino,
		.size = st.st_size,
		.modified = st.st_mtim,
		.changed = st.st_ctim,
	};
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_state(const struct file_state *a, const struct file_state *b)
{
	return a->there && b->there && a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && same_time(&a->modified, &b->modified) &&
	       same_time(&a->changed, &b->changed);
}

static bool just_written(const struct file_state *state)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_REALTIME, &now);
	ms = (int64_t)(now.tv_sec - state->modified.tv_sec) * 1000 +
	     (now.tv_nsec - state->modified.tv_nsec) / 1000000;
	return state->there && ms >= 0 && ms < SETTLE_MS;
}

static void look_at(struct look *look, struct looked *one)
{
	auto_free char *path = list_text_path(one->file.path);
	struct file_state now;

	watch(look, path);
	now = state_of(path);
	if (same_state(&now, &one->seen))
		return;
	if (just_written(&now)) {
		look->again = true;
		return;
	}
	one->fresh = list_text_read(&one->file, &one->wrong) == 0 || one->wrong.code;
	one->seen = state_of(path);
	/* What changed while it was read is read again. */
	if (now.there && !same_state(&now, &one->seen)) {
		one->fresh = false;
		one->wrong = (struct error){};
		one->seen = (struct file_state){};
		free(take(one->file.text));
		look->again = true;
	}
}

static void run(void *context)
{
	struct feeds *feeds = context;

	for (size_t i = 0; i < feeds->look->count; i++)
		look_at(feeds->look, &feeds->look->files[i]);
}

/* --- in the loop --- */

static void look_soon(struct feeds *feeds)
{
	struct itimerspec soon = {.it_value.tv_nsec = SETTLE_MS * 1000000l};

	/* In a folder that others write to all the time it would never come. */
	if (!feeds->armed)
		feeds->armed = timerfd_settime(feeds->timer, 0, &soon, NULL) == 0;
}

static void take_over(struct feeds *feeds, struct looked *from)
{
	for (size_t i = 0; i < feeds->count; i++) {
		struct watched *to = &feeds->files[i];

		if (strcmp(to->file.path, from->file.path) != 0)
			continue;
		free(to->file.text);
		to->file.text = take(from->file.text);
		to->file.size = from->file.size;
		to->wrong = from->wrong;
		to->seen = from->seen;
		to->fresh = true;
	}
}

static void done(void *context)
{
	struct feeds *feeds = context;
	cleanup(look_free) struct look *look = take(feeds->look);
	bool found = false;

	say_once(feeds->say, feeds->trouble, sizeof(feeds->trouble), look->trouble);
	for (size_t i = 0; i < look->count; i++) {
		if (!look->files[i].fresh)
			continue;
		take_over(feeds, &look->files[i]);
		found = true;
	}
	if (look->again && feeds->postponed++ < POSTPONED_MAX)
		look_soon(feeds);
	else
		feeds->postponed = 0;
	if (found)
		feeds->found(feeds->context);
}

static void start_look(struct feeds *feeds)
{
	struct look *look;

	if (!feeds->count || !feeds->worker.open)
		return;
	if (feeds->worker.busy) {
		look_soon(feeds);
		return;
	}
	look = feeds->look = xcalloc(1, sizeof(*look));
	look->inotify = fcntl(feeds->inotify, F_DUPFD_CLOEXEC, 0);
	for (size_t i = 0; i < feeds->count; i++) {
		struct looked one = {.seen = feeds->files[i].seen};

		one.file.path = xstrdup(feeds->files[i].file.path);
		append(look->files, look->count, one);
	}
	feeds->look_at = monotonic_ns() + LOOK_EVERY;
	worker_start(&feeds->worker, run, done, feeds);
}

/* Whatever was told: the files themselves say what changed. */
static void on_inotify(void *context, int fd)
{
	char told[4096];

	while (read(fd, told, sizeof(told)) > 0)
		;
	look_soon(context);
}

static void on_timer(void *context, int fd)
{
	struct feeds *feeds = context;
	uint64_t expired;

	if (read(fd, &expired, sizeof(expired)) != sizeof(expired))
		return;
	feeds->armed = false;
	start_look(feeds);
}

/* Folders that no list is in any more are forgotten with the descriptor. */
static void open_inotify(struct feeds *feeds)
{
	struct error ignored = {};

	if (feeds->inotify >= 0) {
		loop_remove(feeds->loop, feeds->inotify);
		close(feeds->inotify);
	}
	feeds->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (feeds->inotify >= 0)
		loop_add(feeds->loop, feeds->inotify, on_inotify, feeds, &ignored);
}

static void forget_files(struct feeds *feeds)
{
	for (size_t i = 0; i < feeds->count; i++) {
		free(feeds->files[i].file.path);
		free(feeds->files[i].file.text);
		free(feeds->files[i].kept);
	}
	free(take(feeds->files));
	feeds->count = 0;
}

static void say_wrong(struct feeds *feeds, const struct feed *feed)
{
	if (feed->bad)
		say_with(feeds->say, "list %s: %zu line%s left out; the first: %s", feed->path,
			 feed->bad, feed->bad == 1 ? " is" : "s are", feed->wrong[0]);
}

/* The agent looks at it every half a minute, whatever it is told (look_at). */
static void say_missing(struct feeds *feeds, const struct feed *feed)
{
	if (feed->missing)
		say_with(feeds->say,
			 SAY_ERROR "list %s counts as empty: %s; put a good file there, and the "
				   "agent takes it within 30 s",
			 feed->path, feed->missing);
}

void feeds_follow(struct feeds *feeds, const struct policy *policy)
{
	forget_files(feeds);
	for (size_t i = 0; i < policy->feed_count; i++) {
		struct watched one = {.taken = time(NULL)};

		one.file.path = xstrdup(policy->feeds[i].path);
		if (policy->feeds[i].missing)
			one.kept = xstrdup(policy->feeds[i].missing);
		append(feeds->files, feeds->count, one);
		say_missing(feeds, &policy->feeds[i]);
		say_wrong(feeds, &policy->feeds[i]);
	}
	open_inotify(feeds);
	look_soon(feeds);
}

void feeds_tick(struct feeds *feeds)
{
	bool fresh = false;

	for (size_t i = 0; i < feeds->count; i++)
		fresh |= feeds->files[i].fresh;
	if (fresh)
		feeds->found(feeds->context);
	if (monotonic_ns() >= feeds->look_at)
		start_look(feeds);
}

struct watched *feeds_find(struct feeds *feeds, const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < feeds->count; i++)
		if (strcmp(feeds->files[i].file.path, path) == 0)
			return &feeds->files[i];
	for (size_t i = 0; i < feeds->count; i++) {
		const char *whole = feeds->files[i].file.path;
		size_t size = strlen(whole);

		if (length && size > length && whole[size - length - 1] == '/' &&
		    strcmp(whole + size - length, path) == 0)
			return &feeds->files[i];
	}
	return NULL;
}

int feeds_open(struct feeds *feeds, struct loop *loop, struct error *e)
{
	feeds->loop = loop;
	feeds->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (feeds->timer < 0)
		return fail(e, EXIT_FAILED, "timerfd: %s", strerror(errno));
	if (worker_open(&feeds->worker, loop, "sipward-lists", e) < 0)
		return -1;
	return loop_add(loop, feeds->timer, on_timer, feeds, e);
}

void feeds_close(struct feeds *feeds)
{
	worker_close(&feeds->worker);
	if (feeds->worker.busy)
		return; /* a disk that hangs: the thread has the look */
	look_free(&feeds->look);
	forget_files(feeds);
	close_fd(&feeds->inotify);
	close_fd(&feeds->timer);
	feeds->inotify = feeds->timer = -1;
}
