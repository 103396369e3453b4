/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Bans by their note: what writes bans for somebody else (a feed, fail2ban) takes back only its
 * own.
 */
#ifndef SIPWARD_KERNEL_BAN_NOTES_H
#define SIPWARD_KERNEL_BAN_NOTES_H

#include "kernel/bans.h"

/* Takes off the manual ban of `addr` when it has this note; *found says whether it was there. The
 * usernames that are refused to the source stay. */
int ban_del_noted(const struct state *state, const struct prefix *addr, const char *note,
		  bool *found, struct error *e);

/* Takes off all manual bans that have this note; *taken: how many. */
int ban_flush_noted(const struct state *state, const char *note, size_t *taken, struct error *e);
/* How many there are. */
int ban_count_noted(const struct state *state, const char *note, size_t *count, struct error *e);

#endif
