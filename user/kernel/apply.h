/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Programs and interfaces: attach behind a pinned link, replace in one step, go back, take
 * off; and what is attached right now, read from the kernel and from nowhere else.
 */
#ifndef SIPWARD_KERNEL_APPLY_H
#define SIPWARD_KERNEL_APPLY_H

#include <net/if.h>

#include "kernel/state_maps.h"
#include "kernel/tc_filters.h"

/* ELSEWHERE: it filters on an interface that is not in this network namespace. */
enum attach_mode { ATTACH_NONE, ATTACH_NATIVE, ATTACH_GENERIC, ATTACH_ELSEWHERE };

const char *attach_mode_name(enum attach_mode mode); /* "none", "native", "generic", ... */

/* Why nothing of ours is attached where something is pinned. */
enum attach_why {
	ATTACH_WHY_NOT,      /* it is attached */
	ATTACH_WHY_NO_PIN,   /* no link is pinned */
	ATTACH_WHY_DETACHED, /* the link holds no interface: that went away, or was detached */
};

/* What one interface runs, as the kernel tells it. */
struct attachment {
	char iface[IFNAMSIZ];     /* its name for the pins */
	char now[IFNAMSIZ];       /* its name for the kernel; empty: there is none here */
	int ifindex;              /* 0: there is no such interface now */
	enum attach_mode mode;
	enum attach_why why;
	uint32_t other;           /* an XDP program that is there and not behind our link: its id */
	char other_name[16];
	bool multi_buffer;
	uint32_t program_id;
	char tag[17];             /* hexadecimal, of the program */
	uint32_t verified;        /* instructions that the verifier walked */
	struct sw_policy *policy; /* the constants of the program; owned, free() */
};

/* Reads what of sipward is attached to the interface. 0, with mode ATTACH_NONE when nothing
 * is; -1 and *e when the program is of another version. */
int attachment_read(const char *iface, struct attachment *attachment, struct error *e);
void attachment_free(struct attachment *attachment);
#define auto_attachment cleanup(attachment_free)

/* True when the program with that id is one of sipward's, as its name says. */
bool attachment_is_ours(uint32_t program_id);
/* What of sipward's runs on an interface, whatever is pinned; false when nothing does. */
struct link_now;
bool attachment_of_link(const struct link_now *now, struct attachment *attachment);

/* The pinned link when the kernel, asked about this interface in this namespace, shows its program
 * there; else -1. */
int attach_link(const char *iface, int ifindex);

/* Checks that the interface is ours already, or exists, is up and carries no program. */
int attach_check(const char *iface, struct error *e);

/* Swaps a generation in on all the interfaces, or, when one of them fails, on none.
 * Takes sipward off those that `policy` no longer names. `note` is called with a sentence
 * for each thing that the operator should know (a fallback to generic mode, ...). */
struct apply {
	struct state *state;           /* changed by apply_swap() and apply_finish() only */
	const struct policy *policy;
	char (*interfaces)[IFNAMSIZ];  /* that exist now; owned */
	size_t interface_count;
	char (*wanted)[IFNAMSIZ];      /* that are meant, gone ones included; owned */
	char (*meant)[IFNAMSIZ];       /* as they are called where they are named; owned */
	size_t wanted_count;
	bool check_local;              /* the agent keeps the table of local addresses */
	void (*note)(const char *text);
	uint64_t generation;           /* out: the number of the new generation */
	int observer;                  /* out: its observer, owned by the caller; -1: it has none */
	struct observers observers;    /* out: where it is now, owned by the caller */
	uint64_t services;             /* out: fingerprint of what the observer notes */
	struct apply_work *work;       /* of the phases; NULL before the first */
};

/* The four phases, one after the other. Whichever of the first two fails, what ran before runs on,
 * with its tables; the last two cannot fail, and what they could not do is noted. A process that
 * ends between them leaves to the next start what is missing (state_recover). */
int apply_generation(struct apply *apply, struct error *e);

/* All that is slow or may be refused: compiles, makes the tables that change their size, copies
 * what is in them, loads the programs. Touches nothing that runs, and changes nothing in
 * *apply->state: another thread may do it while this state and this policy stay. */
int apply_prepare(struct apply *apply, struct error *e);
/* Milliseconds: from here on the new programs run, with the new tables. */
int apply_swap(struct apply *apply, struct error *e);
/* What the old programs wrote until then goes into the new tables. Slow; reads and writes maps, and
 * only apply->work: another thread may do it. */
void apply_settle(struct apply *apply);
/* The new tables take the names of the old ones; interfaces that are named no more are let go. */
void apply_finish(struct apply *apply);

/* Frees what it owns; before apply_swap() succeeded, the tables that were made go, too. */
void apply_free(struct apply *apply);

#endif
