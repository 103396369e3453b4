/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/list_change.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "kernel/live.h"
#include "kernel/pinned_interfaces.h"
#include "kernel/state_values.h"
#include "kernel/walk.h"
#include "policy/limits.h"
#include "policy/prefix.h"

/* A hash takes memory for the entries that it may have, a trie only for those that it has. More
 * hosts than this go into the trie. */
#define HOSTS_ROOM 16384

/* How often it looks whether it is to end. */
#define TURN 1024

/* An entry of a table. */
struct item {
	struct prefix prefix;
	uint32_t value;
};

struct items {
	struct item *items;
	size_t count;
};

static void items_free(struct items *items)
{
	free(items->items);
}
#define auto_items cleanup(items_free)

/* The entries that are new and those that are gone, of the lists or of the zones. */
struct difference {
	struct items put, gone;
};

static void difference_free(struct difference *difference)
{
	items_free(&difference->put);
	items_free(&difference->gone);
}
#define auto_difference cleanup(difference_free)

static int by_prefix(const void *a, const void *b)
{
	return prefix_compare(&((const struct item *)a)->prefix, &((const struct item *)b)->prefix);
}

/* The lists of a policy are sorted already. */
static struct items list_items(const struct policy *policy)
{
	struct items all = {xcalloc(policy->list_count, sizeof(struct item)), policy->list_count};

	for (size_t i = 0; i < all.count; i++)
		all.items[i] = (struct item){policy->list[i].prefix, policy->list[i].list};
	return all;
}

static uint32_t zone_number(const struct state *state, const char *wanted)
{
	char name[SW_NAME_MAX];

	for (uint32_t i = SW_ZONE_PUBLIC + 1; i < SW_ZONES_MAX; i++)
		if (strcmp(state_zone_name(state, i, name), wanted) == 0)
			return i;
	return SW_ZONE_PUBLIC;
}

static struct items zone_items(const struct state *state, const struct policy *policy)
{
	struct items all = {};
	size_t count = 0;

	for (size_t i = 0; i < policy->zone_count; i++)
		count += policy->zones[i].source_count;
	all.items = xcalloc(count, sizeof(struct item));
	for (size_t i = 0; i < policy->zone_count; i++) {
		const struct zone *zone = &policy->zones[i];
		uint32_t number = zone->source_count ? zone_number(state, zone->name) : 0;

		for (size_t j = 0; j < zone->source_count; j++)
			all.items[all.count++] = (struct item){zone->sources[j], number};
	}
	if (count)
		qsort(all.items, count, sizeof(struct item), by_prefix);
	return all;
}

static struct difference compare(const struct items *from, const struct items *to)
{
	struct difference difference = {};
	size_t i = 0, j = 0;

	while (i < from->count || j < to->count) {
		const struct item *old = i < from->count ? &from->items[i] : NULL;
		const struct item *new = j < to->count ? &to->items[j] : NULL;
		int order = !old ? 1 : !new ? -1 : by_prefix(old, new);

		if (order < 0)
			append(difference.gone.items, difference.gone.count, *old);
		else if (order > 0 || old->value != new->value)
			append(difference.put.items, difference.put.count, *new);
		i += order <= 0;
		j += order >= 0;
	}
	return difference;
}

/* --- the tables --- */

/* The key of a trie. */
union trie_key {
	struct sw_prefix4 four;
	struct sw_prefix6 six;
};

static int trie_of(const int tries[2], const struct prefix *prefix, union trie_key *key)
{
	memset(key, 0, sizeof(*key));
	if (prefix->ipv6) {
		key->six.length = prefix->length;
		memcpy(key->six.octets, prefix->addr.octets, sizeof(key->six.octets));
		return tries[1];
	}
	key->four.length = prefix->length;
	memcpy(key->four.octets, prefix->addr.octets + 12, sizeof(key->four.octets));
	return tries[0];
}

/* hosts -1: the table has no hash of single hosts. */
static int put(const int tries[2], int hosts, const struct item *item)
{
	bool host = item->prefix.length == (item->prefix.ipv6 ? 128 : 32);
	union trie_key key;
	int trie = trie_of(tries, &item->prefix, &key);

	if (host && hosts >= 0) {
		if (bpf_map_update_elem(hosts, &item->prefix.addr, &item->value, BPF_ANY) == 0)
			return 0;
		if (errno != E2BIG)
			return -1;
	}
	return bpf_map_update_elem(trie, &key, &item->value, BPF_ANY);
}

