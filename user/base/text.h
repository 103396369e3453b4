/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Text that somebody else wrote: notes, names, what stands in files and packets. It may hold what
 * a terminal obeys, or what is no UTF-8, and is printed only by way of these functions. An octet
 * that no reader should see is shown as \xNN.
 */
#ifndef SIPWARD_BASE_TEXT_H
#define SIPWARD_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The character at `text`: its octets, or 0 when it is not UTF-8 or a control character (C0
 * without the tab, DEL, C1). */
size_t character_size(const char *text, size_t size);

/* True when printing leaves the text as it is: UTF-8 without control characters, tabs, line ends
 * and marks that change the direction of what follows. */
bool is_printable(const char *text);

/* As one line; owned by the caller. */
char *printable_text(const char *text);
/* As lines, of which all but the first are indented: none looks like another message. */
char *printable_lines(const char *text);

/* A name or a note, cut to what fits; use printable(x).text inside one expression. */
struct printable {
	char text[256];
};

struct printable printable(const char *text);

/* A duration as people say it: "40 s", "3 min 20 s", "12 min", "2 h 5 min", "3 d 4 h". */
struct spoken {
	char text[32];
};

struct spoken spoken(unsigned long long seconds);

#endif
