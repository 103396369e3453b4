/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/log.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"

/* systemd names the device and inode of what it connected; somebody may have redirected it. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static bool has_priority(const char *text)
{
	return text[0] == '<' && isdigit((unsigned char)text[1]) && text[2] == '>';
}

/* Each line would be a message of its own in the journal, so there it is one. */
static char *journal_line(const char *text, size_t size, const char *fields)
{
	auto_free char *copy = xasprintf("%.*s", (int)size, text);
	auto_free char *line = NULL, *more = NULL;
	const char *priority = has_priority(copy) ? copy : SAY_INFO;

	for (char *c = copy; *c; c++)
		if (*c == '\n')
			*c = ' ';
	line = printable_text(has_priority(copy) ? copy + 3 : copy);
	more = printable_text(fields);
	return xasprintf("%.3s%s%s%s", priority, line, *more ? " " : "", more);
}

char *log_line(const char *text, bool journal)
{
	size_t size = strcspn(text, SAY_FIELDS);
	auto_free char *copy = NULL, *lines = NULL;

	if (journal)
		return journal_line(text, size, text[size] ? text + size + 1 : "");
	copy = xasprintf("%.*s", (int)size, text);
	lines = printable_lines(has_priority(copy) ? copy + 3 : copy);
	return xasprintf("sipward: %s", lines);
}

void log_write(const char *text)
{
	auto_free char *line = log_line(text, is_journal());

	fprintf(stderr, "%s\n", line);
}
