/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A trouble that lasts is said once, and not every second.
 */
#ifndef SIPWARD_AGENT_TROUBLE_H
#define SIPWARD_AGENT_TROUBLE_H

#include <stdio.h>
#include <string.h>

/* Says the text when it is another one than last time, which is kept in said[room]. An empty text
 * means that the trouble is over, and is not said. */
static inline void say_once(void (*say)(const char *text), char *said, size_t room,
			    const char *text)
{
	if (strcmp(said, text) == 0)
		return;
	snprintf(said, room, "%s", text);
	if (*text)
		say(text);
}

#endif
