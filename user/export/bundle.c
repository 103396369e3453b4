/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/bundle.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "export/json.h"
#include "kernel/paths.h"

#define BUNDLE_MAX (256u << 20)

static struct json_object *text_json(const char *octets, size_t size)
{
	return json_object_new_string_len(octets, size);
}

static struct json_object *bundle_json(const struct policy_text *text)
{
	struct json_object *o = json_object_new_object();
	struct json_object *files = json_object_new_array();

	/* Between a command and the agent paths stay as they are, octet by octet. */
	json_object_object_add(o, "name", json_object_new_string(text->name));
	if (text->directory)
		json_object_object_add(o, "directory", json_object_new_string(text->directory));
	json_object_object_add(o, "text", text_json(text->text, text->size));
	json_object_object_add(o, "files", files);
	for (size_t i = 0; i < text->file_count; i++) {
		const struct policy_file *file = &text->files[i];
		struct json_object *entry = json_object_new_object();

		json_object_object_add(entry, "path", json_object_new_string(file->path));
		json_object_object_add(entry, "text", text_json(file->text, file->size));
		json_object_array_add(files, entry);
	}
	return o;
}

int bundle_write(const struct policy_text *text, char path[PATH_MAX], struct error *e)
{
	auto_json struct json_object *o = bundle_json(text);
	auto_fd int fd = -1;

	snprintf(path, PATH_MAX, "%s/policy.XXXXXX", run_dir());
	fd = mkstemp(path);
	if (fd < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be written: %s", path, strerror(errno));
	if (json_object_to_fd(fd, o, JSON_STYLE) < 0) {
		unlink(path);
		return fail(e, EXIT_FAILED, "%s: cannot be written: %s", path, strerror(errno));
	}
	return 0;
}

/* The octets of a string, owned by the caller. */
static char *octets_of(struct json_object *o, const char *key, size_t *size)
{
	struct json_object *text = json_object_object_get(o, key);
	char *octets;

	*size = text ? json_object_get_string_len(text) : 0;
	octets = xcalloc(1, *size + 1);
	if (*size)
		memcpy(octets, json_object_get_string(text), *size);
	return octets;
}

static void read_files(struct json_object *files, struct policy_text *text)
{
	for (size_t i = 0; files && i < json_object_array_length(files); i++) {
		struct json_object *entry = json_object_array_get_idx(files, i);
		struct policy_file file = {};
		size_t ignored;

		file.path = octets_of(entry, "path", &ignored);
		file.text = octets_of(entry, "text", &file.size);
		append(text->files, text->file_count, file);
	}
}

int bundle_read(const char *path, struct policy_text *text, struct error *e)
{
	auto_free char *octets = read_whole_file(path, BUNDLE_MAX, NULL, e);
	auto_json struct json_object *o = octets ? json_tokener_parse(octets) : NULL;
	struct json_object *files = json_object_object_get(o, "files");
	size_t ignored;

	memset(text, 0, sizeof(*text));
	if (!octets)
		return -1;
	if (!json_object_object_get(o, "name") || !json_object_object_get(o, "text") ||
	    !json_object_is_type(files, json_type_array))
		return fail(e, EXIT_FAILED, "%s: is not a policy from a command", path);
	text->name = octets_of(o, "name", &ignored);
	if (json_object_object_get(o, "directory"))
		text->directory = octets_of(o, "directory", &ignored);
	text->text = octets_of(o, "text", &text->size);
	read_files(files, text);
	return 0;
}
