/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Bans as user space sees them. The map is the one source of truth: the data path drops exactly the
 * sources that are listed here, and neither knows an entry past its end.
 */
#ifndef SIPWARD_KERNEL_BANS_H
#define SIPWARD_KERNEL_BANS_H

#include "kernel/state_maps.h"
#include "kernel/walk.h"

#define BAN_FOREVER (~0ull)

struct ban_entry {
	struct prefix source; /* a host, or the /64 that counts as one IPv6 source */
	char user[32];        /* the username that is refused to it, as far as it is kept; "": the
				* source is banned */
	bool account; /* the username is attacked, whatever source it comes from: `source` is
			     * nothing, */
	uint8_t zone; /* and it is so in the zone of this number */
	struct sw_ban ban;
};

/* Two kinds of entries share the table, so that a source never has both. */
enum ban_kind { BAN_DENIES, BAN_ALLOWS, BAN_EITHER };

/* The source that a ban of this address holds for: the address, or its IPv6 /64. */
void ban_source(const struct sw_addr *addr, struct sw_source *source);
/* Whatever username is refused to it. */
bool is_same_source(const struct sw_source *a, const struct sw_source *b);

/* Bans the source of `addr` for `duration` nanoseconds (BAN_FOREVER: until taken off). An entry
 * that exists is replaced. *source (may be NULL) gets what was banned. */
int ban_add(const struct state *state, const struct prefix *addr, uint64_t duration,
	    const char *note, struct prefix *source, struct error *e);

/* Likewise, but lets it in: no list denies it, and nothing that it does bans it. */
int allow_add(const struct state *state, const struct prefix *addr, uint64_t duration,
	      const char *note, struct prefix *source, struct error *e);

/* An entry by hand. */
struct ban_new {
	enum ban_kind kind; /* BAN_DENIES or BAN_ALLOWS */
	struct prefix source;
	uint64_t end; /* monotonic nanoseconds, or BAN_FOREVER */
	char note[128];
};

/* Copies as much of a note as there is room for, and no part of a character; a control octet
 * becomes a blank. */
void ban_copy_note(struct sw_ban *ban, const char *note);
/* Writes it; one that exists is replaced. *source as above. */
int ban_put(const struct state *state, const struct ban_new *what, struct prefix *source,
	    struct error *e);
/* 0 when `addr` may have an entry: one IPv4 address, one IPv6 address or its /64; else -1, *e. */
int ban_check(const struct prefix *addr, struct error *e);
/* True when the source has an entry, also one that has ended. */
bool ban_has_entry(const struct state *state, const struct prefix *addr);
/* True when the source is allowed by hand now. */
bool ban_is_allowed(const struct state *state, const struct prefix *addr);
/* When an entry ends that lasts so many nanoseconds from now on. */
uint64_t ban_end(uint64_t duration);

/* Takes all entries of this kind off, also those that are only remembered, and refused usernames
 * with the bans. *taken: how many of them were live. */
int ban_flush(const struct state *state, enum ban_kind kind, size_t *taken, struct error *e);

/* Where room was looked for in a full table: each look takes a few milliseconds, and the next one
 * goes on from there. All 0 at first. */
struct ban_room {
	struct walk_part part;
	uint64_t soonest;    /* of those seen since the table's start: when the first one ends */
	uint64_t none_until; /* it was all looked through: there is nothing to find before that */
	uint64_t found;      /* how many were taken out, ever */
};

/* A ban for behaviour. */
struct ban_order {
	struct sw_source source; /* as an offence names it, with sw_login_key(), or an account */
	enum sw_reason reason;
	uint32_t evidence;
	const char *user;        /* whose credentials are refused; NULL: the source is banned */
	bool first;              /* it lasts no longer than the first one */
	const struct bans *bans; /* how long, and how much longer each time */
	struct ban_room *room;   /* kept from one ban to the next; NULL: room is looked for anew */
};

enum ban_outcome {
	BAN_MADE,
	BAN_THERE, /* it is banned already: that stays, above all when it was made by hand */
	BAN_FULL   /* the table is full, and no ended ban was found so soon: the source goes on */
};

/* Carries it out at `now`. One that comes within BAN_REMEMBERED after the end of the last one
 * of the same source is the next in a row, and longer. *made gets what was written. */
enum ban_outcome ban_sentence(const struct state *state, const struct ban_order *order,
			      uint64_t now, struct sw_ban *made);

#define BAN_REMEMBERED (24 * 3600 * SW_NS_PER_SEC)

/* How long a ban lasts, in nanoseconds, after `before` ones in a row. */
uint64_t ban_length(const struct bans *bans, uint32_t before);

/* Takes the entry of this kind off; *found says whether there was a live one. With a ban go all
 * usernames that are refused to the source. */
int ban_del(const struct state *state, const struct prefix *addr, enum ban_kind kind, bool *found,
	    struct error *e);

/* A username that is refused to the source of `addr`. */
int ban_del_user(const struct state *state, const struct prefix *addr, const char *user,
		 bool *found, struct error *e);

/* An account that is attacked, in all zones. */
int ban_del_account(const struct state *state, const char *user, bool *found, struct error *e);

/* The live entries, sorted by end. The array belongs to the caller. */
int ban_list(const struct state *state, enum ban_kind kind, struct ban_entry **bans, size_t *count,
	     struct error *e);

/* Those of one source, of all kinds: its ban or its allow, and the usernames refused to it. */
int ban_list_source(const struct state *state, const struct sw_source *source,
		    struct ban_entry **bans, size_t *count, struct error *e);

/* All, of all kinds and in no order: for those that have no time. Without usernames that
 * are refused: they stand under a hash whose key does not outlive a reboot. */
int ban_list_unsorted(const struct state *state, struct ban_entry **bans, size_t *count,
		      struct error *e);

/* Puts bans into the table where it has none for their source, as far as they fit, those that end
 * last first; returns how many. Sorts the array. */
size_t ban_restore(const struct state *state, struct ban_entry *bans, size_t count);

/* The live entries of the table, by kind. */
struct ban_counts {
	uint64_t denies; /* all of these: */
	uint64_t by_hand;
	uint64_t earned;     /* usernames that are refused among them */
	uint64_t allows;     /* by hand */
	uint64_t remembered; /* ended, and kept for how long the next one lasts */
};

/* Removes ended entries, but for bans that are remembered; returns how many live bans remain, or
 * -1. */
long ban_sweep(const struct state *state, struct error *e);
/* Likewise, with all counts. */
int ban_sweep_counts(const struct state *state, struct ban_counts *counts, struct error *e);

#endif
