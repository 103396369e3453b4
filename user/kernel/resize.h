/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tables that change their size keep their live entries: new maps are filled beside the old ones,
 * the next generation uses them, and only then do their pins take the place of the old ones.
 * Until then the old pin stays NAME and the new one is NAME_new.
 */
#ifndef SIPWARD_KERNEL_RESIZE_H
#define SIPWARD_KERNEL_RESIZE_H

#include "kernel/state_maps.h"

/* One table in the course of it. All descriptors are owned; -1: there is none. */
struct resized {
	int from;  /* the map in use until the swap */
	int also;  /* one before that, which a program may still write to */
	int to;    /* the map from then on */
	int use;   /* likewise, until the state has it */
	bool made; /* `to` is new, and pinned as NAME_new */
};

struct resize {
	struct resized maps[STATE_MAP_COUNT];
	bool swapped;
};

/* clang-format off */
#define RESIZE_NONE { .maps = {[0 ... STATE_MAP_COUNT - 1] = \
			       {.from = -1, .also = -1, .to = -1, .use = -1}} }
/* clang-format on */

/* Makes larger or smaller maps where the policy wants other sizes, with the live entries copied.
 * The state keeps what it has. Refused when the live entries do not fit. */
int resize_prepare(struct resize *resize, const struct state *state, const struct tables *tables,
		   struct error *e);
/* Writes the new descriptors over those in fds: for programs that are to use them. */
void resize_use(const struct resize *resize, int fds[STATE_MAP_COUNT]);
/* The programs use the new maps from now on, and so does the state; it keeps the old ones in
 * state->resized, and state_write() writes to both. */
void resize_swap(struct resize *resize, struct state *state);
/* Brings over the entries that were written to the old maps until the swap, and removes those that
 * were taken out. */
void resize_settle(const struct resize *resize, void (*note)(const char *text));
/* The new maps take the names of the old ones, which the state lets go. */
void resize_finish(struct resize *resize, struct state *state, void (*note)(const char *text));
/* Frees what it owns; maps that were made and are not in use go, with their pins. */
void resize_free(struct resize *resize);

/* Brings over what is in `from` and not yet, or older, in `to`. Returns how many entries found no
 * room; -1 and *e when a map cannot be read. */
long table_merge(enum state_map map, int from, int to, struct error *e);
/* Likewise, after the entries that somebody took out of `from` were taken out of `to`: of a table
 * that only user space writes, which writes to `from` first. */
long table_settle(enum state_map map, int from, int to, struct error *e);

#endif
