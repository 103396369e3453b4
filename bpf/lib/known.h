/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Known endpoints: which endpoints are known, and how one becomes known. Only the agent's probe
 * proves something: it is sent to one address, and nobody else chose or can compute the values in
 * it. No message of the server does. The server repeats the To-tag of a request; it relays the
 * tags, the nonces and whole responses of others; and others may compute the values that it makes
 * itself, or get them over TLS, where nobody sees it. docs/threat-model.md goes through each kind
 * of value.
 */
#ifndef SIPWARD_BPF_LIB_KNOWN_H
#define SIPWARD_BPF_LIB_KNOWN_H

#include "lib/packet.h"
#include "lib/quota.h"
#include "lib/token.h"

_Static_assert(sizeof(SW_PROBE_BRANCH) == 17, "two words");

/* Whether the top Via has the branch of a probe. */
static __always_inline int has_probe_branch(const struct scratch *scratch)
{
	struct sip_span branch = scratch->msg.via_branch;

	return branch.length == sizeof(SW_PROBE_BRANCH) - 1 + 32 &&
	       sip_load(&scratch->buf, branch.offset) == *(const __u64 *)&SW_PROBE_BRANCH[0] &&
	       sip_load(&scratch->buf, branch.offset + 8) == *(const __u64 *)&SW_PROBE_BRANCH[8];
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

/* The packet answers a probe: its endpoint is known from here on, over the path of this packet. A
 * full table leaves it a newcomer, which is what it was. */
__noinline int promote(struct packet *p)
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
		p->grade = entry->grade;
		return 0;
	}
	if (!within_quota(p))
		return 0;
	fresh.since = fresh.seen = packet_time(p);
	fresh.ttl = p->ttl;
	fresh.vlan = p->vlan;
	fresh.grade = SW_GRADE_PROVED;
	fresh.proofs = 1;
	if (bpf_map_update_elem(&known, &key, &fresh, BPF_NOEXIST)) {
		tally(SW_TALLY_KNOWN_FULL);
		return 0;
	}
	tally(SW_TALLY_PROMOTED);
	p->grade = SW_GRADE_PROVED;
	return 0;
}

static __always_inline int same_addr(const struct sw_addr *a, const struct sw_addr *b)
{
	return a->words[0] == b->words[0] && a->words[1] == b->words[1] &&
	       a->words[2] == b->words[2] && a->words[3] == b->words[3];
}

#define PROOF_LIFE (4 * 3600 * SW_NS_PER_SEC)

/* Binds a token to an address, in `proofs`, `sent_tags` or `branches`. A second address makes it
 * worthless. */
static __always_inline void bind_token(void *map, __u64 token, const struct sw_addr *addr,
				       __u64 now, __u64 life)
{
	struct sw_proof fresh = {.addr = *addr, .expires = now + life};
	struct sw_proof *bound;

	if (token == TOKEN_NONE)
		return;
	bound = bpf_map_lookup_elem(map, &token);
	if (!bound) {
		bpf_map_update_elem(map, &token, &fresh, BPF_ANY);
		return;
	}
	if (!same_addr(&bound->addr, addr))
		bound->shared = 1;
	bound->expires = now + life;
}

/* The entry of this token in `proofs`, `sent_tags`, `branches` or `probes`, when it left for the
 * packet's source, and was seen to leave for no other address; else NULL. */
static __always_inline struct sw_proof *sent_to_source(struct packet *p, void *map, __u64 token)
{
	struct sw_proof *sent;

	if (token == TOKEN_NONE)
		return 0;
	sent = bpf_map_lookup_elem(map, &token);
	return sent && !sent->shared && sent->expires > packet_time(p) &&
			       same_addr(&sent->addr, &p->src) ?
		       sent :
		       0;
}

#endif
