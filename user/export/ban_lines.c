/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/ban_lines.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "policy/duration.h"
#include "policy/prefix.h"
#include "policy/source.h"

#define BAD_SHOWN       5
#define BAD_MAX         1000000 /* then it is no list of addresses */
#define LINE_OCTETS_MAX 4096
#define LINE_READ_MAX   (64 << 20) /* a longer one is not even skipped: it may have no end */
#define BLANKS          " \t\r"
#define TIME_FORM       "%Y-%m-%dT%H:%M:%SZ"

void ban_lines_free(struct ban_lines *lines)
{
	for (size_t i = 0; i < lines->bad_count; i++)
		free(lines->bad[i]);
	free(lines->bad);
	free(lines->items);
	memset(lines, 0, sizeof(*lines));
}

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * SW_NS_PER_SEC + now.tv_nsec;
}

static int read_time(const char *text, uint64_t *end, struct error *why)
{
	uint64_t wall = wall_ns(), then, duration;
	const char *no_moment, *no_duration;

	if (strcmp(text, "-") == 0) {
		*end = BAN_FOREVER;
		return 0;
	}
	if (moment_parse(text, &then, &no_moment) == 0) {
		*end = then > wall ? ban_end(then - wall) : 0;
		return 0;
	}
	if (no_moment)
		return fail(why, EXIT_FAILED, "'%s' is no time: %s", printable(text).text,
			    no_moment);
	if (duration_parse(text, &duration, &no_duration) < 0)
		return fail(why, EXIT_FAILED,
			    "'%s' is no time: %s; or write a point such as 2026-11-30T12:00:00Z, "
			    "or - for no end",
			    printable(text).text, no_duration);
	*end = ban_end(duration);
	return 0;
}

/* The next word of *line, which is cut behind it; NULL at the end, and at a comment. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, BLANKS), *end = word + strcspn(word, BLANKS);

	if (!*word || *word == '#' || *word == ';')
		return NULL;
	*line = end + (*end != '\0');
	*end = '\0';
	return word;
}

static int read_source(const char *text, struct prefix *source, struct error *why)
{
	const char *what;

	if (prefix_parse(text, source, &what) < 0)
		return fail(why, EXIT_FAILED, "%s: %s", printable(text).text, what);
	return ban_check(source, why);
}

static void trim(char *text)
{
	size_t size = strlen(text);

	while (size && strchr(BLANKS, text[size - 1]))
		text[--size] = '\0';
}

int ban_line_parse(struct ban_lines *lines, char *line, struct error *why)
{
	struct ban_new item = lines->usual;
	char *address = next_word(&line), *time = address ? next_word(&line) : NULL;

	if (!address)
		return 0;
	if (read_source(address, &item.source, why) < 0 ||
	    (time && read_time(time, &item.end, why) < 0))
		return -1;
	if (item.end <= monotonic_ns()) {
		lines->ended++;
		return 0;
	}
	line += strspn(line, BLANKS);
	if (time && *line) {
		trim(line);
		snprintf(item.note, sizeof(item.note), "%s", line);
	}
	append(lines->items, lines->count, item);
	return 0;
}

static void note_bad(struct ban_lines *lines, size_t number, const char *why)
{
	char *text;

	if (lines->bad_all++ >= BAD_SHOWN)
		return;
	text = xasprintf("line %zu: %s", number, why);
	append(lines->bad, lines->bad_count, text);
}

/* Of a line that is too long only the start is kept. */
struct line {
	char text[LINE_OCTETS_MAX + 1];
	size_t size; /* as it is in the file, without the line end */
	bool whole;  /* it fits, and has no NUL */
};

/* The next line; false at the end, at an error, and in a line that does not end. */
static bool read_line(struct line *line, FILE *file)
{
	int octet = getc_unlocked(file);

	line->size = 0;
	line->whole = true;
	if (octet == EOF)
		return false;
	for (; octet != EOF && octet != '\n'; octet = getc_unlocked(file)) {
		if (line->size < LINE_OCTETS_MAX)
			line->text[line->size] = octet;
		line->whole &= octet && line->size < LINE_OCTETS_MAX;
		if (++line->size > LINE_READ_MAX)
			return false;
	}
	line->text[line->size < LINE_OCTETS_MAX ? line->size : LINE_OCTETS_MAX] = '\0';
	return !ferror(file);
}

static int take_line(struct ban_lines *lines, struct line *line, size_t number, const char *name,
		     struct error *e)
{
	size_t mark = number == 1 ? source_mark_size(line->text, strlen(line->text)) : 0;
	struct error why = {};

