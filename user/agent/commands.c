/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/commands.h"

#include <string.h>

#include "agent/core.h"
#include "agent/feed_reload.h"
#include "agent/policies.h"
#include "agent/saved.h"
#include "agent/tuned.h"
#include "agent/who.h"
#include "export/bundle.h"
#include "export/event.h"
#include "export/json.h"
#include "policy/diff.h"
#include "policy/tune.h"

/* In microseconds: the longest of the loop, in processor time and on the wall clock, and how long
 * a change of the policy kept it waiting at most. */
static struct json_object *rounds_json(const struct loop_rounds *rounds)
{
	struct json_object *o = json_object_new_object();

	json_count(o, "count", rounds->count);
	json_count(o, "longest_us", rounds->longest / 1000);
	json_count(o, "longest_wall_us", rounds->longest_wall / 1000);
	json_count(o, "longest_lock_us", rounds->longest_lock / 1000);
	return o;
}

/* Those that have another name than where they are meant. */
static struct json_object *renamed_json(const struct agent *agent)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < agent->interface_count; i++) {
		const struct protected *iface = &agent->interfaces[i];
		struct json_object *o;

		if (strcmp(iface->name, iface->meant) == 0)
			continue;
		o = json_object_new_object();
		json_text(o, "name", iface->name);
		json_text(o, "meant", iface->meant);
		json_object_array_add(all, o);
	}
	return all;
}

/* As last counted; NULL before the first time. */
static struct json_object *bans_json(const struct upkeep *upkeep)
{
	const struct ban_counts *counts = &upkeep->counts;
	struct json_object *o;

	if (!upkeep->counted)
		return NULL;
	o = json_object_new_object();
	json_count(o, "by_hand", counts->by_hand);
	json_count(o, "earned", counts->earned);
	json_count(o, "allowed_by_hand", counts->allows);
	json_count(o, "remembered", counts->remembered);
	return o;
}

static struct json_object *agent_json(const struct agent *agent)
{
	struct json_object *o = json_object_new_object();
	struct json_object *missing = json_object_new_array();
	const char *file = agent->options->policy ? agent->options->policy : "(embedded)";
	auto_free char *hash = policy_hash(&agent->running.policy);
	uint64_t now = monotonic_ns();

	json_count(o, "pid", getpid());
	json_text(o, "version", SIPWARD_VERSION);
	json_count(o, "uptime", time(NULL) - agent->started);
	json_text(o, "policy", agent->running.policy.file);
	json_text(o, "policy_hash", hash);
	json_text(o, "policy_at_start", file);
	json_count(o, "generation", agent->generation);
	json_text(o, "reload_error", agent->reload_error[0] ? agent->reload_error : NULL);
	json_count(o, "events", agent->history.count);
	for (size_t i = 0; i < agent->interface_count; i++)
		if (!agent->interfaces[i].attached)
			json_object_array_add(missing, json_string(agent->interfaces[i].name));
	json_object_object_add(o, "missing", missing);
	json_object_object_add(o, "tuned", tuned_json(agent));
	json_object_object_add(o, "saved", saved_json(agent));
	json_object_object_add(o, "confirm_seconds_left", NULL);
	if (agent->confirm_by)
		json_count(o, "confirm_seconds_left",
			   agent->confirm_by > now ? (agent->confirm_by - now) / SW_NS_PER_SEC : 0);
	json_object_object_add(o, "tcp_close", connections_json(&agent->connections));
	json_object_object_add(o, "renamed", renamed_json(agent));
	json_object_object_add(o, "repairs", repairs_json(agent));
	json_object_object_add(o, "exporter", exporter_json(agent->exporter));
	json_object_object_add(o, "rounds", rounds_json(&agent->loop.rounds));
	json_object_object_add(o, "bans", bans_json(&agent->upkeep));
	json_object_object_add(o, "lists", feeds_json(agent));
	outlets_json(&agent->outlets, o);
	json_object_object_add(o, "hooks", hooks_json(&agent->hooks));
	return o;
}

/* --- commands: each gets its arguments and fills its answer, or fails --- */

static int missing_argument(const char *name, struct error *e)
{
	return fail(e, EXIT_FAILED,
		    "the command lacks '%s'; check that this `sipward` and the "
		    "agent have the same version",
		    name);
}

