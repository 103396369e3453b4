/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/feed_reload.h"

#include <string.h>
#include <time.h>

#include "agent/core.h"
#include "agent/policies.h"
#include "agent/say.h"
#include "base/fault.h"
#include "export/json.h"
#include "export/metrics.h"
#include "kernel/list_change.h"
#include "kernel/memory.h"
#include "policy/feed.h"
#include "policy/lists.h"
#include "policy/parse.h"

/* Entries that end are taken out each second, or less often where that takes long. */
#define SHARE 20

/* A feed as it is now, that is to take the place of what runs. */
struct candidate {
	struct policy_file file;
	bool take;            /* however short it is */
	bool same;            /* it says what runs */
	struct error why;     /* it is not taken */
	struct error passing; /* likewise, and nothing is wrong with itself */
};

struct candidates {
	struct candidate *all;
	size_t count;
};

static void candidates_free(struct candidates *from)
{
	for (size_t i = 0; i < from->count; i++) {
		free(from->all[i].file.path);
		free(from->all[i].file.text);
	}
	free(from->all);
}
#define auto_candidates cleanup(candidates_free)

static struct policy_file *running_file(struct agent *agent, const char *path)
{
	struct policy_text *text = &agent->running.text;

	for (size_t i = 0; i < text->file_count; i++)
		if (strcmp(text->files[i].path, path) == 0)
			return &text->files[i];
	return NULL;
}

static void judge_one(struct agent *agent, struct candidate *one)
{
	const struct policy_file *runs = running_file(agent, one->file.path);
	const struct feed *before = feed_of(&agent->running.policy, one->file.path);
	auto_feed struct feed now = {};

	if (one->why.code)
		return;
	if (!runs || !before) {
		one->same = true; /* of a policy that was replaced meanwhile */
		return;
	}
	one->same = !runs->why && runs->size == one->file.size &&
		    (!runs->size || memcmp(runs->text, one->file.text, runs->size) == 0);
	if (one->same ||
	    feed_examine(&one->file, agent->running.policy.strict, &now, &one->why) < 0)
		return;
	if (!one->take && feed_shrank(before, &now))
		fail(&one->why, EXIT_FAILED,
		     "the file has %zu entries now, where it had %zu; to take it all the same, "
		     "run: sipward lists take %s",
		     now.entries, before->entries, one->file.path);
	else if (runs->why)
		feed_has_place(&one->file, &now, &one->why);
}

static bool is_taken(const struct candidate *one)
{
	return !one->why.code && !one->same;
}

/* The text that runs, with those that are taken in place of what it has. Shares all its texts: only
 * *files is owned by the caller. */
static struct policy_text next_text(struct agent *agent, const struct candidates *from)
{
	struct policy_text next = agent->running.text;

	next.files = NULL;
	next.file_count = 0;
	for (size_t i = 0; i < agent->running.text.file_count; i++) {
		struct policy_file file = agent->running.text.files[i];

		for (size_t j = 0; j < from->count; j++)
			if (is_taken(&from->all[j]) &&
			    strcmp(from->all[j].file.path, file.path) == 0) {
				file.text = from->all[j].file.text;
				file.size = from->all[j].file.size;
				file.why = NULL;
			}
		append(next.files, next.file_count, file);
	}
	return next;
}

/* What a change brings beside the tables of the kernel. */
struct outcome {
	struct policy next;
	struct allowed allowed;
	struct list_change change;
};

static void outcome_free(struct outcome *outcome)
{
	policy_free(&outcome->next);
	allowed_free(&outcome->allowed);
}
#define auto_outcome cleanup(outcome_free)

/* The slow part, without the lock: nobody but a job changes what it reads. */
static int exchange(struct agent *agent, const struct candidates *from, struct outcome *outcome,
		    struct error *e)
{
	struct policy_text text = next_text(agent, from);
	auto_free struct policy_file *owned = text.files;
	const struct loaded_policy *runs = &agent->running;

	if (policy_text_parse(&text, runs->overrides, runs->override_count, &outcome->next, e) < 0)
		return -1;
	if (memory_check(&outcome->next, memory_allowed(&outcome->next), e) < 0 ||
	    fault_point("lists: change the tables", e) < 0)
		return -1;
	allowed_make(&outcome->allowed, &outcome->next);
	return lists_exchange(&agent->state, &runs->policy, &outcome->next, &outcome->change, e);
}

static void adopt(struct agent *agent, struct candidates *from)
{
	for (size_t i = 0; i < from->count; i++) {
		struct policy_file *runs = running_file(agent, from->all[i].file.path);

		if (!is_taken(&from->all[i]) || !runs)
			continue;
		free(runs->text);
		free(take(runs->why));
		runs->text = take(from->all[i].file.text);
		runs->size = from->all[i].file.size;
	}
}

