/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/live.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "kernel/pinned_interfaces.h"

static void open_maps(struct live *live)
{
	const struct {
		const char *name;
		int *fd;
	} wanted[] = {
		{"zones_v4", &live->zones[0]}, {"zones_v6", &live->zones[1]},
		{"lists_v4", &live->lists[0]}, {"lists_v6", &live->lists[1]},
		{"list_hosts", &live->hosts},
	};
	auto_fd int program = bpf_prog_get_fd_by_id(live->attachment.program_id);
	__u32 ids[64] = {};
	struct bpf_prog_info info = {.nr_map_ids = array_size(ids), .map_ids = (__u64)ids};
	__u32 size = sizeof(info);

	if (program < 0 || bpf_obj_get_info_by_fd(program, &info, &size) < 0)
		return;
	for (__u32 i = 0; i < info.nr_map_ids && i < array_size(ids); i++) {
		auto_fd int fd = bpf_map_get_fd_by_id(ids[i]);
		struct bpf_map_info map = {};

		size = sizeof(map);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &map, &size) < 0)
			continue;
		for (size_t j = 0; j < array_size(wanted); j++)
			if (*wanted[j].fd < 0 && strcmp(map.name, wanted[j].name) == 0)
				*wanted[j].fd = take_fd(fd);
	}
}

int live_open_interface(struct live *live, const char *name, struct error *e)
{
	if (attachment_read(name, &live->attachment, e) < 0)
		return -1;
	if (live->attachment.policy)
		open_maps(live);
	return 0;
}

int live_open(struct live *live, struct error *e)
{
	auto_string_list char **names = state_interfaces();
	struct error trouble = {};

	for (char **name = names; *name; name++) {
		struct error one = {};

		if (live_open_interface(live, *name, &one) == 0 && live->attachment.policy)
			return 0;
		attachment_free(&live->attachment);
		if (one.code)
			fail(&trouble, one.code, "%s", one.text);
	}
	return trouble.code ? fail(e, trouble.code, "%s", trouble.text) : 0;
}

void live_close(struct live *live)
{
	attachment_free(&live->attachment);
	for (int i = 0; i < 2; i++) {
		close_fd(&live->zones[i]);
		close_fd(&live->lists[i]);
	}
	close_fd(&live->hosts);
}

/* The value of the longest prefix that has at most so many bits. */
static bool trie_find(const int tries[2], const struct sw_addr *addr, uint32_t length,
		      uint32_t *value)
{
	struct sw_prefix4 four = {.length = length};
	struct sw_prefix6 six = {.length = length};

	if (addr_is_ipv4(addr)) {
		memcpy(four.octets, addr->octets + 12, sizeof(four.octets));
		return bpf_map_lookup_elem(tries[0], &four, value) == 0;
	}
	memcpy(six.octets, addr->octets, sizeof(six.octets));
	return bpf_map_lookup_elem(tries[1], &six, value) == 0;
}

static void prefix_of(const struct sw_addr *addr, uint32_t length, struct prefix *prefix)
{
	uint32_t bits = length + (addr_is_ipv4(addr) ? 96 : 0);

	*prefix = (struct prefix){.addr = *addr, .length = length, .ipv6 = !addr_is_ipv4(addr)};
	for (uint32_t bit = bits; bit < 128; bit++)
		prefix->addr.octets[bit / 8] &= ~(0x80 >> bit % 8);
}

/* A trie tells its value, not its prefix: the shortest that still finds the same is the one, or one
 * that holds it and says the same. */
static bool longest(const int tries[2], const struct sw_addr *addr, uint32_t *value,
		    struct prefix *by)
{
	uint32_t length = addr_is_ipv4(addr) ? 32 : 128, other;

	if (!trie_find(tries, addr, length, value))
		return false;
	while (by && length && trie_find(tries, addr, length - 1, &other) && other == *value)
		length--;
	if (by)
		prefix_of(addr, length, by);
	return true;
}

bool live_zone(const struct live *live, const struct sw_addr *addr, uint32_t *zone,
	       struct prefix *by)
{
	*zone = SW_ZONE_PUBLIC;
	if (!live->attachment.policy->have_zones || !longest(live->zones, addr, zone, by))
		return false;
	*zone &= SW_ZONES_MAX - 1;
	return true;
}

enum sw_list live_list(const struct live *live, const struct sw_addr *addr, struct prefix *by)
{
	const struct sw_policy *policy = live->attachment.policy;
	uint32_t list = SW_LIST_NONE;

	if (policy->have_list_hosts && bpf_map_lookup_elem(live->hosts, addr, &list) == 0) {
		prefix_of(addr, addr_is_ipv4(addr) ? 32 : 128, by);
		return list;
	}
	return policy->have_list_prefixes && longest(live->lists, addr, &list, by) ? list :
										     SW_LIST_NONE;
}

struct sw_source live_source(const struct sw_mask masks[2], const struct sw_addr *addr)
{
	const struct sw_mask *mask = &masks[!addr_is_ipv4(addr)];
	struct sw_source source = {.length = mask->length};

	for (int i = 0; i < 4; i++)
		source.addr.words[i] = addr->words[i] & mask->addr.words[i];
	return source;
}
