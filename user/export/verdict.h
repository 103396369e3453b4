/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The answer to "is this host protected?", out of what `sipward status` found. Knows JSON only.
 */
#ifndef SIPWARD_EXPORT_VERDICT_H
#define SIPWARD_EXPORT_VERDICT_H

#include <json-c/json.h>

#include "base/base.h"

enum verdict { VERDICT_PROTECTED, VERDICT_MONITORING, VERDICT_DEGRADED, VERDICT_NOT_PROTECTED };

/* Adds "verdict" ("protected", "monitoring", "degraded", "not_protected") and "why", an array of
 * texts, to the object of `status -j`. */
enum verdict verdict_add(struct json_object *o);

/* The first line of `status`, owned by the caller. */
char *verdict_line(struct json_object *o);

/* The exit code of `status`: 0, 0, 1, 6 in the order of the enum. */
enum exit_code verdict_code(enum verdict verdict);

#endif