/* Changes the lists that run to what the candidates say, those that are good for it; each of the
 * others has a reason. -1 and *e when nothing was changed, for all of them. */
static int change_lists(struct agent *agent, struct candidates *from, struct list_change *change,
			struct error *e)
{
	auto_outcome struct outcome outcome = {};
	int done = 0, taken = 0;

	jobs_slow(&agent->jobs);
	for (size_t i = 0; i < from->count; i++) {
		judge_one(agent, &from->all[i]);
		taken += is_taken(&from->all[i]);
	}
	if (taken || !from->count)
		done = exchange(agent, from, &outcome, e);
	if (jobs_quick(&agent->jobs, e) < 0 || done < 0)
		return -1;
	if (!taken && from->count)
		return 0;
	*change = outcome.change;
	adopt(agent, from);
	use_lists(agent, &outcome.next, &outcome.allowed);
	return 0;
}

/* Takes over what is good. Where that fails for all together, each is tried alone, so that a good
 * one does not wait for another. Each gets the reason if it is not taken. */
static void change_each(struct agent *agent, struct candidates *from, struct list_change *sum)
{
	struct error e = {};
	size_t taken = 0;

	if (change_lists(agent, from, sum, &e) == 0)
		return;
	*sum = (struct list_change){};
	for (size_t i = 0; i < from->count; i++)
		taken += is_taken(&from->all[i]);
	for (size_t i = 0; i < from->count; i++) {
		struct candidate *one = &from->all[i];
		struct candidates alone = {one, 1};
		struct list_change change = {};

		if (!is_taken(one))
			continue;
		if (taken == 1 || agent->jobs.ending) {
			one->passing = e;
			continue;
		}
		if (change_lists(agent, &alone, &change, &one->passing) < 0)
			continue;
		sum->put += change.put;
		sum->gone += change.gone;
	}
}

static void keep(struct watched *file, const char *why)
{
	if (file->kept && strcmp(file->kept, why) == 0)
		return;
	free(file->kept);
	file->kept = xstrdup(why);
	say("list %s is kept as it was: %s", file->file.path, why);
}

static void tell_taken(struct watched *file, const struct feed *feed)
{
	free(take(file->kept));
	file->taken = time(NULL);
	if (feed->bad)
		say("list %s: %zu entries now; %zu line%s left out, the first: %s", feed->path,
		    feed->entries, feed->bad, feed->bad == 1 ? " is" : "s are", feed->wrong[0]);
	else
		say("list %s: %zu entries now", feed->path, feed->entries);
}

/* Notes for each candidate what came of it. The next look reads again what may be good then. */
static void settle(struct agent *agent, const struct candidates *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct candidate *one = &from->all[i];
		struct watched *file = feeds_find(&agent->feeds, one->file.path);
		const struct feed *feed = feed_of(&agent->running.policy, one->file.path);

		if (!file || !feed)
			continue;
		if (one->why.code) {
			keep(file, one->why.text);
		} else if (one->same) {
			free(take(file->kept));
		} else if (one->passing.code) {
			keep(file, one->passing.text);
			file->seen = (struct file_state){};
		} else {
			tell_taken(file, feed);
		}
	}
}

static struct candidates fresh_files(struct agent *agent)
{
	struct candidates found = {};

	for (size_t i = 0; i < agent->feeds.count; i++) {
		struct watched *file = &agent->feeds.files[i];
		struct candidate one = {.why = file->wrong};

		if (!file->fresh)
			continue;
		one.file.path = xstrdup(file->file.path);
		one.file.text = take(file->file.text);
		one.file.size = file->file.size;
		file->fresh = false;
		file->wrong = (struct error){};
		append(found.all, found.count, one);
	}
	return found;
}

static void reload_feeds(void *context, const struct job *job)
{
	struct agent *agent = context;
	auto_candidates struct candidates found = fresh_files(agent);
	struct list_change change = {};

	(void)job;
	if (!found.count)
		return;
	change_each(agent, &found, &change);
	if (change.put + change.gone)
		say("lists: %zu entries added, %zu removed; the generation stays %llu", change.put,
		    change.gone, (unsigned long long)agent->generation);
	settle(agent, &found);
}

void feeds_found(void *context)
{
	struct agent *agent = context;
	struct job job = {.run = reload_feeds};

	if (!jobs_has(&agent->jobs, reload_feeds))
		jobs_add(&agent->jobs, &job);
}

/* --- entries that end --- */

