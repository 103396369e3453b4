/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The observer on its interfaces: a TC egress filter of a known handle and priority behind
 * clsact, which is what kernel 6.1 has. Others can take it off without a word, so it is
 * looked for, not believed in.
 */
#ifndef SIPWARD_KERNEL_OBSERVE_H
#define SIPWARD_KERNEL_OBSERVE_H

#include "base/base.h"

/* Interfaces (by index) that answers may leave by: those named, and those that the routing
 * tables use; loopback is none. The array belongs to the caller. */
int observed_interfaces(char (*named)[16], size_t named_count, int **indexes, size_t *count,
			struct error *e);

/* Attaches the program, or puts it in the place of the one before it. *old (may be NULL) gets
 * a descriptor of that one, or -1. */
int observer_attach(int ifindex, int program, int *old, struct error *e);

/* True when a filter of ours is on the interface. */
bool observer_present(int ifindex);

/* Takes our filter off; qdisc and filters of others stay. */
void observer_detach(int ifindex);
void observer_detach_all(void);

#endif
