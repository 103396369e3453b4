/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the agent remembers of one source: why its packets were refused, for `sipward who`.
 */
#ifndef SIPWARD_AGENT_WHO_H
#define SIPWARD_AGENT_WHO_H

#include <json-c/json.h>

#include "agent/history.h"

/* Adds to the answer: "drops", a row for each reason and mode with count and times, the last first;
 * and "events", the last ones as event_json() has them. Of IPv6 the whole /64, as bans are. */
int who_answer(const struct history *history, const char *address, struct json_object *answer,
	       struct error *e);

#endif
