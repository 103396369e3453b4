/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A message of a process that runs in the background: one line on stderr. When systemd connected
 * that with the journal, the line begins with its priority (sd-daemon(3)) and ends with its fields;
 * else it is text for people.
 */
#ifndef SIPWARD_BASE_LOG_H
#define SIPWARD_BASE_LOG_H

#include <stdbool.h>

/* How a text may begin; else it is for information. */
#define SAY_ERROR   "<3>"
#define SAY_WARNING "<4>"
#define SAY_NOTICE  "<5>"
#define SAY_INFO    "<6>"

/* Behind the text may stand fields: SAY_FIELDS "event=ban source=192.0.2.1". A value has no spaces
 * and no control characters. */
#define SAY_FIELDS "\x1f"

/* The line, without its end; owned by the caller. */
char *log_line(const char *text, bool journal);

/* Writes it. */
void log_write(const char *text);

#endif
