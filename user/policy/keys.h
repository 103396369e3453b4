/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Mappings by table: a row for each key names the function that reads its value, and the place of
 * the result. A key that is not in the table is an error. Here are also the readers that several
 * keys share. Only the tables in parse.c, zone.c and lists.c know what a key means.
 */
#ifndef SIPWARD_POLICY_KEYS_H
#define SIPWARD_POLICY_KEYS_H

#include "policy/parse_context.h"
#include "policy/tree.h"

struct key {
	const char *name;     /* NULL ends a table */
	const char *formerly; /* what older policies call it; still read */
	int (*read)(struct parse_context *d, const struct key *key, const struct node *value,
		    void *to);
	size_t offset; /* of what `read` fills, in what read_map() fills */
	bool required;
	bool always;              /* `read` is called for an absent key too: value is NULL */
	bool fixed;               /* only the file says it: not for `sipward tune` */
	uint32_t min, max;        /* read_number() */
	const char *const *words; /* read_word() */
};

/* A row of a table: KEY("name", reader, .offset = ..., ...), and the last one. */
/* clang-format off */
#define KEY(key_name, reader, ...) { .name = key_name, .read = reader, ##__VA_ARGS__ }
#define KEYS_END { .name = NULL }
/* clang-format on */

/* Reads a mapping. Keys are read in the order of the table, not of the text, so that a row
 * may use what rows above it read. */
int read_map(struct parse_context *d, const struct node *map, const struct key *keys, void *to);

/* Readers for tables: into uint32_t, an enum (or int), struct rate, bool, nanoseconds. */
int read_number(struct parse_context *d, const struct key *key, const struct node *value, void *to);
int read_word(struct parse_context *d, const struct key *key, const struct node *value, void *to);
int read_rate(struct parse_context *d, const struct key *key, const struct node *value, void *to);
int read_switch(struct parse_context *d, const struct key *key, const struct node *value, void *to);
int read_duration(struct parse_context *d, const struct key *key, const struct node *value,
		  void *to);

/* 0 when the node is of this kind. */
int want(struct parse_context *d, const struct node *node, enum node_kind kind);
/* The text of a scalar, or NULL after an error. */
const char *want_text(struct parse_context *d, const struct node *node);
/* The position of the node's text in `words`, or -1 after an error. */
int want_word(struct parse_context *d, const struct node *node, const char *const *words);
/* Reads the text of a scalar as a prefix. */
int want_prefix(struct parse_context *d, const struct node *node, struct prefix *prefix);
/* Likewise from a text of any source. */
int prefix_at(const struct source *s, struct position at, const char *text, struct prefix *prefix);

/* ", did you mean 'x'?" or "; known here: x, y, z"; owned by the caller. */
char *alternatives(const char *word, const char *const *words);

/* The error of an entry that its list has already. */
int fail_again(struct parse_context *d, const struct node *item);

/* How messages call a node: its key in quotes, or "an entry of 'key'". */
struct quoted label(const struct node *node);

#endif
