/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The agent's log: a message is one line on stderr, which systemd writes to the journal. It may
 * have a priority and fields (base/log.h).
 */
#ifndef SIPWARD_AGENT_SAY_H
#define SIPWARD_AGENT_SAY_H

#include <stddef.h>

#include "base/log.h"

/* Writes one line to the log. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Likewise. It is the `say` of the parts of the agent that get one when they are opened. */
void say_text(const char *text);

/* Formats the line and hands it to such a `say`. */
void say_with(void (*say_to)(const char *text), const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Says the text, as a warning unless it has a priority, when it is another one than last time: that
 * is kept in said[room]. An empty text means that the trouble is over, and is not said. Two texts
 * that begin with the same room - 1 characters are one. */
void say_once(void (*say_to)(const char *text), char *said, size_t room, const char *text);

#endif
