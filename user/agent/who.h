/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the agent remembers of one source: why its packets were refused, for `sipward who`.
 */
#ifndef SIPWARD_AGENT_WHO_H
#define SIPWARD_AGENT_WHO_H

#include <json-c/json.h>

#include "agent/history.h"

/* Adds "drops" to the answer: a row for each reason and mode, the last packet of it as event_json()
 * shows it, with "count", "first" and "seconds_ago"; the last one first. Of IPv6 the whole /64, as
 * bans are. "left_out" packets of all sources were over the event budget, lately. */
int who_answer(const struct history *history, const char *address, struct json_object *answer,
	       struct error *e);

#endif
