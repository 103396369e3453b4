/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The observer on its interfaces: a TC egress filter of a known handle and priority behind
 * clsact, which is what kernel 6.1 has. Others can take it off without a word, so it is
 * looked for, not believed in.
 */
#ifndef SIPWARD_KERNEL_OBSERVE_H
#define SIPWARD_KERNEL_OBSERVE_H

#include <net/if.h>

#include "base/base.h"

/* Where answers may leave: the interfaces that are named, and those that the routing tables
 * use; loopback is none. */
struct observers {
	int *indexes;
	int *before;   /* the program that was there, or -1 */
	size_t count;
};

/* Attaches the program to all of them, in the place of the one before where there is one. On
 * error those that were done go back. Owned by the caller: observers_free. */
int observers_swap(struct observers *observers, char (*named)[IFNAMSIZ], size_t named_count,
		   int program, struct error *e);
/* Puts back what was there before the swap. */
void observers_back(const struct observers *observers);
void observers_free(struct observers *observers);

/* Attaches the program where it should be and is not: somebody took it off, or a route came
 * to use another interface. Returns how many it had to attach, or -1. */
int observers_mend(char (*named)[IFNAMSIZ], size_t named_count, int program, struct error *e);

/* Takes our filter off everywhere; qdisc and filters of others stay. */
void observers_detach(void);

#endif
