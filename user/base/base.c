/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#define PIPE_SECONDS 30 /* that a pipe may stay silent */

/* Takes off what a cut left of a character of several octets. */
static void end_with_character(char *text)
{
	size_t size = strlen(text), start = size;

	while (start && size - start < 4 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start && (unsigned char)text[start - 1] >= 0xc0 &&
	    !character_size(text + start - 1, size - start + 1))
		text[start - 1] = '\0';
}

int vfail(struct error *e, enum exit_code code, const char *fmt, va_list ap)
{
	if (e && e->code == EXIT_OK) {
		e->code = code;
		if (vsnprintf(e->text, sizeof(e->text), fmt, ap) >= (int)sizeof(e->text))
			end_with_character(e->text);
	}
	return -1;
}

int fail(struct error *e, enum exit_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfail(e, code, fmt, ap);
	va_end(ap);
	return -1;
}

static void *or_die(void *p)
{
	if (!p) {
		fputs("sipward: out of memory\n", stderr);
		_exit(EXIT_FAILED);
	}
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	return or_die(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t size)
{
	return or_die(realloc(p, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return or_die(strdup(s));
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	return or_die(text);
}

char *xasprintf(const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return text;
}

void append_item(void *items, size_t *count, const void *item, size_t size)
{
	char **array = items;

	/* Capacity is the next power of two: grown exactly when the count reaches one. */
	if ((*count & (*count - 1)) == 0)
		*array = xrealloc(*array, (*count ? *count * 2 : 1) * size);
	memcpy(*array + *count * size, item, size);
	(*count)++;
}

#define WORD_MAX 64

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
	return strncasecmp(&a, &b, 1) == 0;
}

/* How many letters must be added, left out, changed or swapped with the next one; case ignored;
 * words longer than a row are never near. */
static size_t word_distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX], n = strlen(b);

	if (n >= WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		rows[0][j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		const size_t *before = rows[(i + 1) % 3], *above = rows[(i - 1) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			row[j] = above[j - 1] + !same_letter(a[i - 1], b[j - 1]);
			row[j] = least(row[j], least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
			    same_letter(a[i - 2], b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[strlen(a) % 3][n];
}

const char *nearest_word(const char *word, const char *const *words)
{
	const char *best = NULL;
	size_t best_distance = strlen(word) / 3 + 2;

	for (; *words; words++) {
		size_t distance = word_distance(word, *words);

		if (distance < best_distance) {
			best = *words;
			best_distance = distance;
		}
	}
	return best;
}

/* Whether reading it comes to an end: a device does not, and a named pipe may have nobody who
 * writes. The pipe that a shell makes of <(COMMAND) lives in no directory. */
static int check_kind(int fd, const char *path, size_t max, struct error *e)
{
	struct statfs system;
	struct stat st;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &system) < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be read: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return fail(e, EXIT_FAILED, "%s: is a directory; name a file", path);
	if (S_ISFIFO(st.st_mode) && system.f_type != PIPEFS_MAGIC)
		return fail(e, EXIT_FAILED,
			    "%s: is a named pipe, and its writer may never come; "
			    "name a file, or use <(COMMAND)",
			    path);
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return fail(e, EXIT_FAILED, "%s: is a device; name a file", path);
	if (S_ISREG(st.st_mode) && (uintmax_t)st.st_size > max)
		return fail(e, EXIT_FAILED, "%s: larger than %zu octets", path, max);
	return 0;
}

/* read(), which waits for a pipe's writer, but not for ever. */
static ssize_t read_some(int fd, char *to, size_t size)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	ssize_t got = read(fd, to, size);

	if (got >= 0 || errno != EAGAIN)
		return got;
	if (poll(&wait, 1, PIPE_SECONDS * 1000) == 0)
		errno = ETIMEDOUT;
	else
		got = read(fd, to, size);
	return got;
}

FILE *open_finite(const char *path, struct error *e)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	FILE *file;

	if (fd < 0) {
		fail(e, EXIT_FAILED, "%s: cannot be read: %s", path, strerror(errno));
		return NULL;
	}
	if (check_kind(fd, path, SIZE_MAX, e) < 0)
		return NULL;
	fcntl(fd, F_SETFL, O_RDONLY);
	file = fdopen(fd, "r");
	if (file)
		fd = -1;
	else
		fail(e, EXIT_FAILED, "%s: cannot be read: %s", path, strerror(errno));
	return file;
}

char *read_whole_file(const char *path, size_t max, size_t *size, struct error *e)
{
	auto_free char *text = NULL;
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t used = 0, room = 65536;

	if (fd < 0) {
		fail(e, EXIT_FAILED, "%s: cannot be read: %s", path, strerror(errno));
		return NULL;
	}
	if (check_kind(fd, path, max, e) < 0)
		return NULL;
	for (;;) {
		ssize_t got;

		if (!text || used == room)
			text = xrealloc(text, (room *= 2) + 1);
		got = read_some(fd, text + used, room - used);
		if (got < 0) {
			fail(e, EXIT_FAILED, "%s: cannot be read: %s", path, strerror(errno));
			return NULL;
		}
		used += got;
		if (used > max) {
			fail(e, EXIT_FAILED, "%s: larger than %zu octets", path, max);
			return NULL;
		}
		if (got == 0)
			break;
	}
	text[used] = '\0';
	if (size)
		*size = used;
	return take(text);
}

uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + now.tv_nsec;
}
