/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the agent answers on its control socket.
 */
#include <string.h>

#include "agent/core.h"
#include "export/event.h"
#include "export/json.h"

struct sending {
	struct agent *agent;
	struct control_client *client;
};

static void send_event(void *context, const struct sw_event *event)
{
	struct sending *sending = context;
	auto_json struct json_object *o = event_json(event, &sending->agent->state);

	control_send(sending->client, o);
}

static struct json_object *agent_json(const struct agent *agent)
{
	struct json_object *o = json_object_new_object();
	struct json_object *missing = json_object_new_array();

	json_count(o, "pid", getpid());
	json_text(o, "version", SIPWARD_VERSION);
	json_count(o, "uptime", time(NULL) - agent->started);
	json_text(o, "policy", agent->policy.file);
	json_count(o, "generation", agent->generation);
	json_text(o, "reload_error", agent->reload_error[0] ? agent->reload_error : NULL);
	json_count(o, "events", agent->history.count);
	for (size_t i = 0; i < agent->interface_count; i++)
		if (!agent->interfaces[i].attached)
			json_object_array_add(missing,
					      json_object_new_string(agent->interfaces[i].name));
	json_object_object_add(o, "missing", missing);
	return o;
}

bool on_command(void *context, struct control_client *client, const char *line)
{
	struct agent *agent = context;
	struct sending sending = {.agent = agent, .client = client};

	if (strcmp(line, "status") == 0) {
		auto_json struct json_object *o = agent_json(agent);

		control_send(client, o);
		return false;
	}
	if (strcmp(line, "events") == 0 || strcmp(line, "follow") == 0) {
		history_read(&agent->history);
		history_each(&agent->history, send_event, &sending);
		client->follows = line[0] == 'f';
		return client->follows;
	}
	return false;
}
