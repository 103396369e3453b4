/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/source.h"

#include <string.h>

int fail_at(const struct source *s, struct position at, const char *fmt, ...)
{
	auto_free char *what = NULL;
	va_list ap;

	va_start(ap, fmt);
	what = xvasprintf(fmt, ap);
	va_end(ap);
	if (at.line == LINE_GIVEN)
		return fail(s->e, EXIT_POLICY, "command line: %s", what);
	return fail(s->e, EXIT_POLICY, "%s:%u:%u: %s", s->name, at.line, at.column, what);
}

size_t source_mark_size(const char *text, size_t size)
{
	return size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

struct position source_position(const struct source *s, size_t offset)
{
	struct position at = {1, 1};

	for (size_t i = 0; i < offset && i < s->size; i++) {
		if (s->text[i] == '\n') {
			at.line++;
			at.column = 1;
		} else if ((s->text[i] & 0xc0) != 0x80) {
			at.column++;
		}
	}
	return at;
}

int source_check(const struct source *s)
{
	for (size_t i = 0; i < s->size;) {
		size_t n = character_size(s->text + i, s->size - i);
		uint8_t octet = s->text[i];

		if (n == 0 && octet != '\n' && octet != '\r') {
			return fail_at(s, source_position(s, i),
				       octet < 0x80 ? "octet 0x%02x is a control character; "
						      "only plain text is read" :
						      "octet 0x%02x is not UTF-8; "
						      "save the file in UTF-8",
				       octet);
		}
		i += n ? n : 1;
	}
	return 0;
}

struct quoted quote(const char *text)
{
	struct quoted q;
	size_t size = strlen(text);

	if (size < sizeof(q.text)) {
		memcpy(q.text, text, size + 1);
		return q;
	}
	size = sizeof(q.text) - sizeof("...");
	while (size && (text[size] & 0xc0) == 0x80)
		size--;
	memcpy(q.text, text, size);
	memcpy(q.text + size, "...", sizeof("..."));
	return q;
}

struct quoted place(struct position at)
{
	struct quoted q;

	if (at.line == LINE_GIVEN)
		return quote("the command line");
	snprintf(q.text, sizeof(q.text), "%u:%u", at.line, at.column);
	return q;
}
