/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/list_text.h"

#include <stdio.h>

#include "base/base.h"
#include "export/json.h"

/* What stands in a file, or in its name, may be what a terminal obeys. Uncut: a reason ends in the
 * command to run. Owned by the caller. */
static char *foreign(const char *text)
{
	return text ? printable_text(text) : NULL;
}

static void print_trouble(struct json_object *o)
{
	struct json_object *wrong = json_object_object_get(o, "wrong");
	auto_free char *kept = foreign(text_of(o, "kept"));
	uint64_t lines = count_of(o, "wrong_lines");

	if (kept)
		printf("    kept as it was: %s\n", kept);
	if (!lines)
		return;
	printf("    %llu line%s left out:\n", (unsigned long long)lines,
	       lines == 1 ? " is" : "s are");
	for (size_t i = 0; i < json_object_array_length(wrong); i++) {
		auto_free char *line =
			foreign(json_object_get_string(json_object_array_get_idx(wrong, i)));

		printf("      %s\n", line ?: "");
	}
}

static void print_list(struct json_object *o)
{
	auto_free char *ended = xasprintf(", of which %s have ended", text_of(o, "ended"));
	auto_free char *file = foreign(text_of(o, "file"));

	printf("  %s: %s entries%s, taken %s ago\n", file ?: "", text_of(o, "entries"),
	       count_of(o, "ended") ? ended : "", spoken(count_of(o, "age_seconds")).text);
	print_trouble(o);
}

void print_lists(struct json_object *lists)
{
	for (size_t i = 0; i < json_object_array_length(lists); i++)
		print_list(json_object_array_get_idx(lists, i));
}

void print_list_trouble(struct json_object *lists)
{
	size_t count = lists ? json_object_array_length(lists) : 0;
	uint64_t entries = 0;

	for (size_t i = 0; i < count; i++)
		entries += count_of(json_object_array_get_idx(lists, i), "entries");
	if (count)
		printf("lists: %zu file%s, %llu entries\n", count, count == 1 ? "" : "s",
		       (unsigned long long)entries);
	for (size_t i = 0; i < count; i++) {
		struct json_object *o = json_object_array_get_idx(lists, i);

		if (text_of(o, "kept") || count_of(o, "wrong_lines"))
			print_list(o);
	}
}
