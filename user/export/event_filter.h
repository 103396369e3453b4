/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which events somebody wants to see. Knows events as JSON only.
 */
#ifndef SIPWARD_EXPORT_EVENT_FILTER_H
#define SIPWARD_EXPORT_EVENT_FILTER_H

#include <json-c/json.h>

#include "policy/model.h"

struct event_filter {
	char since[32]; /* as events have their time; "": all */
	const char *zone;
	const char *reason;
	bool by_source;
	struct prefix source;
};

/* Each takes the text of an option; -1 and *e when it is wrong. */
int event_filter_since(struct event_filter *filter, const char *text, struct error *e);
int event_filter_reason(struct event_filter *filter, const char *text, struct error *e);
int event_filter_source(struct event_filter *filter, const char *text, struct error *e);

bool event_matches(const struct event_filter *filter, struct json_object *event);

/* The last events, oldest first: room for `room` of them. All 0 at first. */
struct last_events {
	struct json_object **items;
	size_t room;
	uint64_t count; /* ever put in */
	uint64_t next;  /* the oldest one that is there */
};

void last_events_put(struct last_events *last, struct json_object *event);
/* Takes the oldest one out; NULL when there is none. */
struct json_object *last_events_take(struct last_events *last);
void last_events_free(struct last_events *last);

#endif
