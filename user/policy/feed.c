/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/feed.h"

#include <string.h>
#include <time.h>

#include "policy/duration.h"
#include "policy/geo.h"
#include "policy/lists.h"

#define LINE_OCTETS_MAX 4096
#define SHRINKS_FROM    10 /* entries of a file whose half counts */
#define BLANKS          " \t\r"

/* Shorter prefixes are rather a mistake: two of them are everybody. */
#define SHORTEST_V4 8
#define SHORTEST_V6 16

void feed_free(struct feed *feed)
{
	for (size_t i = 0; i < feed->wrong_count; i++)
		free(feed->wrong[i]);
	free(feed->path);
	free(feed->missing);
	memset(feed, 0, sizeof(*feed));
}

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * SW_NS_PER_SEC + now.tv_nsec;
}

/* One line at work. */
struct feed_line {
	struct source source;
	struct position at;
	bool made; /* from a database, whose prefixes may be of any length */
	char text[LINE_OCTETS_MAX + 1];
	struct prefix prefix;
	uint64_t until; /* nanoseconds since 1970; 0: no end */
};

/* Cuts off the comment and the blanks on both sides; the text that is left. */
static char *trim(char *text)
{
	size_t size;

	text[strcspn(text, "#;")] = '\0';
	text += strspn(text, BLANKS);
	size = strlen(text);
	while (size && strchr(BLANKS, text[size - 1]))
		text[--size] = '\0';
	return text;
}

/* "until TIME" behind the prefix, which is cut off; 0, also without it. */
static int read_until(struct feed_line *line, char *text)
{
	char *word = text + strcspn(text, BLANKS), *time = word + strspn(word, BLANKS);
	const char *why;

	line->until = 0;
	if (strncmp(time, "until", 5) != 0 || (time[5] && !strchr(BLANKS, time[5])))
		return 0;
	*word = '\0';
	time += 5;
	time += strspn(time, BLANKS);
	if (moment_parse(time, &line->until, &why) == 0)
		return 0;
	return fail_at(&line->source, line->at,
		       "'%s' is no time: %s; write it like 2026-12-01T00:00Z, in UTC",
		       quote(time).text, why ? why : "it does not have the form");
}

static int check_length(const struct feed_line *line, const char *text)
{
	if (line->prefix.length == 0)
		return fail_at(&line->source, line->at,
			       "'%s' means everybody, which no file may say; write it into the "
			       "policy itself",
			       text);
	if (line->made || line->prefix.length >= (line->prefix.ipv6 ? SHORTEST_V6 : SHORTEST_V4))
		return 0;
	return fail_at(&line->source, line->at,
		       "'%s' is too many addresses for a file, whose prefixes are /%d to /32 "
		       "(IPv4) or /%d to /128 (IPv6); write it into the policy itself",
		       text, SHORTEST_V4, SHORTEST_V6);
}

/* 1: an entry, 0: nothing but a comment, -1 and the source's error. */
static int parse_line(struct feed_line *line)
{
	char *text = trim(line->text);
	struct source words = line->source;

	line->at.column = text - line->text + 1;
	if (!*text)
		return 0;
	words.text = text;
	words.size = strlen(text);
	for (size_t i = 0, n; i < words.size; i += n) {
		n = character_size(text + i, words.size - i);
		if (!n)
			return fail_at(&line->source, line->at,
				       "octet 0x%02x is no text; write a prefix like 192.0.2.0/24",
				       (uint8_t)text[i]);
	}
	if (read_until(line, text) < 0 ||
	    prefix_at(&line->source, line->at, text, &line->prefix) < 0)
		return -1;
	return check_length(line, text) < 0 ? -1 : 1;
}

/* Copies one line, which begins at *from; false at the end of the file. */
static bool next_line(struct feed_line *line, const char **from, const char *end, struct error *why)
{
	const char *start = *from, *stop;
	size_t size;

	if (start >= end)
		return false;
	stop = memchr(start, '\n', end - start) ?: end;
	*from = stop + 1;
	size = stop - start;
	line->at.line++;
	line->at.column = 1;
	/* A long comment harms nobody. */
	if (size > LINE_OCTETS_MAX && start[strspn(start, BLANKS)] != '#' &&
	    start[strspn(start, BLANKS)] != ';')
		fail_at(&line->source, line->at, "a line of %zu octets; at most %u are read", size,
			LINE_OCTETS_MAX);
	else
		why->code = EXIT_OK;
	if (size > LINE_OCTETS_MAX)
		size = LINE_OCTETS_MAX;
	memcpy(line->text, start, size);
	line->text[size] = '\0';
	return true;
}

static void note_wrong(struct feed *feed, const struct error *why)
{
	if (feed->wrong_count < FEED_WRONG_KEPT)
		feed->wrong[feed->wrong_count++] = xstrdup(why->text);
	feed->bad++;
}

static void note_end(struct feed *feed, uint64_t until)
{
	if (!feed->next_end || until < feed->next_end)
		feed->next_end = until;
}

