/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Bans as user space sees them. The map is the one source of truth: what is listed here is
 * what the data path drops, and an entry past its end is in neither.
 */
#ifndef SIPWARD_KERNEL_BANS_H
#define SIPWARD_KERNEL_BANS_H

#include "kernel/state.h"

#define BAN_FOREVER (~0ull)

struct ban_entry {
	struct prefix source;  /* a host, or the /64 that counts as one IPv6 source */
	struct sw_ban ban;
};

/* Two kinds of entries share the table, so that a source never has both. */
enum ban_kind { BAN_DENIES, BAN_ALLOWS, BAN_EITHER };

/* Bans the source of `addr` for `duration` nanoseconds (BAN_FOREVER: until taken off). An entry
 * that exists is replaced. *source (may be NULL) gets what was banned. */
int ban_add(const struct state *state, const struct prefix *addr, uint64_t duration,
	    const char *note, struct prefix *source, struct error *e);

/* Likewise, but lets it in: no list denies it, and nothing that it does bans it. */
int allow_add(const struct state *state, const struct prefix *addr, uint64_t duration,
	      const char *note, struct prefix *source, struct error *e);

/* Takes the entry of this kind off; *found says whether there was a live one. */
int ban_del(const struct state *state, const struct prefix *addr, enum ban_kind kind, bool *found,
	    struct error *e);

/* The live entries, sorted by end. The array belongs to the caller. */
int ban_list(const struct state *state, enum ban_kind kind, struct ban_entry **bans, size_t *count,
	     struct error *e);

/* Puts bans into the table where it has none for their source, as far as they fit, the last
 * ones of the array first; returns how many. */
size_t ban_restore(const struct state *state, const struct ban_entry *bans, size_t count);

/* Removes ended entries; returns how many live bans remain, or -1. */
long ban_sweep(const struct state *state, struct error *e);

#endif
