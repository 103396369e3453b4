/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The beginning of a TCP connection: the octets behind the sequence number of its SYN, as far as a
 * rule must see them. However they are cut, repeated or made to overlap, and in whatever order they
 * come, they are judged as one text.
 *
 * The program does not know which of the segments that pass Linux accepts: it may throw one away
 * (for its checksum, its timestamp, its acknowledgement), and then take another copy. So no copy is
 * trusted more than another. The first one that passes binds each of its octets, and a later one
 * that says something else there is dropped: whichever Linux takes, the text is the one that was
 * judged. As long as that is not enough to decide, a segment that leaves a gap is dropped; its
 * sender sends it again behind the missing one. An honest client always sends the same text.
 *
 * A SYN is remembered by itself, in its part of sequence space: another SYN with the same addresses
 * and ports changes nothing about it, for Linux may take either (the first one while it waits for
 * the handshake to end, any of them with SYN cookies). One that lies close to another is dropped: a
 * client chooses numbers as far apart as chance has it, and nobody else can aim there. One that
 * counts up from a fixed number, and opens the same port again within OPENING_BOUND, waits as long.
 *
 * Every segment of every connection would be looked up, so that hints stand before the table: cells
 * by a hash that costs next to nothing, which say where the last SYN there begins. An attacker who
 * makes two connections fall into one cell only makes both be looked up, and neither escapes.
 *
 * A SYN that was forgotten in a flood as large as the table, or came before sipward, is made up for
 * where the kernel has read nothing of the connection yet.
 *
 * Two things are not seen: connections that were forgotten when a part of their beginning had
 * passed; the text of one that was forgotten in a flood of first payloads as large as its table,
 * which then may go on with another text.
 */
#ifndef SIPWARD_BPF_LIB_OPENING_H
#define SIPWARD_BPF_LIB_OPENING_H

#include <linux/tcp.h>

#include "lib/connection.h"
#include "lib/packet.h"
#include "lib/token.h"

/* A server closes a connection that says nothing for so long. */
#define OPENING_LIFE  (3600 * SW_NS_PER_SEC)
/* So long a copy of a good beginning must say the same. */
#define OPENING_BOUND (120 * SW_NS_PER_SEC)
/* A part of sequence space, which has one entry for each pair of addresses and ports. So small that
 * the whole table has room for SYNs with somebody's address and port in an eighth of all parts. */
#define OPENING_PART  13                                                   /* bits */
#define OPENING_PARTS ((65536 + SW_OPENING_MAX) / (1 << OPENING_PART) + 2) /* of one segment */

/* A hint: the sequence number that is awaited; and on top of it when its SYN came, in units of
 * 2^30 ns, and whether another one is awaited as well. */
#define HINT_MANY       (1ull << 32)
#define HINT_TIME_SHIFT 33
#define HINT_TIME_MASK  0x7fffffffu
#define HINT_LIFE       ((OPENING_LIFE >> 30) + 1)
#define HINT_TRIES      4

enum place {
	PLACE_ELSEWHERE, /* in no beginning that is known, or behind what decided it */
	PLACE_AGREES,    /* it says again what passed already */
	PLACE_FRESH,     /* it goes on with it: the text so far is in the buffer */
	PLACE_WRONG      /* out of order, or another text */
};

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
static __always_inline void note_hint(struct packet *p, __u32 first)
{
	__u64 *hint = opening_hint(p), now = packet_time(p);
	__u64 fresh = (now >> 30 & HINT_TIME_MASK) << HINT_TIME_SHIFT | first;

	if (!hint)
		return;
	if (!fresh) /* in the first second of all, a connection that begins at 0 */
		fresh = HINT_MANY;
	for (int i = 0; i < HINT_TRIES; i++) {
		__u64 old = *(volatile __u64 *)hint, many = 0;

		if (is_live_hint(old, now) && ((__u32)old != first || old & HINT_MANY))
			many = HINT_MANY;
		if (__sync_val_compare_and_swap(hint, old, fresh | many) == old)
			return;
	}
	*(volatile __u64 *)hint = fresh | HINT_MANY;
}

/* 1 when one of `length` octets from `sequence` on is one of the text that starts at `first`. */
static __always_inline int reaches(__u32 first, __u32 sequence, __u32 length)
{
	return (__s32)(sequence - first) < SW_OPENING_MAX && (__s32)(sequence - first + length) > 0;
}

/* 0 when this segment surely has nothing of the beginning of a connection. A hint that is older
 * than HINT_LIFE still counts where it is reached: a connection may have said nothing for as long,
 * and what the kernel has read nothing of is judged. */
