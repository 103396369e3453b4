/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

struct loop_entry {
	int fd; /* -1: free */
	loop_handler handler;
	void *context;
};

int loop_open(struct loop *loop, struct error *e)
{
	memset(loop, 0, sizeof(*loop));
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? fail(e, EXIT_FAILED, "epoll: %s", strerror(errno)) : 0;
}

void loop_close(struct loop *loop)
{
	close_fd(&loop->epoll);
	loop->epoll = -1;
	free(loop->entries);
	loop->entries = NULL;
	loop->entry_count = 0;
}

int loop_add(struct loop *loop, int fd, loop_handler handler, void *context, struct error *e)
{
	struct loop_entry entry = {.fd = fd, .handler = handler, .context = context};
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
	size_t i = 0;

	while (i < loop->entry_count && loop->entries[i].fd >= 0)
		i++;
	if (i < loop->entry_count)
		loop->entries[i] = entry;
	else
		append(loop->entries, loop->entry_count, entry);
	event.data.u32 = i;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		loop->entries[i].fd = -1;
		return fail(e, EXIT_FAILED, "epoll: %s", strerror(errno));
	}
	return 0;
}

void loop_remove(struct loop *loop, int fd)
{
	for (size_t i = 0; i < loop->entry_count; i++) {
		if (loop->entries[i].fd != fd)
			continue;
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
		loop->entries[i].fd = -1;
	}
}

void loop_continue(struct loop *loop)
{
	loop->has_more = true;
}

static uint64_t processor_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void handle(struct loop *loop, const struct epoll_event *events, int count)
{
	for (int i = 0; i < count && !loop->stop; i++) {
		/* A handler may have removed, or reused, a later entry of this round. */
		struct loop_entry entry = loop->entries[events[i].data.u32];

		if (entry.fd >= 0)
			entry.handler(entry.context, entry.fd);
	}
	if (loop->has_more && !loop->stop)
		loop->has_more = loop->more(loop->more_context);
}

static void measure(struct loop_rounds *rounds, uint64_t took, uint64_t took_wall)
{
	rounds->count++;
	if (took > rounds->longest)
		rounds->longest = took;
	if (took_wall > rounds->longest_wall)
		rounds->longest_wall = took_wall;
}

static int wait_for(struct loop *loop, struct epoll_event *events, int size)
{
	uint64_t woken;
	int count;

	if (loop->lock)
		pthread_mutex_unlock(loop->lock);
	count = epoll_wait(loop->epoll, events, size, loop->has_more ? 0 : -1);
	woken = monotonic_ns();
	if (loop->lock)
		pthread_mutex_lock(loop->lock);
	woken = monotonic_ns() - woken;
	if (woken > loop->rounds.longest_lock)
		loop->rounds.longest_lock = woken;
	return count;
}

int loop_run(struct loop *loop, struct error *e)
{
	while (!loop->stop) {
		struct epoll_event events[16];
		int count = wait_for(loop, events, array_size(events));
		uint64_t start = processor_ns(), start_wall = monotonic_ns();

		if (count < 0 && errno != EINTR)
			return fail(e, EXIT_FAILED, "epoll: %s", strerror(errno));
		handle(loop, events, count);
		measure(&loop->rounds, processor_ns() - start, monotonic_ns() - start_wall);
	}
	return 0;
}
