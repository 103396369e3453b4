/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tools for every room of user space: errors as values, ownership by cleanup attributes, and
 * growing arrays. Nothing here knows SIP, BPF or YAML.
 *
 * Ownership: the function that declares a variable with one of the cleanup attributes owns the
 * memory that it points to; `take(p)` hands it on. No other way of freeing is used.
 */
#ifndef SIPWARD_BASE_H
#define SIPWARD_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

/* Exit codes of the binary (docs/commands.md). */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,     /* the kernel or the system refused something; `status`: degraded */
	EXIT_USAGE = 2,      /* the command line is wrong */
	EXIT_POLICY = 3,     /* the policy file is wrong */
	EXIT_PRIVILEGE = 4,  /* not root, or a capability is missing */
	EXIT_INTERFACE = 5,  /* no such interface, down, or taken by a foreign program */
	EXIT_NOT_RUNNING = 6 /* nothing of sipward is attached, or no agent answers */
};

/* An error: what went wrong, where, why, and what to do about it, in one text. */
struct error {
	enum exit_code code;
	char text[1024];
};

/* Fills *e and returns -1, so that `return fail(e, ...)` reads as one step.
 * e may be NULL: then only -1 is returned. The first error wins: later calls on an *e that
 * already holds one leave it as it is. */
int fail(struct error *e, enum exit_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int vfail(struct error *e, enum exit_code code, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

#define cleanup(fn) __attribute__((cleanup(fn)))

static inline void free_pointer(void *p)
{
	free(*(void **)p);
}

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void close_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define auto_free cleanup(free_pointer)
#define auto_fd   cleanup(close_fd)
#define auto_file cleanup(close_file)

/* Hands the pointer on and leaves NULL behind. */
#define take(p)                             \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})
/* Likewise for a file descriptor. */
#define take_fd(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

#define array_size(a) (sizeof(a) / sizeof((a)[0]))

/* malloc and friends that end the process with a message when memory is gone: nothing
 * sensible can be done then, and the data path keeps protecting without the agent. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* Appends *item to the array (*items, *count), which it grows. */
void append_item(void *items, size_t *count, const void *item, size_t size);
#define append(items, count, item) append_item(&(items), &(count), &(item), sizeof(item))

/* The entry of `words` (a NULL-terminated list) that is nearest to `word`, or NULL when none
 * is near enough to be what was meant. */
const char *nearest_word(const char *word, const char *const *words);

/* Reads a whole file into a NUL-terminated buffer owned by the caller; *size (may be NULL)
 * gets its length. At most `max` octets, out of a file or a shell's <(COMMAND): a file that may
 * never end, a device or a named pipe, is refused. NULL and *e on error. */
char *read_whole_file(const char *path, size_t max, size_t *size, struct error *e);

/* Opens such a file, to be read piece by piece. NULL and *e on error. */
FILE *open_finite(const char *path, struct error *e);

/* CLOCK_MONOTONIC in nanoseconds: the clock of every time in a map. */
uint64_t monotonic_ns(void);

#endif