static __always_inline int may_open(struct packet *p, const struct xdp_md *ctx)
{
	__u32 offset = p->payload_offset - p->tcp_header + __builtin_offsetof(struct tcphdr, seq);
	const __be32 *sequence;
	__u64 *cell, hint;

	if (p->tcp_flags & TCP_RST) /* Linux reads nothing of it */
		return 0;
	if (p->tcp_flags & TCP_SYN)
		return 1;
	if (!p->payload_length)
		return 0;
	sequence = (const void *)(long)ctx->data + (offset & 0x7fff);
	if ((const void *)(sequence + 1) > (const void *)(long)ctx->data_end)
		return 1;
	cell = opening_hint(p);
	if (!cell)
		return 1;
	hint = *(volatile __u64 *)cell;
	if (!hint) /* no SYN came here, not even one whose connection begins at 0 */
		return 0;
	return reaches(hint, bpf_ntohl(*sequence), p->payload_length) ||
	       (hint & HINT_MANY && is_live_hint(hint, packet_tick(p)));
}

/* The key of beginnings of this connection in one part of sequence space. */
static __always_inline __u64 opening_key(const struct packet *p, __u64 part)
{
	struct token t;

	token_start(&t, policy.seed, TOKEN_CONNECTION);
	token_addr(&t, &p->src);
	token_addr(&t, &p->dst);
	token_word(&t, part << 32 | (__u64)p->sport << 16 | p->dport);
	return token_end(&t);
}

/* A SYN: its connection begins at `first`. 0 when it lies close to another one. Sent again, it
 * changes nothing. */
__noinline int await_opening(struct scratch *scratch, __u32 first)
{
	struct sw_opening fresh = {.first = first}, *opening;
	struct packet *p;
	__u64 key;

	if (!scratch)
		return 1;
	p = &scratch->packet;
	key = opening_key(p, first >> OPENING_PART);
	opening = bpf_map_lookup_elem(&openings, &key);
	if (opening && opening->expires > packet_time(p)) {
		if (opening->first != first)
			return 0;
	} else {
		fresh.expires = packet_time(p) + OPENING_LIFE;
		bpf_map_update_elem(&openings, &key, &fresh, BPF_ANY);
	}
	note_hint(p, first);
	return 1;
}

/* The beginning in this part of sequence space that the segment reaches: noted, and 1. */
__noinline int find_beginning(struct scratch *scratch, __u32 part, __u32 sequence, __u32 length)
{
	const struct sw_opening *opening;
	struct beginning *b;
	__s32 ahead;
	__u64 key;

	if (!scratch)
		return 0;
	b = &scratch->beginning;
	key = opening_key(&scratch->packet, part);
	opening = bpf_map_lookup_elem(&openings, &key);
	if (!opening || !reaches(opening->first, sequence, length) ||
	    opening->expires <= packet_tick(&scratch->packet))
		return 0;
	ahead = sequence - opening->first;
	b->key = key;
	b->count = opening->count;
	b->decided = opening->decided;
	b->start = ahead < 0 ? 0 : ahead;
	b->skipped = ahead < 0 ? -ahead : 0;
	b->end = b->start + length - b->skipped;
	if (b->end > SW_OPENING_MAX)
		b->end = SW_OPENING_MAX;
	return 1;
}

/* Likewise in all of it. A segment that may begin two connections is one of an attacker. */
static __always_inline enum place find_place(struct scratch *scratch, __u32 sequence, __u32 length)
{
	__u32 part = (sequence - SW_OPENING_MAX + 1) >> OPENING_PART;
	__u32 last = (sequence + length - 1) >> OPENING_PART;
	const struct beginning *b = &scratch->beginning;
	int found = 0;

	for (__u32 i = 0; i < OPENING_PARTS; i++) {
		found += find_beginning(scratch, part, sequence, length);
		if (part == last)
			break;
		part = (part + 1) & (~0u >> OPENING_PART);
	}
	if (found > 1)
		return PLACE_WRONG;
	if (!found || (b->decided && b->start >= b->count))
		return PLACE_ELSEWHERE;
	return b->start > b->count ? PLACE_WRONG : PLACE_FRESH;
}

struct text_walk {
	struct sip_buf *buf;
	const struct sw_opening_text *text;
	__u32 from; /* octets of the segment from here */
	__u32 to;   /* to there stand in the buffer, and passed before */
	__u64 differ;
};

/* The lowest n octets of a word; 8 for more. */
static __always_inline __u64 lowest_octets(__s32 n)
{
	return n <= 0 ? 0 : n >= 8 ? ~0ull : (1ull << 8 * n) - 1;
}

