/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Commands of the control socket.
 */
#ifndef SIPWARD_AGENT_COMMANDS_H
#define SIPWARD_AGENT_COMMANDS_H

#include "agent/control.h"

/* Answers one line. */
bool on_command(void *agent, struct control_client *client, const char *line);
/* The loop's more(): events for those that asked for all that are kept, in parts. */
bool send_events(void *agent);

#endif
