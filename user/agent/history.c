/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/history.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

void history_add(struct history *history, const struct sw_event *event)
{
	history->events[history->count++ % HISTORY_SIZE] = *event;
	history->seen(history->context, event);
}

static int on_event(void *context, void *data, size_t size)
{
	if (size >= sizeof(struct sw_event))
		history_add(context, data);
	return 0;
}

int history_open(struct history *history, const struct state *state,
		 void (*seen)(void *, const struct sw_event *), void *context, struct error *e)
{
	history->state = state;
	history->seen = seen;
	history->context = context;
	history->events = xcalloc(HISTORY_SIZE, sizeof(*history->events));
	history->ring = ring_buffer__new(state->fds[STATE_EVENTS], on_event, history, NULL);
	if (!history->ring)
		return fail(e, EXIT_FAILED, "the ring of events cannot be read: %s",
			    strerror(errno));
	return 0;
}

void history_close(struct history *history)
{
	ring_buffer__free(history->ring);
	free(history->events);
	memset(history, 0, sizeof(*history));
}

int history_fd(const struct history *history)
{
	return ring_buffer__epoll_fd(history->ring);
}

void history_read(struct history *history)
{
	ring_buffer__consume(history->ring);
}

int history_wait(struct history *history)
{
	return ring_buffer__poll(history->ring, -1) < 0 ? -1 : 0;
}

void history_each(const struct history *history,
		  void (*visit)(void *, const struct sw_event *), void *context)
{
	uint64_t i = history->count > HISTORY_SIZE ? history->count - HISTORY_SIZE : 0;

	for (; i < history->count; i++)
		visit(context, &history->events[i % HISTORY_SIZE]);
}
