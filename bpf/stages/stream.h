/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "stream": TCP of a source that behaviour banned (ban.h). A call for help gets through on a
 * connection of its own, or on one that was open before, and so does what belongs to that call,
 * for as long as the connection lives. Everything else of the source stays out.
 *
 * Nothing here can be had with a false address. A SYN passes within a ceiling of the ban; of those
 * above it, one that is sent again by a client that waits has a larger part of the burst. Any other
 * segment must have the sequence numbers of a connection, of one that a handshake is to end at
 * least, before anything is spent on it, and before the connection is remembered. The
 * acknowledgement that ends a handshake is dropped: the INVITE carries it as well, and so no
 * connection of a banned source reaches the server before its INVITE does.
 *
 * The rest is for a sender who may be that of the ban, and has a connection because he calls for
 * help on it. Of a request that is neither such a call nor a part of one the segment is dropped;
 * nothing behind it can be read then, and the connection is as good as ended: this one may, for its
 * source is banned. Lest such a request stands behind another, a segment has one request line at
 * most, at its beginning; the octets are read one by one for that, over the ends of segments too,
 * and must come in order. A segment that the kernel did not take (for its checksum) may come again
 * with another text: so it begins or ends no part of a request line then, whatever stands beside
 * it. What some servers take for a request line is one, and so is one of HTTP. And all octets
 * together have a ceiling, for what was not thought of.
 */
#ifndef SIPWARD_BPF_STAGES_STREAM_H
#define SIPWARD_BPF_STAGES_STREAM_H

#include <linux/in.h>
#include <linux/tcp.h>

#include "lib/connection.h"
#include "lib/greylist.h"
#include "lib/token.h"
#include "rules/ban.h"
#include "rules/stream.h"
#include "rules/unproven.h"

/* Of one ban. */
#define SPARED_SYN_RATE    10 /* a second */
#define SPARED_SYN_BURST   40
#define SPARED_UNIT        512 /* octets of payload */
#define SPARED_UNITS_RATE  16  /* a second: 8 KiB, or eight calls */
#define SPARED_UNITS_BURST 256 /* 128 KiB */

/* How the kernel will treat a segment. */
enum fit {
	FIT_NOT,    /* it belongs to no connection */
	FIT_BEGINS, /* it ends a handshake */
	FIT_READ,   /* all of it was taken before */
	FIT_GOES_ON
};

static __always_inline struct sw_stream *find_stream(struct packet *p)
{
	__u64 key = stream_key(p);
	struct sw_stream *stream = bpf_map_lookup_elem(&spared_streams, &key);

	return stream && stream->expires > packet_tick(p) ? stream : 0;
}

/* --- the connection --- */

/* Of a handshake's last segment: it acknowledges the SYN that the kernel sent. */
static __always_inline enum fit fit_handshake(struct scratch *scratch, struct bpf_sock *socket,
					      const struct tcphdr *tcp)
{
	struct tcp_request_sock *request = bpf_skc_to_tcp_request_sock(socket);

	if (!request || bpf_ntohl(tcp->ack_seq) != request->snt_isn + 1)
		return FIT_NOT;
	scratch->stream.awaited = request->rcv_isn + 1;
	return FIT_BEGINS;
}

static __always_inline enum fit fit_established(struct scratch *scratch, struct bpf_sock *socket,
						const struct tcphdr *tcp)
{
	struct tcp_sock *connection = bpf_skc_to_tcp_sock(socket);
	__u32 acked, end = scratch->stream.sequence + scratch->packet.payload_length;
	__s32 ahead;

	if (!connection)
		return FIT_NOT;
	scratch->stream.awaited = connection->rcv_nxt;
	ahead = end - connection->rcv_nxt;
	acked = bpf_ntohl(tcp->ack_seq) - connection->snd_una;
	if (ahead <= 0) /* it may acknowledge less than came since */
		return ahead > -CONNECTION_AHEAD && connection->snd_nxt - bpf_ntohl(tcp->ack_seq) <
							    CONNECTION_AHEAD ?
			       FIT_READ :
			       FIT_NOT;
	return ahead <= CONNECTION_AHEAD && acked <= connection->snd_nxt - connection->snd_una ?
		       FIT_GOES_ON :
		       FIT_NOT;
}

