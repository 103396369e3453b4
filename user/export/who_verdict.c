/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/who_verdict.h"

#include <inttypes.h>
#include <string.h>

#include "export/json.h"
#include "policy/names.h"

char *seconds_text(struct json_object *o)
{
	if (!text_of(o, "seconds_left"))
		return xstrdup("until it is removed");
	return xasprintf("%s left", spoken(count_of(o, "seconds_left")).text);
}

/* As one word of a shell; NULL when it cannot be typed. A backslash may stand for an octet that is
 * not shown. */
char *shell_word(const char *text)
{
	if (!is_printable(text) || strpbrk(text, "'\\"))
		return NULL;
	if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._")])
		return xasprintf("'%s'", text);
	return xstrdup(text);
}

const char *reason_text_of(const char *reason)
{
	int number = reason ? reason_by_name(reason) : -1;

	return number < 0 ? "banned" : reason_text(number);
}

bool is_only_counted(struct json_object *facts, const char *reason)
{
	struct json_object *all = json_object_object_get(facts, "only_counted");

	for (size_t i = 0; all && i < json_object_array_length(all); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(all, i)), reason) == 0)
			return true;
	return false;
}

/* What a command of this kind changes holds for other sources, too. */
static bool is_for_all(const char *command)
{
	return command && strncmp(command, "sipward tune ", strlen("sipward tune ")) == 0;
}

/* Takes both texts over. A rule that is in shadow keeps nobody out. */
struct json_object *add_cause(struct verdict *v, const char *reason, char *text, char *command,
			      bool waits)
{
	struct json_object *o = NULL;

	if (!is_only_counted(v->facts, reason)) {
		o = json_object_new_object();
		json_text(o, "reason", reason);
		json_text(o, "text", text);
		json_text(o, "command", command);
		json_flag(o, "all_sources", is_for_all(command));
		json_flag(o, "waits", waits);
		json_object_array_add(v->causes, o);
	}
	free(text);
	free(command);
	return o;
}

bool is_in(struct json_object *facts, const char *what)
{
	return json_object_object_get(facts, what) != NULL;
}

bool has_cause(const struct verdict *v, const char *reason)
{
	for (size_t i = 0; i < json_object_array_length(v->causes); i++)
		if (strcmp(text_of(json_object_array_get_idx(v->causes, i), "reason"), reason) == 0)
			return true;
	return false;
}

/* The best endpoint, of the port that was asked for or of any. */
enum known known_as(struct json_object *facts)
{
	struct json_object *all = json_object_object_get(facts, "known");
	enum known known = KNOWN_NOT;

	for (size_t i = 0; i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);
		const char *grade = text_of(o, "grade");

		if (json_object_get_boolean(json_object_object_get(o, "forgotten")))
			continue;
		if (grade && strcmp(grade, "good") == 0)
			return KNOWN_GOOD;
		known = KNOWN_PROVED;
	}
	return known;
}

struct json_object *limit_of(const struct verdict *v, const char *reason)
{
	struct json_object *all = json_object_object_get(v->facts, "limits");

	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);

		if (strcmp(text_of(o, "reason"), reason) == 0)
			return o;
	}
	return NULL;
}
