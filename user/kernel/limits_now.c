/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/limits_now.h"

#include <bpf/bpf.h>
#include <string.h>

#include "kernel/state_values.h"
#include "kernel/walk.h"
#include "lib/gcra.h"
#include "policy/names.h"

/* As gcra_admit() reads the cell. */
unsigned int limit_percent(const struct sw_limit *limit, uint64_t cell, uint64_t now, bool *refuses)
{
	uint64_t burst = limit->tolerance + limit->interval;
	uint64_t ahead = (int64_t)(cell - now) > 0 ? cell - now : 0;

	*refuses = false;
	if (!limit->interval || ahead > burst + GCRA_SKEW)
		return 0;
	*refuses = ahead > limit->tolerance;
	return ahead >= burst ? 100 : (unsigned int)((double)ahead * 100 / (double)burst);
}

/* Where the limits of one zone or service go. */
struct near {
	struct limit_now *limits;
	size_t count;
	uint64_t now;
	const char *of; /* the zone's name */
};

static void add(struct near *near, const struct sw_limit *limit, uint64_t cell, const char *key,
		bool newcomers)
{
	struct limit_now one = {.newcomers = newcomers};

	one.percent = limit_percent(limit, cell, near->now, &one.refuses);
	if (one.percent < LIMIT_NEAR && !one.refuses)
		return;
	snprintf(one.name, sizeof(one.name), "%s.%s", near->of, key);
	append(near->limits, near->count, one);
}

static void add_percent(struct near *near, unsigned int percent, bool refuses, const char *key)
{
	struct limit_now one = {.percent = percent, .refuses = refuses};

	if (percent < LIMIT_NEAR && !refuses)
		return;
	snprintf(one.name, sizeof(one.name), "%s.%s", near->of, key);
	append(near->limits, near->count, one);
}

static void add_zone(const struct state *state, const struct sw_zone *zone, uint32_t number,
		     struct near *near)
{
	struct sw_zone_cell cell = {};
	struct sw_ceilings ceilings = {};
	char name[SW_NAME_MAX];

	bpf_map_lookup_elem(state->fds[STATE_ZONE_CELLS], &number, &cell);
	bpf_map_lookup_elem(state->fds[STATE_CEILINGS], &number, &ceilings);
	near->of = state_zone_name(state, number, name);
	add(near, &zone->zone_limit, cell.tat[SW_ZONE_ALL], "rates.zone", false);
	add(near, &zone->newcomers, cell.tat[SW_ZONE_NEWCOMERS], "newcomers.rate",
	    zone->greylist != SW_GREYLIST_OFF);
	add(near, &zone->cleartext, cell.tat[SW_ZONE_CLEARTEXT], "cleartext", false);
	for (int i = 0; i < SW_UNPROVEN_COUNT; i++) {
		auto_free char *key = xasprintf("unproven.%s", unproven_words[i]);

		add(near, &zone->unproven[i], ceilings.first[i], key, false);
	}
}

/* The called numbers of all zones that are nearest to their limit. */
struct callees {
	const struct sw_policy *policy;
	uint64_t now;
	unsigned int percent[SW_ZONES_MAX];
	bool refuses[SW_ZONES_MAX];
};

static bool add_callee_line(const void *key, void *value, void *context)
{
	const struct sw_callee_line *line = value;
	struct callees *callees = context;

	(void)key;
	for (int i = 0; i < SW_WAYS; i++) {
		uint32_t zone = SW_CALLEE_ZONE(line->tags[i]);
		bool refuses;
		unsigned int percent = limit_percent(&callees->policy->zones[zone].callee_limit,
						     line->tat[i], callees->now, &refuses);

		if (percent > callees->percent[zone])
			callees->percent[zone] = percent;
		callees->refuses[zone] |= refuses;
	}
	return true;
}

static void add_callees(const struct state *state, const struct sw_policy *policy,
			struct near *near)
{
	struct callees callees = {.policy = policy, .now = near->now};
	char name[SW_NAME_MAX];

	if (!policy->have_callee_limits ||
	    map_walk(state->fds[STATE_CALLEES], add_callee_line, &callees, NULL) < 0)
		return;
	for (uint32_t i = 0; i < SW_ZONES_MAX; i++) {
		near->of = state_zone_name(state, i, name);
		add_percent(near, callees.percent[i], callees.refuses[i], "rates.callee");
	}
}

static void add_service(const struct state *state, const struct sw_service *service,
			uint32_t number, struct near *near)
{
	struct sw_zone_cell cell = {};
	char name[32];

	bpf_map_lookup_elem(state->fds[STATE_SERVICE_CELLS], &number, &cell);
	snprintf(name, sizeof(name), "%s/%u", transport_name(service->transport),
		 service->port_first);
	near->of = name;
	add(near, &service->limit, cell.tat[SW_ZONE_ALL], "rate", false);
}

static int by_percent(const void *a, const void *b)
{
	const struct limit_now *x = a, *y = b;

	return (int)y->percent - (int)x->percent;
}

void limits_near(const struct state *state, const struct sw_policy *policy, uint64_t now,
		 struct limit_now **limits, size_t *count)
{
	struct near near = {.now = now};

	for (uint32_t i = 0; i < SW_ZONES_MAX; i++)
		if (policy->zones[i].methods)
			add_zone(state, &policy->zones[i], i, &near);
	add_callees(state, policy, &near);
	for (uint32_t i = 0; i < policy->service_count; i++)
		add_service(state, &policy->services[i], i, &near);
	if (near.count)
		qsort(near.limits, near.count, sizeof(*near.limits), by_percent);
	*limits = near.limits;
	*count = near.count;
}