	if (!line->whole)
		fail(&why, EXIT_FAILED, "is no line of text");
	else
		ban_line_parse(lines, line->text + mark, &why);
	if (why.code)
		note_bad(lines, number, why.text);
	if (lines->bad_all > BAD_MAX)
		return fail(e, EXIT_FAILED, "%s: is no list of addresses; %s", name, lines->bad[0]);
	if (lines->count > lines->most)
		return fail(e, EXIT_FAILED,
			    "%s: line %zu: more than %zu entries, for which the table has "
			    "no room; nothing was changed. Raise tables: {bans: ...}, or "
			    "use lists: {deny: [./FILE]} of the policy",
			    name, number, lines->most);
	return 0;
}

static int read_lines(struct ban_lines *lines, const char *name, FILE *file, struct error *e)
{
	struct line line;
	size_t number = 0;

	errno = 0;
	while (read_line(&line, file))
		if (take_line(lines, &line, ++number, name, e) < 0)
			return -1;
	if (line.size > LINE_READ_MAX)
		return fail(e, EXIT_FAILED,
			    "%s: line %zu is longer than %d octets: is no list of addresses; "
			    "nothing was changed",
			    name, number + 1, LINE_READ_MAX);
	if (!feof(file) || ferror(file))
		return fail(e, EXIT_FAILED, "%s: cannot be read: %s", name,
			    errno ? strerror(errno) : "it ends too early");
	return 0;
}

int ban_lines_read(struct ban_lines *lines, const char *path, struct error *e)
{
	auto_file FILE *file = NULL;

	if (strcmp(path, "-") == 0)
		return read_lines(lines, "standard input", stdin, e);
	file = open_finite(path, e);
	return file ? read_lines(lines, path, file, e) : -1;
}

int ban_lines_add(struct ban_lines *lines, const char *address, struct error *e)
{
	struct ban_new item = lines->usual;

	if (read_source(address, &item.source, e) < 0) {
		e->code = EXIT_USAGE;
		return -1;
	}
	append(lines->items, lines->count, item);
	return 0;
}

static int by_source(const void *a, const void *b)
{
	const struct ban_new *const *x = a, *const *y = b;
	int order = prefix_compare(&(*x)->source, &(*y)->source);

	return order ? order : (*x > *y) - (*x < *y);
}

void ban_lines_unique(struct ban_lines *lines)
{
	auto_free const struct ban_new **sorted = xcalloc(lines->count ?: 1, sizeof(*sorted));
	auto_free bool *is_old = xcalloc(lines->count ?: 1, sizeof(*is_old));
	size_t kept = 0;

	for (size_t i = 0; i < lines->count; i++)
		sorted[i] = &lines->items[i];
	if (lines->count)
		qsort(sorted, lines->count, sizeof(*sorted), by_source);
	for (size_t i = 1; i < lines->count; i++)
		if (prefix_compare(&sorted[i - 1]->source, &sorted[i]->source) == 0)
			is_old[sorted[i - 1] - lines->items] = true;
	for (size_t i = 0; i < lines->count; i++)
		if (!is_old[i])
			lines->items[kept++] = lines->items[i];
	lines->count = kept;
}

uint64_t ban_lines_room(uint64_t capacity, uint64_t filled)
{
	uint64_t room = capacity - capacity / 10;

	return filled < room ? room - filled : 0;
}

void ban_time_text(uint64_t end, char *text, size_t size)
{
	uint64_t now = monotonic_ns(), ns;
	struct tm parts;
	time_t seconds;

	if (end == BAN_FOREVER) {
		snprintf(text, size, "-");
		return;
	}
	ns = wall_ns() + (end > now ? end - now : 0);
	/* The nearest second: so an entry that is read and written again keeps its time. */
	seconds = (ns + SW_NS_PER_SEC / 2) / SW_NS_PER_SEC;
	if (!gmtime_r(&seconds, &parts) || !strftime(text, size, TIME_FORM, &parts))
		snprintf(text, size, "-");
}

void ban_line_text(const struct ban_entry *entry, char *text, size_t size)
{
	char source[64], end[32];

	ban_time_text(entry->ban.end, end, sizeof(end));
	snprintf(text, size, "%s %s%s%s", prefix_text(&entry->source, source, sizeof(source)), end,
		 entry->ban.note[0] ? " " : "", printable(entry->ban.note).text);
}
