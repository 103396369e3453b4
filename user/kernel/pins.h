/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The directories of interfaces under bpf_dir(): which there are, and that each has the name that
 * the kernel gives its interface now.
 */
#ifndef SIPWARD_KERNEL_PINS_H
#define SIPWARD_KERNEL_PINS_H

#include <net/if.h>

#include "base/base.h"

/* An XDP link, as the kernel tells of it. */
struct link_held {
	uint32_t id;
	uint32_t program;
	int ifindex; /* 0: it holds no interface any more */
};

/* False when the descriptor is no XDP link. */
bool link_read(int fd, struct link_held *held);

/* True when a pinned link holds an interface that is not one of this namespace. */
bool pins_hold_elsewhere(void);

/* Gives each directory whose link holds an interface of this namespace the name of that interface,
 * and those of a version before their new form. Calls note() with a sentence for each. */
int pins_follow(void (*note)(const char *text), struct error *e);

/* Likewise for one interface, which was renamed. */
int pins_rename(const char *from, const char *to, struct error *e);

#endif