static int on_status(struct agent *agent, struct json_object *args, struct json_object *answer,
		     struct error *e)
{
	auto_json struct json_object *o = agent_json(agent);

	(void)args, (void)e;
	json_object_object_foreach(o, key, value)
		json_object_object_add(answer, key, json_object_get(value));
	return 0;
}

/* {"key", "value", "for": nanoseconds, 0: until taken back} */
static int on_tune(struct agent *agent, struct json_object *args, struct json_object *answer,
		   struct error *e)
{
	auto_override struct override override = {};
	const char *key = text_of(args, "key"), *value = text_of(args, "value");

	if (!key || !value)
		return missing_argument(key ? "value" : "key", e);
	if (override_make(&agent->running.text, key, value, &override, e) < 0 ||
	    tune(agent, &override, count_of(args, "for"), e) < 0)
		return -1;
	json_object_object_add(answer, "tuned", tuned_json(agent));
	return 0;
}

/* {"key": null for all}; a key may be that of several, such as the name of a zone. */
static int on_reset(struct agent *agent, struct json_object *args, struct json_object *answer,
		    struct error *e)
{
	auto_override struct override override = {};
	const char *key = text_of(args, "key");

	if (key && override_make(&agent->running.text, key, NULL, &override, NULL) == 0)
		key = override.key;
	if (tune_reset(agent, key, e) < 0)
		return -1;
	json_object_object_add(answer, "tuned", tuned_json(agent));
	return 0;
}

/* The policy that a command left in the run directory. */
static int read_bundle(struct agent *agent, struct json_object *args, struct loaded_policy *next,
		       struct error *e)
{
	const char *path = text_of(args, "bundle");
	int done;

	if (!path)
		return missing_argument("bundle", e);
	jobs_slow(&agent->jobs);
	done = bundle_read(path, &next->text, e) < 0 ? -1 : loaded_policy_parse(next, e);
	return jobs_quick(&agent->jobs, e) < 0 ? -1 : done;
}

/* {"bundle", "confirm": nanoseconds, 0: for good} */
static int on_apply(struct agent *agent, struct json_object *args, struct json_object *answer,
		    struct error *e)
{
	auto_loaded_policy struct loaded_policy next = {};
	auto_free char *gone = NULL;

	if (read_bundle(agent, args, &next, e) < 0 ||
	    apply_policy(agent, &next, count_of(args, "confirm"), &gone, e) < 0)
		return -1;
	json_count(answer, "generation", agent->generation);
	json_text(answer, "policy", agent->running.text.name);
	json_text(answer, "policy_at_start", agent->options->policy);
	json_text(answer, "note", gone);
	return 0;
}

static int on_confirm(struct agent *agent, struct json_object *args, struct json_object *answer,
		      struct error *e)
{
	(void)args;
	if (confirm_policy(agent, e) < 0)
		return -1;
	json_text(answer, "policy", agent->running.policy.file);
	json_text(answer, "policy_at_start", agent->options->policy);
	return 0;
}

/* {"bundle"} */
static int on_diff(struct agent *agent, struct json_object *args, struct json_object *answer,
		   struct error *e)
{
	auto_loaded_policy struct loaded_policy next = {};
	struct json_object *all = json_object_new_array();
	struct change *changes = NULL;
	size_t count = 0;

	json_object_object_add(answer, "changes", all);
	int done;

	if (read_bundle(agent, args, &next, e) < 0)
		return -1;
	/* Only another job could change what runs. */
	jobs_slow(&agent->jobs);
	done = loaded_policy_diff(&agent->running, &next, &changes, &count, e);
	if (jobs_quick(&agent->jobs, e) < 0 || done < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct json_object *o = json_object_new_object();

		json_text(o, "key", changes[i].key);
		json_text(o, "now", changes[i].from);
		json_text(o, "then", changes[i].to);
		json_object_array_add(all, o);
	}
	changes_free(changes, count);
	return 0;
}

/* {"file": null for all that are kept} */
static int on_take_list(struct agent *agent, struct json_object *args, struct json_object *answer,
			struct error *e)
{
	size_t taken;

	if (feeds_take(agent, text_of(args, "file"), &taken, e) < 0)
		return -1;
	json_count(answer, "taken", taken);
	json_object_object_add(answer, "lists", feeds_json(agent));
	return 0;
}

