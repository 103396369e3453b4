/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The program that an interface runs, as the kernel shows it: from the pinned link to the program,
 * and from the program to the constants that it was loaded with. Nothing else is believed.
 */
#ifndef SIPWARD_KERNEL_ATTACHMENT_H
#define SIPWARD_KERNEL_ATTACHMENT_H

#include <net/if.h>

#include <sipward/policy.h>

#include "base/base.h"
#include "kernel/netlink.h"

/* ELSEWHERE: it filters on an interface that is not in this network namespace. */
enum attach_mode { ATTACH_NONE, ATTACH_NATIVE, ATTACH_GENERIC, ATTACH_ELSEWHERE };

const char *attach_mode_name(enum attach_mode mode); /* "none", "native", "generic", ... */

/* Why nothing of ours is attached where something is pinned. */
enum attach_why {
	ATTACH_WHY_NOT,      /* it is attached */
	ATTACH_WHY_NO_PIN,   /* no link is pinned */
	ATTACH_WHY_DETACHED, /* the link holds no interface: that went away, or was detached */
};

/* The program of one interface, as the kernel tells it. */
struct attachment {
	char iface[IFNAMSIZ]; /* its name for the pins */
	char now[IFNAMSIZ];   /* its name for the kernel; empty: there is none here */
	int ifindex;          /* 0: there is no such interface now */
	enum attach_mode mode;
	enum attach_why why;
	uint32_t other; /* an XDP program that is there and not behind our link: its id */
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
/* Finds the program of sipward that runs on an interface, whatever is pinned; false when none
 * runs. */
bool attachment_of_link(const struct link_now *now, struct attachment *attachment);

/* The pinned link when the kernel, asked about this interface in this namespace, shows its program
 * there; else -1. */
int attach_link(const char *iface, int ifindex);

#endif
