/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Known endpoints and bans on the disk, as the policy wants: saved, and back after a reboot.
 */
#ifndef SIPWARD_AGENT_SAVED_H
#define SIPWARD_AGENT_SAVED_H

#include <stdint.h>
#include <json-c/json.h>

struct agent;

/* Starts to save: the loop goes on, and no second one starts before it is done. */
void save_state(struct agent *agent);
/* Saves as the agent ends, if that can be done until `end`. */
void save_last(struct agent *agent, uint64_t end);
void save_tick(struct agent *agent);

/* Restores the state from the disk after a reboot, when the kernel has none. Runs at the start, and
 * in a job when that failed: it reads a file, and writes as many entries as the file has. */
void restore_state(struct agent *agent);

struct json_object *saved_json(const struct agent *agent);

#endif
