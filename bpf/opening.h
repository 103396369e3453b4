/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where the first payload of a TCP connection stands: behind the sequence number of its SYN. A
 * table has it for each connection, under a key that nobody outside can compute. Every segment
 * of every connection would be looked up there, so that hints stand before it: cells by a hash
 * that costs next to nothing, which say what the last SYN there awaits. Who makes two connections
 * fall into one cell makes them both be looked up, and keeps neither from that.
 */
#ifndef SIPWARD_BPF_OPENING_H
#define SIPWARD_BPF_OPENING_H

#include "gate.h"
#include "packet.h"
#include "token.h"

/* A connection that said nothing for so long is none of a client in a hurry to register. */
#define OPENING_LIFE (120 * SW_NS_PER_SEC)
#define OPENING_MAX  2048 /* octets of a first payload that are looked at */

/* A hint: the sequence number that is awaited; and on top of it when its SYN came, in units of
 * 2^30 ns, and whether another one is awaited as well. */
#define HINT_MANY       (1ull << 32)
#define HINT_TIME_SHIFT 33
#define HINT_TIME_MASK  0x7fffffffu
#define HINT_LIFE       ((OPENING_LIFE >> 30) + 1)
#define HINT_TRIES      4

static __always_inline __u64 *opening_hint(const struct packet *p)
{
	__u64 mix = (__u64)p->src.words[3] << 32 | (__u32)p->sport << 16 | p->dport;
	__u32 index;

	mix = (mix ^ ((__u64)p->src.words[1] << 32 | p->src.words[2])) * 0x9e3779b97f4a7c15ull;
	index = mix >> 32 & (SW_OPENING_HINTS - 1);
	return bpf_map_lookup_elem(&opening_hints, &index);
}

static __always_inline int is_live_hint(__u64 hint, __u64 now)
{
	return hint && (((now >> 30) - (hint >> HINT_TIME_SHIFT)) & HINT_TIME_MASK) <= HINT_LIFE;
}

/* A race that is lost too often leaves a cell that says "many", which is always true enough. */
static __always_inline void note_hint(struct packet *p, __u32 next)
{
	__u64 *hint = opening_hint(p), now = packet_time(p);
	__u64 fresh = (now >> 30 & HINT_TIME_MASK) << HINT_TIME_SHIFT | next;

	if (!hint)
		return;
	for (int i = 0; i < HINT_TRIES; i++) {
		__u64 old = *(volatile __u64 *)hint, many = 0;

		if (is_live_hint(old, now) && ((__u32)old != next || old & HINT_MANY))
			many = HINT_MANY;
		if (__sync_val_compare_and_swap(hint, old, fresh | many) == old)
			return;
	}
	*(volatile __u64 *)hint = fresh | HINT_MANY;
}

/* 0 when this segment is surely not the first payload of a connection. */
static __always_inline int may_open(struct packet *p, const struct xdp_md *ctx)
{
	__u32 offset = p->payload_offset - p->tcp_header + __builtin_offsetof(struct tcphdr, seq);
	const __be32 *sequence;
	__u64 *cell, hint;

	if (p->tcp_flags & TCP_SYN || offset > 0x7fff)
		return 1;
	sequence = (const void *)(long)ctx->data + offset;
	if ((const void *)(sequence + 1) > (const void *)(long)ctx->data_end)
		return 1;
	cell = opening_hint(p);
	if (!cell)
		return 1;
	hint = *(volatile __u64 *)cell;
	return (__u32)hint == bpf_ntohl(*sequence) ||
	       (hint & HINT_MANY && is_live_hint(hint, packet_tick(p)));
}

static __always_inline __u64 opening_key(const struct packet *p)
{
	struct token t;

	token_start(&t, policy.seed, TOKEN_CONNECTION);
	token_addr(&t, &p->src);
	token_addr(&t, &p->dst);
	token_word(&t, (__u64)p->sport << 16 | p->dport);
	return token_end(&t);
}

/* CR and LF only: a keepalive (RFC 5626 4.4.1), behind which the first payload is still to come. */
static __always_inline int is_crlf(const struct packet *p, const struct sip_buf *buf)
{
	__u64 word = sip_load(buf, 0);

	return (p->payload_length == 2 && (__u16)word == 0x0a0d) ||
	       (p->payload_length == 4 && (__u32)word == 0x0a0d0a0d);
}

/* Notes where the first payload of a connection will stand, and finds it: p->opening. */
__noinline int find_opening(struct xdp_md *ctx, struct scratch *scratch)
{
	struct sw_opening fresh = {}, *opening;
	struct packet *p;
	__u32 length;
	__be32 be;
	__u64 key;

	if (!scratch)
		return 0;
	p = &scratch->packet;
	if (bpf_xdp_load_bytes(ctx, p->payload_offset - p->tcp_header + 4, &be, sizeof(be)))
		return 0;
	key = opening_key(p);
	if ((p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		fresh.next = bpf_ntohl(be) + 1;
		fresh.expires = packet_time(p) + OPENING_LIFE;
		bpf_map_update_elem(&openings, &key, &fresh, BPF_ANY);
		note_hint(p, fresh.next);
		p->opening = p->payload_length != 0; /* TCP Fast Open */
	} else {
		opening = bpf_map_lookup_elem(&openings, &key);
		p->opening = opening && opening->next == bpf_ntohl(be) &&
			     opening->expires > packet_time(p);
		if (p->opening && p->transport == SW_TCP && is_crlf(p, &scratch->buf)) {
			opening->next += p->payload_length;
			note_hint(p, opening->next);
			p->opening = 0;
		}
	}
	length = p->payload_length > OPENING_MAX ? OPENING_MAX : p->payload_length;
	if (p->opening && p->transport == SW_TLS && length &&
	    bpf_xdp_load_bytes(ctx, p->payload_offset, scratch->buf.octets,
			       copy_size(length, OPENING_MAX)))
		p->opening = 0;
	return 0;
}

#endif
