/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Programs and interfaces: attach behind a pinned link, replace in one step, go back, take off.
 */
#ifndef SIPWARD_KERNEL_APPLY_H
#define SIPWARD_KERNEL_APPLY_H

#include <net/if.h>

#include "kernel/state_maps.h"
#include "kernel/tc_filters.h"

/* Checks that the interface is ours already, or exists, is up and carries no program. */
int attach_check(const char *iface, struct error *e);

/* Swaps a generation in on all the interfaces, or, when one of them fails, on none.
 * Takes sipward off those that `policy` no longer names. `note` is called with a sentence
 * for each thing that the operator should know (a fallback to generic mode, ...). */
struct apply {
	struct state *state; /* changed by apply_swap() and apply_finish() only */
	const struct policy *policy;
	char (*interfaces)[IFNAMSIZ]; /* that exist now; owned */
	size_t interface_count;
	char (*wanted)[IFNAMSIZ]; /* that are meant, gone ones included; owned */
	char (*meant)[IFNAMSIZ];  /* as they are called where they are named; owned */
	size_t wanted_count;
	bool check_local; /* the agent keeps the table of local addresses */
	void (*note)(const char *text);
	uint64_t generation;        /* out: the number of the new generation */
	int observer;               /* out: its observer, owned by the caller; -1: it has none */
	struct observers observers; /* out: where it is now, owned by the caller */
	uint64_t services;          /* out: fingerprint of what the observer notes */
	struct apply_work *work;    /* of the phases; NULL before the first */
};

/* The four phases, one after the other. When one of the first two fails, the old program runs on,
 * with its tables. The last two cannot fail; steps that they could not do are noted. When a process
 * ends between the phases, the next start does the missing steps (state_recover). */
int apply_generation(struct apply *apply, struct error *e);

/* All that is slow or may be refused: compiles, makes the tables that change their size, copies
 * what is in them, loads the programs. Touches nothing that runs, and changes nothing in
 * *apply->state: another thread may do it while this state and this policy stay. */
int apply_prepare(struct apply *apply, struct error *e);
/* Milliseconds: from here on the new programs run, with the new tables. */
int apply_swap(struct apply *apply, struct error *e);
/* Copies the entries that the old programs wrote until then into the new tables. Slow; reads and
 * writes maps, and only apply->work: another thread may do it. */
void apply_settle(struct apply *apply);
/* The new tables take the names of the old ones; interfaces that are named no more are let go. */
void apply_finish(struct apply *apply);

/* Frees what it owns; before apply_swap() succeeded, the tables that were made go, too. */
void apply_free(struct apply *apply);

#endif
