/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/history.h"

#include <string.h>

void history_add(struct history *history, const struct sw_event *event)
{
	history->events[history->count++ % HISTORY_SIZE] = *event;
	history->seen(history->context, event);
}

static void on_event(void *context, const void *data, size_t size)
{
	if (size >= sizeof(struct sw_event))
		history_add(context, data);
}

int history_open(struct history *history, const struct state *state,
		 void (*seen)(void *, const struct sw_event *), void *context, struct error *e)
{
	history->state = state;
	history->seen = seen;
	history->context = context;
	history->events = xcalloc(HISTORY_SIZE, sizeof(*history->events));
	return ring_open(&history->ring, state->fds[STATE_EVENTS], "events", on_event, history, e);
}

void history_close(struct history *history)
{
	ring_close(&history->ring);
	free(history->events);
	memset(history, 0, sizeof(*history));
}

int history_fd(const struct history *history)
{
	return ring_fd(&history->ring);
}

bool history_read(struct history *history)
{
	return ring_read(&history->ring);
}

int history_wait(struct history *history)
{
	return ring_wait(&history->ring);
}

uint64_t history_oldest(const struct history *history)
{
	return history->count > HISTORY_SIZE ? history->count - HISTORY_SIZE : 0;
}

const struct sw_event *history_get(const struct history *history, uint64_t number)
{
	return &history->events[number % HISTORY_SIZE];
}
