/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "connection": a segment that fits an established connection is a proof. Its sender knows
 * the sequence numbers of both sides, and the server sent its own to that address alone
 * (RFC 9293 3.4.1). A segment without a connection is not ours to judge: the kernel answers it
 * with a reset, or it ends a handshake with a SYN cookie.
 */
#ifndef SIPWARD_BPF_LIB_CONNECTION_H
#define SIPWARD_BPF_LIB_CONNECTION_H

#include <linux/tcp.h>

#include <bpf/bpf_core_read.h>

#include "lib/packet.h"

/* How far a segment may be ahead of what the kernel has taken: the ones before it may still be on
 * their way from here to there. With the acknowledgement, which must name one of the octets that
 * are under way, a blind sender hits once in 2^48. */
#define CONNECTION_AHEAD 65536

/* Of the kernel's; libbpf finds where they are. */
struct tcp_sock {
	__u32 rcv_nxt;
	__u32 snd_una;
	__u32 snd_nxt;
	__u64 bytes_received;
} __attribute__((preserve_access_index));

/* Of one whose handshake has not ended. */
struct tcp_request_sock {
	__u32 rcv_isn;
	__u32 snt_isn;
} __attribute__((preserve_access_index));

static __always_inline int fits(const struct tcp_sock *connection, const struct tcphdr *tcp)
{
	__u32 ahead = bpf_ntohl(tcp->seq) - connection->rcv_nxt;
	__u32 acked = bpf_ntohl(tcp->ack_seq) - connection->snd_una;

	return tcp->ack && ahead < CONNECTION_AHEAD &&
	       acked <= connection->snd_nxt - connection->snd_una;
}

static __always_inline __u32 connection_tuple(const struct packet *p, struct bpf_sock_tuple *tuple)
{
	if (!p->ipv6) {
		tuple->ipv4.saddr = p->src.words[3];
		tuple->ipv4.daddr = p->dst.words[3];
		tuple->ipv4.sport = bpf_htons(p->sport);
		tuple->ipv4.dport = bpf_htons(p->dport);
		return sizeof(tuple->ipv4);
	}
	__builtin_memcpy(tuple->ipv6.saddr, &p->src, sizeof(tuple->ipv6.saddr));
	__builtin_memcpy(tuple->ipv6.daddr, &p->dst, sizeof(tuple->ipv6.daddr));
	tuple->ipv6.sport = bpf_htons(p->sport);
	tuple->ipv6.dport = bpf_htons(p->dport);
	return sizeof(tuple->ipv6);
}

/* Global: only TCP pays for it, and its stack is nobody else's. */
__noinline int find_connection(struct xdp_md *ctx, struct scratch *scratch)
{
	struct bpf_sock_tuple tuple = {};
	struct tcp_sock *connection;
	struct bpf_sock *socket;
	struct tcphdr tcp;
	struct packet *p;
	__u32 size;
	int found = 0;

	if (!policy.connections || !scratch)
		return 0;
	p = &scratch->packet;
	if (bpf_xdp_load_bytes(ctx, p->payload_offset - p->tcp_header, &tcp, sizeof(tcp)))
		return 0;
	size = connection_tuple(p, &tuple);
	socket = bpf_skc_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!socket)
		return 0;
	if (socket->state == BPF_TCP_ESTABLISHED) {
		connection = bpf_skc_to_tcp_sock(socket);
		found = connection && fits(connection, &tcp);
	}
	bpf_sk_release(socket);
	return found;
}

/* 1 when the kernel has this connection and has read nothing of its client yet: for one whose SYN
 * was forgotten (opening.h). beginning.start is the sequence number that it waits for; while the
 * handshake lasts it does not say, and the segment's own stands for it. */
__noinline int is_untouched(struct xdp_md *ctx, struct scratch *scratch, __u32 sequence)
{
	struct bpf_sock_tuple tuple = {};
	struct tcp_sock *connection;
	struct bpf_sock *socket;
	int found = 0;
	__u32 size;

	if (!policy.openings || !scratch)
		return 0;
	size = connection_tuple(&scratch->packet, &tuple);
	socket = bpf_skc_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!socket)
		return 0;
	if (socket->state == BPF_TCP_NEW_SYN_RECV) {
		found = 1;
		scratch->beginning.start = sequence;
	} else if (socket->state == BPF_TCP_ESTABLISHED) {
		connection = bpf_skc_to_tcp_sock(socket);
		found = connection && !connection->bytes_received;
		if (found)
			scratch->beginning.start = connection->rcv_nxt;
	}
	bpf_sk_release(socket);
	return found;
}

static __always_inline enum verdict stage_connection(struct packet *p, struct xdp_md *ctx)
{
	if (!policy.connections || p->protocol != IPPROTO_TCP || p->proved ||
	    !find_connection(ctx, packet_scratch(p)))
		return VERDICT_UNDECIDED;
	p->grade = SW_GRADE_PROVED;
	p->proved = 1;
	return VERDICT_UNDECIDED;
}

#endif
