/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "network": IPv4 with options, IPv6 with a bounded walk of extension headers. Leaves
 * the cursor on the transport header, or knows that there is none (a later fragment).
 *
 * A header that contradicts itself is dropped: the kernel would do so too, but silently.
 */
#ifndef SIPWARD_BPF_NETWORK_H
#define SIPWARD_BPF_NETWORK_H

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "packet.h"

/* RFC 8200 4.1: each extension header at most once, destination options twice. */
#define IPV6_EXTENSIONS_MAX 8

#define IPV4_OFFSET_MASK 0x1fff
#define IPV4_MORE        0x2000
#define IPV6_OFFSET_MASK 0xfff8
#define IPV6_MORE        0x0001

struct ipv6_fragment {
	__u8 next;
	__u8 reserved;
	__be16 offset;
	__be32 id;
};

/* True when the frame, fragments of a multi-buffer frame included, holds `length` octets
 * from `start` on. */
static __always_inline int frame_holds(const struct packet *p, const void *start, __u32 length)
{
	__u32 offset = start - (void *)(long)p->ctx->data;

	if (length <= p->end - start)
		return 1;
	return bpf_xdp_get_buff_len(p->ctx) >= (__u64)offset + length;
}

static __always_inline enum verdict network_ipv4(struct packet *p)
{
	struct iphdr *ip = p->cursor;
	__u32 header, total, fragment;

	if ((void *)(ip + 1) > p->end)
		return VERDICT_NOT_OURS;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	p->src.words[2] = p->dst.words[2] = bpf_htonl(0xffff);
	p->src.words[3] = ip->saddr;
	p->dst.words[3] = ip->daddr;
	if (ip->version != 4 || header < sizeof(*ip))
		return refuse_unread(p, SW_REASON_IP_HEADER);
	if (total < header || !frame_holds(p, ip, total))
		return refuse_unread(p, SW_REASON_IP_LENGTH);

	fragment = bpf_ntohs(ip->frag_off);
	p->fragment_later = (fragment & IPV4_OFFSET_MASK) != 0;
	p->fragment_first = !p->fragment_later && (fragment & IPV4_MORE);
	p->fragment_id = ip->id;
	p->protocol = ip->protocol;
	p->remaining = total - header;
	p->cursor += header;
	return VERDICT_UNDECIDED;
}

/* True for the extension headers that can stand before a transport header. ESP and "no next
 * header" end the walk as protocols of their own; so does what is not known. */
static __always_inline int is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_FRAGMENT || next == IPPROTO_AH;
}

static __always_inline enum verdict network_ipv6(struct packet *p)
{
	struct ipv6hdr *ip = p->cursor;
	__u8 next;

	if ((void *)(ip + 1) > p->end)
		return VERDICT_NOT_OURS;
	if (ip->version != 6)
		return refuse_unread(p, SW_REASON_IP_HEADER);
	__builtin_memcpy(&p->src, &ip->saddr, sizeof(p->src));
	__builtin_memcpy(&p->dst, &ip->daddr, sizeof(p->dst));
	/* The kernel takes no mapped address off the wire, and here one would stand for an
	 * IPv4 source that it is not. */
	if (!p->src.words[0] && !p->src.words[1] && p->src.words[2] == bpf_htonl(0xffff))
		return VERDICT_NOT_OURS;

	p->ipv6 = 1;
	p->remaining = bpf_ntohs(ip->payload_len);
	p->cursor = ip + 1;
	if (!frame_holds(p, p->cursor, p->remaining))
		return refuse_unread(p, SW_REASON_IP_LENGTH);

	next = ip->nexthdr;
	for (int i = 0; i <= IPV6_EXTENSIONS_MAX; i++) {
		struct ipv6_fragment *header = p->cursor;
		__u32 length;

		if (!is_extension(next)) {
			p->protocol = next;
			return VERDICT_UNDECIDED;
		}
		if (p->remaining < sizeof(*header))
			return refuse_unread(p, SW_REASON_IP_LENGTH);
		if ((void *)(header + 1) > p->end)
			return VERDICT_NOT_OURS;
		/* The fields of the common layout (RFC 8200 4.3): next header, then length. */
		length = header->reserved;
		length = next == IPPROTO_FRAGMENT ? sizeof(*header) :
			 next == IPPROTO_AH ? (length + 2) * 4 : (length + 1) * 8;
		if (p->remaining < length)
			return refuse_unread(p, SW_REASON_IP_LENGTH);
		if (next == IPPROTO_FRAGMENT) {
			__u32 offset = bpf_ntohs(header->offset);

			p->fragment_later = (offset & IPV6_OFFSET_MASK) != 0;
			p->fragment_first = !p->fragment_later && (offset & IPV6_MORE);
			p->fragment_id = header->id;
			if (p->fragment_later) {
				p->protocol = header->next;
				return VERDICT_UNDECIDED;
			}
		}
		next = header->next;
		p->remaining -= length;
		p->cursor += length;
	}
	return refuse_unread(p, SW_REASON_IPV6_EXTENSIONS);
}

static __always_inline enum verdict stage_network(struct packet *p)
{
	if (p->ethertype == ETH_P_IP)
		return network_ipv4(p);
	if (p->ethertype == ETH_P_IPV6)
		return network_ipv6(p);
	return VERDICT_NOT_OURS;
}

#endif
