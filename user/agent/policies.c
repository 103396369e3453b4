/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which policy runs, with what in place of its own values, and for how long. A change is a job: one
 * at a time, and nobody else changes what runs.
 */
#include "agent/policies.h"

#include <string.h>

#include "agent/core.h"
#include "agent/exporter.h"
#include "agent/interfaces.h"
#include "agent/say.h"
#include "agent/tuned.h"
#include "base/fault.h"
#include "policy/names.h"
#include "policy/parse.h"
#include "policy/tune.h"

#define RETRY_SECONDS 30 /* between tries to end what has had its time */

static bool same_listener(const struct policy *a, const struct policy *b)
{
	return a->metrics_port == b->metrics_port && strcmp(a->metrics_host, b->metrics_host) == 0;
}

/* A change from one policy to another, under way. */
struct changeover {
	struct apply apply;
	struct allowed allowed; /* of the next policy, and then of the one before */
};

/* All that goes by the policy beside the data path goes by this one from now on. */
static int follow(struct agent *agent, const struct policy *policy, struct changeover *change,
		  struct error *e)
{
	if (admission_follow(&agent->admission, policy, e) < 0 ||
	    connections_follow(&agent->connections, policy, e) < 0 ||
	    behaviour_follow(&agent->behaviour, policy, &change->allowed, e) < 0)
		return -1;
	return 0;
}

static void follow_back(struct agent *agent, const struct policy *now, struct changeover *change)
{
	admission_follow(&agent->admission, now, NULL);
	connections_follow(&agent->connections, now, NULL);
	if (agent->behaviour.policy != now)
		behaviour_follow(&agent->behaviour, now, &change->allowed, NULL);
}

static int swap_over(struct agent *agent, const struct policy *next, struct changeover *change,
		     struct error *e)
{
	struct exporter *exporter = NULL, *old = agent->exporter;
	bool moves = !same_listener(next, &agent->running.policy);

	if (fault_point("change over", e) < 0 ||
	    (moves && !(exporter = open_exporter(agent, next, e))) ||
	    follow(agent, next, change, e) < 0 || (moves && use_exporter(agent, exporter, e) < 0)) {
		protect_forget(agent, &change->apply);
	} else if (protect_swap(agent, &change->apply, e) == 0) {
		if (moves)
			exporter_close(&old);
		return 0;
	}
	agent->exporter = old;
	exporter_close(&exporter);
	follow_back(agent, &agent->running.policy, change);
	return -1;
}

/* Everything that can fail is tried before the running policy is given up. When it succeeded, the
 * caller makes *next the running policy and calls finish_change(). */
static int begin_change(struct agent *agent, const struct policy *next, struct changeover *change,
			struct error *e)
{
	memset(change, 0, sizeof(*change));
	if (hooks_check(&agent->hooks, next, e) < 0)
		return -1;
	jobs_slow(&agent->jobs);
	allowed_make(&change->allowed, next);
	if (jobs_quick(&agent->jobs, e) == 0 &&
	    protect_prepare(agent, next, &change->apply, e) == 0 &&
	    swap_over(agent, next, change, e) == 0)
		return 0;
	allowed_free(&change->allowed);
	return -1;
}

static void finish_change(struct agent *agent, struct changeover *change)
{
	agent->behaviour.policy = &agent->running.policy;
	outlets_follow(&agent->outlets, &agent->running.policy);
	hook_events_follow(agent);
	change->apply.policy = NULL; /* it moved */
	protect_finish(agent, &change->apply);
	allowed_free(&change->allowed);
}

/* Makes *next the running policy, or changes nothing. Takes it over when that succeeds;
 * *before (may be NULL) gets what ran. */
static int run_loaded_policy(struct agent *agent, struct loaded_policy *next,
			     struct loaded_policy *before, struct error *e)
{
	auto_loaded_policy struct loaded_policy old = {};
	struct changeover change;