static bool some_end(const struct policy *policy)
{
	uint64_t now = (uint64_t)time(NULL) * SW_NS_PER_SEC;

	for (size_t i = 0; i < policy->feed_count; i++)
		if (policy->feeds[i].next_end && policy->feeds[i].next_end <= now)
			return true;
	return false;
}

static void end_entries(void *context, const struct job *job)
{
	struct agent *agent = context;
	struct candidates none = {};
	struct list_change change = {};
	uint64_t start = monotonic_ns(), took;
	struct error e = {};

	(void)job;
	if (!some_end(&agent->running.policy))
		return;
	if (change_lists(agent, &none, &change, &e) < 0)
		say("entries whose time is over stay for now: %s", e.text);
	else if (change.gone + change.put)
		say("lists: the time of %zu entries is over", change.gone + change.put);
	took = monotonic_ns() - start;
	agent->feeds_end_at = start + took + (e.code ? 30 * SW_NS_PER_SEC : took * SHARE);
}

void feeds_end_tick(struct agent *agent)
{
	struct job job = {.run = end_entries};

	if (some_end(&agent->running.policy) && monotonic_ns() >= agent->feeds_end_at &&
	    !jobs_has(&agent->jobs, end_entries))
		jobs_add(&agent->jobs, &job);
}

/* --- by hand --- */

static void add_candidate(struct candidates *to, const struct watched *file)
{
	struct candidate one = {.take = true};

	one.file.path = xstrdup(file->file.path);
	append(to->all, to->count, one);
}

static int choose(struct agent *agent, const char *path, struct candidates *to, struct error *e)
{
	const struct watched *file = path ? feeds_find(&agent->feeds, path) : NULL;

	if (path && !file)
		return fail(e, EXIT_FAILED,
			    "%s is no list of the policy; `sipward lists` shows them", path);
	if (file)
		add_candidate(to, file);
	for (size_t i = 0; !path && i < agent->feeds.count; i++)
		if (agent->feeds.files[i].kept)
			add_candidate(to, &agent->feeds.files[i]);
	return 0;
}

int feeds_take(struct agent *agent, const char *path, size_t *taken, struct error *e)
{
	auto_candidates struct candidates from = {};
	struct list_change change = {};
	struct error wrong = {};

	*taken = 0;
	if (choose(agent, path, &from, e) < 0)
		return -1;
	if (!from.count)
		return 0;
	jobs_slow(&agent->jobs);
	for (size_t i = 0; i < from.count; i++)
		list_text_read(&from.all[i].file, &from.all[i].why);
	if (jobs_quick(&agent->jobs, e) < 0)
		return -1;
	change_each(agent, &from, &change);
	settle(agent, &from);
	for (size_t i = 0; i < from.count; i++) {
		const struct candidate *one = &from.all[i];
		const struct error *why = one->why.code ? &one->why : &one->passing;

		if (why->code)
			fail(&wrong, why->code, "%s", why->text);
		else
			++*taken;
	}
	return wrong.code ? fail(e, wrong.code, "%s", wrong.text) : 0;
}

/* --- told --- */

struct json_object *feeds_json(const struct agent *agent)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < agent->feeds.count; i++) {
		const struct watched *file = &agent->feeds.files[i];
		const struct feed *feed = feed_of(&agent->running.policy, file->file.path);
		struct json_object *o, *wrong;
		time_t age = time(NULL) - file->taken;

		if (!feed)
			continue;
		o = json_object_new_object();
		wrong = json_object_new_array();
		json_text(o, "file", feed->path);
		json_count(o, "entries", feed->entries);
		json_count(o, "ended", feed->ended);
		json_count(o, "wrong_lines", feed->bad);
		for (size_t j = 0; j < feed->wrong_count; j++)
			json_object_array_add(wrong, json_string(feed->wrong[j]));
		json_object_object_add(o, "wrong", wrong);
		json_count(o, "taken", file->taken);
		json_count(o, "age_seconds", age > 0 ? age : 0);
		json_text(o, "kept", file->kept);
		json_object_array_add(all, o);
	}
	return all;
}

size_t feeds_metrics(const struct agent *agent, struct metrics_list **lists)
{
	size_t count = 0;

	*lists = NULL;
	for (size_t i = 0; i < agent->feeds.count; i++) {
		const struct watched *file = &agent->feeds.files[i];
		const struct feed *feed = feed_of(&agent->running.policy, file->file.path);
		struct metrics_list one = {.taken = file->taken, .kept = file->kept != NULL};

		if (!feed)
			continue;
		one.file = feed->path;
		one.entries = feed->entries - feed->ended;
		one.wrong = feed->bad;
		append(*lists, count, one);
	}
	return count;
}
