/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The overrides (`sipward tune`): those of this agent, and those of an agent that is gone. The data
 * path keeps the latter until the next agent starts.
 */
#ifndef SIPWARD_AGENT_TUNED_H
#define SIPWARD_AGENT_TUNED_H

#include <json-c/json.h>

struct agent;

/* Tuned values, as status shows them; owned by the caller. */
struct json_object *tuned_json(const struct agent *agent);
/* Keeps RUN_DIR/tuned, from which it is known after a crash. */
void tuned_write(const struct agent *agent);
void tuned_forget(void);
/* Says what the agent before this one had tuned, which has just gone. */
void tuned_left_over(void);

/* [{"key", "now", "file", "seconds_left"}], owned by the caller; NULL when there is nothing. */
struct json_object *tuned_left(void);

#endif
