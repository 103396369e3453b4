/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The overrides, for a client that asks, and on the disk for the time after a crash: the data path
 * keeps a tuned policy until the next agent starts, and that agent has to tell about it.
 */
#include "agent/tuned.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "agent/core.h"
#include "agent/say.h"
#include "base/fault.h"
#include "export/json.h"
#include "kernel/paths.h"

static void tuned_path(char path[PATH_MAX], const char *tail)
{
	snprintf(path, PATH_MAX, "%s/tuned%s", run_dir(), tail);
}

/* Rounded up: 0 when it is over. */
static uint64_t seconds_until(uint64_t end, uint64_t now)
{
	return end > now ? (end - now + SW_NS_PER_SEC - 1) / SW_NS_PER_SEC : 0;
}

struct json_object *tuned_json(const struct agent *agent)
{
	struct json_object *all = json_object_new_array();
	uint64_t now = monotonic_ns();

	for (size_t i = 0; i < agent->running.override_count; i++) {
		const struct override *override = &agent->running.overrides[i];
		struct json_object *o = json_object_new_object();

		json_text(o, "key", override->key);
		json_text(o, "file", override->in_file);
		json_text(o, "now", override->value);
		if (override->until)
			json_count(o, "seconds_left", seconds_until(override->until, now));
		else
			json_object_object_add(o, "seconds_left", NULL);
		json_object_array_add(all, o);
	}
	return all;
}

void tuned_write(const struct agent *agent)
{
	auto_json struct json_object *all = tuned_json(agent);
	char path[PATH_MAX], fresh[PATH_MAX];
	int written;

	fault_point("note what is tuned", NULL);
	tuned_path(path, "");
	tuned_path(fresh, ".new");
	if (!agent->running.override_count) {
		unlink(path);
		return;
	}
	written = json_object_to_file_ext(fresh, all, JSON_STYLE);
	if (written < 0 || fault_point("rename the note", NULL) < 0 || rename(fresh, path) < 0)
		say(SAY_WARNING
		    "%s: cannot be written, so after a crash the tuned values would be unknown: %s",
		    path, strerror(errno));
}

void tuned_forget(void)
{
	char path[PATH_MAX];

	tuned_path(path, "");
	unlink(path);
}

struct json_object *tuned_left(void)
{
	auto_json struct json_object *all = NULL;
	char path[PATH_MAX];

	tuned_path(path, "");
	if (access(path, F_OK) == 0)
		all = json_object_from_file(path);
	return json_object_is_type(all, json_type_array) ? take(all) : NULL;
}

void tuned_left_over(void)
{
	auto_json struct json_object *all = tuned_left();

	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);
		const char *file = text_of(o, "file");

		say("%s, tuned to %s under the agent before this one, is as in the file again (%s)",
		    text_of(o, "key"), text_of(o, "now"), file ? file : "not written");
	}
	tuned_forget();
}
