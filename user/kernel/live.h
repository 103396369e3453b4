/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The policy that filters now, as the kernel has it: the constants of an attached program, and the
 * maps of zones and lists that it uses. With and without an agent.
 */
#ifndef SIPWARD_KERNEL_LIVE_H
#define SIPWARD_KERNEL_LIVE_H

#include "kernel/attachment.h"
#include "policy/model.h"

struct live {
	struct attachment attachment; /* policy NULL: nothing is attached */
	int zones[2];                 /* tries: IPv4, IPv6; -1: the program has none */
	int lists[2];
	int hosts;
};

#define LIVE_CLOSED                                               \
	{                                                         \
		.zones = {-1, -1}, .lists = {-1, -1}, .hosts = -1 \
	}

/* Opens the first interface that runs a program of this version. 0, also when there is none; -1
 * and *e when there is one that cannot be read. Owned by the caller: live_close(). */
int live_open(struct live *live, struct error *e);
/* Likewise the program of one interface. */
int live_open_interface(struct live *live, const char *name, struct error *e);
void live_close(struct live *live);
#define auto_live cleanup(live_close)

/* The number of an address's zone; *by (may be NULL) becomes the prefix that says so. False when
 * none does, and it is SW_ZONE_PUBLIC. */
bool live_zone(const struct live *live, const struct sw_addr *addr, uint32_t *zone,
	       struct prefix *by);

/* The list that decides about an address, and by which prefix. SW_LIST_NONE: it is on none. */
enum sw_list live_list(const struct live *live, const struct sw_addr *addr, struct prefix *by);

/* The address as these masks (of IPv4, IPv6) make a source of it, without port and zone. */
struct sw_source live_source(const struct sw_mask masks[2], const struct sw_addr *addr);

#endif
