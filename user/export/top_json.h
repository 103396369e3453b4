/* SPDX-License-Identifier: GPL-2.0-only
 *
 * All views of `sipward top` as JSON.
 */
#ifndef SIPWARD_EXPORT_TOP_JSON_H
#define SIPWARD_EXPORT_TOP_JSON_H

#include <json-c/json.h>

#include "export/top.h"

struct json_object *top_json(const struct top *top);

#endif
