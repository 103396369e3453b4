/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The object of `status -j` as text: the verdict, then what supports it.
 */
#ifndef SIPWARD_CLI_STATUS_TEXT_H
#define SIPWARD_CLI_STATUS_TEXT_H

#include <json-c/json.h>
#include <stdbool.h>

/* `verbose` adds counts that explain, and what sipward cannot see. */
void print_status(struct json_object *o, bool verbose);

#endif
