/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/locals.h"

#include "agent/say.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>

#include "kernel/netlink.h"
#include "kernel/walk.h"

/* After the last change, and at most after the first one, nanoseconds. */
#define SETTLE  (100 * 1000000ull)
#define AT_MOST SW_NS_PER_SEC

struct addresses {
	struct sw_addr *items; /* sorted */
	size_t count;
	int fd;
};

static void collect(void *context, const struct sw_addr *addr, bool gone)
{
	struct addresses *to = context;

	(void)gone;
	append(to->items, to->count, *addr);
}

static int by_octets(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sw_addr));
}

/* Sorts them, and leaves each one once: two interfaces may have the same. */
static void sort(struct addresses *all)
{
	size_t kept = 0;

	if (!all->count)
		return;
	qsort(all->items, all->count, sizeof(*all->items), by_octets);
	for (size_t i = 1; i < all->count; i++)
		if (by_octets(&all->items[kept], &all->items[i]))
			all->items[++kept] = all->items[i];
	all->count = kept + 1;
}

static bool drop_gone(const void *key, void *value, void *context)
{
	const struct addresses *now = context;

	(void)value;
	if (!now->count || !bsearch(key, now->items, now->count, sizeof(*now->items), by_octets))
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
	sort(&now);
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

/* Once, and not again for each address that has no room. */
static void on_timer(void *context, int fd)
{
	struct locals *l = context;
	struct error e = {};
	uint64_t expired;

	if (read(fd, &expired, sizeof(expired)) != sizeof(expired))
		return;
	l->told = false;
	l->syncs++;
	locals_sync(l->state, &e);
	say_once(l->say, l->trouble, sizeof(l->trouble), e.text);
}

int locals_open(struct locals *l, struct loop *loop, struct error *e)
{
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->timer < 0)
		return fail(e, EXIT_FAILED, "timerfd: %s", strerror(errno));
	return loop_add(loop, l->timer, on_timer, l, e);
}

void locals_close(struct locals *l)
{
	close_fd(&l->timer);
	l->timer = -1;
}

void locals_changed(struct locals *l)
{
	uint64_t now = monotonic_ns(), at = now + SETTLE;
	struct itimerspec once = {};

	if (!l->told)
		l->first_told = now;
	l->told = true;
	if (at > l->first_told + AT_MOST)
		at = l->first_told + AT_MOST;
	once.it_value.tv_sec = at / SW_NS_PER_SEC;
	once.it_value.tv_nsec = at % SW_NS_PER_SEC;
	timerfd_settime(l->timer, TFD_TIMER_ABSTIME, &once, NULL);
}
