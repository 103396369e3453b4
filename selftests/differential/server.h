/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A SIP server as a parser: it gets each message as a datagram on the loopback, port 5060, and
 * writes what it read to a log, which is read here.
 */
#ifndef SIPWARD_DIFFERENTIAL_SERVER_H
#define SIPWARD_DIFFERENTIAL_SERVER_H

#include "reading.h"

/* A word of a line of the log, "name=value". Octets of the value are written as escapes: two
 * hexadecimal digits behind `escape`, or 0 when each octet is. */
struct word {
	const char *name; /* two letters */
	enum field field;
};

/* Opens the log whose path is in the environment variable, from its end on. */
void server_start(const char *server, const char *variable);
void server_send(const void *octets, size_t size);
/* The next line of the log, without its end; NULL when none came within the time. */
char *server_line(unsigned int milliseconds);
/* Ends the test: the server does not do what it should. */
_Noreturn void server_fail(const char *why);
void server_words(struct reading *r, char *line, const struct word *words, size_t count,
		  char escape);

#endif
