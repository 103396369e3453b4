/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `country:DE` and `as:64500` in a list of prefixes: what a MaxMind DB file says they are. That is
 * a feed, too: a text with a prefix a line, made from the database, and watched with it.
 */
#ifndef SIPWARD_POLICY_GEO_H
#define SIPWARD_POLICY_GEO_H

#include "policy/keys.h"

/* `geo: {country: FILE, asn: FILE}`. Zones and lists ask before that is read. */
void geo_prepare(struct parse_context *d, const struct node *root);
int read_geo(struct parse_context *d, const struct key *key, const struct node *value, void *to);

/* True when the entry of a list begins like one of the two. */
bool is_geo(const char *text);
enum prefix_origin geo_origin(const char *text);

/* The name that the policy's text keeps it by: "DIRECTORY/FILE#country:DE"; owned by the caller.
 * NULL on error. */
char *geo_path(struct parse_context *d, const struct node *item, const char *directory);

/* Where "#country:DE" begins in such a name; NULL in all others. */
const char *geo_in_path(const char *path);

/* Makes the text from the database of such a name; 0, or -1 and *e. */
int geo_read(struct policy_file *file, struct error *e);

#endif
