/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/outlets.h"

#include <string.h>

#include "export/json.h"
#include "policy/names.h"

void outlets_follow(struct outlets *outlets, const struct policy *policy)
{
	event_log_follow(&outlets->log, policy);
	hep_follow(&outlets->hep, policy);
}

void outlets_close(struct outlets *outlets)
{
	event_log_close(&outlets->log);
	hep_close(&outlets->hep);
}

struct outlets_wanted outlets_admit(struct outlets *outlets, const struct sw_event *event)
{
	uint64_t now = monotonic_ns();

	/* A repair of the agent's own is no packet of anybody's. */
	return (struct outlets_wanted){
		.log = event_log_admits(&outlets->log, now),
		.hep = event->kind != SW_EVENT_REPAIR && hep_admits(&outlets->hep, now),
	};
}

void outlets_tell(struct outlets *outlets, struct outlets_wanted wanted,
		  const struct sw_event *event, const void *payload, size_t size,
		  struct json_object *json)
{
	if (wanted.log)
		event_log_write(&outlets->log, json);
	if (wanted.hep)
		hep_send(&outlets->hep, event, payload, size, json);
}

void outlets_tick(struct outlets *outlets)
{
	event_log_tick(&outlets->log);
	hep_tick(&outlets->hep);
}

static struct json_object *counts_json(const struct export_counts *counts)
{
	struct json_object *o = json_object_new_object();

	json_count(o, "sent", counts->sent);
	json_count(o, "suppressed", counts->suppressed);
	json_count(o, "failed", counts->failed);
	return o;
}

static struct json_object *log_json(const struct event_log *log)
{
	struct json_object *o = counts_json(&log->counts);

	json_text(o, "to", log_words[log->to]);
	return o;
}

static struct json_object *hep_json(const struct hep_sender *hep)
{
	struct json_object *o = counts_json(&hep->counts);
	bool ipv6 = strchr(hep->target.host, ':');
	auto_free char *to = xasprintf("udp:%s%s%s:%u", ipv6 ? "[" : "", hep->target.host,
				       ipv6 ? "]" : "", hep->target.port);

	json_text(o, "to", to);
	json_text(o, "error", *hep->trouble ? hep->trouble : NULL);
	return o;
}

void outlets_json(const struct outlets *outlets, struct json_object *o)
{
	json_object_object_add(o, "log",
			       outlets->log.to != EVENT_LOG_OFF ? log_json(&outlets->log) : NULL);
	json_object_object_add(o, "hep", outlets->hep.target.port ? hep_json(&outlets->hep) : NULL);
}
