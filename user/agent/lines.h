/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Text that is put together out of millions of short parts, which printf() would take seconds for.
 */
#ifndef SIPWARD_AGENT_LINES_H
#define SIPWARD_AGENT_LINES_H

#include "policy/model.h"

struct lines {
	char *text; /* owned */
	size_t size;
	size_t room;
};

/* The most octets of one line, with all that is put before the next lines_room(). */
#define LINE_ROOM 512

void lines_free(struct lines *lines);

/* Makes room for one more line. */
void lines_room(struct lines *lines);

void put_text(struct lines *lines, const char *text);
void put_char(struct lines *lines, char c);
void put_number(struct lines *lines, uint64_t number);
/* As addr_text() and prefix_text() write it. */
void put_addr(struct lines *lines, const struct sw_addr *addr);
void put_prefix(struct lines *lines, const struct prefix *prefix);

#endif