static int take_out(const int tries[2], int hosts, const struct item *item)
{
	union trie_key key;
	int trie = trie_of(tries, &item->prefix, &key);

	if (hosts >= 0 && item->prefix.length == (item->prefix.ipv6 ? 128 : 32) &&
	    bpf_map_delete_elem(hosts, &item->prefix.addr) < 0 && errno != ENOENT)
		return -1;
	return bpf_map_delete_elem(trie, &key) < 0 && errno != ENOENT ? -1 : 0;
}

static int each(const struct items *items, const int tries[2], int hosts,
		int (*change)(const int tries[2], int hosts, const struct item *item),
		struct error *e)
{
	for (size_t i = 0; i < items->count; i++) {
		char text[64];

		if (i % TURN == 0 && walk_hurried())
			return fail(e, EXIT_FAILED, "the agent is being stopped");
		if (change(tries, hosts, &items->items[i]) == 0)
			continue;
		return fail(e, EXIT_FAILED,
			    "entry %s of the lists cannot be changed in the kernel: %s",
			    prefix_text(&items->items[i].prefix, text, sizeof(text)),
			    strerror(errno));
	}
	return 0;
}

static int write_tables(const struct live *live, const struct difference *lists,
			const struct difference *zones, struct error *e)
{
	if (each(&lists->put, live->lists, live->hosts, put, e) < 0 ||
	    each(&zones->put, live->zones, -1, put, e) < 0 ||
	    each(&lists->gone, live->lists, live->hosts, take_out, e) < 0)
		return -1;
	return each(&zones->gone, live->zones, -1, take_out, e);
}

static uint32_t map_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 ? info.id : 0;
}

/* Programs of one generation share their tables; each set is written once. */
static int write_interfaces(const struct difference *lists, const struct difference *zones,
			    struct error *e)
{
	auto_string_list char **names = state_interfaces();
	auto_free uint32_t *done = NULL;
	size_t done_count = 0;

	for (char **name = names; *name; name++) {
		auto_live struct live live = LIVE_CLOSED;
		struct error ignored = {};
		bool again = false;
		uint32_t id;

		if (live_open_interface(&live, *name, &ignored) < 0 || !live.attachment.policy)
			continue;
		id = map_id(live.zones[0]);
		for (size_t i = 0; i < done_count; i++)
			again |= done[i] == id;
		if (again)
			continue;
		append(done, done_count, id);
		if (write_tables(&live, lists, zones, e) < 0)
			return -1;
	}
	return 0;
}

int lists_exchange(const struct state *state, const struct policy *from, const struct policy *to,
		   struct list_change *change, struct error *e)
{
	auto_items struct items old_lists = list_items(from), new_lists = list_items(to);
	auto_items struct items old_zones = zone_items(state, from),
				new_zones = zone_items(state, to);
	auto_difference struct difference lists = compare(&old_lists, &new_lists);
	auto_difference struct difference zones = compare(&old_zones, &new_zones);

	*change = (struct list_change){
		.put = lists.put.count + zones.put.count,
		.gone = lists.gone.count + zones.gone.count,
	};
	if (write_interfaces(&lists, &zones, e) < 0) {
		auto_difference struct difference lists_back = compare(&new_lists, &old_lists);
		auto_difference struct difference zones_back = compare(&new_zones, &old_zones);
		struct error ignored = {};

		write_interfaces(&lists_back, &zones_back, &ignored);
		return -1;
	}
	return 0;
}

uint32_t watched_hosts(const struct policy *policy, size_t count)
{
	if (!policy->lists_watched)
		return count ? count : 1;
	return count * 2 > HOSTS_ROOM ? count * 2 : HOSTS_ROOM;
}

/* While one feed takes the place of another, both are there. */
uint32_t watched_prefixes(bool watched, size_t count)
{
	if (!watched)
		return count ? count : 1;
	return 2 * ENTRIES_MAX + 1;
}
