/* SPDX-License-Identifier: GPL-2.0-only
 *
 * When hooks are called: bans that begin and end, attacks that begin and end.
 */
#ifndef SIPWARD_AGENT_HOOK_EVENTS_H
#define SIPWARD_AGENT_HOOK_EVENTS_H

#include "agent/announced.h"
#include "agent/attack_watch.h"
#include "agent/hook_caller.h"

struct agent;

struct hook_events {
	struct announced announced;
	bool announces; /* the policy has a hook for ends of bans */
	struct attack_watch attack;
	struct sw_policy *policy; /* of the programs; NULL: not read yet */
	uint64_t generation;      /* of it */
};

/* At a start, and after each change of the policy. */
void hook_events_follow(struct agent *agent);
void hook_events_free(struct hook_events *events);

/* A ban for behaviour was made. */
void hook_events_ban(struct agent *agent, const struct sw_event *event,
		     const struct ban_order *order, const struct sw_ban *made);

/* Once a second. */
void hook_events_tick(struct agent *agent);

#endif
