/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A line of JSON for each event, on the standard output (where systemd takes it for the journal) or
 * for syslog. Nobody who does not read his end delays the agent: then lines are left out, and
 * counted.
 */
#ifndef SIPWARD_AGENT_EVENT_LOG_H
#define SIPWARD_AGENT_EVENT_LOG_H

#include <json-c/json.h>

#include "export/metrics.h"
#include "policy/model.h"

#define EVENT_LINE_MAX 2048

struct event_log {
	enum log_target to;
	struct sw_limit limit;
	__u64 cell;
	int out;            /* where lines go, or -1; syslog's is owned */
	const char *socket; /* of syslog: /dev/log unless a test says otherwise */
	struct export_counts counts;
	uint64_t held;             /* over the budget since the last line that says so */
	char rest[EVENT_LINE_MAX]; /* of a line that was written in part */
	size_t rest_size;
};

#define EVENT_LOG_CLOSED                        \
	{                                       \
		.out = -1, .socket = "/dev/log" \
	}

void event_log_follow(struct event_log *log, const struct policy *policy);
void event_log_close(struct event_log *log);

/* True when a line about an event may be written now; it is debited. */
bool event_log_admits(struct event_log *log, uint64_t now);

/* Writes the line of an event. */
void event_log_write(struct event_log *log, struct json_object *event);

/* Once a second: says how many events were left out. */
void event_log_tick(struct event_log *log);

#endif
