/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads what the kernel knows of a TCP connection: its state and its sequence numbers.
 */
#ifndef SIPWARD_BPF_LIB_CONNECTION_H
#define SIPWARD_BPF_LIB_CONNECTION_H

#include <linux/ip.h>
#include <linux/ipv6.h>
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

/* The segment ends a handshake with a SYN cookie: the kernel keeps nothing of such a connection
 * until it does. */
static __always_inline int is_cookie(const struct packet *p, struct bpf_sock *listener,
				     struct tcphdr *tcp)
{
	union {
		struct iphdr ip;
		struct ipv6hdr ip6;
	} header = {};

	if (p->ipv6) {
		header.ip6.version = 6;
		__builtin_memcpy(&header.ip6.saddr, &p->src, sizeof(header.ip6.saddr));
		__builtin_memcpy(&header.ip6.daddr, &p->dst, sizeof(header.ip6.daddr));
	} else {
		header.ip.version = 4;
		header.ip.saddr = p->src.words[3];
		header.ip.daddr = p->dst.words[3];
	}
	return bpf_tcp_check_syncookie(listener, &header,
				       p->ipv6 ? sizeof(header.ip6) : sizeof(header.ip), tcp,
				       sizeof(*tcp)) == 0;
}

#endif
