/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads interfaces and addresses from the kernel (rtnetlink, through libmnl): the table
 * of local addresses is kept from it, and an interface that comes back is noticed by it.
 */
#ifndef SIPWARD_KERNEL_NETLINK_H
#define SIPWARD_KERNEL_NETLINK_H

#include <libmnl/libmnl.h>
#include <net/if.h>

#include <sipward/policy.h>

#include "base/base.h"

/* Called on every change. Each may be NULL: then the kernel is not asked to tell. */
struct netlink_events {
	void (*link)(void *context, const char *iface, bool gone, bool up);
	void (*address)(void *context, const struct sw_addr *addr, bool gone);
	void (*route)(void *context, int ifindex);  /* a new one to elsewhere, by this interface */
	void (*filter)(void *context, int ifindex); /* a qdisc or filter was taken off it */
	void *context;
};

/* An interface, as the kernel tells of it. */
struct link_now {
	int ifindex;
	char name[IFNAMSIZ];
	bool up;
	uint32_t native, generic, offloaded; /* its XDP programs by mode; 0: none */
};

struct netlink {
	struct mnl_socket *socket;
	const struct netlink_events *events;
};

/* Subscribes to the changes that have a callback; netlink_fd() becomes readable on each. */
int netlink_open(struct netlink *netlink, const struct netlink_events *events, struct error *e);
void netlink_close(struct netlink *netlink);
int netlink_fd(const struct netlink *netlink);

/* Calls events->address for every address there is now (broadcast addresses included). */
int netlink_dump_addresses(const struct netlink_events *events, struct error *e);

/* Calls route() with the index of each interface that some route to elsewhere uses. */
int netlink_dump_routes(void (*route)(void *context, int ifindex), void *context, struct error *e);

/* Asks for one interface of this namespace, or for all. 1, 0 when there is none, or -1. */
int netlink_link(int ifindex, struct link_now *now, struct error *e);
int netlink_dump_links(void (*visit)(void *context, const struct link_now *now), void *context,
		       struct error *e);

/* Any XDP program of the interface; 0: it has none. */
static inline uint32_t link_program_id(const struct link_now *now)
{
	return now->native ? now->native : now->generic ? now->generic : now->offloaded;
}

static inline bool link_has_program(const struct link_now *now, uint32_t id)
{
	return id && (now->native == id || now->generic == id || now->offloaded == id);
}

/* Handles what is there to read. *lost becomes true when the kernel dropped messages: then
 * everything must be asked for anew. */
int netlink_read(struct netlink *netlink, bool *lost, struct error *e);

#endif
