/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads the segments of a banned source that carry an emergency call, and remembers the connection
 * (stages/stream.h).
 */
#ifndef SIPWARD_BPF_RULES_STREAM_H
#define SIPWARD_BPF_RULES_STREAM_H

#include "lib/packet.h"
#include "lib/token.h"
#include "rules/ban.h"

/* No part of sequence space (OPENING_PART) has this number. */
#define STREAM_PART (1ull << 20)

/* The text that stands before an octet, as bits (sw_stream.matched). Bit n: n octets of "SIP/2.0".
 * The other bits are for forms that some servers accept as well: */
#define AT_VERSION      7  /* all of it */
#define AT_BLANK        8  /* and white space */
#define AT_TAIL         9  /* or more in one word with it, as in "SIP/2.0/TCP" and "SIP/2.00" */
#define AT_TAIL_BLANK   10 /* and white space */
#define AT_HTTP         16 /* bit 16 + n: n octets of "HTTP/1." */
#define AT_HTTP_VERSION 23
/* Not of an octet: some segment ended in a tail. */
#define HAD_TAIL        (1u << 31)
#define TAIL_PARTS      (1u << AT_TAIL | 1u << AT_TAIL_BLANK)

/* All parts of both: where any may stand before what is read. */
#define VERSION_PARTS (0x7fu | 0x7fu << AT_HTTP)

static __always_inline __u64 stream_key(const struct packet *p)
{
	struct token t;

	token_start(&t, policy.seed, TOKEN_CONNECTION);
	token_addr(&t, &p->src);
	token_addr(&t, &p->dst);
	token_word(&t, STREAM_PART << 32 | (__u64)p->sport << 16 | p->dport);
	return token_end(&t);
}

#define MANY_REQUESTS 2

struct line_walk {
	const struct sip_buf *buf;
	__u32 matched;  /* AT_ bits */
	__u32 requests; /* lines that end with a version, or with a word that begins so */
};

/* 1 or 0, without a branch: the verifier would follow each way. Of octets. */
static __always_inline __u32 is_octet(__u32 octet, __u32 wanted)
{
	return ((octet ^ wanted) - 1) >> 31;
}

static __always_inline __u32 is_between(__u32 octet, __u32 first, __u32 last)
{
	return ~((octet - first) | (last - octet)) >> 31;
}

static __always_inline __u32 stands(__u32 matched, __u32 at)
{
	return matched >> at & 1;
}

/* At which of its places a version has this octet. */
static __always_inline __u32 places_of(__u64 version, __u32 octet)
{
	__u32 places = 0;

	for (__u32 at = 0; at < 7; at++)
		places |= is_octet(octet, (__u8)(version >> 8 * at)) << at;
	return places;
}

/* Counts the versions that end a request line. Those before a status, or before the transport of a
 * Via and its host, do not count. A longer word that begins with the version counts when it ends
 * the line: some servers compare no more than its beginning. Some servers accept white space beside
 * the slash of the version, too. "HTTP/1." counts, for it opens a WebSocket, in which nothing could
 * be read. */
static long walk_octet(__u32 i, struct line_walk *walk)
{
	__u32 octet = walk->buf->octets[i & (SW_MESSAGE_MAX - 1)], was = walk->matched;
	__u32 now, blank, ends, more, done, tail;

	octet |= is_between(octet, 'A', 'Z') << 5;
	blank = is_octet(octet, ' ') | is_octet(octet, '\t');
	ends = is_octet(octet, '\n') | is_octet(octet, '\r');
	more = is_octet(octet, '/') | is_between(octet, '0', '9');
	done = stands(was, AT_VERSION) | stands(was, AT_BLANK);
	tail = stands(was, AT_TAIL) | stands(was, AT_TAIL_BLANK);
	now = places_of(SIP_WORD("sip/2.0\0"), octet) | places_of(SIP_WORD("http/1.\0"), octet)
								<< AT_HTTP;
	now = ((was | 1u | 1u << AT_HTTP) & now) << 1;
	now |= was & (blank << 3 | blank << 4);
	now |= (done & blank) << AT_BLANK | (tail & blank) << AT_TAIL_BLANK;
	now |= ((stands(was, AT_VERSION) & more) | (stands(was, AT_TAIL) & ~(blank | ends)))
	       << AT_TAIL;
	walk->requests += (done & ~(blank | more)) + (tail & ends) + stands(now, AT_HTTP_VERSION);
	walk->matched = now;
	return 0;
}

static __always_inline int begins_blank(const struct scratch *scratch)
{
	__u8 octet = scratch->buf.octets[0];

	return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

/* How many requests the segment in the buffer begins, at least. One that is sent again may come to
 * stand behind any part of a request line, and before the rest of one. */
__noinline int count_requests(struct scratch *scratch)
{
	struct line_walk walk = {};
	__u32 length, again;

	if (!scratch)
		return 0;
	again = scratch->stream.again;
	length = scratch->packet.payload_length;
	walk.buf = &scratch->buf;
	walk.matched = scratch->stream.matched;
	bpf_loop(length < SW_MESSAGE_MAX ? length : SW_MESSAGE_MAX, walk_octet, &walk, 0);
	scratch->stream.matched = walk.matched;
	return again && (walk.matched || begins_blank(scratch)) ? MANY_REQUESTS : walk.requests;
}

/* The connection carries a call for help, as far as this segment. One that was sent again, and ends
 * before the last, changes nothing about that. */
static __always_inline void remember_stream(struct scratch *scratch)
{
	struct packet *p = &scratch->packet;
	struct sw_stream fresh = {
		.expires = packet_time(p) + STREAM_LIFE,
		.next = scratch->stream.sequence + p->payload_length,
		.matched = scratch->stream.matched | scratch->stream.tail,
	};
	__u64 key = stream_key(p);

	if (fresh.matched & TAIL_PARTS)
		fresh.matched |= HAD_TAIL;
	if ((__s32)(fresh.next - scratch->stream.next) > 0)
		bpf_map_update_elem(&spared_streams, &key, &fresh, BPF_ANY);
}

/* A segment whose message may pass, or that goes on with one (`allowed` 0: it begins no request).
 * Global, as are all that few packets come by. */
__noinline int spare_segment(struct scratch *scratch, int allowed)
{
	struct packet *p;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	if (count_requests(scratch) > allowed)
		return refuse_banned(p);
	remember_stream(scratch);
	return VERDICT_UNDECIDED;
}

/* It begins no message: so goes on what was let in before. */
static __always_inline enum verdict spare_rest(struct packet *p)
{
	enum verdict v = packet_scratch(p)->stream.known ? spare_segment(packet_scratch(p), 0) :
							   refuse_banned(p);

	return v == VERDICT_UNDECIDED ? VERDICT_PASS : v;
}

#endif