static int on_who(struct agent *agent, struct json_object *args, struct json_object *answer,
		  struct error *e)
{
	history_read(&agent->history);
	return who_answer(&agent->history, text_of(args, "address"), answer, e);
}

static const struct command_of_agent {
	const char *name;
	int (*run)(struct agent *agent, struct json_object *args, struct json_object *answer,
		   struct error *e);
	bool slow; /* done by a job */
} commands[] = {
	{"status", on_status, false}, {"tune", on_tune, true},           {"reset", on_reset, true},
	{"apply", on_apply, true},    {"confirm", on_confirm, true},     {"diff", on_diff, true},
	{"who", on_who, false},       {"take_list", on_take_list, true},
};

static const struct command_of_agent *find_command(const char *line)
{
	size_t name = strcspn(line, " ");

	for (size_t i = 0; i < array_size(commands); i++)
		if (strlen(commands[i].name) == name && strncmp(commands[i].name, line, name) == 0)
			return &commands[i];
	return NULL;
}

/* The answer is one object; one that failed has "error", and "code" for an exit. */
static struct json_object *answer(struct agent *agent, const char *line)
{
	const struct command_of_agent *command = find_command(line);
	auto_json struct json_object *args = NULL;
	struct json_object *o = json_object_new_object();
	size_t name = strcspn(line, " ");
	struct error e = {};

	if (line[name])
		args = json_tokener_parse(line + name);
	if (command)
		command->run(agent, args, o, &e);
	else
		fail(&e, EXIT_FAILED,
		     "the agent does not know the command '%.*s'; check that this "
		     "`sipward` and the agent have the same version",
		     (int)name, line);
	if (e.code) {
		json_text(o, "error", e.text);
		json_count(o, "code", e.code);
	}
	return o;
}

static void answer_later(void *context, const struct job *job)
{
	struct agent *agent = context;
	auto_json struct json_object *o = answer(agent, job->line);

	control_answer(&agent->control, job->client, o);
}

/* False when so many wait that there is no room for another. */
static bool wait_for_answer(struct agent *agent, struct control_client *client, const char *line)
{
	struct job job = {.run = answer_later, .client = client->number, .line = xstrdup(line)};

	client->waits = jobs_add(&agent->jobs, &job);
	free(job.line);
	return client->waits;
}

/* --- events that are kept: thousands, each with its text to make --- */

#define EVENTS_TIME   4000000ull /* nanoseconds of one part, for all clients together */
#define EVENTS_A_TURN 16

/* True when it has all that it is to get. */
static bool send_some(struct agent *agent, struct control_client *client)
{
	const struct history *history = &agent->history;

	for (int i = 0; i < EVENTS_A_TURN; i++) {
		uint64_t end = client->stays ? history->count : client->end;
		const struct sw_event *event = history_next(history, &client->next);
		auto_json struct json_object *o = NULL;

		if (!event || client->next >= end)
			return true;
		client->next++;
		o = event_json(event, &agent->state);
		if (!control_send(client, o))
			return true;
	}
	return false;
}

bool send_events(void *context)
{
	struct agent *agent = context;
	struct control *control = &agent->control;
	uint64_t end = monotonic_ns() + EVENTS_TIME;
	bool more = true;

	while (more && monotonic_ns() < end) {
		more = false;
		for (size_t i = 0; i < control->client_count; i++) {
			struct control_client *client = control->clients[i];

			if (!client || !client->reads)
				continue;
			more = true;
			if (!send_some(agent, client))
				continue;
			client->reads = false;
			client->follows = client->stays;
			if (!client->stays)
				control_drop(control, client);
		}
	}
	return more;
}

bool on_command(void *context, struct control_client *client, const char *line)
{
	struct agent *agent = context;
	const struct command_of_agent *command = find_command(line);

	if (command && command->slow)
		return wait_for_answer(agent, client, line);
	if (strcmp(line, "events") != 0 && strcmp(line, "follow") != 0) {
		auto_json struct json_object *o = answer(agent, line);

		control_send(client, o);
		return false;
	}
	history_read(&agent->history);
	client->reads = true;
	client->stays = line[0] == 'f';
	client->next = 0;
	client->end = agent->history.count;
	loop_continue(&agent->loop);
	return true;
}
