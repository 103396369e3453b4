/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/upkeep.h"

#include "agent/say.h"

#include <string.h>

#include "kernel/known.h"
#include "kernel/penalties.h"
#include "kernel/share.h"
#include "kernel/state_values.h"

/* Bans are swept, and so counted, every second; a table that takes long is swept less often, so
 * that it takes no more than a small part of a processor. Known endpoints need it each minute. */
#define BANS_EVERY  (1 * SW_NS_PER_SEC)
#define KNOWN_EVERY (60 * SW_NS_PER_SEC)
#define CALLS_EVERY (10 * SW_NS_PER_SEC)
#define SHARE       20

static int sweep(struct upkeep_job *job, struct error *e)
{
	uint64_t now = monotonic_ns(), idle = job->known_for;

	if (job->bans) {
		if (ban_sweep_counts(&job->state, &job->counts, e) < 0)
			return -1;
		job->counted = true;
	}
	if (job->behaviour && (penalty_sweep(&job->state, now, e) < 0 ||
			       good_sweep(&job->state, now > idle ? now - idle : 0, e) < 0))
		return -1;
	if (job->calls && calls_sweep(&job->state, &job->calls_over, now, e) < 0)
		return -1;
	return job->known && known_sweep(&job->state, job->known_for, e) < 0 ? -1 : 0;
}

static void run(void *context)
{
	struct upkeep *u = context;

	uint64_t start = worker_processor_ns();

	sweep(&u->job, &u->job.error);
	u->job.took = worker_processor_ns() - start;
}

static uint64_t next(const struct upkeep_job *job, uint64_t every)
{
	uint64_t rest = job->took * SHARE;

	return monotonic_ns() + (rest > every ? rest : every);
}

static void done(void *context)
{
	struct upkeep *u = context;

	state_close(&u->job.state);
	if (u->job.counted) {
		u->counted = true;
		u->counts = u->job.counts;
	}
	if (atomic_load(&u->worker.hurry)) /* it did not come to its end */
		return;
	say_once(u->say, u->trouble, sizeof(u->trouble), u->job.error.text);
	u->bans_at = next(&u->job, BANS_EVERY);
	if (u->job.known)
		u->known_at = next(&u->job, KNOWN_EVERY);
	if (u->job.calls)
		u->calls_at = next(&u->job, CALLS_EVERY);
}

int upkeep_open(struct upkeep *u, struct loop *loop, struct error *e)
{
	u->known_at = monotonic_ns() + KNOWN_EVERY;
	return worker_open(&u->worker, loop, "sipward-upkeep", e);
}

void upkeep_close(struct upkeep *u)
{
	worker_close(&u->worker);
	if (!u->worker.busy)
		state_close(&u->job.state);
}

/* When calls of each zone are over. Those that are older than the observer may have ended unseen;
 * those of a zone that does not count calls any more matter to nobody. */
static bool calls_are_over(const struct state *state, const struct policy *policy, uint64_t now,
			   struct calls_over *over)
{
	struct sw_health health = {};
	bool any = false;

	state_health_read(state, &health);
	for (uint32_t number = 0; number < SW_ZONES_MAX; number++) {
		const struct zone *zone = state_zone(state, policy, number);

		over->before[number] = UINT64_MAX;
		if (!zone || !(zone->calls.source || zone->calls.zone))
			continue;
		any = true;
		over->before[number] = now > zone->calls.forget ? now - zone->calls.forget : 0;
		if (over->before[number] < health.observed_from)
			over->before[number] = health.observed_from;
	}
	return any;
}

void upkeep_tick(struct upkeep *u, const struct policy *policy)
{
	static const enum state_map maps[] = {
		STATE_BANS,       STATE_KNOWN,       STATE_KNOWN_CELLS, STATE_QUOTAS,
		STATE_KNOWN_FILL, STATE_TALLIES,     STATE_PENALTIES,   STATE_AUTHENTICATED,
		STATE_CALLS,      STATE_CALL_COUNTS, STATE_CALLS_AGED,
	};
	struct upkeep_job job = {.known_for = policy->known_for};
	uint64_t now = monotonic_ns();

	if (!u->worker.open || u->worker.busy || u->paused ||
	    (now < u->bans_at && now < u->known_at && now < u->calls_at))
		return;
	job.bans = now >= u->bans_at;
	job.calls = now >= u->calls_at && calls_are_over(u->state, policy, now, &job.calls_over);
	if (now >= u->calls_at && !job.calls)
		u->calls_at = now + CALLS_EVERY;
	for (size_t i = 0; i < policy->zone_count; i++) {
		job.behaviour |= job.bans && policy->zones[i].bans.set;
		job.known |= now >= u->known_at && policy->zones[i].newcomers.set;
	}
	if (now >= u->known_at && !job.known)
		u->known_at = now + KNOWN_EVERY;
	state_share(&job.state, u->state, maps, array_size(maps));
	u->job = job;
	worker_start(&u->worker, run, done, u);
}

void upkeep_pause(struct upkeep *u)
{
	u->paused = true;
	worker_hurry(&u->worker, UINT64_MAX / 2);
}

void upkeep_resume(struct upkeep *u)
{
	u->paused = false;
}
