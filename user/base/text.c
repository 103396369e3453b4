/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/text.h"

#include <stdint.h>
#include <string.h>

#include "base/base.h"

#define ESCAPED_MAX 16 /* octets of one character as it is shown: four times \xNN */

static size_t sequence_size(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t character_size(const char *text, size_t size)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t n = sequence_size(s[0]);

	if (n == 0 || n > size)
		return 0;
	if (n == 1)
		return (s[0] >= 0x20 && s[0] != 0x7f) || s[0] == '\t';
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	/* C1 controls, overlong forms, surrogates, beyond U+10FFFF */
	if ((s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) ||
	    (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* U+2028 to U+202E and U+2066 to U+2069: line ends, and characters that turn a text around. */
static bool turns(const uint8_t *s)
{
	return s[0] == 0xe2 && ((s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) ||
				(s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

/* One character, or one octet that is part of none: its size; *shown gets what stands for it. */
static size_t show(const char *text, size_t size, char shown[ESCAPED_MAX + 1])
{
	size_t n = character_size(text, size), used = n ? n : 1;

	if (n && *text != '\t' && !(n == 3 && turns((const uint8_t *)text))) {
		memcpy(shown, text, n);
		shown[n] = '\0';
		return n;
	}
	for (size_t i = 0; i < used; i++)
		snprintf(shown + 4 * i, 5, "\\x%02x", (uint8_t)text[i]);
	return used;
}

bool is_printable(const char *text)
{
	char shown[ESCAPED_MAX + 1];

	for (size_t size = strlen(text), n; size; text += n, size -= n) {
		n = show(text, size, shown);
		if (strlen(shown) != n)
			return false;
	}
	return true;
}

static char *print_all(const char *text, bool lines)
{
	size_t size = strlen(text), used = 0, room = size + 64;
	char *to = xcalloc(1, room);

	for (size_t n; size; text += n, size -= n) {
		char shown[ESCAPED_MAX + 1];

		n = show(text, size, shown);
		if (lines && *text == '\t')
			strcpy(shown, "\t");
		if (lines && *text == '\n')
			strcpy(shown, size == 1 || text[1] == '\t' ? "\n" : "\n\t");
		if (used + sizeof(shown) > room)
			to = xrealloc(to, room *= 2);
		strcpy(to + used, shown);
		used += strlen(shown);
	}
	return to;
}

char *printable_text(const char *text)
{
	return print_all(text, false);
}

char *printable_lines(const char *text)
{
	return print_all(text, true);
}

struct printable printable(const char *text)
{
	struct printable all = {""};
	size_t used = 0;

	for (size_t size = strlen(text), n; size; text += n, size -= n) {
		char shown[ESCAPED_MAX + 1];

		n = show(text, size, shown);
		if (used + strlen(shown) + sizeof("...") > sizeof(all.text)) {
			strcpy(all.text + used, "...");
			break;
		}
		strcpy(all.text + used, shown);
		used += strlen(shown);
	}
	return all;
}

struct spoken spoken(unsigned long long seconds)
{
	unsigned long long minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
	struct spoken said;
	size_t size = sizeof(said.text), used;

	if (days)
		used = snprintf(said.text, size, "%llu d", days);
	else if (hours)
		used = snprintf(said.text, size, "%llu h", hours);
	else if (minutes)
		used = snprintf(said.text, size, "%llu min", minutes);
	else
		used = snprintf(said.text, size, "%llu s", seconds);
	if (days && hours % 24)
		snprintf(said.text + used, size - used, " %llu h", hours % 24);
	else if (!days && hours && minutes % 60)
		snprintf(said.text + used, size - used, " %llu min", minutes % 60);
	else if (!hours && minutes && minutes < 10 && seconds % 60)
		snprintf(said.text + used, size - used, " %llu s", seconds % 60);
	return said;
}
