/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/allowed.h"

#include <string.h>

static bool contains(const struct allowed_entry *entry, const struct sw_addr *addr)
{
	uint32_t whole = entry->length / 8, bits = entry->length % 8;
	uint8_t mask = bits ? 0xff << (8 - bits) : 0;

	return memcmp(entry->addr.octets, addr->octets, whole) == 0 &&
	       (!bits || ((entry->addr.octets[whole] ^ addr->octets[whole]) & mask) == 0);
}

/* A larger prefix stands before those that lie in it. */
static int by_place(const void *a, const void *b)
{
	const struct allowed_entry *x = a, *y = b;
	int order = memcmp(&x->addr, &y->addr, sizeof(x->addr));

	return order ? order : (int)x->length - (int)y->length;
}

/* The entry before one is the innermost around its place, or lies in one that is. */
static void find_outer(struct allowed *allowed)
{
	for (uint32_t i = 0; i < allowed->count; i++) {
		struct allowed_entry *entry = &allowed->entries[i];
		uint32_t outer = i ? i - 1 : 0;

		while (!contains(&allowed->entries[outer], &entry->addr) &&
		       allowed->entries[outer].outer != outer)
			outer = allowed->entries[outer].outer;
		entry->outer = contains(&allowed->entries[outer], &entry->addr) ? outer : i;
	}
}

void allowed_make(struct allowed *allowed, const struct policy *policy)
{
	bool any = false;

	memset(allowed, 0, sizeof(*allowed));
	for (size_t i = 0; i < policy->list_count && !any; i++)
		any = policy->list[i].list == SW_LIST_ALLOW;
	if (!any)
		return;
	allowed->entries = xcalloc(policy->list_count, sizeof(*allowed->entries));
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct prefix *prefix = &policy->list[i].prefix;

		allowed->entries[i] = (struct allowed_entry){
			.addr = prefix->addr,
			.length = prefix->length + (prefix->ipv6 ? 0 : 96),
			.allows = policy->list[i].list == SW_LIST_ALLOW,
		};
	}
	allowed->count = policy->list_count;
	qsort(allowed->entries, allowed->count, sizeof(*allowed->entries), by_place);
	find_outer(allowed);
}

void allowed_free(struct allowed *allowed)
{
	free(allowed->entries);
	memset(allowed, 0, sizeof(*allowed));
}

bool allowed_holds(const struct allowed *allowed, const struct sw_addr *addr)
{
	size_t low = 0, high = allowed->count; /* the last one that begins at or before it */
	uint32_t i;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(&allowed->entries[middle].addr, addr, sizeof(*addr)) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return false;
	for (i = low - 1; !contains(&allowed->entries[i], addr); i = allowed->entries[i].outer)
		if (allowed->entries[i].outer == i)
			return false;
	return allowed->entries[i].allows;
}