/* Global: its stack is nobody else's. */
__noinline int fit_stream(struct xdp_md *ctx, struct scratch *scratch)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *socket;
	enum fit fit = FIT_NOT;
	struct tcphdr tcp;
	struct packet *p;
	__u32 size;

	if (!scratch)
		return FIT_NOT;
	p = &scratch->packet;
	if (bpf_xdp_load_bytes(ctx, p->payload_offset - p->tcp_header, &tcp, sizeof(tcp)) ||
	    !tcp.ack)
		return FIT_NOT;
	scratch->stream.sequence = scratch->stream.awaited = bpf_ntohl(tcp.seq);
	size = connection_tuple(p, &tuple);
	socket = bpf_skc_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!socket)
		return FIT_NOT;
	if (socket->state == BPF_TCP_ESTABLISHED)
		fit = fit_established(scratch, socket, &tcp);
	else if (socket->state == BPF_TCP_NEW_SYN_RECV)
		fit = fit_handshake(scratch, socket, &tcp);
	else if (socket->state == BPF_TCP_LISTEN && is_cookie(p, socket, &tcp))
		fit = FIT_BEGINS;
	bpf_sk_release(socket);
	return fit;
}

/* Octets that the kernel already has are not read again. */
static __always_inline void trim_stream(struct scratch *scratch)
{
	struct stream *stream = &scratch->stream;
	__s32 old = stream->awaited - stream->sequence;

	if (old <= 0)
		return;
	scratch->packet.payload_offset += old;
	scratch->packet.payload_length -= old;
	stream->sequence = stream->awaited;
}

/* --- what passes --- */

/* The first SYN may use a quarter of the burst; each retransmission may use more. */
static __always_inline int spares_syn(struct xdp_md *ctx, struct scratch *scratch, __u64 *cell)
{
	static const struct sw_limit limit = {
		.interval = SW_NS_PER_SEC / SPARED_SYN_RATE,
		.tolerance = SW_NS_PER_SEC / SPARED_SYN_RATE * (SPARED_SYN_BURST - 1),
	};
	struct packet *p = &scratch->packet;
	__u32 backoff = 0;
	struct token t;
	__be32 sequence;

	if (!gcra_leaves(cell, &limit, packet_time(p), 1, GREYLIST_BACKOFF_MAX + 1)) {
		if (bpf_xdp_load_bytes(ctx, p->payload_offset - p->tcp_header + 4, &sequence,
				       sizeof(sequence)))
			return 0;
		token_start(&t, policy.seed, TOKEN_CONNECTION);
		token_addr(&t, &p->src);
		token_word(&t, (__u64)p->sport << 48 | (__u64)p->dport << 32 | sequence);
		backoff = seen_again(scratch, token_end(&t));
		if (!backoff || !gcra_leaves(cell, &limit, packet_time(p), backoff + 1,
					     GREYLIST_BACKOFF_MAX + 1))
			return 0;
	}
	return gcra_admit(cell, &limit, packet_time(p));
}

/* The octets of all segments, in whatever is begun of a unit; a call counts as one more. */
static __always_inline int spares_octets(struct packet *p, __u64 *cell)
{
	__u64 units = p->payload_length / SPARED_UNIT + 1 + (p->ban_waits == BAN_WAITS_CALL);
	struct sw_limit limit = {
		.interval = SW_NS_PER_SEC / SPARED_UNITS_RATE * units,
		.tolerance = SW_NS_PER_SEC / SPARED_UNITS_RATE * (SPARED_UNITS_BURST - units),
	};

	return p->payload_length <= SW_MESSAGE_MAX && gcra_admit(cell, &limit, packet_tick(p));
}

/* A keepalive (RFC 5626 4.4.1): were it dropped, a call for help on that connection could not be
 * read behind it. None ends a handshake, or connections would come of it. */
