/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Admission to the table of known endpoints. Only proofs lead there, but a few hosts can make
 * many: each address has 64k ports, an IPv6 network more addresses than any table has entries.
 *
 * So an address, a network and an IPv6 block may each have a part of the free entries: many while
 * the table is empty, fewer as it fills (dynamic thresholds, Choudhury and Hahne 1998). 32 hosts in
 * 32 networks come to rest when they have half of what is for all. An eighth of the table is kept
 * for networks with few endpoints and for sources that the server served, half of that for those
 * alone. Nobody is pushed out: an endpoint that may not enter stays a newcomer.
 *
 * Endpoints that the server never served within SW_PROVED_LIFE make room when more than half of the
 * table is taken (user/kernel/quotas.c). Shared by the data path and the agent.
 */
#ifndef SIPWARD_QUOTA_H
#define SIPWARD_QUOTA_H

#include <linux/types.h>
#include <sipward/abi.h>

enum sw_quota_level {
	SW_QUOTA_ADDRESS, /* an IPv4 address, an IPv6 /64 */
	SW_QUOTA_NETWORK, /* /24, /48 */
	SW_QUOTA_BLOCK,   /* an IPv6 /32, what a provider has; of those never served only, for
			   * the subscribers of one provider may be all that a server has */
	SW_QUOTA_LEVELS
};

#define SW_QUOTA_LEVELS4 2 /* the last one is for IPv6 */

/* Octets of an address that make the key of each. */
/* clang-format off */
#define SW_QUOTA_OCTETS4 {16, 15}
#define SW_QUOTA_OCTETS6 {8, 6, 4}
/* clang-format on */

/* Of what is free, as a shift: a 32nd, a 16th, a quarter. */
#define SW_QUOTA_SHIFT(level) \
	((level) == SW_QUOTA_ADDRESS ? 5 : (level) == SW_QUOTA_NETWORK ? 4 : 2)

/* The limit for "few": endpoints of an address or a network, and of a block. */
#define SW_QUOTA_FEW       16
#define SW_QUOTA_FEW_BLOCK 256

/* Parts of the table that are kept: for the few and the served; for the served. */
#define SW_QUOTA_KEPT   8
#define SW_QUOTA_SERVED 16

#define SW_PROVED_LIFE (1800 * SW_NS_PER_SEC)

/* How many known endpoints one key has. Keyed by struct sw_source. */
struct sw_quota {
	__u32 count;
	__u32 round; /* the agent's: the sweep that counted it, 0: none yet */
};

/* Cells of the map `known_fill`: how many endpoints entered, written by the data path; and how many
 * left, written by the agent. The difference is how many there are. */
enum sw_known_fill { SW_KNOWN_ENTERED, SW_KNOWN_LEFT, SW_KNOWN_FILL_COUNT };

static inline __attribute__((always_inline)) __u32 sw_quota_few(__u32 level)
{
	return level == SW_QUOTA_BLOCK ? SW_QUOTA_FEW_BLOCK : SW_QUOTA_FEW;
}

/* Entries of a table of `size` that are free for whom `kept` of it are kept from. */
static inline __attribute__((always_inline)) __u32 sw_quota_free(__u32 size, __u64 used, __u32 kept)
{
	return used + kept < size ? size - used - kept : 0;
}

/* 1 when an address, network or block that has `count` may have one more. */
static inline __attribute__((always_inline)) int sw_quota_admits(__u32 size, __u64 used, int served,
								 __u32 level, __u32 count)
{
	__u32 many = sw_quota_free(size, used, served ? 0 : size / SW_QUOTA_KEPT);
	__u32 few = sw_quota_free(size, used, served ? 0 : size / SW_QUOTA_SERVED);

	return count < many >> SW_QUOTA_SHIFT(level) || (few && count < sw_quota_few(level));
}

_Static_assert(sizeof(struct sw_quota) == 8, "no padding");

#endif
