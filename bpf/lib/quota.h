/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Room in the table of known endpoints (<sipward/quota.h>): asked before an endpoint enters it, and
 * counted at once, so that no proof is too fast for it. The agent's sweep sets the counts right.
 */
#ifndef SIPWARD_BPF_LIB_QUOTA_H
#define SIPWARD_BPF_LIB_QUOTA_H

#include <sipward/quota.h>

#include "lib/counters.h"
#include "lib/packet.h"

static __always_inline __u64 known_filled(void)
{
	__u32 entered = SW_KNOWN_ENTERED, left = SW_KNOWN_LEFT;
	__u64 *in = bpf_map_lookup_elem(&known_fill, &entered);
	__u64 *out = bpf_map_lookup_elem(&known_fill, &left);
	__s64 filled = in && out ? *in - *out : 0;

	return filled > 0 ? filled : 0;
}

/* The server took a call or a login from this address. */
static __always_inline int was_served(const struct packet *p)
{
	struct sw_source source;

	packet_subscriber(p, &source);
	return bpf_map_lookup_elem(&authenticated, &source) != 0;
}

static __always_inline void quota_key(const struct packet *p, __u32 level, struct sw_source *key)
{
	static const __u8 octets4[] = SW_QUOTA_OCTETS4, octets6[] = SW_QUOTA_OCTETS6;
	__u32 octets = p->ipv6 ? octets6[level] : octets4[level & 1];

	for (__u32 i = 0; i < sizeof(key->addr.octets); i++)
		key->addr.octets[i] = i < octets ? p->src.octets[i] : 0;
	key->port = 0;
	key->length = p->ipv6 ? 8 * octets : 8 * octets - 96;
	key->zone = 0;
}

/* 0 only when there is no room for the count. */
static __always_inline int quota_count(const struct sw_source *key)
{
	struct sw_quota one = {.count = 1}, *quota;

	quota = bpf_map_lookup_elem(&quotas, key);
	if (!quota && bpf_map_update_elem(&quotas, key, &one, BPF_NOEXIST) == 0)
		return 1;
	if (!quota)
		quota = bpf_map_lookup_elem(&quotas, key); /* another CPU was faster */
	if (!quota)
		return 0;
	__sync_fetch_and_add(&quota->count, 1);
	return 1;
}

/* How many levels are counted: of a block only those that the server never served. */
static __always_inline __u32 quota_levels(const struct packet *p, int served)
{
	return p->ipv6 && !served ? SW_QUOTA_LEVELS : SW_QUOTA_LEVELS4;
}

/* 1 when there is room for the packet's endpoint, which is counted then; else a tally says why: the
 * free entries are kept for others; or its address, network or block has its share already. */
__noinline int within_quota(struct packet *p)
{
	struct sw_source key;
	struct sw_quota *quota;
	__u32 entered = SW_KNOWN_ENTERED, count;
	__u64 filled, *cell;
	int served;

	if (!p)
		return 0;
	filled = known_filled();
	served = was_served(p);
	for (__u32 level = 0; level < SW_QUOTA_LEVELS; level++) {
		if (level >= quota_levels(p, served))
			break;
		quota_key(p, level, &key);
		quota = bpf_map_lookup_elem(&quotas, &key);
		count = quota ? quota->count : 0;
		if (sw_quota_admits(policy.known_entries, filled, served, level, count))
			continue;
		tally(sw_quota_free(policy.known_entries, filled,
				    served ? 0 : policy.known_entries / SW_QUOTA_KEPT) ?
			      SW_TALLY_KNOWN_QUOTA :
			      SW_TALLY_KNOWN_FULL);
		return 0;
	}
	for (__u32 level = 0; level < SW_QUOTA_LEVELS; level++) {
		if (level >= quota_levels(p, served))
			break;
		quota_key(p, level, &key);
		if (!quota_count(&key)) {
			tally(SW_TALLY_KNOWN_FULL);
			return 0;
		}
	}
	cell = bpf_map_lookup_elem(&known_fill, &entered);
	if (cell)
		__sync_fetch_and_add(cell, 1);
	return 1;
}

#endif
