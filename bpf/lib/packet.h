/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One packet on its way through the stages: the facts that each stage learned, and the functions by
 * which a stage decides. Stages write here and read here; none calls another.
 */
#ifndef SIPWARD_BPF_LIB_PACKET_H
#define SIPWARD_BPF_LIB_PACKET_H

#include <linux/in.h>

#include <bpf/bpf_endian.h>

#include "lib/gcra.h"
#include "lib/maps.h"

/* packet.tcp_flags */
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10
#define TCP_URG 0x20

enum verdict {
	VERDICT_UNDECIDED,  /* the next stage goes on */
	VERDICT_NOT_OURS,   /* passes untouched and uncounted */
	VERDICT_PASS,       /* ours, and good */
	VERDICT_CONSUMED,   /* for the agent alone: it goes no further, and is no refusal */
	VERDICT_WOULD_DROP, /* monitor mode: counted as a drop, passes */
	VERDICT_DROP
};

/* How transports differ, for all stages: none asks which transport it is. A new transport is
 * added here. UDP has no handshake, so its source address proves nothing. TCP reaches the server
 * behind a handshake only. Whether a segment fits its connection is another question: `proved`. */
static __always_inline void note_traits(struct packet *p)
{
	p->is_stream = p->protocol == IPPROTO_TCP;
	p->may_be_spoofed = !p->is_stream;
}

static __always_inline int is_syn(const struct packet *p)
{
	return p->is_stream && (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

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

static __always_inline struct scratch *this_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch_map, &zero);
}

/* The scratch memory that the packet under work lies in. */
static __always_inline struct scratch *packet_scratch(const struct packet *p)
{
	return (struct scratch *)((void *)p - __builtin_offsetof(struct scratch, packet));
}

/* The packet's time in CLOCK_MONOTONIC nanoseconds, read at most once. */
static __always_inline __u64 packet_time(struct packet *p)
{
	if (!p->now)
		p->now = in_test_run ? test_run_now : bpf_ktime_get_ns();
	return p->now;
}

/* Likewise, but a tick late at most, and next to free: the clock is read once a tick and CPU.
 * Reading it costs more than all limits of a packet. */
static __always_inline __u64 packet_tick(struct packet *p)
{
	struct scratch *scratch = packet_scratch(p);
	__u64 tick;

	if (p->now || in_test_run)
		return packet_time(p);
	tick = bpf_jiffies64();
	if (scratch->tick != tick) {
		scratch->tick = tick;
		scratch->tick_time = packet_time(p);
	}
	return scratch->tick_time;
}

/* A tick lasts 10 ms at most; and it may be late. */
#define TICK_LATE (SW_NS_PER_SEC / 50)

/* 1 when the packet conforms to a limit, and the cell is debited. A packet that conformed a tick
 * ago conforms now, so the clock is read only before a refusal, and not where a tick more or less
 * changes nothing. A cell that was debited by the tick is ahead by a tick less than it might be,
 * which lets through as much once. */
static __always_inline int packet_admits(struct packet *p, __u64 *cell,
					 const volatile struct sw_limit *limit)
{
	__u64 tick = packet_tick(p);

	return gcra_try(cell, limit, tick, 1) || (!gcra_stays_spent(cell, limit, tick, TICK_LATE) &&
						  gcra_admit(cell, limit, packet_time(p)));
}

/* 1 when a limit would refuse the packet; nothing is debited. */
static __always_inline int is_spent(struct packet *p, const __u64 *cell,
				    const volatile struct sw_limit *limit)
{
	__u64 tick = packet_tick(p);

	return !gcra_leaves(cell, limit, tick, 1, 1) &&
	       (gcra_stays_spent(cell, limit, tick, TICK_LATE) ||
		!gcra_leaves(cell, limit, packet_time(p), 1, 1));
}

/* Whether the packet's zone has a budget for those who proved nothing; a peer is named in the
 * policy, and has none. */
static __always_inline int has_newcomers(const struct packet *p)
{
	const volatile struct sw_zone *zone = packet_zone(p);

	return policy.admission && zone->trust != SW_TRUST_PEER && zone->newcomers.interval;
}

static __always_inline int in_shadow(enum sw_reason reason)
{
	return policy.shadow[(reason >> 6) & (SW_REASONS_MAX / 64 - 1)] >> (reason & 63) & 1;
}

/* A stage refuses a packet with this function, which alone decides what follows. The refusal is
 * carried out; or it is counted and ends the stages (monitor mode, where a refused packet must not
 * spend what it could not have spent); or it is counted and the packet goes on (a rule in shadow,
 * TCP content). */
static __always_inline enum verdict refuse(struct packet *p, enum sw_reason reason)
{
	if (policy.mode == SW_MODE_MONITOR || packet_zone(p)->mode == SW_MODE_MONITOR) {
		p->reason = reason;
		return VERDICT_WOULD_DROP;
	}
	if (!p->content_may_drop || in_shadow(reason)) {
		if (policy.tcp_close && !in_shadow(reason))
			p->broke = reason;
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

/* The packet's address through the mask of its family, in no zone. */
static __always_inline void
packet_mask(const struct packet *p, const volatile struct sw_mask *masks, struct sw_source *source)
{
	const volatile struct sw_mask *mask = &masks[p->ipv6 & 1];

	source->port = 0;
	source->zone = 0;
	source->length = mask->length;
	for (int i = 0; i < 4; i++)
		source->addr.words[i] = p->src.words[i] & mask->addr.words[i];
}

/* One source as the packet's zone counts it. */
static __always_inline void packet_source(const struct packet *p, struct sw_source *source)
{
	const volatile struct sw_zone *zone = packet_zone(p);

	packet_mask(p, zone->source, source);
	source->zone = p->zone_number;
	if (policy.count_ports && zone->source_port)
		source->port = bpf_htons(p->sport);
}

/* One subscriber, as bans count it in every zone: an IPv4 address, an IPv6 /64. It does not depend
 * on what a zone counts by: a ban of a prefix would hit neighbours that did nothing, and a sender
 * that is banned by its port would send from the next one. */
static __always_inline void packet_subscriber(const struct packet *p, struct sw_source *source)
{
	packet_mask(p, policy.subscriber, source);
}

static __always_inline enum sw_share packet_share(const struct packet *p)
{
	return p->proved ? SW_SHARE_PROVED : p->grade ? SW_SHARE_PATH : SW_SHARE_OTHERS;
}

/* 1 when this port of a UDP or TCP header is one of those, a bit each. */
static __always_inline int is_port_of(const volatile __u64 *ports, __be16 be)
{
	__u64 port = bpf_ntohs(be);

	asm volatile("%0 &= 0xffff" : "+r"(port)); /* 6.1 and 6.12 lose that it is 16 bits wide */
	return ports[port >> 6] >> (port & 63) & 1;
}

/* The packet under work, of which nothing is known yet. */
static __always_inline void packet_begin(struct packet *p)
{
	__builtin_memset(p, 0, sizeof(*p));
	p->transport = SW_TRANSPORT_COUNT;
	p->message = SW_MESSAGE_OPAQUE;
	p->content_may_drop = 1;
	p->zone_number = SW_ZONE_PUBLIC;
}

#endif
