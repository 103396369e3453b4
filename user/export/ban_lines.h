/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Bans and allows as lines of a file: "ADDRESS [TIME [NOTE]]". TIME is a duration, a point in time
 * (2026-11-30T12:00:00Z), or "-" for no end.
 */
#ifndef SIPWARD_EXPORT_BAN_LINES_H
#define SIPWARD_EXPORT_BAN_LINES_H

#include "kernel/bans.h"

/* What a file or a command line said. */
struct ban_lines {
	struct ban_new usual; /* kind; end and note of a line that has none */
	size_t most;          /* a file with more entries is refused */
	struct ban_new *items;
	size_t count;
	size_t ended;  /* lines whose time is over */
	size_t spared; /* sources that stay as they are: they are allowed by hand */
	size_t peers;  /* likewise: they are in a zone with trust: peer */
	char **bad;    /* "line 7: why": the first of them */
	size_t bad_count;
	size_t bad_all; /* how many there were */
};

void ban_lines_free(struct ban_lines *lines);
#define auto_ban_lines cleanup(ban_lines_free)

/* Reads the file, "-": standard input. Lines that are wrong are noted, not an error. -1 and *e when
 * it cannot be read. */
int ban_lines_read(struct ban_lines *lines, const char *file, struct error *e);

/* An address of the command line; -1 and *e. */
int ban_lines_add(struct ban_lines *lines, const char *address, struct error *e);

/* Of a source that comes twice only the last entry stays. */
void ban_lines_unique(struct ban_lines *lines);

/* How many new entries an import may bring into a table of this size: a tenth stays free of them,
 * for bans that are earned. */
uint64_t ban_lines_room(uint64_t capacity, uint64_t filled);

/* One line, which it cuts; -1 and *why, in words, when it is wrong. */
int ban_line_parse(struct ban_lines *lines, char *line, struct error *why);

/* Writes an entry as such a line, without the line end. `size` >= 512. */
void ban_line_text(const struct ban_entry *entry, char *text, size_t size);
/* When it ends, as a line has it. `size` >= 32. */
void ban_time_text(uint64_t end, char *text, size_t size);

#endif
