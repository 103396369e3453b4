/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/history.h"

#include <string.h>

static void add_to_share(struct history *history, const struct sw_event *event)
{
	size_t kind = event->kind == SW_EVENT_REPAIR ? SW_REASON_COUNT : event->reason;
	struct history_share *share;

	if (kind >= HISTORY_KINDS)
		return;
	share = history->shares[kind];
	if (!share)
		share = history->shares[kind] = xcalloc(1, sizeof(*share));
	share->numbers[share->count % HISTORY_SHARE] = history->count;
	share->events[share->count++ % HISTORY_SHARE] = *event;
}

static void add(struct history *history, const struct sw_event *event, const void *payload,
		size_t size)
{
	add_to_share(history, event);
	evidence_add(history->evidence, event);
	if (event->kind == SW_EVENT_PACKET && event->suppressed) {
		history->left_out += event->suppressed;
		history->left_out_at = event->time;
	}
	history->events[history->count++ % HISTORY_SIZE] = *event;
	history->seen(history->context, event, payload, size);
}

void history_add(struct history *history, const struct sw_event *event)
{
	add(history, event, NULL, 0);
}

/* One of an outgoing packet, or of programs of an older version, carries nothing. */
static void on_event(void *context, const void *data, size_t size)
{
	const struct sw_told *told = data;

	if (size >= sizeof(*told) && told->carried <= sizeof(told->payload))
		add(context, &told->event, told->payload, told->carried);
	else if (size >= sizeof(struct sw_event))
		add(context, data, NULL, 0);
}

int history_open(struct history *history, const struct state *state, history_seen seen,
		 void *context, struct error *e)
{
	history->state = state;
	history->seen = seen;
	history->context = context;
	history->began = monotonic_ns();
	history->events = xcalloc(HISTORY_SIZE, sizeof(*history->events));
	history->evidence = evidence_new();
	return ring_open(&history->ring, state->fds[STATE_EVENTS], "events", on_event, history, e);
}

void history_close(struct history *history)
{
	ring_close(&history->ring);
	free(history->events);
	evidence_free(history->evidence);
	for (size_t i = 0; i < HISTORY_KINDS; i++)
		free(history->shares[i]);
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

/* The first of a share from that number on; numbers of a share rise. */
static const struct sw_event *share_next(const struct history_share *share, uint64_t number,
					 uint64_t *found)
{
	uint64_t from = share->count > HISTORY_SHARE ? share->count - HISTORY_SHARE : 0;
	uint64_t end = share->count;

	while (from < end) {
		uint64_t middle = from + (end - from) / 2;

		if (share->numbers[middle % HISTORY_SHARE] < number)
			from = middle + 1;
		else
			end = middle;
	}
	if (from == share->count)
		return NULL;
	*found = share->numbers[from % HISTORY_SHARE];
	return &share->events[from % HISTORY_SHARE];
}

const struct sw_event *history_next(const struct history *history, uint64_t *number)
{
	uint64_t oldest = history->count > HISTORY_SIZE ? history->count - HISTORY_SIZE : 0;
	uint64_t best = oldest, found;
	const struct sw_event *next = NULL, *event;

	for (size_t i = 0; *number < oldest && i < HISTORY_KINDS; i++) {
		event = history->shares[i] ? share_next(history->shares[i], *number, &found) : NULL;
		if (event && found < best) {
			next = event;
			best = found;
		}
	}
	if (next || *number < oldest)
		*number = best;
	if (next)
		return next;
	return *number < history->count ? &history->events[*number % HISTORY_SIZE] : NULL;
}
