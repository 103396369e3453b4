/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `ban del` and `ban flush` with --note: they take off only bans that have this note.
 */
#ifndef SIPWARD_CLI_BAN_NOTED_H
#define SIPWARD_CLI_BAN_NOTED_H

#include "export/ban_lines.h"

/* The bans of these sources. Wrong lines are an error, and nothing is changed, unless `skip` leaves
 * them out; a source without such a ban is no error. */
int ban_noted_del(const struct state *state, const struct ban_lines *lines, const char *note,
		  bool skip, bool json, struct error *e);

/* All of them, after a question. */
int ban_noted_flush(const struct state *state, const char *note, bool yes, bool json,
		    struct error *e);

#endif
