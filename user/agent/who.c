/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/who.h"

#include "export/event.h"
#include "export/json.h"
#include "kernel/bans.h"
#include "policy/names.h"
#include "policy/prefix.h"

static int last_first(const void *a, const void *b)
{
	uint64_t x = ((const struct evidence_row *)a)->last.time,
		 y = ((const struct evidence_row *)b)->last.time;

	return (x < y) - (x > y);
}

/* The last packet, with how many there were and when the first one was. */
static struct json_object *row_json(const struct evidence_row *row, const struct state *state)
{
	struct json_object *o = event_json(&row->last, state);
	struct sw_event at = row->last;
	auto_json struct json_object *first = NULL;

	at.time = row->first;
	first = event_json(&at, state);
	json_count(o, "count", row->count);
	json_text(o, "first", text_of(first, "time"));
	json_count(o, "seconds_ago", (monotonic_ns() - row->last.time) / SW_NS_PER_SEC);
	return o;
}

static void add_drops(const struct history *history, const struct sw_source *source,
		      struct json_object *answer)
{
	struct json_object *drops = json_object_new_array();
	struct evidence_row rows[EVIDENCE_ROWS];
	size_t count = evidence_of(history->evidence, source, rows);

	json_object_object_add(answer, "drops", drops);
	if (count)
		qsort(rows, count, sizeof(*rows), last_first);
	for (size_t i = 0; i < count; i++)
		if (rows[i].last.kind == SW_EVENT_PACKET)
			json_object_array_add(drops, row_json(&rows[i], history->state));
}

int who_answer(const struct history *history, const char *address, struct json_object *answer,
	       struct error *e)
{
	struct sw_source source;
	struct sw_addr addr;

	if (!address || addr_parse(address, &addr) < 0)
		return fail(e, EXIT_FAILED,
			    "the command lacks an address; check that this "
			    "`sipward` and the agent have the same version");
	ban_source(&addr, &source);
	add_drops(history, &source, answer);
	/* A state that the agent made has no drops from before it. */
	if (!history->state->fresh)
		json_count(answer, "memory_seconds",
			   (monotonic_ns() - history->began) / SW_NS_PER_SEC);
	json_count(answer, "left_out", history->left_out);
	json_count(answer, "left_out_seconds_ago",
		   (monotonic_ns() - history->left_out_at) / SW_NS_PER_SEC);
	return 0;
}
