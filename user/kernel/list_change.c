/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/list_change.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "kernel/pinned_interfaces.h"
#include "kernel/state_values.h"
#include "kernel/walk.h"
#include "policy/limits.h"
#include "policy/prefix.h"

/* A hash takes memory for the entries that it may have, a trie only for those that it has. More
 * hosts than this go into the trie. */
#define HOSTS_ROOM 65536

#define PART 4096 /* entries that are written with one call */

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

/* The entries that are new, that say something else, and that are gone: of lists or of zones. */
struct difference {
	struct items put, changed, gone;
};

static void difference_free(struct difference *difference)
{
	items_free(&difference->put);
	items_free(&difference->changed);
	items_free(&difference->gone);
}

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
		else if (order > 0)
			append(difference.put.items, difference.put.count, *new);
		else if (old->value != new->value)
			append(difference.changed.items, difference.changed.count, *new);
		i += order <= 0;
		j += order >= 0;
	}
	return difference;
}

/* --- the tables --- */

/* Keys and values of one table, for calls that take many. */
struct batch {
	int fd;
	size_t key_size;
	void *keys;
	uint32_t *values;
	size_t count, value_count;
};

enum { BATCH_HOSTS, BATCH_V4, BATCH_V6, BATCH_COUNT };

static void batches_free(struct batch (*batches)[BATCH_COUNT])
{
	for (int i = 0; i < BATCH_COUNT; i++) {
		free((*batches)[i].keys);
		free((*batches)[i].values);
	}
}
#define auto_batches cleanup(batches_free)

static bool is_host(const struct prefix *prefix)
{
	return prefix->length == (prefix->ipv6 ? 128 : 32);
}

static void add_prefix(struct batch *batches, const struct item *item)
{
	struct sw_prefix4 four = {.length = item->prefix.length};
	struct sw_prefix6 six = {.length = item->prefix.length};
	struct batch *batch = &batches[item->prefix.ipv6 ? BATCH_V6 : BATCH_V4];

	memcpy(four.octets, item->prefix.addr.octets + 12, sizeof(four.octets));
	memcpy(six.octets, item->prefix.addr.octets, sizeof(six.octets));
	append_item(&batch->keys, &batch->count,
		    item->prefix.ipv6 ? (const void *)&six : (const void *)&four, batch->key_size);
	append(batch->values, batch->value_count, item->value);
}

/* hosts -1: this table has no hash of single hosts. */
static void start_batches(struct batch batches[BATCH_COUNT], int hosts, const int tries[2])
{
	batches[BATCH_HOSTS] = (struct batch){.fd = hosts, .key_size = sizeof(struct sw_addr)};
	batches[BATCH_V4] = (struct batch){.fd = tries[0], .key_size = sizeof(struct sw_prefix4)};
	batches[BATCH_V6] = (struct batch){.fd = tries[1], .key_size = sizeof(struct sw_prefix6)};
}

static void gather(struct batch batches[BATCH_COUNT], const struct items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->items[i];
		struct batch *hosts = &batches[BATCH_HOSTS];

		if (hosts->fd < 0 || !is_host(&item->prefix)) {
			add_prefix(batches, item);
			continue;
		}
		append_item(&hosts->keys, &hosts->count, &item->prefix.addr, hosts->key_size);
		append(hosts->values, hosts->value_count, item->value);
	}
}

static int fail_table(const struct batch *batch, size_t done, struct error *e)
{
	return fail(e, EXIT_FAILED,
		    "entry %zu of %zu of the lists cannot be changed in the kernel: %s", done + 1,
		    batch->count, strerror(errno));
}

static const void *key_at(const struct batch *batch, size_t i)
{
	return (const char *)batch->keys + i * batch->key_size;
}

static uint32_t part_of(const struct batch *batch, size_t done)
{
	return batch->count - done < PART ? batch->count - done : PART;
}

/* Returns how many were written, all or as many as there is room for; -1 and *e. */
static ssize_t put_all(const struct batch *batch, struct error *e)
{
	size_t done = 0;

	while (done < batch->count) {
		__u32 count = part_of(batch, done);

		if (walk_hurried())
			return fail(e, EXIT_FAILED, "the agent is being stopped");
		if (bpf_map_update_batch(batch->fd, key_at(batch, done), batch->values + done,
					 &count, NULL) == 0) {
			done += count;
			continue;
		}
		done += count;
		return errno == E2BIG ? (ssize_t)done : fail_table(batch, done, e);
	}
	return done;
}

/* An entry that is not there is gone already. */
static int remove_all(const struct batch *batch, struct error *e)
{
	size_t done = 0;

	while (done < batch->count) {
		__u32 count = part_of(batch, done);

		if (walk_hurried())
			return fail(e, EXIT_FAILED, "the agent is being stopped");
		if (bpf_map_delete_batch(batch->fd, key_at(batch, done), &count, NULL) < 0) {
			if (errno != ENOENT)
				return fail_table(batch, done + count, e);
			count++;
		}
		done += count;
	}
	return 0;
}

