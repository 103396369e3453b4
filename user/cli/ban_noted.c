/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/ban_noted.h"

#include "cli/ban_many.h"
#include "cli/options.h"
#include "cli/question.h"
#include "export/json.h"
#include "kernel/ban_notes.h"

static void print_removed(size_t removed, size_t absent, bool json)
{
	auto_json struct json_object *o = json_object_new_object();

	json_count(o, "removed", removed);
	json_count(o, "absent", absent);
	if (json) {
		print_json(o);
		return;
	}
	printf("%zu ban%s removed\n", removed, removed == 1 ? " is" : "s are");
	if (absent)
		printf("%zu left out: not banned with this note\n", absent);
}

int ban_noted_del(const struct state *state, const struct ban_lines *lines, const char *note,
		  bool skip, bool json, struct error *e)
{
	size_t removed = 0;

	if (many_wrong(lines, skip, e) < 0)
		return -1;
	for (size_t i = 0; i < lines->count; i++) {
		bool found;

		if (ban_del_noted(state, &lines->items[i].source, note, &found, e) < 0)
			return -1;
		removed += found;
	}
	print_removed(removed, lines->count - removed, json);
	return 0;
}

int ban_noted_flush(const struct state *state, const char *note, bool yes, bool json,
		    struct error *e)
{
	auto_free char *what = NULL;
	size_t count;

	if (ban_count_noted(state, note, &count, e) < 0)
		return -1;
	what = xasprintf("this removes %zu ban%s with the note '%s'", count, count == 1 ? "" : "s",
			 printable(note).text);
	if (go_on(yes || !count, what, "ban flush", e) < 0 ||
	    (count && ban_flush_noted(state, note, &count, e) < 0))
		return -1;
	print_removed(count, 0, json);
	return 0;
}
