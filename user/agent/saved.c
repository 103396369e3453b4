/* SPDX-License-Identifier: GPL-2.0-only
 *
 * When known endpoints and bans are saved to the disk, and when they are taken from there: only
 * where the kernel has none, for what is pinned is newer.
 */
#include "agent/saved.h"

#include <limits.h>
#include <string.h>

#include "agent/core.h"
#include "agent/gather.h"
#include "agent/say.h"
#include "agent/state_file.h"
#include "base/fault.h"
#include "export/json.h"
#include "kernel/share.h"
#include "kernel/state_values.h"

/* The path of the file: the one in the policy, else one in the directory that the service manager
 * made for it. */
static const char *state_path(const struct agent *agent, char path[PATH_MAX])
{
	const struct policy *policy = &agent->running.policy;
	const char *directory = getenv("STATE_DIRECTORY");

	if (policy->state_off)
		return NULL;
	if (policy->state_file)
		snprintf(path, PATH_MAX, "%s", policy->state_file);
	else if (directory && *directory == '/')
		/* The first of several, which have colons between. */
		snprintf(path, PATH_MAX, "%.*s/state", (int)strcspn(directory, ":"), directory);
	else
		return NULL;
	return path;
}

static int save(const struct state *state, const char *path, struct error *e)
{
	auto_saved struct saved saved = {};

	if (fault_point("save: read the tables", e) < 0 || saved_gather(state, &saved, e) < 0)
		return -1;
	return state_file_write(path, &saved, clocks_now(), e);
}

/* In the thread of agent->saver. */
static void run_saver(void *context)
{
	struct agent *agent = context;
	struct saving *saving = &agent->saving;

	save(&saving->state, saving->path, &saving->error);
}

static void saver_done(void *context)
{
	struct agent *agent = context;
	const struct error *e = &agent->saving.error;

	state_close(&agent->saving.state);
	if (!e->code) {
		agent->saved_at = monotonic_ns();
		agent->save_error[0] = '\0';
		return;
	}
	if (atomic_load(&agent->saver.hurry)) /* it was told to end, and comes again */
		return;
	/* Once, and not every few minutes. */
	if (strcmp(agent->save_error, e->text) != 0)
		say(SAY_WARNING "the state is not saved for a reboot: %s", e->text);
	snprintf(agent->save_error, sizeof(agent->save_error), "%s", e->text);
}

void save_state(struct agent *agent)
{
	static const enum state_map maps[] = {STATE_KNOWN, STATE_BANS};
	struct saving *saving = &agent->saving;

	if (agent->saver.busy)
		return;
	agent->save_from = monotonic_ns();
	if (!agent->saver.open || !state_path(agent, saving->path))
		return;
	/* The file has what the tables have not: it stays until it is read. */
	if (agent->state.restoring)
		return;
	state_share(&saving->state, &agent->state, maps, array_size(maps));
	saving->error = (struct error){};
	worker_start(&agent->saver, run_saver, saver_done, agent);
}

static void restore_again(void *context, const struct job *job)
{
	(void)job;
	restore_state(context);
}

void save_tick(struct agent *agent)
{
	struct job again = {.run = restore_again};
	/* By the policy of now: a shorter time holds at once. */
	uint64_t every = agent->state.restoring ? SW_NS_PER_SEC : agent->running.policy.state_every;

	if (monotonic_ns() - agent->save_from < every)
		return;
	if (!agent->state.restoring)
		save_state(agent);
	else if (!jobs_has(&agent->jobs, restore_again))
		jobs_add(&agent->jobs, &again);
}

/* The time that is left until `end`; 0 when it is over. */
static uint64_t left(uint64_t end)
{
	uint64_t now = monotonic_ns();

	return now < end ? end - now : 0;
}

void save_last(struct agent *agent, uint64_t end)
{
	/* One that is under way does not have what came since it began. */
	worker_hurry(&agent->saver, left(end));
	save_state(agent);
	if (worker_wait(&agent->saver, left(end)))
		return;
	say(SAY_WARNING
	    "there was no time to save the state for a reboot; the file has the state of the last "
	    "save");
	worker_hurry(&agent->saver, 0);
}

