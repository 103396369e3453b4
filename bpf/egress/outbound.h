/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A packet that leaves (TC egress): is it of a service, and where is its payload?
 */
#ifndef SIPWARD_BPF_EGRESS_OUTBOUND_H
#define SIPWARD_BPF_EGRESS_OUTBOUND_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include "lib/packet.h"

/* Tokens stand in the first headers; the observer does not read the rest of an answer. A rule wants
 * all of them, and To stands behind as many routes as there are. */
#define OBSERVED_MAX (OBSERVES_RULES ? 8192 : 2048)

struct fragment_header {
	__u8 nexthdr;
	__u8 reserved;
	__be16 offset;
	__be32 id;
};

static __always_inline int load_net(struct __sk_buff *skb, __u32 offset, void *to, __u32 size)
{
	return bpf_skb_load_bytes_relative(skb, offset, to, size, BPF_HDR_START_NET);
}

/* The payload, wherever the kernel keeps it: TCP's stands in pages, where the helper that counts
 * from the network header does not look. The other one counts from the link header, of which
 * only the length of all tells whether there is one. */
static __always_inline int load_payload(struct __sk_buff *skb, const struct outbound *d, void *to,
					__u32 size)
{
	__u32 link = skb->len - d->end;

	return load_net(skb, d->offset, to, size) &&
	       bpf_skb_load_bytes(skb, link + d->offset, to, size);
}

/* Some rule asks who takes part in a dialog; so does a ban, which spares them (stages/spared.h). */
#define NOTES_DIALOGS                                           \
	(policy.to_tags || policy.guards & SW_GUARD_TEARDOWN || \
	 policy.egress & SW_EGRESS_DIALOGS || (policy.bans && policy.admission))

/* Some rule judges what leaves, or remembers it. */
#define OBSERVES_RULES \
	(policy.egress || policy.calls || policy.guards & SW_GUARD_OBSERVED || NOTES_DIALOGS)
/* TCP is read only for such a rule, and where somebody's behaviour is watched. */
#define OBSERVES_TCP ((policy.bans && policy.admission) || OBSERVES_RULES)

static __always_inline int is_observed(__u8 protocol)
{
	return protocol == IPPROTO_UDP || (OBSERVES_TCP && protocol == IPPROTO_TCP);
}

static __always_inline int outbound_ipv4(struct __sk_buff *skb, struct outbound *d)
{
	struct iphdr ip;

	if (load_net(skb, 0, &ip, sizeof(ip)) || !is_observed(ip.protocol) ||
	    ip.frag_off & bpf_htons(0x1fff))
		return 0;
	d->is_stream = ip.protocol == IPPROTO_TCP;
	d->dst.words[2] = bpf_htonl(0xffff);
	d->dst.words[3] = ip.daddr;
	d->end = bpf_ntohs(ip.tot_len);
	return ip.ihl * 4;
}

static __always_inline int outbound_ipv6(struct __sk_buff *skb, struct outbound *d)
{
	struct fragment_header fragment;
	struct ipv6hdr ip;

	if (load_net(skb, 0, &ip, sizeof(ip)))
		return 0;
	__builtin_memcpy(&d->dst, &ip.daddr, sizeof(d->dst));
	d->end = sizeof(ip) + bpf_ntohs(ip.payload_len);
	d->is_stream = ip.nexthdr == IPPROTO_TCP;
	if (is_observed(ip.nexthdr))
		return sizeof(ip);
	d->is_stream = 0;
	if (ip.nexthdr != IPPROTO_FRAGMENT ||
	    load_net(skb, sizeof(ip), &fragment, sizeof(fragment)) ||
	    fragment.nexthdr != IPPROTO_UDP || fragment.offset & bpf_htons(0xfff8))
		return 0;
	return sizeof(ip) + sizeof(fragment);
}

/* Where the payload of a segment begins and ends. Segmentation is still to come (GSO), so the
 * payload may be several segments, with several messages. Only the message that begins the payload
 * is read, if one does. Nothing is learned or told of the messages behind it. */
static __always_inline int outbound_tcp(struct __sk_buff *skb, struct outbound *d, int offset)
{
	__u8 words;

	if (load_net(skb, offset + 12, &words, sizeof(words)))
		return 0;
	d->offset = offset + (words >> 4) * 4;
	d->length = d->end - d->offset;
	return words >> 4 >= 5 && d->end > d->offset;
}

static __always_inline int outbound_udp(struct outbound *d, int offset, __u32 length)
{
	d->offset = offset + sizeof(struct udphdr);
	d->length = length - sizeof(struct udphdr);
	return length > sizeof(struct udphdr) && d->end > d->offset;
}

/* 1 when a segment leaves a port that is a service; or goes to one, on a connection that the
 * server opened. One to a port that its peer chose is not seen. */
