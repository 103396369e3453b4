/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/lines.h"

#include <string.h>

#include "policy/prefix.h"

#define ROOM_AT_FIRST (1 << 20)

void lines_free(struct lines *lines)
{
	free(lines->text);
	*lines = (struct lines){};
}

void lines_room(struct lines *lines)
{
	if (lines->room - lines->size >= LINE_ROOM)
		return;
	lines->room = lines->room ? lines->room * 2 : ROOM_AT_FIRST;
	lines->text = xrealloc(lines->text, lines->room);
}

static void put(struct lines *lines, const char *text, size_t size)
{
	size_t left = lines->room - lines->size;

	if (size > left)
		size = left;
	memcpy(lines->text + lines->size, text, size);
	lines->size += size;
}

void put_text(struct lines *lines, const char *text)
{
	put(lines, text, strlen(text));
}

void put_char(struct lines *lines, char c)
{
	if (lines->size < lines->room)
		lines->text[lines->size++] = c;
}

void put_number(struct lines *lines, uint64_t number)
{
	char digits[20], *end = digits + sizeof(digits), *first = end;

	do {
		*--first = '0' + number % 10;
		number /= 10;
	} while (number);
	put(lines, first, end - first);
}

void put_addr(struct lines *lines, const struct sw_addr *addr)
{
	char text[64];

	if (!addr_is_ipv4(addr)) {
		put_text(lines, addr_text(addr, text, sizeof(text)));
		return;
	}
	for (int i = 12; i < 16; i++) {
		if (i > 12)
			put_char(lines, '.');
		put_number(lines, addr->octets[i]);
	}
}

void put_prefix(struct lines *lines, const struct prefix *prefix)
{
	char text[64];

	if (!prefix->ipv6 && prefix->length == 32)
		put_addr(lines, &prefix->addr);
	else
		put_text(lines, prefix_text(prefix, text, sizeof(text)));
}
