/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "connection": a segment that fits an established connection is a proof. Its sender knows
 * the sequence numbers of both sides, and the server sent its own to that address alone
 * (RFC 9293 3.4.1). So does one that ends the handshake, with a SYN cookie too: a client may send
 * its first request in it. A segment without a connection is not ours to judge: the kernel answers
 * it with a reset.
 */
#ifndef SIPWARD_BPF_STAGES_CONNECTION_H
#define SIPWARD_BPF_STAGES_CONNECTION_H

#include "lib/connection.h"

static __always_inline int fits_established(struct bpf_sock *socket, const struct tcphdr *tcp)
{
	const struct tcp_sock *connection = bpf_skc_to_tcp_sock(socket);
	__u32 ahead, acked;

	if (!connection)
		return 0;
	ahead = bpf_ntohl(tcp->seq) - connection->rcv_nxt;
	acked = bpf_ntohl(tcp->ack_seq) - connection->snd_una;

	return tcp->ack && ahead < CONNECTION_AHEAD &&
	       acked <= connection->snd_nxt - connection->snd_una;
}

/* The last segment of a handshake may carry a request already: here the kernel has no connection
 * yet. It acknowledges the sequence number that the server chose. */
static __always_inline int fits_handshake(struct bpf_sock *socket, const struct tcphdr *tcp)
{
	const struct tcp_request_sock *request = bpf_skc_to_tcp_request_sock(socket);

	return request && tcp->ack && bpf_ntohl(tcp->ack_seq) == request->snt_isn + 1 &&
	       bpf_ntohl(tcp->seq) - (request->rcv_isn + 1) < CONNECTION_AHEAD;
}

/* Global: only TCP pays for it, and its stack is nobody else's. */
__noinline int find_connection(struct xdp_md *ctx, struct scratch *scratch)
{
	struct bpf_sock_tuple tuple = {};
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
	if (socket->state == BPF_TCP_ESTABLISHED)
		found = fits_established(socket, &tcp);
	else if (socket->state == BPF_TCP_NEW_SYN_RECV)
		found = fits_handshake(socket, &tcp);
	else if (socket->state == BPF_TCP_LISTEN)
		found = tcp.ack && is_cookie(p, socket, &tcp);
	bpf_sk_release(socket);
	return found;
}

static __always_inline enum verdict stage_connection(struct packet *p, struct xdp_md *ctx)
{
	if (!policy.connections || !p->is_stream || p->proved ||
	    !find_connection(ctx, packet_scratch(p)))
		return VERDICT_UNDECIDED;
	p->grade = SW_GRADE_PROVED;
	p->proved = 1;
	return VERDICT_UNDECIDED;
}

#endif