static __always_inline enum verdict judge_line_ends(struct xdp_md *ctx, struct scratch *scratch,
						    __u64 *cell)
{
	int fit = fit_stream(ctx, scratch);

	return (fit == FIT_GOES_ON || fit == FIT_READ) && spares_octets(&scratch->packet, cell) ?
		       VERDICT_PASS :
		       refuse_banned(&scratch->packet);
}

/* The port was used again: then what is noted is of a connection that is over. All that passed went
 * through here, so that the kernel has taken no more. A handshake that has not ended is no sign of
 * it: of two segments that end it both are judged before the kernel takes the first. */
static __always_inline int is_of_another(const struct scratch *scratch,
					 const struct sw_stream *known)
{
	return known->next - scratch->stream.awaited > CONNECTION_AHEAD;
}

/* 0 when it leaves a gap, is sent again with more behind it, or begins nothing where nothing is
 * known. */
static __always_inline int takes_place(struct scratch *scratch, const struct sw_stream *known)
{
	struct stream *stream = &scratch->stream;

	stream->known = known != 0;
	stream->tail = 0;
	if (!known) {
		stream->again = 0;
		stream->next = stream->sequence;
		stream->matched = 0;
		return stream->sequence == stream->awaited &&
		       (scratch->packet.ban_waits == BAN_WAITS_CALL ||
			scratch->packet.ban_waits == BAN_WAITS_INSIDE);
	}
	stream->next = known->next;
	stream->again = stream->sequence != known->next;
	stream->tail = known->matched & HAD_TAIL;
	stream->matched = !stream->again ? known->matched :
			  stream->tail   ? VERSION_PARTS | TAIL_PARTS :
					   VERSION_PARTS;
	return !stream->again ||
	       (__s32)(stream->sequence + scratch->packet.payload_length - known->next) <= 0;
}

/* A segment of payload on a connection that carries a call for help, or may come to do so: then it
 * must be the next one. */
static __always_inline enum verdict judge_payload(struct xdp_md *ctx, struct scratch *scratch,
						  const struct sw_stream *known, __u64 *cell)
{
	struct packet *p = &scratch->packet;
	int fit = fit_stream(ctx, scratch);

	if (fit == FIT_NOT || !spares_octets(p, cell))
		return refuse_banned(p);
	if (fit == FIT_READ)
		return VERDICT_PASS;
	trim_stream(scratch);
	if (known && is_of_another(scratch, known))
		known = 0;
	if (!takes_place(scratch, known))
		return refuse_banned(p);
	p->grade = SW_GRADE_PROVED;
	p->proved = 1;
	return VERDICT_UNDECIDED;
}

/* Global: few packets come here. */
__noinline int judge_stream(struct xdp_md *ctx, struct scratch *scratch)
{
	const struct sw_stream *known;
	struct packet *p;
	struct sw_ban *ban;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	ban = live_ban(p);
	if (!ban || ban_reason(ban) == SW_REASON_BAN)
		return refuse_banned(p);
	if (p->tcp_flags & TCP_SYN)
		return !p->payload_length && spares_syn(ctx, scratch, &ban->spared[SPARED_SYN]) ?
			       VERDICT_UNDECIDED :
			       refuse_banned(p);
	known = find_stream(p);
	if (!p->payload_length)
		return known ? VERDICT_UNDECIDED : refuse_banned(p);
	if (!known && p->ban_waits == BAN_WAITS_LINE_ENDS)
		return judge_line_ends(ctx, scratch, &ban->spared[SPARED_OCTETS]);
	if (!known && p->ban_waits == BAN_WAITS_REST)
		return refuse_banned(p);
	return judge_payload(ctx, scratch, known, &ban->spared[SPARED_OCTETS]);
}

static __always_inline enum verdict stage_stream(struct packet *p, struct xdp_md *ctx)
{
	if (!p->ban_waits || !p->is_stream)
		return VERDICT_UNDECIDED;
	return judge_stream(ctx, packet_scratch(p));
}

#endif
