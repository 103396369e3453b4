/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/lists.h"

#include <string.h>
#include <sys/stat.h>

#include "policy/feed.h"
#include "policy/geo.h"
#include "policy/keys.h"
#include "policy/limits.h"
#include "policy/names.h"
#include "policy/prefix.h"

/* So has a prefix, but there an address stands before it. A text that only looks like a prefix
 * (10.0.0/8) is taken for one, so that its error is about that. */
bool list_is_file(const char *text)
{
	size_t before = strcspn(text, "/");

	if (!text[before])
		return false;
	if (before == 0 || text[0] == '.')
		return true;
	while (before > 1 && text[before - 1] == ' ')
		before--;
	return strspn(text, "0123456789.") != before &&
	       (!memchr(text, ':', before) || strspn(text, "0123456789abcdefABCDEF.:") != before);
}

bool list_is_feed(const char *text)
{
	return list_is_file(text) || is_geo(text);
}

void begin_list(struct parse_context *d)
{
	d->entries_before = d->entries;
}

int count_entry(struct parse_context *d, const struct source *s, struct position at)
{
	if (d->entries < ENTRIES_MAX) {
		d->entries++;
		return 0;
	}
	return fail_at(s, at,
		       "all lists of the policy together have more than %u entries, which "
		       "would cost too much time; those before this list have %zu: shorten them, "
		       "or write at most %zu here",
		       ENTRIES_MAX, d->entries_before, ENTRIES_MAX - d->entries_before);
}

static int add_entry(struct parse_context *d, const struct source *s, struct position at,
		     const struct prefix *prefix, enum sw_list list)
{
	struct list_entry entry = {.prefix = *prefix, .list = list};

	if (count_entry(d, s, at) < 0)
		return -1;
	append(d->policy.list, d->policy.list_count, entry);
	return 0;
}

/* One line of a file, which it cuts: blank, a comment, or an entry with a comment behind. */
static int read_line(struct parse_context *d, const struct source *s, uint32_t number, char *line,
		     const struct line_reader *reader)
{
	char *text = line + strspn(line, " \t\r");
	struct position at = {number, text - line + 1};
	size_t size;

	text[strcspn(text, "#")] = '\0';
	size = strlen(text);
	while (size && strchr(" \t\r", text[size - 1]))
		size--;
	text[size] = '\0';
	return size ? reader->read(d, s, at, text, reader->context) : 0;
}

static int read_lines(struct parse_context *d, const struct source *s, char *text,
		      const struct line_reader *reader)
{
	uint32_t number = 1;

	for (char *line = text, *end; line; line = end, number++) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		if (read_line(d, s, number, line, reader) < 0)
			return -1;
	}
	return 0;
}

/* The name is for messages. */
static int read_list_text(struct parse_context *d, const char *name, const char *text, size_t size,
			  const struct line_reader *reader)
{
	size_t mark = source_mark_size(text, size);
	struct source s = {
		.name = name, .text = text + mark, .size = size - mark, .e = d->source.e};
	auto_free char *copy = NULL;

	begin_list(d);
	if (source_check(&s) < 0)
		return -1;
	/* Lines are cut while they are read. */
	copy = xcalloc(1, s.size + 1);
	memcpy(copy, s.text, s.size);
	if (read_lines(d, &s, copy, reader) < 0)
		return -1;
	return reader->end ? reader->end(d, &s) : 0;
}

static const char *const bool_words[] = {"false", "true", NULL};

