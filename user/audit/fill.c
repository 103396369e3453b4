/* SPDX-License-Identifier: GPL-2.0-only */
#include "audit/fill.h"

#include <string.h>

#include "policy/model.h"
#include "policy/prefix.h"

#define LENGTH_DIGITS 5

struct pen {
	char *out;
	size_t used;
	size_t room;
	char *length; /* where the digits of {length} stand */
};

static bool put(struct pen *pen, const char *text, size_t size)
{
	if (size > pen->room - pen->used)
		return false;
	memcpy(pen->out + pen->used, text, size);
	pen->used += size;
	return true;
}

uint32_t fill_random(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7feb352d;
	x ^= x >> 15;
	x *= 0x846ca68b;
	return x ^ x >> 16;
}

static bool put_repeated(struct pen *pen, const char *name)
{
	unsigned long count = strtoul(name + 2, NULL, 10);

	while (count--)
		if (!put(pen, name, 1))
			return false;
	return true;
}

static bool put_text(struct pen *pen, const char *text, size_t size, const struct filling *with);

/* Puts the headers that every request has, without the first line. */
static bool put_headers(struct pen *pen, const char *method, const struct filling *with)
{
	static const char headers[] = "Via: SIP/2.0/UDP {from};branch=z9hG4bK{r}.{n}\r\n"
				      "Max-Forwards: 70\r\n"
				      "From: <sip:alice@example.com>;tag={r}\r\n"
				      "To: <sip:100@{server}>\r\n"
				      "Call-ID: {r}{n}@example.com\r\n"
				      "CSeq: 1 %s\r\n"
				      "Contact: <sip:alice@{from}>\r\n"
				      "Content-Length: {length}";
	auto_free char *text = xasprintf(headers, method);

	return put_text(pen, text, strlen(text), with);
}

static bool put_template(struct pen *pen, const char *name, const struct filling *with)
{
	char text[80], host[64];

	if (strcmp(name, "n") == 0)
		snprintf(text, sizeof(text), "%u", with->packet);
	else if (strcmp(name, "v") == 0)
		snprintf(text, sizeof(text), "%u", with->vector);
	else if (strcmp(name, "r") == 0)
		snprintf(text, sizeof(text), "%08x", fill_random(with->packet));
	else if (strcmp(name, "from") == 0)
		snprintf(text, sizeof(text), "%s:%u",
			 addr_text(&with->from.addr, host, sizeof(host)), with->from.port);
	else if (strcmp(name, "fromhost") == 0)
		addr_text(&with->from.addr, text, sizeof(text));
	else if (strcmp(name, "server") == 0)
		addr_text(&with->to.addr, text, sizeof(text));
	else if (strcmp(name, "port") == 0)
		snprintf(text, sizeof(text), "%u", with->to.port);
	else if (name[0] && name[1] == '*')
		return put_repeated(pen, name);
	else if (strncmp(name, "headers ", 8) == 0)
		return put_headers(pen, name + 8, with);
	else if (strcmp(name, "length") == 0) {
		pen->length = pen->out + pen->used;
		snprintf(text, sizeof(text), "%0*d", LENGTH_DIGITS, 0);
	} else {
		return false;
	}
	return put(pen, text, strlen(text));
}

static void set_length(struct pen *pen)
{
	static const char end[] = "\r\n\r\n";
	char digits[16], *body = NULL;

	if (pen->length)
		body = memmem(pen->length, pen->out + pen->used - pen->length, end, 4);
	if (!body)
		return;
	snprintf(digits, sizeof(digits), "%0*zu", LENGTH_DIGITS, pen->used - (body + 4 - pen->out));
	memcpy(pen->length, digits, LENGTH_DIGITS);
}

/* One template, escape or octet; the rest of the text, or NULL. */
static const char *put_next(struct pen *pen, const char *text, const char *end,
			    const struct filling *with)
{
	unsigned int octet;
	char name[32], one;
	int used = 0;

	if (*text == '{' && sscanf(text, "{%31[^}]}%n", name, &used) == 1 && used)
		return put_template(pen, name, with) ? text + used : NULL;
	if (*text == '\\' && sscanf(text, "\\x%2x%n", &octet, &used) == 1 && used) {
		one = octet;
		return put(pen, &one, 1) ? text + used : NULL;
	}
	text += *text == '\\' && text + 1 < end;
	return put(pen, text, 1) ? text + 1 : NULL;
}

static bool put_text(struct pen *pen, const char *text, size_t size, const struct filling *with)
{
	const char *end = text + size;

	while (text && text < end)
		text = put_next(pen, text, end, with);
	return text != NULL;
}

int fill_text(const char *text, size_t size, const struct filling *with, char *out, size_t room,
	      struct error *e)
{
	struct pen pen = {.out = out, .room = room};

	if (!put_text(&pen, text, size, with))
		return fail(e, EXIT_USAGE, "unknown template, or no room, after '%.*s'",
			    pen.used < 40 ? (int)pen.used : 40,
			    pen.out + (pen.used < 40 ? 0 : pen.used - 40));
	set_length(&pen);
	return pen.used;
}
