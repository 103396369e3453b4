/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The policy that runs, and how another one takes its place. A failure here changes nothing. All
 * functions but policies_tick() and reload_soon() run in a job, because they read, compile and
 * load.
 */
#ifndef SIPWARD_AGENT_POLICIES_H
#define SIPWARD_AGENT_POLICIES_H

#include "policy/text.h"

struct agent;
struct allowed;

/* Reads the policy file of the command line again, as a job. */
void reload_soon(struct agent *agent);
/* Runs another policy; with `confirm` nanoseconds (0: for good) goes back after them. All overrides
 * are gone after it: *gone gets a text about them, owned by the caller, or NULL. Takes over
 * *next. */
int apply_policy(struct agent *agent, struct loaded_policy *next, uint64_t confirm, char **gone,
		 struct error *e);
int confirm_policy(struct agent *agent, struct error *e);
void go_back(struct agent *agent);

/* Runs the policy with the value in place of its own, for `duration` nanoseconds (0: until it
 * is taken back). Takes over *override. */
int tune(struct agent *agent, struct override *override, uint64_t duration, struct error *e);
/* Takes back overrides: of a key and all keys below it, or all (NULL). */
int tune_reset(struct agent *agent, const char *key, struct error *e);

/* Makes *next, which has other lists and else nothing new, the running policy; the tables of the
 * kernel have them already. Takes over *next and *allowed. */
void use_lists(struct agent *agent, struct policy *next, struct allowed *allowed);

/* Once a second: takes back overrides whose time is over, as a job. */
void policies_tick(struct agent *agent);

#endif
