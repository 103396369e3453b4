/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A ban as JSON, for the commands that show some.
 */
#ifndef SIPWARD_CLI_BAN_H
#define SIPWARD_CLI_BAN_H

#include <json-c/json.h>

#include "kernel/bans.h"

/* Owned by the caller. */
struct json_object *ban_json(const struct ban_entry *entry);

#endif