static long walk_word(__u32 i, struct text_walk *walk)
{
	__u32 pos = (i & (SW_OPENING_MAX / 8 - 1)) * 8;
	__u64 *word = (__u64 *)(walk->buf->octets + pos);
	__u64 before = lowest_octets((__s32)walk->from - (__s32)pos);
	__u64 until = lowest_octets((__s32)walk->to - (__s32)pos);
	__u64 text = *(const __u64 *)(walk->text->octets + pos);

	walk->differ |= (*word ^ text) & until & ~before;
	*word = (*word & ~before) | (text & before);
	return 0;
}

/* Compares what the segment in the buffer says again with the text that passed, and lays the text
 * that stands before the segment in front of it. */
__noinline int compare_text(struct scratch *scratch)
{
	struct text_walk walk = {};
	struct beginning *b;
	__u64 key;

	if (!scratch)
		return PLACE_ELSEWHERE;
	b = &scratch->beginning;
	key = b->key;
	walk.buf = &scratch->buf;
	walk.text = bpf_map_lookup_elem(&opening_texts, &key);
	if (!walk.text) {
		/* The connection was forgotten. Its first segment is judged anew, all others are
		 * let be. */
		b->decided = 1;
		return b->start ? PLACE_ELSEWHERE : PLACE_FRESH;
	}
	walk.from = b->start;
	walk.to = b->end < b->count ? b->end : b->count;
	bpf_loop((walk.to + 7) / 8, walk_word, &walk, 0);
	if (walk.differ)
		return PLACE_WRONG;
	return b->decided || b->end <= b->count ? PLACE_AGREES : PLACE_FRESH;
}

/* Takes off the octets before the stream, which Linux does not read. */
static __always_inline void trim_segment(struct packet *p, struct beginning *b)
{
	p->payload_offset += b->skipped;
	p->payload_length -= b->skipped;
	p->opening = b->start == 0;
}

/* Notes where a connection begins, and finds out where a segment stands in its beginning, of which
 * the buffer then holds the text so far. */
__noinline int find_opening(struct xdp_md *ctx, struct scratch *scratch)
{
	struct beginning *b;
	enum place place;
	struct packet *p;
	__u32 sequence;
	__be32 be;

	if (!scratch)
		return PLACE_ELSEWHERE;
	if (in_test_run)
		test_run_searched = 1;
	p = &scratch->packet;
	b = &scratch->beginning;
	b->key = b->skipped = 0;
	if (bpf_xdp_load_bytes(ctx, p->payload_offset - p->tcp_header + 4, &be, sizeof(be)))
		return PLACE_ELSEWHERE;
	sequence = bpf_ntohl(be);
	if ((p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		sequence++;
		if (!await_opening(scratch, sequence))
			return PLACE_WRONG;
		if (!p->payload_length) /* else it is TCP Fast Open */
			return PLACE_ELSEWHERE;
	}
	place = find_place(scratch, sequence, p->payload_length);
	if (place == PLACE_ELSEWHERE && !b->key && is_untouched(ctx, scratch, sequence) &&
	    await_opening(scratch, b->start))
		place = find_place(scratch, sequence, p->payload_length);
	if (place != PLACE_FRESH)
		return place;
	trim_segment(p, b);
	if (bpf_xdp_load_bytes(ctx, p->payload_offset,
			       scratch->buf.octets + (b->start & (SW_OPENING_MAX - 1)),
			       copy_size(b->end - b->start, SW_OPENING_MAX)))
		return PLACE_ELSEWHERE;
	return b->count ? compare_text(scratch) : PLACE_FRESH;
}

/* The text so far is bound: a segment may pass that says the same, or goes on with it. */
__noinline int bind_text(void)
{
	struct scratch *scratch = this_scratch(); /* 6.1 takes no value of whoever calls */
	struct sw_opening *opening;
	struct beginning *b;
	__u64 key;

	if (!scratch)
		return 0;
	b = &scratch->beginning;
	key = b->key;
	opening = bpf_map_lookup_elem(&openings, &key);
	if (!opening)
		return 0;
	bpf_map_update_elem(&opening_texts, &key, scratch->buf.octets, BPF_ANY);
	opening->count = b->end;
	if (b->decided) {
		opening->decided = 1;
		opening->expires = packet_time(&scratch->packet) + OPENING_BOUND;
	}
	return 0;
}

/* Nothing of this beginning is judged any more. */
static __always_inline void release_opening(struct scratch *scratch)
{
	__u64 key = scratch->beginning.key;
	struct sw_opening *opening;

	opening = key ? bpf_map_lookup_elem(&openings, &key) : 0;
	if (opening) {
		opening->decided = 1;
		opening->count = 0;
	}
}

#endif
