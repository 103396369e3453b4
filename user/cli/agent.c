/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/control.h"
#include "cli/cli.h"
#include "export/json.h"

const char *text_of(struct json_object *o, const char *key)
{
	return json_object_get_string(json_object_object_get(o, key));
}

struct json_object *ask_agent(const char *command, struct json_object *args, struct error *e)
{
	auto_json struct json_object *owned = args, *answer = NULL;
	auto_free char *line = NULL, *reply = NULL;
	auto_file FILE *stream = NULL;
	size_t size = 0;
	ssize_t got;

	line = xasprintf("%s%s%s", command, args ? " " : "",
			 args ? json_object_to_json_string_ext(args, JSON_STYLE) : "");
	stream = control_ask(line, e);
	if (!stream)
		return NULL;
	/* Empty lines: it is at work. */
	do
		got = getline(&reply, &size, stream);
	while (got == 1 && reply[0] == '\n');
	if (got <= 0 || !(answer = json_tokener_parse(reply))) {
		fail(e, EXIT_FAILED, "the agent went away without an answer; its log says why");
		return NULL;
	}
	if (text_of(answer, "error")) {
		fail(e, json_object_get_int(json_object_object_get(answer, "code")), "%s",
		     text_of(answer, "error"));
		return NULL;
	}
	return take(answer);
}
