/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What an agent that is gone had tuned: the data path keeps it until the next one starts.
 */
#ifndef SIPWARD_AGENT_TUNED_H
#define SIPWARD_AGENT_TUNED_H

#include <json-c/json.h>

/* [{"key", "now", "file", "seconds_left"}], owned by the caller; NULL when there is nothing. */
struct json_object *tuned_left(void);

#endif