static __always_inline int is_tcp_service(struct outbound *d, const struct udphdr *ports)
{
	if (is_port_of(policy.tcp_ports, ports->source))
		return 1;
	d->opened = OBSERVES_RULES && is_port_of(policy.tcp_ports, ports->dest);
	return d->opened;
}

/* 1 when the packet leaves a port that is a service, or over TCP goes to one. */
static __always_inline int is_from_service(struct __sk_buff *skb, struct outbound *d)
{
	struct udphdr udp; /* the ports stand where TCP has them */
	int offset = 0;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		offset = outbound_ipv4(skb, d);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		offset = outbound_ipv6(skb, d);
	if (!offset || load_net(skb, offset, &udp, sizeof(udp)))
		return 0;
	d->sport = bpf_ntohs(udp.source);
	d->dport = bpf_ntohs(udp.dest);
	if (d->is_stream)
		return is_tcp_service(d, &udp) && outbound_tcp(skb, d, offset);
	return is_port_of(policy.udp_ports, udp.source) &&
	       outbound_udp(d, offset, bpf_ntohs(udp.len));
}

/* 0 when the packet surely is of no service; as is_from_service(), which has the last word. */
static __always_inline int may_be_from_service(__u8 protocol, const struct udphdr *udp)
{
	if (protocol == IPPROTO_UDP)
		return is_port_of(policy.udp_ports, udp->source);
	if (!OBSERVES_TCP || protocol != IPPROTO_TCP)
		return 0;
	return is_port_of(policy.tcp_ports, udp->source) ||
	       (OBSERVES_RULES && is_port_of(policy.tcp_ports, udp->dest));
}

/* 1 when the packet surely is of no service, as its headers say where they are: most packets are
 * media. Those of the usual form have an Ethernet header; both its type and the length that IP says
 * must fit, for not every interface has one. Of any other form nothing is said. */
static __always_inline int leaves_foreign(const struct __sk_buff *skb)
{
	const struct ethhdr *eth = (const void *)(long)skb->data;
	const void *end = (const void *)(long)skb->data_end;
	const struct ipv6hdr *ip6 = (const void *)(eth + 1);
	const struct iphdr *ip = (const void *)(eth + 1);

	if ((const void *)(ip + 1) + sizeof(struct udphdr) > end || eth->h_proto != skb->protocol)
		return 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return *(const __u8 *)ip == 0x45 && !(ip->frag_off & bpf_htons(0x1fff)) &&
		       skb->len == sizeof(*eth) + bpf_ntohs(ip->tot_len) &&
		       !may_be_from_service(ip->protocol, (const void *)(ip + 1));
	return eth->h_proto == bpf_htons(ETH_P_IPV6) &&
	       (const void *)(ip6 + 1) + sizeof(struct udphdr) <= end && ip6->version == 6 &&
	       (ip6->nexthdr == IPPROTO_UDP || ip6->nexthdr == IPPROTO_TCP) &&
	       skb->len == sizeof(*eth) + sizeof(*ip6) + bpf_ntohs(ip6->payload_len) &&
	       !may_be_from_service(ip6->nexthdr, (const void *)(ip6 + 1));
}

/* Where it leaves from, as the IP header says. */
static __always_inline void outbound_source(struct __sk_buff *skb, struct sw_addr *src)
{
	if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		load_net(skb, 8, src->octets, 16);
		return;
	}
	src->words[2] = bpf_htonl(0xffff);
	load_net(skb, 12, &src->words[3], 4);
}

/* As in stage "service": an address of the i-th service, or of this host. */
static __always_inline int is_address_of(const struct sw_addr *src, const struct outbound *d,
					 __u32 i)
{
	const volatile struct sw_service *service = &policy.services[i];
	struct sw_service_addr key = {.addr = *src, .service = i};

	if (SW_IS_STREAM(service->transport) != d->is_stream ||
	    (!d->opened && (d->sport < service->port_first || d->sport > service->port_last)))
		return 0;
	if (bpf_map_lookup_elem(&service_addrs, &key))
		return 1;
	return (service->any_address || d->opened) &&
	       (!policy.check_local || bpf_map_lookup_elem(&local_addrs, &key.addr));
}

/* Packets in transit are not judged. */
__noinline int is_from_this_host(struct __sk_buff *skb, const struct outbound *d)
{
	struct sw_addr src = {};

	if (!d)
		return 0;
	outbound_source(skb, &src);
	for (__u32 i = 0; i < SW_SERVICES_MAX; i++) {
		if (i >= policy.service_count)
			break;
		if (is_address_of(&src, d, i))
			return 1;
	}
	return 0;
}

/* How many octets of the message are here; 0 when no service sent it, or when it is too short. */
static __always_inline __u32 outbound_length(struct __sk_buff *skb, struct outbound *d)
{
	__u32 length;

	if (!is_from_service(skb, d) || d->length < 20)
		return 0;
	length = d->end - d->offset;
	if (length > d->length)
		length = d->length;
	return length > OBSERVED_MAX ? OBSERVED_MAX : length;
}

#endif
