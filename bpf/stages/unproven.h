/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "unproven": TCP segments that belong to no connection, within their ceilings
 * (rules/unproven.h), before the first payload is looked for.
 */
#ifndef SIPWARD_BPF_STAGES_UNPROVEN_H
#define SIPWARD_BPF_STAGES_UNPROVEN_H

#include "lib/connection.h"
#include "rules/unproven.h"

/* A SYN is sent again with the same sequence number, after a second, and then twice as long. */
__noinline int judge_syn(struct xdp_md *ctx, struct scratch *scratch)
{
	struct packet *p;
	struct token t;
	__be32 sequence;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	if (ceiling_admits(p, SW_UNPROVEN_SYN))
		return VERDICT_UNDECIDED;
	if (bpf_xdp_load_bytes(ctx, p->payload_offset - p->tcp_header + 4, &sequence,
			       sizeof(sequence)))
		return VERDICT_UNDECIDED;
	token_start(&t, policy.seed, TOKEN_GREYLIST);
	token_addr(&t, &p->src);
	token_word(&t, (__u64)p->sport << 48 | (__u64)p->dport << 32 | sequence);
	if (again_admits(p, SW_UNPROVEN_SYN, token_end(&t)))
		return VERDICT_UNDECIDED;
	return refuse(p, SW_REASON_UNPROVEN_SYN);
}

/* Above the ceiling only what is of a connection: whatever state it is in, for the kernel knows
 * what to make of a keepalive or a FIN. Where nobody listens, the service may be in another network
 * namespace: nothing is known then, and nothing refused. */
__noinline int judge_segment(struct xdp_md *ctx, struct scratch *scratch)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *socket;
	struct tcphdr tcp;
	struct packet *p;
	__u32 size;
	int found;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	if (bpf_xdp_load_bytes(ctx, p->payload_offset - p->tcp_header, &tcp, sizeof(tcp)))
		return VERDICT_UNDECIDED;
	size = connection_tuple(p, &tuple);
	socket = bpf_skc_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!socket)
		return VERDICT_UNDECIDED;
	found = socket->state != BPF_TCP_LISTEN || is_cookie(p, socket, &tcp);
	bpf_sk_release(socket);
	return found ? VERDICT_UNDECIDED : refuse(p, SW_REASON_UNPROVEN_SEGMENT);
}

/* Whose connection a segment is of is only looked up when there are too many: below the ceiling all
 * count, above it those without a connection go. */
static __always_inline enum verdict stage_unproven(struct packet *p, struct xdp_md *ctx)
{
	if (!p->is_stream || p->proved)
		return VERDICT_UNDECIDED;
	if ((p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return judge_syn(ctx, packet_scratch(p));
	if (ceiling_admits(p, SW_UNPROVEN_SEGMENT))
		return VERDICT_UNDECIDED;
	return judge_segment(ctx, packet_scratch(p));
}

#endif
