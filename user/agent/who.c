/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/who.h"

#include "export/event.h"
#include "export/json.h"
#include "kernel/bans.h"
#include "policy/names.h"
#include "policy/prefix.h"

#define EVENTS_SHOWN 8

/* Refusals of one kind. */
struct row {
	struct sw_event last;
	uint64_t first;
	uint64_t count;
};

struct rows {
	struct row *rows;
	size_t count;
	struct sw_event events[EVENTS_SHOWN]; /* the last ones, in a circle */
	size_t event_count;
};

static void add(struct rows *rows, const struct sw_event *event)
{
	struct row fresh = {.last = *event, .first = event->time, .count = 1};

	rows->events[rows->event_count++ % EVENTS_SHOWN] = *event;
	if (event->kind != SW_EVENT_PACKET)
		return;
	for (size_t i = 0; i < rows->count; i++) {
		struct row *row = &rows->rows[i];

		if (row->last.reason != event->reason || row->last.mode != event->mode ||
		    row->last.direction != event->direction)
			continue;
		row->last = *event;
		row->count++;
		return;
	}
	append(rows->rows, rows->count, fresh);
}

static int last_first(const void *a, const void *b)
{
	uint64_t x = ((const struct row *)a)->last.time, y = ((const struct row *)b)->last.time;

	return (x < y) - (x > y);
}

static struct json_object *row_json(const struct row *row, const struct state *state)
{
	auto_json struct json_object *last = event_json(&row->last, state);
	struct sw_event at = row->last;
	auto_json struct json_object *first = NULL;
	struct json_object *o = json_object_new_object();

	at.time = row->first;
	first = event_json(&at, state);
	json_text(o, "reason", text_of(last, "reason"));
	json_text(o, "mode", text_of(last, "mode"));
	json_text(o, "direction", text_of(last, "direction"));
	json_text(o, "text", text_of(last, "text"));
	json_text(o, "rfc", text_of(last, "rfc"));
	json_text(o, "method", text_of(last, "method"));
	json_count(o, "count", row->count);
	json_text(o, "first", text_of(first, "time"));
	json_text(o, "last", text_of(last, "time"));
	json_count(o, "seconds_ago", (monotonic_ns() - row->last.time) / SW_NS_PER_SEC);
	return o;
}

static void add_json(struct rows *rows, const struct state *state, struct json_object *answer)
{
	struct json_object *drops = json_object_new_array(), *events = json_object_new_array();
	size_t from = rows->event_count > EVENTS_SHOWN ? rows->event_count - EVENTS_SHOWN : 0;

	json_object_object_add(answer, "drops", drops);
	json_object_object_add(answer, "events", events);
	if (rows->count)
		qsort(rows->rows, rows->count, sizeof(*rows->rows), last_first);
	for (size_t i = 0; i < rows->count; i++)
		json_object_array_add(drops, row_json(&rows->rows[i], state));
	for (size_t i = from; i < rows->event_count; i++)
		json_object_array_add(events, event_json(&rows->events[i % EVENTS_SHOWN], state));
}

int who_answer(const struct history *history, const char *address, struct json_object *answer,
	       struct error *e)
{
	struct sw_source wanted, one;
	struct rows rows = {};
	struct sw_addr addr;

	if (!address || addr_parse(address, &addr) < 0)
		return fail(e, EXIT_FAILED,
			    "the command lacks an address; check that this "
			    "`sipward` and the agent have the same version");
	ban_source(&addr, &wanted);
	for (uint64_t i = history_oldest(history); i < history->count; i++) {
		const struct sw_event *event = history_get(history, i);

		/* What the server sends is about the one that it is for. */
		ban_source(event->direction == SW_EGRESS ? &event->dst : &event->src, &one);
		if (event->kind != SW_EVENT_REPAIR && is_same_source(&one, &wanted))
			add(&rows, event);
	}
	add_json(&rows, history->state, answer);
	free(rows.rows);
	return 0;
}
