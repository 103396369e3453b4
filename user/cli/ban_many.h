/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Many bans or allows at once: all or none are written.
 */
#ifndef SIPWARD_CLI_BAN_MANY_H
#define SIPWARD_CLI_BAN_MANY_H

#include "export/ban_lines.h"

/* Fails when there are wrong lines and `skip` does not leave them out. */
int many_wrong(const struct ban_lines *lines, bool skip, struct error *e);

/* Writes all entries; a list that somebody else wrote (`feed`) bans nobody whom an operator allowed
 * by hand, and no peer of the running policy. Wrong lines are an error, and then nothing is
 * written, unless `skip` leaves them out. Nothing is written either when the table has no room for
 * all. */
int ban_many_write(const struct state *state, struct ban_lines *lines, bool feed, bool skip,
		   struct error *e);

/* What was done, and which lines were left out. */
void print_many(const struct ban_lines *lines, bool json);

/* The manual entries among them, as lines or as JSON. */
void print_export(const char *command, const struct ban_entry *bans, size_t count, bool json);

#endif
