/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/locals.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "kernel/netlink.h"
#include "kernel/walk.h"

struct addresses {
	struct sw_addr *items;
	size_t count;
	int fd;
};

static void collect(void *context, const struct sw_addr *addr, bool gone)
{
	struct addresses *to = context;

	(void)gone;
	append(to->items, to->count, *addr);
}

static bool drop_gone(const void *key, void *value, void *context)
{
	const struct addresses *now = context;

	(void)value;
	for (size_t i = 0; i < now->count; i++)
		if (memcmp(&now->items[i], key, sizeof(now->items[i])) == 0)
			return true;
	bpf_map_delete_elem(now->fd, key);
	return true;
}

static void addresses_free(struct addresses *addresses)
{
	free(addresses->items);
}

int locals_sync(const struct state *state, struct error *e)
{
	cleanup(addresses_free) struct addresses now = {.fd = state->fds[STATE_LOCAL_ADDRS]};
	struct netlink_events events = {.address = collect, .context = &now};
	uint32_t one = 1;

	if (netlink_dump_addresses(&events, e) < 0)
		return -1;
	/* New ones first: at no moment is an address that stays missing. */
	for (size_t i = 0; i < now.count; i++)
		if (bpf_map_update_elem(now.fd, &now.items[i], &one, BPF_ANY) < 0)
			return fail(e, EXIT_FAILED,
				    "the table of local addresses cannot be written (%zu "
				    "addresses, room for %d): %s; name the addresses in services: "
				    "instead",
				    now.count, SW_LOCAL_ADDRS_MAX, strerror(errno));
	return map_walk(now.fd, drop_gone, &now, e);
}