	if (begin_change(agent, &next->policy, &change, e) < 0)
		return -1;
	if (before)
		*before = agent->running;
	else
		old = agent->running;
	agent->running = *next;
	memset(next, 0, sizeof(*next));
	finish_change(agent, &change);
	feeds_follow(&agent->feeds, &agent->running.policy);
	return 0;
}

void use_lists(struct agent *agent, struct policy *next, struct allowed *allowed)
{
	auto_policy struct policy before = agent->running.policy;

	agent->running.policy = *next;
	memset(next, 0, sizeof(*next));
	admission_follow(&agent->admission, &agent->running.policy, NULL);
	connections_follow(&agent->connections, &agent->running.policy, NULL);
	behaviour_follow(&agent->behaviour, &agent->running.policy, allowed, NULL);
}

/* "what was tuned is gone: KEY VALUE, KEY VALUE", or NULL when nothing was. */
static char *tuned_text(const struct loaded_policy *loaded)
{
	char *text = NULL;

	for (size_t i = 0; i < loaded->override_count; i++) {
		auto_free char *before = text;

		text = xasprintf("%s %s %s", before ? before : "tuned values are gone:",
				 loaded->overrides[i].key, loaded->overrides[i].value);
		if (i + 1 < loaded->override_count) {
			auto_free char *item = text;

			text = xasprintf("%s,", item);
		}
	}
	return text;
}

static void settle(struct agent *agent)
{
	loaded_policy_free(&agent->before);
	agent->confirm_by = 0;
}

/* Reads *loaded, from `path` or (NULL) from the text that it has, without the lock. */
static int read_loaded_policy(struct agent *agent, const char *path, bool from_text,
			      struct loaded_policy *loaded, struct error *e)
{
	int done;

	jobs_slow(&agent->jobs);
	done = from_text ? loaded_policy_parse(loaded, e) : loaded_policy_load(path, loaded, e);
	return jobs_quick(&agent->jobs, e) < 0 ? -1 : done;
}

static void reload(void *context, const struct job *job)
{
	auto_loaded_policy struct loaded_policy next = {};
	struct agent *agent = context;
	auto_free char *gone = tuned_text(&agent->running);
	struct error e = {};

	(void)job;
	if (fault_point("reload", &e) < 0 ||
	    read_loaded_policy(agent, agent->options->policy, false, &next, &e) < 0 ||
	    run_loaded_policy(agent, &next, NULL, &e) < 0) {
		agent->reload_failures++;
		snprintf(agent->reload_error, sizeof(agent->reload_error), "%s", e.text);
		say(SAY_ERROR "reload refused, the running policy stays: %s" SAY_FIELDS
			      "event=reload_refused",
		    e.text);
		return;
	}
	agent->reload_error[0] = '\0';
	if (agent->confirm_by)
		say("the reloaded policy replaces the one that waited for `sipward confirm`");
	settle(agent);
	tuned_write(agent);
	say("policy reloaded%s%s" SAY_FIELDS "event=reload generation=%llu", gone ? "; " : "",
	    gone ? gone : "", (unsigned long long)agent->generation);
}

void reload_soon(struct agent *agent)
{
	struct job job = {.run = reload};

	if (!jobs_add(&agent->jobs, &job))
		say(SAY_ERROR "reload refused, the running policy stays: too many jobs wait");
}

int apply_policy(struct agent *agent, struct loaded_policy *next, uint64_t confirm, char **gone,
		 struct error *e)
{
	struct loaded_policy before = {};

