/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Asks the agent, which may be stopped, frozen or hanging: a command never waits for ever.
 */
#ifndef SIPWARD_CLI_ASK_H
#define SIPWARD_CLI_ASK_H

#include <json-c/json.h>

#include "base/base.h"

/* Sends the agent one command, with arguments (taken over) or NULL, and returns its answer,
 * owned by the caller; NULL and *e when no agent runs (EXIT_NOT_RUNNING) or it refused. */
struct json_object *ask_agent(const char *command, struct json_object *args, struct error *e);

#endif