static int read_lines(struct parse_context *d, const struct source *s, struct feed_line *line,
		      const struct feed_reader *reader, struct feed *feed)
{
	const char *from = s->text, *end = s->text + s->size;
	struct error why = {};
	uint64_t now = wall_ns();

	line->source = *s;
	line->source.e = &why;
	line->made = geo_in_path(s->name);
	while (next_line(line, &from, end, &why)) {
		int found = why.code ? -1 : parse_line(line);

		if (found < 0)
			note_wrong(feed, &why);
		why.code = EXIT_OK;
		if (found <= 0)
			continue;
		feed->entries++;
		if (line->until && line->until <= now) {
			feed->ended++;
			continue;
		}
		if (line->until)
			note_end(feed, line->until);
		if (reader && reader->add(d, s, line->at, &line->prefix, reader->context) < 0)
			return -1;
	}
	return 0;
}

int feed_read(struct parse_context *d, const struct policy_file *file,
	      const struct feed_reader *reader, struct feed *feed, struct error *e)
{
	size_t mark = source_mark_size(file->text, file->size);
	struct source s = {
		.name = file->path, .text = file->text + mark, .size = file->size - mark, .e = e};
	auto_free struct feed_line *line = xcalloc(1, sizeof(*line));
	const char *nul = memchr(s.text, '\0', s.size);

	feed->path = xstrdup(file->path);
	feed->missing = file->why ? xstrdup(file->why) : NULL;
	if (nul)
		return fail_at(&s, source_position(&s, nul - s.text),
			       "octet 0x00 is a control character; only plain text is read");
	if (read_lines(d, &s, line, reader, feed) < 0)
		return -1;
	if (d->strict && feed->bad)
		return fail(e, EXIT_POLICY, "%s", feed->wrong[0]);
	if (feed->bad > feed->entries)
		return fail(e, EXIT_POLICY,
			    "%s (%zu of %zu lines are wrong, so this is no list of prefixes)",
			    feed->wrong[0], feed->bad, feed->bad + feed->entries);
	return 0;
}

int feed_has_place(const struct policy_file *file, const struct feed *feed, struct error *e)
{
	const char *mark = geo_in_path(file->path);

	if (!mark || feed->entries || file->why)
		return 0;
	return fail(e, EXIT_POLICY,
		    "'%s' has no prefix in the database; look whether its code is right", mark + 1);
}

static int read_whole(struct parse_context *d, const struct node *item,
		      const struct policy_file *file, const struct feed_reader *reader,
		      struct feed *feed, struct error *e)
{
	struct error why = {};

	if (feed_read(d, file, reader, feed, e) < 0)
		return -1;
	if (feed_has_place(file, feed, &why) < 0)
		return fail_at(&(struct source){.name = d->source.name, .e = e}, item->at, "%s",
			       why.text);
	return 0;
}

/* Likewise, and a feed that is no good counts as empty. One that is named before, too, was good
 * there: what it says cannot be taken back any more. */
static int read_lenient(struct parse_context *d, const struct node *item, struct policy_file *file,
			const struct feed_reader *reader, struct feed *feed)
{
	size_t entries = d->entries, prefixes = d->prefix_count, listed = d->policy.list_count;
	struct error why = {};

	if (feed_read(d, file, reader, feed, &why) == 0 && feed_has_place(file, feed, &why) == 0)
		return 0;
	if (feed_of(&d->policy, file->path))
		return fail(d->source.e, why.code, "%s", why.text);
	d->entries = entries;
	d->prefix_count = prefixes;
	d->policy.list_count = listed;
	d->list_octets -= file->size;
	policy_file_leave_out(file, why.text);
	feed_free(feed);
	return read_whole(d, item, file, reader, feed, d->source.e);
}

int read_feed(struct parse_context *d, const struct node *item, const struct feed_reader *reader)
{
	bool lenient = d->text->lenient && !d->strict;
	struct policy_file *file = list_file(d, item, lenient);
	struct feed feed = {};
	int done;

	if (!file)
		return -1;
	begin_list(d);
	done = lenient ? read_lenient(d, item, file, reader, &feed) :
			 read_whole(d, item, file, reader, &feed, d->source.e);
	if (done == 0 && !feed_of(&d->policy, feed.path))
		append(d->policy.feeds, d->policy.feed_count, feed);
	else
		feed_free(&feed);
	return done;
}

int feed_examine(const struct policy_file *file, bool strict, struct feed *feed, struct error *e)
{
	struct parse_context alone = {.strict = strict};

	return feed_read(&alone, file, NULL, feed, e);
}

bool feed_shrank(const struct feed *before, const struct feed *now)
{
	if (!now->entries)
		return before->entries > 0;
	return before->entries >= SHRINKS_FROM && now->entries * 2 < before->entries;
}

const struct feed *feed_of(const struct policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->feed_count; i++)
		if (strcmp(policy->feeds[i].path, path) == 0)
			return &policy->feeds[i];
	return NULL;
}
