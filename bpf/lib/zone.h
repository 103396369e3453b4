/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The zone of an address: the longest prefix that holds it decides. A table that the policy left
 * empty is not looked up.
 */
#ifndef SIPWARD_BPF_LIB_ZONE_H
#define SIPWARD_BPF_LIB_ZONE_H

#include "lib/packet.h"

/* The value that the longest prefix holding the source has in one of two tries, or NULL. */
static __always_inline __u32 *longest_prefix(const struct packet *p, void *trie_v4, void *trie_v6)
{
	if (p->ipv6) {
		struct sw_prefix6 key = {.length = 128};

		__builtin_memcpy(key.octets, p->src.octets, sizeof(key.octets));
		return bpf_map_lookup_elem(trie_v6, &key);
	} else {
		struct sw_prefix4 key = {.length = 32};

		__builtin_memcpy(key.octets, &p->src.words[3], sizeof(key.octets));
		return bpf_map_lookup_elem(trie_v4, &key);
	}
}

/* The number of an address's zone. */
__noinline int zone_of(const struct sw_addr *addr)
{
	struct sw_prefix6 key6 = {.length = 128};
	struct sw_prefix4 key4 = {.length = 32};
	__u32 *number;

	if (!addr || !policy.have_zones)
		return SW_ZONE_PUBLIC;
	if (!addr->words[0] && !addr->words[1] && addr->words[2] == bpf_htonl(0xffff)) {
		__builtin_memcpy(key4.octets, &addr->words[3], sizeof(key4.octets));
		number = bpf_map_lookup_elem(&zones_v4, &key4);
	} else {
		__builtin_memcpy(key6.octets, addr->octets, sizeof(key6.octets));
		number = bpf_map_lookup_elem(&zones_v6, &key6);
	}
	return number ? *number & (SW_ZONES_MAX - 1) : SW_ZONE_PUBLIC;
}

static __always_inline const volatile struct sw_zone *zone_at(__u32 number)
{
	__u64 index = number;

	/* For the verifier to see. */
	asm volatile("%0 &= %1" : "+r"(index) : "i"(SW_ZONES_MAX - 1));
	return &policy.zones[index];
}

/* The packet's zone by its source; `public` when no prefix has it. */
static __always_inline void find_zone(struct packet *p)
{
	__u32 *number;

	if (!policy.have_zones)
		return;
	number = longest_prefix(p, &zones_v4, &zones_v6);
	if (number)
		p->zone_number = *number & (SW_ZONES_MAX - 1);
}

#endif
