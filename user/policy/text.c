/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/text.h"

#include <string.h>

#include "policy/limits.h"
#include "policy/parse.h"

/* embedded.S */
extern const char embedded_policy[] __attribute__((visibility("hidden")));
extern const char embedded_policy_end[] __attribute__((visibility("hidden")));

void policy_text_copy(const char *name, const char *octets, size_t size, struct policy_text *text)
{
	memset(text, 0, sizeof(*text));
	text->name = xstrdup(name);
	text->text = xcalloc(1, size + 1);
	text->size = size;
	if (size)
		memcpy(text->text, octets, size);
}

/* True for the pipe that a shell makes of <(COMMAND), and for standard input. The list files of
 * such a policy are looked for where the command runs. */
static bool is_descriptor(const char *path)
{
	return strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/self/fd/", 14) == 0 ||
	       strcmp(path, "/dev/stdin") == 0;
}

int policy_text_load(const char *path, struct policy_text *text, struct error *e)
{
	struct error why = {0};
	const char *slash;

	memset(text, 0, sizeof(*text));
	if (!path) {
		policy_text_copy("(embedded)", embedded_policy,
				 embedded_policy_end - embedded_policy, text);
		return 0;
	}
	text->text = read_whole_file(path, POLICY_OCTETS_MAX, &text->size, &why);
	if (!text->text)
		return fail(e, EXIT_POLICY, "%s", why.text);
	if (is_descriptor(path) && !text->size)
		return fail(e, EXIT_POLICY,
			    "%s: nothing came through this pipe. A pipe can be "
			    "read once only; write the policy into a file",
			    path);
	text->name = xstrdup(is_descriptor(path) ? POLICY_PIPE : path);
	slash = is_descriptor(path) ? NULL : strrchr(path, '/');
	if (slash)
		text->directory = xasprintf("%.*s", (int)(slash + 1 - path), path);
	return 0;
}

static char *whole_path(const char *path)
{
	auto_free char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);

	return here ? xasprintf("%s/%s", here, path) : xstrdup(path);
}

static void make_whole(char **path)
{
	auto_free char *old = *path;

	*path = whole_path(old);
}

void policy_text_settle(struct policy_text *text)
{
	auto_free char *directory = text->directory ? whole_path(text->directory) : whole_path("");

	if (text->name[0] != '(')
		make_whole(&text->name);
	free(text->directory);
	text->directory = take(directory);
	for (size_t i = 0; i < text->file_count; i++)
		make_whole(&text->files[i].path);
}

void policy_text_free(struct policy_text *text)
{
	for (size_t i = 0; i < text->file_count; i++) {
		free(text->files[i].path);
		free(text->files[i].text);
		free(text->files[i].why);
	}
	free(text->files);
	free(text->name);
	free(text->directory);
	free(text->text);
	memset(text, 0, sizeof(*text));
}

void policy_file_leave_out(struct policy_file *file, const char *why)
{
	free(file->text);
	file->text = xcalloc(1, 1);
	file->size = 0;
	file->why = xstrdup(why);
}

int policy_load(const char *path, struct policy *p, struct error *e)
{
	auto_policy_text struct policy_text text = {0};

	return policy_text_load(path, &text, e) < 0 ? -1 : policy_text_parse(&text, NULL, 0, p, e);
}

int policy_parse(const char *name, const char *octets, size_t size, struct policy *p,
		 struct error *e)
{
	auto_policy_text struct policy_text text = {0};

	policy_text_copy(name, octets, size, &text);
	return policy_text_parse(&text, NULL, 0, p, e);
}

void override_free(struct override *override)
{
	free(override->key);
	free(override->value);
	free(override->in_file);
	memset(override, 0, sizeof(*override));
}

static int load(const char *path, bool lenient, struct loaded_policy *loaded, struct error *e)
{
	int done;

	memset(loaded, 0, sizeof(*loaded));
	done = policy_text_load(path, &loaded->text, e);
	loaded->text.lenient = lenient;
	if (done == 0)
		done = loaded_policy_parse(loaded, e);
	loaded->text.lenient = false;
	if (done < 0)
		loaded_policy_free(loaded);
	return done;
}

int loaded_policy_load(const char *path, struct loaded_policy *loaded, struct error *e)
{
	return load(path, false, loaded, e);
}

int loaded_policy_start(const char *path, struct loaded_policy *loaded, struct error *e)
{
	return load(path, true, loaded, e);
}

int loaded_policy_parse(struct loaded_policy *loaded, struct error *e)
{
	struct policy policy = {0};

	if (policy_text_parse(&loaded->text, loaded->overrides, loaded->override_count, &policy,
			      e) < 0)
		return -1;
	policy_free(&loaded->policy);
	loaded->policy = policy;
	return 0;
}

void loaded_policy_free(struct loaded_policy *loaded)
{
	for (size_t i = 0; i < loaded->override_count; i++)
		override_free(&loaded->overrides[i]);
	free(loaded->overrides);
	policy_text_free(&loaded->text);
	policy_free(&loaded->policy);
	memset(loaded, 0, sizeof(*loaded));
}
