/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The observer on its interfaces: a TC egress filter of a known handle and priority behind
 * clsact, which is what kernel 6.1 has. Others can take it off without a word, so it is
 * looked for, not believed in.
 */
#ifndef SIPWARD_KERNEL_TC_FILTERS_H
#define SIPWARD_KERNEL_TC_FILTERS_H

#include <net/if.h>

#include "base/base.h"

/* Where answers may leave: the interfaces that are named, and, if wanted, those that the routing
 * tables use; loopback is none. */
struct egress {
	char (*named)[IFNAMSIZ];
	size_t named_count;
	bool routes;
};

struct observers {
	int *indexes;
	int *before; /* the program that was there, or -1 */
	size_t count;
	size_t added; /* out of observers_swap(): those that had none */
};

/* Those that are there now. Owned by the caller: observers_free. */
int observers_find(struct observers *observers, const struct egress *egress, struct error *e);
bool observers_include(const struct observers *observers, int ifindex);
void observers_free(struct observers *observers);

/* Attaches the program to all of them, in the place of the one before where there is one. On
 * error those that were done go back. */
int observers_swap(struct observers *observers, int program, struct error *e);
/* Puts back what was there before the swap. */
void observers_back(const struct observers *observers);
/* There is no way back any more: lets go of what was there before, with the maps that it had. */
void observers_keep(struct observers *observers);

/* Attaches the program where it should be and is not, for somebody took it off. Returns how many
 * it had to attach, or -1 when one of them could not be. */
int observers_mend(const struct observers *observers, int program, struct error *e);

/* On how many of the interfaces that are there it is missing; attaches nothing. */
size_t observers_missing(const struct observers *observers);
/* The id of the observer's program on one interface, 0 when there is none. */
uint32_t observer_program(int ifindex);

/* Takes our filter off everywhere but from these (NULL: everywhere); qdisc and filters of others
 * stay. */
void observers_detach(const struct observers *keep);
/* Likewise, off one interface. */
void observer_detach(int ifindex);

#endif
