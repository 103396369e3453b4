/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One packet on its way through the stages: what each stage learned, and how a stage says
 * what it decided. Stages write here and read here; none calls another.
 */
#ifndef SIPWARD_BPF_PACKET_H
#define SIPWARD_BPF_PACKET_H

#include <bpf/bpf_endian.h>

#include "maps.h"

enum verdict {
	VERDICT_UNDECIDED,  /* the next stage goes on */
	VERDICT_NOT_OURS,   /* passes untouched and uncounted */
	VERDICT_PASS,       /* ours, and good */
	VERDICT_EATEN,      /* for the agent alone: it goes no further, and is no refusal */
	VERDICT_WOULD_DROP, /* monitor mode: counted as a drop, passes */
	VERDICT_DROP
};

#define SHADOWS_MAX 4

/* Holds no pointer: between functions it is plain memory to the verifier, which then walks
 * each of them once, and not once for every path that leads there. */
struct packet {
	struct sw_addr src;
	struct sw_addr dst;
	__u64 now;                 /* 0 until somebody asks */
	__u64 found;               /* SW_SANITY_BIT(): what this zone judges of the message */
	__u32 fragment_id;
	__u32 remaining;           /* octets of the IP payload not yet parsed, as IP says */
	__u32 payload_offset;      /* from the start of the frame */
	__u32 payload_length;      /* what UDP, IP and the frame agree on */
	__u16 sport;               /* host order */
	__u16 dport;
	__u16 transport_length;    /* what the UDP header says, header included */
	__u16 vlan;                /* id of the outermost tag, 0 without one */
	__u8 ttl;                  /* or hop limit */
	__u8 broken;               /* enum sw_reason: parsing ended here */
	__u8 vlan_count;
	__u8 protocol;             /* IPPROTO_* behind all extension headers */
	__u8 ipv6;
	__u8 fragment_first;       /* more fragments follow this one */
	__u8 fragment_later;       /* offset is not 0: there is no transport header */
	__u8 tcp_header;           /* octets; 0 when the header is not all there */
	__u8 tcp_flags;
	__u8 service;              /* index into policy.services */
	__u8 transport;            /* enum sw_transport */
	__u8 zone_number;
	__u8 allowed;              /* on the allow list: no deny list, no ban */
	__u8 stream_content;       /* TCP content is being judged: nothing is carried out */
	__u8 message;              /* enum sw_message */
	__u8 in_dialog;            /* a request that is never refused by method or rate class */
	__u8 reason;               /* of VERDICT_DROP and VERDICT_WOULD_DROP */
	__u8 shadow_count;
	__u8 grade;                /* enum sw_grade of the endpoint, by a proof over this path */
	__u8 emergency;            /* an emergency call within its budget */
	__u32 shadows;             /* reasons that were counted only, an octet each */
};

_Static_assert(sizeof(struct packet) == 96, "no padding");
_Static_assert(SHADOWS_MAX <= sizeof(((struct packet *)0)->shadows), "an octet for each shadow");
_Static_assert(SW_REASONS_MAX <= 256, "a reason fits an octet");

static __always_inline __u8 packet_shadow(const struct packet *p, __u32 i)
{
	return p->shadows >> 8 * i;
}

static __always_inline const volatile struct sw_zone *packet_zone(const struct packet *p)
{
	return &policy.zones[p->zone_number & (SW_ZONES_MAX - 1)];
}

/* A length of 1..max, max a power of two, said in a way that the verifier of kernel 6.1 believes:
 * it forgets what was compared when the compiler keeps two copies. */
static __always_inline __u32 copy_size(__u64 length, __u32 max)
{
	length -= 1;
	asm volatile("%0 &= %1" : "+r"(length) : "r"((__u64)max - 1));
	return length + 1;
}

static __always_inline struct scratch *packet_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch_map, &zero);
}

/* The packet's time in CLOCK_MONOTONIC nanoseconds, read at most once. */
static __always_inline __u64 packet_time(struct packet *p)
{
	if (!p->now)
		p->now = on_trial ? trial_now : bpf_ktime_get_ns();
	return p->now;
}

/* Likewise, as exact as an event needs it: the last tick, which costs next to nothing. */
static __always_inline __u64 packet_time_coarse(struct packet *p)
{
	return p->now || on_trial ? packet_time(p) : bpf_ktime_get_coarse_ns();
}

static __always_inline int in_shadow(enum sw_reason reason)
{
	return policy.shadow[(reason >> 6) & (SW_REASONS_MAX / 64 - 1)] >> (reason & 63) & 1;
}

/* How a stage refuses a packet. What becomes of it is decided here alone: carried out;
 * or counted and ended (monitor mode, where a refused packet must not spend what it could
 * not have spent); or counted and passed on (a rule in shadow, TCP content). */
static __always_inline enum verdict refuse(struct packet *p, enum sw_reason reason)
{
	if (policy.mode == SW_MODE_MONITOR || packet_zone(p)->mode == SW_MODE_MONITOR) {
		p->reason = reason;
		return VERDICT_WOULD_DROP;
	}
	if (p->stream_content || in_shadow(reason)) {
		if (p->shadow_count < SHADOWS_MAX)
			p->shadows |= (__u32)reason << 8 * p->shadow_count++;
		return VERDICT_UNDECIDED;
	}
	p->reason = reason;
	return VERDICT_DROP;
}

/* Likewise where no later stage could read the packet: in shadow it passes. */
static __always_inline enum verdict refuse_unread(struct packet *p, enum sw_reason reason)
{
	enum verdict v = refuse(p, reason);

	return v == VERDICT_UNDECIDED ? VERDICT_PASS : v;
}

/* The address with all but its first bits cleared, as one source of the packet's zone. */
static __always_inline void packet_source(const struct packet *p, struct sw_source *source)
{
	__u32 length = p->ipv6 ? packet_zone(p)->source_v6 : packet_zone(p)->source_v4;
	__u32 skip = p->ipv6 ? 0 : 96;

	source->port = 0;
	source->zone = p->zone_number;
	source->length = length;
	for (int i = 0; i < 4; i++) {
		__u32 first = i * 32, bits = length + skip, mask = 0;

		if (bits >= first + 32)
			mask = ~0u;
		else if (bits > first)
			mask = bpf_htonl(~0u << (32 - (bits - first)));
		source->addr.words[i] = p->src.words[i] & mask;
	}
}

#endif
