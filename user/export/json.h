/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Short words for JSON: for the output of every command with -j, and for the answers of the agent.
 */
#ifndef SIPWARD_EXPORT_JSON_H
#define SIPWARD_EXPORT_JSON_H

#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"

/* JSON is UTF-8, and is looked at on terminals: a text of somebody else is made harmless. Line
 * ends stay, since JSON escapes them. */
static inline struct json_object *json_string(const char *value)
{
	struct json_object *o;
	char *text;

	if (is_printable(value))
		return json_object_new_string(value);
	text = printable_lines(value);
	o = json_object_new_string(text);
	free(text);
	return o;
}

static inline void json_text(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, value ? json_string(value) : NULL);
}

static inline void json_count(struct json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, json_object_new_uint64(value));
}

static inline void json_flag(struct json_object *o, const char *key, int value)
{
	json_object_object_add(o, key, json_object_new_boolean(value));
}

/* The text of a member; NULL when it is null or missing. */
static inline const char *text_of(struct json_object *o, const char *key)
{
	return json_object_get_string(json_object_object_get(o, key));
}

/* Likewise a number; 0 when it is null or missing. */
static inline uint64_t count_of(struct json_object *o, const char *key)
{
	return json_object_get_uint64(json_object_object_get(o, key));
}

static inline void json_release(struct json_object **o)
{
	json_object_put(*o);
	*o = NULL;
}
#define auto_json __attribute__((__cleanup__(json_release)))

#define JSON_STYLE (JSON_C_TO_STRING_NOSLASHESCAPE)

#endif