/* Hosts that the hash has no room for stand in the trie, which is looked up behind it. */
static int put_items(int hosts, const int tries[2], const struct items *items, struct error *e)
{
	auto_batches struct batch batches[BATCH_COUNT];
	ssize_t fit;

	start_batches(batches, hosts, tries);
	gather(batches, items);
	fit = put_all(&batches[BATCH_HOSTS], e);
	if (fit < 0)
		return -1;
	for (size_t i = fit; i < batches[BATCH_HOSTS].count; i++) {
		struct item item = {.value = batches[BATCH_HOSTS].values[i]};

		memcpy(&item.prefix.addr, key_at(&batches[BATCH_HOSTS], i), sizeof(struct sw_addr));
		item.prefix.ipv6 = !addr_is_ipv4(&item.prefix.addr);
		item.prefix.length = item.prefix.ipv6 ? 128 : 32;
		add_prefix(batches, &item);
	}
	for (int i = BATCH_V4; i <= BATCH_V6; i++)
		if (put_all(&batches[i], e) < (ssize_t)batches[i].count)
			return fail(e, EXIT_FAILED, "the tables of the lists are full");
	return 0;
}

/* Entries that say something else now: those are few. */
static int change_items(int hosts, const int tries[2], const struct items *items, struct error *e)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->items[i];
		const struct items one = {(struct item *)item, 1};

		if (hosts >= 0 && is_host(&item->prefix) &&
		    bpf_map_update_elem(hosts, &item->prefix.addr, &item->value, BPF_EXIST) == 0)
			continue;
		if (put_items(-1, tries, &one, e) < 0)
			return -1;
	}
	return 0;
}

/* A host may stand in the hash or in the trie. */
static int take_out(int hosts, const int tries[2], const struct items *items, struct error *e)
{
	auto_batches struct batch batches[BATCH_COUNT], of_tries[BATCH_COUNT];
	int done = 0;

	start_batches(batches, hosts, tries);
	start_batches(of_tries, -1, tries);
	gather(batches, items);
	gather(of_tries, items);
	if (hosts >= 0)
		done = remove_all(&batches[BATCH_HOSTS], e);
	for (int i = BATCH_V4; i <= BATCH_V6 && done == 0; i++)
		done = remove_all(&of_tries[i], e);
	return done;
}

static int write_tables(const struct live *live, const struct difference *lists,
			const struct difference *zones, struct error *e)
{
	if (put_items(live->hosts, live->lists, &lists->put, e) < 0 ||
	    change_items(live->hosts, live->lists, &lists->changed, e) < 0 ||
	    put_items(-1, live->zones, &zones->put, e) < 0 ||
	    change_items(-1, live->zones, &zones->changed, e) < 0 ||
	    take_out(live->hosts, live->lists, &lists->gone, e) < 0)
		return -1;
	return take_out(-1, live->zones, &zones->gone, e);
}

static uint32_t map_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 ? info.id : 0;
}

/* All that is to be written. */
struct exchange {
	struct difference lists, zones;
};

static void exchange_free(struct exchange *exchange)
{
	difference_free(&exchange->lists);
	difference_free(&exchange->zones);
}
#define auto_exchange cleanup(exchange_free)

static struct exchange make_exchange(const struct state *state, const struct policy *from,
				     const struct policy *to)
{
	auto_items struct items old_lists = list_items(from), new_lists = list_items(to);
	auto_items struct items old_zones = zone_items(state, from),
				new_zones = zone_items(state, to);

	return (struct exchange){
		.lists = compare(&old_lists, &new_lists),
		.zones = compare(&old_zones, &new_zones),
	};
}

static struct list_change count_changes(const struct exchange *exchange)
{
	const struct difference *lists = &exchange->lists, *zones = &exchange->zones;

	return (struct list_change){
		.put = lists->put.count + lists->changed.count + zones->put.count +
		       zones->changed.count,
		.gone = lists->gone.count + zones->gone.count,
	};
}

int lists_exchange_in(const struct live *live, const struct state *state, const struct policy *from,
		      const struct policy *to, struct error *e)
{
	auto_exchange struct exchange exchange = make_exchange(state, from, to);

	return write_tables(live, &exchange.lists, &exchange.zones, e);
}

/* Programs of one generation share their tables; each set is written once. */
static int write_interfaces(const struct exchange *exchange, struct error *e)
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
		if (write_tables(&live, &exchange->lists, &exchange->zones, e) < 0)
			return -1;
	}
	return 0;
}

int lists_exchange(const struct state *state, const struct policy *from, const struct policy *to,
		   struct list_change *change, struct error *e)
{
	auto_exchange struct exchange exchange = make_exchange(state, from, to);

	*change = count_changes(&exchange);
	if (!change->put && !change->gone)
		return 0;
	if (write_interfaces(&exchange, e) < 0) {
		auto_exchange struct exchange back = make_exchange(state, to, from);
		struct error ignored = {};

		write_interfaces(&back, &ignored);
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