	*gone = tuned_text(&agent->running);
	if (fault_point("apply", e) < 0 || run_loaded_policy(agent, next, &before, e) < 0) {
		free(take(*gone));
		return -1;
	}
	/* Of several that nobody confirmed, the way back is to the one before all of them. */
	if (confirm && !agent->confirm_by)
		agent->before = before;
	else
		loaded_policy_free(&before);
	if (!confirm)
		settle(agent);
	else
		agent->confirm_by = monotonic_ns() + confirm;
	tuned_write(agent);
	say("policy %s applied%s%s%s" SAY_FIELDS "event=apply generation=%llu",
	    agent->running.text.name, confirm ? ", until it is confirmed or its time ends" : "",
	    *gone ? "; " : "", *gone ? *gone : "", (unsigned long long)agent->generation);
	return 0;
}

int confirm_policy(struct agent *agent, struct error *e)
{
	if (!agent->confirm_by)
		return fail(e, EXIT_FAILED,
			    "no policy waits for confirmation: there was no "
			    "`sipward apply --confirm`, or its time ended and the policy before it "
			    "runs again");
	if (fault_point("confirm", e) < 0)
		return -1;
	settle(agent);
	say("policy %s confirmed", agent->running.text.name);
	return 0;
}

/* The overrides, sorted into those that stay and those that go. Overrides of keys below `below` go
 * (NULL: none, "": all), and overrides whose time is over at `now`. The arrays are the caller's,
 * the entries still theirs. */
struct sorted {
	struct override *stay, *go;
	size_t stay_count, go_count;
};

static struct sorted sort_overrides(const struct loaded_policy *from, const char *below,
				    uint64_t now)
{
	struct sorted sorted = {};

	for (size_t i = 0; i < from->override_count; i++) {
		const struct override *override = &from->overrides[i];

		if ((override->until && override->until <= now) ||
		    (below && (!*below || key_is_below(override->key, below))))
			append(sorted.go, sorted.go_count, *override);
		else
			append(sorted.stay, sorted.stay_count, *override);
	}
	return sorted;
}

static void sorted_free(struct sorted *sorted)
{
	free(sorted->stay);
	free(sorted->go);
}
#define auto_sorted cleanup(sorted_free)

/* The loaded policy has those that stay from now on. */
static void keep_sorted(struct loaded_policy *loaded, struct sorted *sorted)
{
	for (size_t i = 0; i < sorted->go_count; i++)
		override_free(&sorted->go[i]);
	free(loaded->overrides);
	loaded->overrides = take(sorted->stay);
	loaded->override_count = sorted->stay_count;
}

/* Runs the running policy's text with those that stay, or changes nothing. */
static int run_sorted(struct agent *agent, struct sorted *sorted, struct error *e)
{
	struct policy_text *text = &agent->running.text;
	auto_policy struct policy next = {};
	struct policy before;
	struct changeover change;
	int parsed;

	jobs_slow(&agent->jobs);
	parsed = policy_text_parse(text, sorted->stay, sorted->stay_count, &next, e);
	if (jobs_quick(&agent->jobs, e) < 0 || parsed < 0 ||
	    begin_change(agent, &next, &change, e) < 0)
		return -1;
	before = agent->running.policy;
	agent->running.policy = next;
	next = before; /* and is freed */
	keep_sorted(&agent->running, sorted);
	tuned_write(agent);
	finish_change(agent, &change);
	return 0;
}

/* The whole policy's monitor mode is the one switch for all: a zone's own would do nothing. */
static int check_mode(const struct agent *agent, const struct override *override, struct error *e)
{
	size_t size = strlen(override->key), tail = strlen(".mode");

	if (agent->running.policy.mode != SW_MODE_MONITOR || size <= tail ||
	    strcmp(override->key + size - tail, ".mode") != 0 ||
	    strcmp(override->value, mode_name(SW_MODE_ENFORCE)) != 0)
		return 0;
	return fail(e, EXIT_POLICY,
		    "command line: the policy as a whole is in monitor mode, and "
		    "so is every zone; run: sipward tune mode enforce");
}

