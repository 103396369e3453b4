/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Takes over what a feed says now, or keeps what it said before: the tables of the programs that
 * run change entry by entry, and neither limits nor known endpoints notice. The generation stays.
 */
#ifndef SIPWARD_AGENT_FEED_RELOAD_H
#define SIPWARD_AGENT_FEED_RELOAD_H

#include <json-c/json.h>

#include "base/base.h"

struct agent;
struct metrics_list;

/* Some feed was read again: judges it, as a job. `context` is the agent. */
void feeds_found(void *context);

/* Once a second: takes out entries whose time is over, as a job. */
void feeds_end_tick(struct agent *agent);

/* Takes a feed as it is now, however short it is; NULL: all that are kept. *taken gets how many. In
 * a job. */
int feeds_take(struct agent *agent, const char *path, size_t *taken, struct error *e);

/* [{"file", "entries", "ended", "wrong_lines", "wrong", "taken", "age_seconds", "kept"}] */
struct json_object *feeds_json(const struct agent *agent);

/* Likewise for metrics; *lists is owned by the caller. */
size_t feeds_metrics(const struct agent *agent, struct metrics_list **lists);

#endif
