/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The agent's side of the hooks. A process that is made before the agent is confined runs the
 * operator's programs (export/hook_runner.h): the agent may run none afterwards. It knows the
 * programs by their numbers alone, so that nobody who takes the agent over can run others.
 */
#ifndef SIPWARD_AGENT_HOOK_CALLER_H
#define SIPWARD_AGENT_HOOK_CALLER_H

#include <json-c/json.h>

#include "agent/loop.h"
#include "export/metrics.h"
#include "policy/model.h"

struct hook_caller {
	struct loop *loop;
	void (*say)(const char *text);
	int channel;                /* -1: there is no process */
	pid_t pid;                  /* 0: there was none, or its end was noticed */
	bool made;                  /* there was one */
	char *programs[HOOK_COUNT]; /* that it was started with */
	char user[33];              /* likewise: the name of the user that they run as */
	struct hook_counts counts[HOOK_COUNT];
	unsigned int in_flight;     /* calls that were sent and not reported yet */
	uint64_t heard_at;          /* monotonic ns: of the last report, or the first call after */
	char said[HOOK_COUNT][256]; /* the last failure */
};

/* Makes the process, when the policy names a program; called before the agent is confined. Refuses
 * programs that others may write. */
int hooks_open(struct hook_caller *hooks, const struct policy *policy, struct error *e);
void hooks_close(struct hook_caller *hooks);

/* Once a second: notices that the process has ended. */
void hooks_tick(struct hook_caller *hooks);

/* Refuses a policy that names a program, or for its programs a user, that the process was not
 * started with. */
int hooks_check(const struct hook_caller *hooks, const struct policy *policy, struct error *e);

/* True when the policy has a program for it. */
bool hooks_wanted(const struct policy *policy, enum hook hook);

/* Runs the program of the policy, if it has one, with the object as its standard input. False when
 * the end of a ban has to wait, since too many hooks wait already: the caller tries again. Any
 * other hook is left out then, and counted. */
bool hooks_call(struct hook_caller *hooks, const struct policy *policy, enum hook hook,
		struct json_object *o);

/* For status: "hooks", null when there is no process and was none. */
struct json_object *hooks_json(const struct hook_caller *hooks);

#endif
