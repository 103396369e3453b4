/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Feeds: files of prefixes that somebody else writes, one a line, for `lists` and for `sources` of
 * zones. The agent watches them, so a line that is wrong is noted and left out: the others still
 * protect. `lists: {strict: true}` makes it an error.
 *
 *   PREFIX [until TIME]   with TIME as in 2026-12-01T00:00Z
 *
 * '#' and ';' begin a comment.
 */
#ifndef SIPWARD_POLICY_FEED_H
#define SIPWARD_POLICY_FEED_H

#include "policy/keys.h"

/* Called for each prefix that holds now. -1 ends the reading: an error of the policy. */
struct feed_reader {
	int (*add)(struct parse_context *d, const struct source *s, struct position at,
		   const struct prefix *prefix, const void *context);
	const void *context;
};

/* Reads the lines of a file into *feed, which is empty, and hands its prefixes to the reader (NULL:
 * nobody). 0, or -1 and *e: the reader failed, or this is no list of prefixes at all. *feed is the
 * caller's, also then. */
int feed_read(struct parse_context *d, const struct policy_file *file,
	      const struct feed_reader *reader, struct feed *feed, struct error *e);

/* Likewise the feed that an entry of the policy names; the policy keeps what was found. */
int read_feed(struct parse_context *d, const struct node *item, const struct feed_reader *reader);

/* 0, or -1 and *e: a country or network that its database does not have, so that its name is rather
 * wrong. One that counts as empty is not judged. */
int feed_has_place(const struct policy_file *file, const struct feed *feed, struct error *e);

void feed_free(struct feed *feed);
#define auto_feed cleanup(feed_free)

/* What a feed says without the rest of its policy: for a file that is to take the place of one that
 * runs. 0, or -1 and *e. */
int feed_examine(const struct policy_file *file, bool strict, struct feed *feed, struct error *e);

/* True when a feed lost so much that it is rather a mistake of its source: all, or more than half
 * of ten and more. Lines whose time is over count. */
bool feed_shrank(const struct feed *before, const struct feed *now);

/* The feed of a policy with that path, or NULL. */
const struct feed *feed_of(const struct policy *policy, const char *path);

#endif
