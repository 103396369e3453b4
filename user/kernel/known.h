/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The table of known endpoints, as the agent keeps it: idle entries go, those that were never
 * served make room, and the counts of each network are set right.
 */
#ifndef SIPWARD_KERNEL_KNOWN_H
#define SIPWARD_KERNEL_KNOWN_H

#include "kernel/state_maps.h"

/* Removes endpoints that were idle for longer than `known_for` nanoseconds, and limit cells that
 * are full again; makes room where the table is more than half full; counts the rest anew. Returns
 * how many endpoints are known, or -1. */
long known_sweep(const struct state *state, uint64_t known_for, struct error *e);

struct known_entry {
	struct sw_source endpoint;
	struct sw_known known;
};

/* All that are known. The array belongs to the caller. */
int known_list(const struct state *state, struct known_entry **known, size_t *count,
	       struct error *e);

/* Puts those into the table that it has not, as far as they fit and their networks' shares allow,
 * served ones first, then the last seen; returns how many. Sorts the array. */
size_t known_restore(const struct state *state, struct known_entry *known, size_t count);

/* How many are known; -1 and *e. */
long known_count(const struct state *state, struct error *e);

/* How many strangers a second the greylist lets in by chance when `rate` packets a second of
 * newcomers ask for the first time: a stranger matches a cell of its line by 20 bits, and
 * counts when that cell is as old as a retransmission may be. */
double greylist_false_admissions(uint32_t lines, double rate);

/* Sums of the tallies over all CPUs: tallies[SW_TALLY_COUNT]. */
int tallies_read(const struct state *state, uint64_t *tallies, struct error *e);

#endif