int list_text_read(struct policy_file *file, struct error *e)
{
	struct stat st;

	if (geo_in_path(file->path))
		return geo_read(file, e);
	/* A pipe would keep a reload waiting, and be empty the second time. */
	if (stat(file->path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return fail(e, EXIT_FAILED, "%s: is not a regular file; name one", file->path);
	file->text = read_whole_file(file->path, LISTS_OCTETS_MAX, &file->size, e);
	return file->text ? 0 : -1;
}

char *list_text_path(const char *path)
{
	const char *mark = geo_in_path(path);

	return mark ? xasprintf("%.*s", (int)(mark - path), path) : xstrdup(path);
}

/* The file as it was when this policy was read for the first time. */
static struct policy_file *known_file(struct parse_context *d, const struct node *item,
				      const char *path, bool lenient)
{
	struct policy_file file = {.path = (char *)path};
	struct error why = {0};

	for (size_t i = 0; i < d->text->file_count; i++) {
		if (strcmp(d->text->files[i].path, path) == 0)
			return &d->text->files[i];
	}
	if (list_text_read(&file, &why) < 0 && lenient) {
		policy_file_leave_out(&file, why.text);
	} else if (why.code) {
		fail_at(&d->source, item->at, "%s", why.text);
		return NULL;
	}
	file.path = xstrdup(path);
	append(d->text->files, d->text->file_count, file);
	return &d->text->files[d->text->file_count - 1];
}

/* A file that is named again is read again. */
static int count_octets(struct parse_context *d, const struct node *item, struct policy_file *file,
			bool lenient)
{
	struct error why = {};

	d->list_octets += file->size;
	if (d->list_octets <= LISTS_OCTETS_MAX)
		return 0;
	d->list_octets -= file->size;
	fail(&why, EXIT_POLICY,
	     "%s: all list files together are larger than %u octets, each as often as "
	     "it is named; those before this one have %zu",
	     file->path, LISTS_OCTETS_MAX, d->list_octets);
	if (!lenient || feed_of(&d->policy, file->path))
		return fail_at(&d->source, item->at, "%s", why.text);
	policy_file_leave_out(file, why.text);
	return 0;
}

struct policy_file *list_file(struct parse_context *d, const struct node *item, bool lenient)
{
	const char *directory = d->text->directory ? d->text->directory : "";
	auto_free char *path =
		is_geo(item->text) ?
			geo_path(d, item, directory) :
			xasprintf("%s%s", *item->text == '/' ? "" : directory, item->text);
	struct policy_file *file = path ? known_file(d, item, path, lenient) : NULL;

	if (!file)
		return NULL;
	if (d->list_files++ == LIST_FILES_MAX) {
		fail_at(&d->source, item->at, "more than %u list files; put several into one",
			LIST_FILES_MAX);
		return NULL;
	}
	return count_octets(d, item, file, lenient) < 0 ? NULL : file;
}

int read_list_file(struct parse_context *d, const struct node *item,
		   const struct line_reader *reader)
{
	const struct policy_file *file = list_file(d, item, false);

	if (!file)
		return -1;
	if (file->why)
		return fail_at(&d->source, item->at, "%s", file->why);
	SHA256Update(&d->hash, (const uint8_t *)file->text, file->size);
	return read_list_text(d, file->path, file->text, file->size, reader);
}

int read_builtin_list(struct parse_context *d, const struct builtin_list *list)
{
	return read_list_text(d, list->name, list->text, list->end - list->text, &list->reader);
}

int read_list_choice(struct parse_context *d, const struct node *value,
		     const struct builtin_list *list)
{
	static const char *const words[] = {"off", "builtin", NULL};
	const char *text = want_text(d, value);
	int index;

	if (!text)
		return -1;
	if (strchr(text, '/'))
		return read_list_file(d, value, &list->reader);
	index = word_index(text, words);
	if (index < 0 && !nearest_word(text, words))
		return fail_at(&d->source, value->at,
			       "%s cannot be '%s'; write off, builtin, or "
			       "the name of a file, which has a '/', as in ./%s",
			       label(value).text, quote(text).text, quote(text).text);
	index = want_word(d, value, words);
	return index <= 0 ? index : read_builtin_list(d, list);
}

static int add_line(struct parse_context *d, const struct source *s, struct position at,
		    const struct prefix *prefix, const void *context)
{
	return add_entry(d, s, at, prefix, *(const enum sw_list *)context);
}

static int add_item(struct parse_context *d, const struct node *item, enum sw_list list)
{
	const char *text = want_text(d, item);
	struct prefix prefix;

	if (!text)
		return -1;
	if (list_is_feed(text)) {
		d->policy.lists_watched = true;
		return read_feed(d, item, &(struct feed_reader){add_line, &list});
	}
	if (prefix_read(text, &prefix) == PREFIX_NO_ADDRESS && !strchr(text, '/') &&
	    strspn(text, "0123456789.") != strlen(text)) {
		return fail_at(&d->source, item->at,
			       "'%s' is neither a prefix nor the name of a "
			       "file; a file in the policy's directory is written ./%s",
			       quote(text).text, quote(text).text);
	}
	if (want_prefix(d, item, &prefix) < 0)
		return -1;
	return add_entry(d, &d->source, item->at, &prefix, list);
}

static int read_list(struct parse_context *d, const struct node *value, enum sw_list list)
{
	if (want(d, value, NODE_LIST) < 0)
		return -1;
	begin_list(d);
	for (size_t i = 0; i < value->count; i++) {
		if (add_item(d, value->items[i], list) < 0)
			return -1;
	}
	return 0;
}

static int read_deny(struct parse_context *d, const struct key *key, const struct node *value,
		     void *to)
{
	(void)key, (void)to;
	return read_list(d, value, SW_LIST_DENY);
}

static int read_allow(struct parse_context *d, const struct key *key, const struct node *value,
		      void *to)
{
	(void)key, (void)to;
	return read_list(d, value, SW_LIST_ALLOW);
}

static int read_strict(struct parse_context *d, const struct key *key, const struct node *value,
		       void *to)
{
	int index = want_word(d, value, bool_words);

	(void)key, (void)to;
	d->policy.strict = index == 1;
	return index < 0 ? -1 : 0;
}

bool lists_are_strict(const struct node *root)
{
	const struct node *lists = node_value(root, "lists");
	const struct node *strict = lists ? node_value(lists, "strict") : NULL;

	return strict && strict->kind == NODE_SCALAR && word_index(strict->text, bool_words) == 1;
}

int read_lists(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {
		KEY("deny", read_deny),
		KEY("allow", read_allow),
		KEY("strict", read_strict),
		KEYS_END,
	};

	(void)key;
	return read_map(d, value, keys, to);
}
