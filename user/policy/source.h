/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A text that is being read and where its errors go: every message about a policy or a list
 * file is made here, as "file:line:column: what, and what would be right". Neither YAML nor
 * the model is known here.
 */
#ifndef SIPWARD_POLICY_SOURCE_H
#define SIPWARD_POLICY_SOURCE_H

#include "base/text.h"
#include "policy/model.h"

struct source {
	const char *name;
	const char *text;
	size_t size;
	struct error *e;
};

/* Returns -1, like fail(). */
int fail_at(const struct source *s, struct position at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The line of what was not written into the text, but given on the command line. */
#define LINE_GIVEN UINT32_MAX

/* 0 when all of the text is UTF-8 without NUL and other control characters. */
int source_check(const struct source *s);

/* The position of the octet at `offset`; columns count characters. */
struct position source_position(const struct source *s, size_t offset);

/* How many octets a byte order mark takes at the start: editors write it unasked. */
size_t source_mark_size(const char *text, size_t size);

/* Somebody's text, cut to what fits a message: use quote(x).text inside one expression. */
struct quoted {
	char text[72];
};

struct quoted quote(const char *text);

/* A second position inside a message: "12:5". */
struct quoted place(struct position at);

#endif