int tune(struct agent *agent, struct override *override, uint64_t duration, struct error *e)
{
	auto_sorted struct sorted sorted = sort_overrides(&agent->running, override->key, 0);

	override->until = duration ? monotonic_ns() + duration : 0;
	append(sorted.stay, sorted.stay_count, *override);
	if (check_mode(agent, override, e) < 0 || run_sorted(agent, &sorted, e) < 0)
		return -1;
	say("tuned: %s is %s (%s in the file), %s", override->key, override->value,
	    override->in_file ? override->in_file : "not written",
	    duration ? "for a while" : "until it is reset");
	memset(override, 0, sizeof(*override));
	return 0;
}

static void say_back(const struct sorted *sorted, const char *why)
{
	for (size_t i = 0; i < sorted->go_count; i++) {
		const struct override *gone = &sorted->go[i];

		say("no longer tuned, %s: %s is as in the file again (%s)", why, gone->key,
		    gone->in_file ? gone->in_file : "not written");
	}
}

int tune_reset(struct agent *agent, const char *key, struct error *e)
{
	auto_sorted struct sorted sorted = sort_overrides(&agent->running, key ? key : "", 0);

	if (!sorted.go_count && key)
		return fail(e, EXIT_FAILED, "'%s' is not tuned; `sipward tune` shows tuned values",
			    key);
	if (!sorted.go_count)
		return 0;
	if (run_sorted(agent, &sorted, e) < 0)
		return -1;
	say("no longer tuned%s%s", key ? ": " : ": every key", key ? key : "");
	return 0;
}

static bool is_due(const struct agent *agent, uint64_t now)
{
	bool due = agent->confirm_by && agent->confirm_by <= now;

	for (size_t i = 0; i < agent->running.override_count; i++)
		due |= agent->running.overrides[i].until &&
		       agent->running.overrides[i].until <= now;
	return due;
}

static void end_what_is_due(void *context, const struct job *job)
{
	struct agent *agent = context;
	uint64_t now = monotonic_ns();
	auto_sorted struct sorted sorted = {};
	struct error e = {};

	(void)job;
	if (agent->confirm_by && agent->confirm_by <= now)
		go_back(agent);
	sorted = sort_overrides(&agent->running, NULL, now);
	if (!sorted.go_count)
		return;
	say_back(&sorted, "its time ended");
	if (run_sorted(agent, &sorted, &e) == 0)
		return;
	say(SAY_ERROR "this failed and is tried again in %d s: %s", RETRY_SECONDS, e.text);
	for (size_t i = 0; i < agent->running.override_count; i++) {
		struct override *override = &agent->running.overrides[i];

		if (override->until && override->until <= now)
			override->until = now + RETRY_SECONDS * SW_NS_PER_SEC;
	}
}

void policies_tick(struct agent *agent)
{
	struct job job = {.run = end_what_is_due};

	if (is_due(agent, monotonic_ns()) && !jobs_has(&agent->jobs, end_what_is_due))
		jobs_add(&agent->jobs, &job);
}

void go_back(struct agent *agent)
{
	auto_sorted struct sorted sorted = sort_overrides(&agent->before, NULL, monotonic_ns());
	struct error e = {};

	/* The overrides of the earlier policy come back, but for those whose time is over. */
	keep_sorted(&agent->before, &sorted);
	if (fault_point("go back", &e) < 0 ||
	    read_loaded_policy(agent, NULL, true, &agent->before, &e) < 0 ||
	    run_loaded_policy(agent, &agent->before, NULL, &e) < 0) {
		agent->confirm_by = monotonic_ns() + RETRY_SECONDS * SW_NS_PER_SEC;
		say(SAY_ERROR
		    "policy %s was not confirmed. Restoring %s failed and is tried again in %d s: "
		    "%s",
		    agent->running.text.name, agent->before.text.name, RETRY_SECONDS, e.text);
		return;
	}
	agent->confirm_by = 0;
	tuned_write(agent);
	say(SAY_WARNING "the policy was not confirmed in time: %s runs again",
	    agent->running.text.name);
}