/* Puts as many entries into the tables as fit, the longest bans and the last seen endpoints first.
 * Entries that are there already stay: an agent may have been killed in the midst of this. */
static int restore(struct agent *agent, struct saved *saved, const char *path, struct error *e)
{
	size_t known, bans, full;
	struct error ignored = {};

	if (fault_point("restore: bans", e) < 0)
		return -1;
	bans = ban_restore(&agent->state, saved->bans, saved->ban_count);
	if (fault_point("restore: known endpoints", e) < 0)
		return -1;
	known = known_restore(&agent->state, saved->known, saved->known_count);
	full = saved->known_count - known + saved->ban_count - bans;
	known_sweep(&agent->state, agent->running.policy.known_for, &ignored);
	say("%s, saved %llu s ago: %zu known endpoints and %zu bans are restored; %zu had expired, "
	    "%zu did not fit into the tables",
	    path, (unsigned long long)(saved->age / SW_NS_PER_SEC), known, bans, saved->expired,
	    full);
	return 0;
}

/* A file that cannot be used is not written over: somebody may want to know why. */
static void set_aside(const char *path, const char *why)
{
	auto_free char *aside = xasprintf("%s.bad", path);
	bool moved = rename(path, aside) == 0;

	say(SAY_WARNING
	    "%s; the agent starts without it. Endpoints are learned anew, and the bans in it are "
	    "lost. It is kept as %s",
	    why, moved ? aside : path);
}

/* 0 when the file has nothing any more that the tables could have. */
static int try_to_restore(struct agent *agent, struct error *e)
{
	auto_saved struct saved saved = {};
	char path[PATH_MAX];
	struct error why = {};
	int there;

	if (!state_path(agent, path))
		return 0;
	if (fault_point("restore: read the file", e) < 0)
		return -1;
	there = state_file_read(path, clocks_now(), agent->running.policy.known_for, &saved, &why);
	if (there == STATE_FILE_UNREAD)
		return fail(e, why.code, "%s", why.text);
	if (there < 0)
		set_aside(path, why.text);
	return there > 0 ? restore(agent, &saved, path, e) : 0;
}

void restore_state(struct agent *agent)
{
	struct error e = {}, ending = {};
	bool ends;
	int done;

	agent->save_from = monotonic_ns();
	if (!agent->state.restoring)
		return;
	upkeep_pause(&agent->upkeep);
	/* Only another job could change the policy, or which tables these are. */
	jobs_slow(&agent->jobs);
	done = try_to_restore(agent, &e);
	ends = jobs_quick(&agent->jobs, &ending) < 0;
	upkeep_resume(&agent->upkeep);
	agent->save_from = monotonic_ns();
	/* Of an agent that ends, the next one does it again. */
	if (ends)
		return;
	if (done == 0 && state_restored(&agent->state, &e) == 0) {
		agent->save_error[0] = '\0';
		save_state(agent); /* what came before this; not yet at the start */
		return;
	}
	if (strcmp(agent->save_error, e.text) != 0)
		say(SAY_WARNING
		    "the saved state is not restored yet. This is tried again every second, and "
		    "nothing is saved until then: %s",
		    e.text);
	snprintf(agent->save_error, sizeof(agent->save_error), "%s", e.text);
}

struct json_object *saved_json(const struct agent *agent)
{
	struct json_object *o;
	char path[PATH_MAX];

	if (!state_path(agent, path))
		return NULL;
	o = json_object_new_object();
	json_text(o, "file", path);
	json_text(o, "error", agent->save_error[0] ? agent->save_error : NULL);
	json_object_object_add(o, "saved_seconds_ago", NULL);
	if (agent->saved_at)
		json_count(o, "saved_seconds_ago",
			   (monotonic_ns() - agent->saved_at) / SW_NS_PER_SEC);
	return o;
}
