/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The network namespace that a state belongs to. Numbers of interfaces, and addresses, mean
 * something in one namespace only, so an agent of another one keeps off. Kept as a pin beside the
 * maps (bpf_dir()/namespace), for the file system of pins is shared by all namespaces.
 */
#ifndef SIPWARD_KERNEL_NAMESPACE_H
#define SIPWARD_KERNEL_NAMESPACE_H

#include <limits.h>

#include "base/base.h"

struct network {
	uint64_t cookie; /* never given to another one; 0: not told */
	uint64_t inode;  /* net:[INODE], as /proc/PID/ns/net has it */
};

#define NAMESPACE_PIN "namespace"

struct network network_here(void);
bool network_same(const struct network *a, const struct network *b);

/* The namespace of the state; false when none is noted. */
bool network_of_state(struct network *network);

/* A path by which that namespace can be entered (nsenter --net=PATH); false when none is found,
 * which, seen from a container, does not mean that there is none. */
bool network_path(const struct network *network, char path[PATH_MAX]);

/* Notes that the state belongs to the namespace of this process. Refused while it belongs to
 * another one that still is there. With the lock of the state only. */
int network_claim(struct error *e);

/* The same question, for those who would take a state of another namespace apart. */
int network_check(struct error *e);

/* One agent for a namespace, whatever its directories are: two would take the observer's filter
 * from each other again and again. The lock is a name that goes with the descriptor. A user who is
 * not root can take it, but keeps nobody off by that. */
int network_lock(struct error *e);

/* Puts the note back, where somebody removed it. True when it had to. */
bool network_renew(void);

/* This process enters the namespace of the state. False when it may not, or finds none. */
bool network_enter(const struct network *network);

#endif
