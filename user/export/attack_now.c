/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/attack_now.h"

#include <string.h>

#include "export/json.h"
#include "kernel/state_values.h"

const char *const attack_words[ATTACK_STATES + 1] = {
	[ATTACK_CALM] = "calm",
	[ATTACK_LIMITING] = "limiting",
	[ATTACK_GREYLIST] = "greylist",
};

/* A limit under a flood is never far from spent, but lets a packet through now and then: whether
 * it refuses at this very moment is chance. One that is not reached drains. */
#define SPENT 90 /* percent */

static bool is_spent(const struct limit_now *limit)
{
	return limit->refuses || limit->percent >= SPENT;
}

void attack_look(const struct state *state, const struct sw_policy *policy, uint64_t now,
		 struct attack_now *attack)
{
	struct sw_health health = {};
	bool greylist, limiting = false;

	memset(attack, 0, sizeof(*attack));
	state_health_read(state, &health);
	greylist = health.pressure_until > now;
	if (policy)
		limits_near(state, policy, now, &attack->limits, &attack->count);
	for (size_t i = 0; i < attack->count; i++) {
		greylist |= is_spent(&attack->limits[i]) && attack->limits[i].newcomers;
		limiting |= is_spent(&attack->limits[i]);
	}
	attack->state = greylist ? ATTACK_GREYLIST : limiting ? ATTACK_LIMITING : ATTACK_CALM;
}

void attack_now_free(struct attack_now *attack)
{
	free(attack->limits);
	memset(attack, 0, sizeof(*attack));
}

void attack_now_json(const struct attack_now *attack, struct json_object *o)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < attack->count; i++) {
		const struct limit_now *limit = &attack->limits[i];
		struct json_object *one = json_object_new_object();

		json_text(one, "limit", limit->name);
		json_count(one, "percent", limit->percent);
		json_flag(one, "refuses", limit->refuses);
		json_object_array_add(all, one);
	}
	json_object_object_add(o, "limits_near", all);
	json_text(o, "attack", attack_words[attack->state]);
}
