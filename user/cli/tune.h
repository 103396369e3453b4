/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Prints tuned values.
 */
#ifndef SIPWARD_CLI_TUNE_H
#define SIPWARD_CLI_TUNE_H

#include <json-c/json.h>

/* Prints what is tuned in one line: an entry of the agent's "tuned". */
void print_override(struct json_object *o);

#endif
