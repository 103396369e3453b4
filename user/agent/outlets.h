/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where events go beside the control socket, as the policy says: lines of a log, and Homer.
 */
#ifndef SIPWARD_AGENT_OUTLETS_H
#define SIPWARD_AGENT_OUTLETS_H

#include "agent/event_log.h"
#include "agent/hep_sender.h"

struct outlets {
	struct event_log log;
	struct hep_sender hep;
};

#define OUTLETS_CLOSED                                            \
	{                                                         \
		.log = EVENT_LOG_CLOSED, .hep = HEP_SENDER_CLOSED \
	}

/* Which of them take an event. */
struct outlets_wanted {
	bool log, hep;
};

void outlets_follow(struct outlets *outlets, const struct policy *policy);
void outlets_close(struct outlets *outlets);

/* Asked for each event, before its JSON is made: their budgets are debited. */
struct outlets_wanted outlets_admit(struct outlets *outlets, const struct sw_event *event);
void outlets_tell(struct outlets *outlets, struct outlets_wanted wanted,
		  const struct sw_event *event, const void *payload, size_t size,
		  struct json_object *json);

/* Once a second. */
void outlets_tick(struct outlets *outlets);

/* For status: adds "log" and "hep", null when the policy wants none. */
void outlets_json(const struct outlets *outlets, struct json_object *o);

#endif
