/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Known endpoints: who is one, and how one becomes one. Only a proof writes here: something
 * unguessable that the server, or the agent's probe, sent to this address alone.
 */
#ifndef SIPWARD_BPF_KNOWN_H
#define SIPWARD_BPF_KNOWN_H

#include "packet.h"
#include "token.h"

/* Known endpoints of one /24 or /48: a botnet in one network must not fill the table. */
#define KNOWN_QUOTA_PREFIX4 24
#define KNOWN_QUOTA_PREFIX6 48
#define KNOWN_QUOTA         8192

_Static_assert(sizeof(SW_PROBE_BRANCH) == 17, "two words");

/* Whether the top Via has the branch of a probe. */
static __always_inline int has_probe_branch(const struct scratch *scratch)
{
	struct sip_span branch = scratch->msg.via_branch;

	return branch.length == sizeof(SW_PROBE_BRANCH) - 1 + 32 &&
	       sip_load(&scratch->buf, branch.offset) == *(const __u64 *)&SW_PROBE_BRANCH[0] &&
	       sip_load(&scratch->buf, branch.offset + 8) == *(const __u64 *)&SW_PROBE_BRANCH[8];
}

static __always_inline void tally(enum sw_tally which)
{
	__u32 index = which;
	__u64 *count = bpf_map_lookup_elem(&tallies, &index);

	if (count)
		(*count)++;
}

static __always_inline void endpoint_key(const struct packet *p, struct sw_source *key)
{
	key->addr = p->src;
	key->port = bpf_htons(p->sport);
	key->length = p->ipv6 ? 128 : 32;
	key->zone = 0;
}

/* The grade of the packet's endpoint, SW_GRADE_NONE when it came by another path than the
 * proof: then it may as well be spoofed. */
static __always_inline __u8 known_grade(struct packet *p)
{
	struct sw_source key;
	struct sw_known *entry;
	__s64 idle;

	endpoint_key(p, &key);
	entry = bpf_map_lookup_elem(&known, &key);
	if (!entry || entry->ttl != p->ttl || entry->vlan != p->vlan)
		return SW_GRADE_NONE;
	/* Less than nothing when another CPU, whose clock is ahead, saw it last. */
	idle = packet_tick(p) - entry->seen;
	if (idle > (__s64)policy.known_for)
		return SW_GRADE_NONE;
	/* To the second, or every packet would dirty the line for all CPUs. */
	if (idle > (__s64)SW_NS_PER_SEC)
		entry->seen = packet_tick(p);
	return entry->grade;
}

/* 1 when the endpoint's network has room for one more. */
static __always_inline int within_quota(const struct packet *p)
{
	struct sw_source key = {.addr = p->src};
	__u32 one = 1, *count;

	key.length = p->ipv6 ? KNOWN_QUOTA_PREFIX6 : KNOWN_QUOTA_PREFIX4;
	if (p->ipv6) {
		key.addr.words[1] &= bpf_htonl(0xffff0000);
		key.addr.words[2] = key.addr.words[3] = 0;
	} else {
		key.addr.words[3] &= bpf_htonl(0xffffff00);
	}
	count = bpf_map_lookup_elem(&quotas, &key);
	if (!count) {
		bpf_map_update_elem(&quotas, &key, &one, BPF_NOEXIST);
		return 1;
	}
	if (*count >= KNOWN_QUOTA)
		return 0;
	__sync_fetch_and_add(count, 1);
	return 1;
}

/* The packet carries a proof: its endpoint is known from here on, over the path of this
 * packet. A full table leaves it a newcomer, which is what it was. */
__noinline int promote(struct packet *p, __u32 grade)
{
	struct sw_known fresh = {}, *entry;
	struct sw_source key;

	if (!p)
		return 0;
	endpoint_key(p, &key);
	entry = bpf_map_lookup_elem(&known, &key);
	if (entry) {
		entry->ttl = p->ttl;
		entry->vlan = p->vlan;
		entry->seen = packet_time(p);
		entry->proofs++;
		if (grade > entry->grade)
			entry->grade = grade;
		p->grade = entry->grade;
		return 0;
	}
	if (!within_quota(p)) {
		tally(SW_TALLY_KNOWN_QUOTA);
		return 0;
	}
	fresh.since = fresh.seen = packet_time(p);
	fresh.ttl = p->ttl;
	fresh.vlan = p->vlan;
	fresh.grade = grade;
	fresh.proofs = 1;
	if (bpf_map_update_elem(&known, &key, &fresh, BPF_NOEXIST)) {
		tally(SW_TALLY_KNOWN_FULL);
		return 0;
	}
	tally(SW_TALLY_PROMOTED);
	p->grade = grade;
	return 0;
}

/* True when the server sent what has this token, in `proofs` or `branches`, to the packet's source,
 * and to nobody else. */
static __always_inline int proves(struct packet *p, void *map, __u64 token)
{
	struct sw_proof *proof;

	if (token == TOKEN_NONE)
		return 0;
	proof = bpf_map_lookup_elem(map, &token);
	return proof && !proof->shared && proof->expires > packet_time(p) &&
	       proof->addr.words[0] == p->src.words[0] && proof->addr.words[1] == p->src.words[1] &&
	       proof->addr.words[2] == p->src.words[2] && proof->addr.words[3] == p->src.words[3];
}

/* A tag proves something only where the server's tags are seen to differ from their start on:
 * long common heads with a short checksum behind can be computed by anybody. */
static __always_inline int tags_qualify(void)
{
	__u32 zero = 0;
	struct sw_tag_habit *habit = bpf_map_lookup_elem(&tag_habit, &zero);

	return habit && habit->different >= 2 && habit->different > habit->alike;
}

#endif
