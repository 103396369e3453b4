/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `lists`, and lists in files of their own.
 */
#ifndef SIPWARD_POLICY_LISTS_H
#define SIPWARD_POLICY_LISTS_H

#include "policy/keys.h"

/* `lists: {strict: true}`, whatever else is right or wrong: zones are read before lists. */
bool lists_are_strict(const struct node *root);
int read_lists(struct parse_context *d, const struct key *key, const struct node *value, void *to);

/* Lists in files: a function that reads a line without blanks and comments, and one that looks at
 * all lines at the end (may be NULL). */
struct line_reader {
	int (*read)(struct parse_context *d, const struct source *s, struct position at,
		    const char *text, const void *context);
	const void *context;
	int (*end)(struct parse_context *d, const struct source *s);
};

/* Every list begins with begin_list() and counts its entries: 0, or -1 when they are more than
 * a policy may have (limits.h). */
void begin_list(struct parse_context *d);
int count_entry(struct parse_context *d, const struct source *s, struct position at);

/* True for an entry of `lists` that is the name of a file: it has a '/', and is no prefix. */
bool list_is_file(const char *text);
/* True for a feed: such a file, or a country or network (geo.h). */
bool list_is_feed(const char *text);
/* Reads the text of a list file, whose path is there, as it is now. 0, or -1 and *e. */
int list_text_read(struct policy_file *file, struct error *e);
/* The file on the disk that it comes from; owned by the caller. */
char *list_text_path(const char *path);

/* The file that an entry names, as it was when this policy was read for the first time; NULL on
 * error. It counts as read. One that cannot be read counts as empty if `lenient`. */
struct policy_file *list_file(struct parse_context *d, const struct node *item, bool lenient);
int read_list_file(struct parse_context *d, const struct node *item,
		   const struct line_reader *reader);
/* Reads `off`, `builtin`, or the name of a file of lines. */
struct builtin_list {
	const char *name;       /* for messages */
	const char *text, *end; /* of those in the binary */
	struct line_reader reader;
};

int read_builtin_list(struct parse_context *d, const struct builtin_list *list);
int read_list_choice(struct parse_context *d, const struct node *value,
		     const struct builtin_list *list);

#endif
