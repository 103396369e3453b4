/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The policy that runs, and how another one takes its place. What fails here changes nothing. But
 * for policies_tick() and reload_soon() all of it runs in a job: it reads, compiles and loads.
 */
#ifndef SIPWARD_AGENT_POLICIES_H
#define SIPWARD_AGENT_POLICIES_H

#include "policy/text.h"

struct agent;

/* Reads the policy file of the command line again, as a job. */
void reload_soon(struct agent *agent);
/* Runs another policy; with `confirm` nanoseconds (0: for good) goes back after them. What was
 * tuned is gone: *gone gets a text about it, owned by the caller, or NULL. Takes over *next. */
int apply_policy(struct agent *agent, struct loaded_policy *next, uint64_t confirm, char **gone,
		 struct error *e);
int confirm_policy(struct agent *agent, struct error *e);
void go_back(struct agent *agent);

/* Runs the policy with the value in place of its own, for `duration` nanoseconds (0: until it
 * is taken back). Takes over *override. */
int tune(struct agent *agent, struct override *override, uint64_t duration, struct error *e);
/* Takes back what was tuned: a key with all below it, or everything (NULL). */
int tune_reset(struct agent *agent, const char *key, struct error *e);

/* Once a second: what has had its time goes, as a job. */
void policies_tick(struct agent *agent);

#endif
