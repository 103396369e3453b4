/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A refused packet as people and programs read it.
 */
#ifndef SIPWARD_EXPORT_EVENT_H
#define SIPWARD_EXPORT_EVENT_H

#include <json-c/json.h>

#include "kernel/state_maps.h"

/* A CLOCK_MONOTONIC stamp as nanoseconds since 1970, and as events print it (UTC). */
uint64_t event_wall_time(uint64_t monotonic);
void event_time_text(uint64_t monotonic, char *text, size_t size);

/* The event as a JSON object, owned by the caller (json_object_put). */
struct json_object *event_json(const struct sw_event *event, const struct state *state);

/* One line for a person, without the line end, made from event_json's object. */
void event_text(struct json_object *event, char *text, size_t size);

#endif
