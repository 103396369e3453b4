/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Packets that are for no service, as their headers say where they are: most packets are media. It
 * is asked before anything is cleared or looked up. The stages of parse/ come to the same verdict;
 * they judge all that has another form than the usual one.
 */
#ifndef SIPWARD_BPF_PARSE_FOREIGN_H
#define SIPWARD_BPF_PARSE_FOREIGN_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include "lib/packet.h"

static __always_inline int has_foreign_port(__u8 protocol, const struct udphdr *udp)
{
	return (protocol == IPPROTO_UDP && !is_port_of(policy.udp_ports, udp->dest)) ||
	       (protocol == IPPROTO_TCP && !is_port_of(policy.tcp_ports, udp->dest));
}

/* 1 when all of `length` octets of IP are in the first buffer, and the ports among them. */
static __always_inline int is_whole(const void *ip, __u32 header, __u64 length, const void *end)
{
	asm volatile("%0 &= 0x1ffff" : "+r"(length)); /* 6.1 and 6.12 lose how wide it is */
	return length >= header + sizeof(struct udphdr) && ip + length <= end;
}

static __always_inline int is_foreign(const struct xdp_md *ctx)
{
	const void *end = (const void *)(long)ctx->data_end;
	const struct ethhdr *eth = (const void *)(long)ctx->data;
	const struct ipv6hdr *ip6 = (const void *)(eth + 1);
	const struct iphdr *ip = (const void *)(eth + 1);

	if ((const void *)(ip + 1) + sizeof(struct udphdr) > end)
		return 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return *(const __u8 *)ip == 0x45 && !(ip->frag_off & bpf_htons(0x3fff)) &&
		       is_whole(ip, sizeof(*ip), bpf_ntohs(ip->tot_len), end) &&
		       has_foreign_port(ip->protocol, (const void *)(ip + 1));
	return eth->h_proto == bpf_htons(ETH_P_IPV6) &&
	       (const void *)(ip6 + 1) + sizeof(struct udphdr) <= end && ip6->version == 6 &&
	       is_whole(ip6, sizeof(*ip6), sizeof(*ip6) + bpf_ntohs(ip6->payload_len), end) &&
	       has_foreign_port(ip6->nexthdr, (const void *)(ip6 + 1));
}

#endif
