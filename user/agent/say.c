/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/say.h"

#include <string.h>

#include "base/base.h"

void say_text(const char *text)
{
	log_write(text);
}

void say(const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	say_text(text);
}

void say_with(void (*say_to)(const char *text), const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	say_to(text);
}

void say_once(void (*say_to)(const char *text), char *said, size_t room, const char *text)
{
	if (strncmp(said, text, room - 1) == 0)
		return;
	snprintf(said, room, "%s", text);
	if (*text)
		say_with(say_to, "%s%s", *text == '<' ? "" : SAY_WARNING, text);
}
