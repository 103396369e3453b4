/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "network": IPv4 with options, IPv6 with a bounded walk of extension headers. Leaves
 * the cursor on the transport header, or knows that there is none (a later fragment).
 *
 * A header that contradicts itself is dropped: the kernel would do so too, but silently.
 * That is for stage "bad_ip", behind which packets are counted; here they are only parsed.
 */
#ifndef SIPWARD_BPF_PARSE_NETWORK_H
#define SIPWARD_BPF_PARSE_NETWORK_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "lib/packet.h"
#include "parse/cursor.h"

/* RFC 8200 4.1: each extension header at most once, destination options twice. Linux takes as many
 * as fit, of up to 2 KiB each, and delivers what stands behind them: so they are walked wherever
 * they lie, and more of them are refused. */
#define IPV6_EXTENSIONS_MAX 8

#define IPV4_OFFSET_MASK 0x1fff
#define IPV4_MORE        0x2000
#define IPV6_OFFSET_MASK 0xfff8
#define IPV6_MORE        0x0001

/* Also the common start of every other extension header. */
struct ipv6_fragment {
	__u8 next;
	__u8 length;
	__be16 offset;
	__be32 id;
};

/* Linux cuts what is more than a multiple of 8 octets off a fragment that others follow (IPv4), or
 * drops it (IPv6): those octets come from the next one. */
static __always_inline void note_fragment(struct packet *p, __u32 later, __u32 more)
{
	p->fragment_later = later != 0;
	p->fragment_first = !later && more;
	if (p->fragment_first)
		p->remaining &= ~7u;
}

/* Returns the octets of the header; 0 when it contradicts itself. p->remaining is what IP says
 * that comes behind it. */
static __always_inline __u32 read_ipv4(struct packet *p, const struct iphdr *ip)
{
	__u32 header = ip->ihl * 4, total = bpf_ntohs(ip->tot_len);
	__u32 fragment = bpf_ntohs(ip->frag_off);

	p->src.words[2] = p->dst.words[2] = bpf_htonl(0xffff);
	p->src.words[3] = ip->saddr;
	p->dst.words[3] = ip->daddr;
	if (ip->version != 4 || header < sizeof(*ip))
		p->broken = SW_REASON_IP_HEADER;
	else if (total < header)
		p->broken = SW_REASON_IP_LENGTH;
	if (p->broken)
		return 0;
	p->fragment_id = ip->id;
	p->protocol = ip->protocol;
	p->ttl = ip->ttl;
	p->remaining = total - header;
	note_fragment(p, fragment & IPV4_OFFSET_MASK, fragment & IPV4_MORE);
	return header;
}

static __always_inline __u32 read_ipv6(struct packet *p, const struct ipv6hdr *ip)
{
	if (ip->version != 6) {
		p->broken = SW_REASON_IP_HEADER;
		return 0;
	}
	__builtin_memcpy(&p->src, &ip->saddr, sizeof(p->src));
	__builtin_memcpy(&p->dst, &ip->daddr, sizeof(p->dst));
	p->ipv6 = 1;
	p->protocol = ip->nexthdr;
	p->ttl = ip->hop_limit;
	p->remaining = bpf_ntohs(ip->payload_len);
	return sizeof(*ip);
}

/* A header that does not stand in the linear part. Some drivers leave little there, and a sender
 * can put tags before it. Global, so that no other packet pays for its stack. */
__noinline int load_network(struct xdp_md *ctx, struct packet *p, __u32 offset, __u32 ethertype)
{
	struct ipv6hdr ip6;
	struct iphdr ip4;

	if (!p)
		return 0;
	if (ethertype == ETH_P_IP)
		return bpf_xdp_load_bytes(ctx, offset, &ip4, sizeof(ip4)) ? 0 : read_ipv4(p, &ip4);
	return bpf_xdp_load_bytes(ctx, offset, &ip6, sizeof(ip6)) ? 0 : read_ipv6(p, &ip6);
}

static __always_inline enum verdict network_ipv4(struct packet *p, struct cursor *c)
{
	struct iphdr *ip = c->at;
	__u32 header;

	if ((void *)(ip + 1) > c->end)
		header = load_network(c->ctx, p, cursor_offset(c), ETH_P_IP);
	else
		header = read_ipv4(p, ip);
	if (!header)
		return p->broken ? VERDICT_UNDECIDED : VERDICT_NOT_OURS;
	if (!frame_holds(c, header + p->remaining))
		return broken(p, SW_REASON_IP_LENGTH);
	move_cursor(c, cursor_offset(c) + header);
	return VERDICT_UNDECIDED;
}

/* True for the extension headers that can stand before a transport header. ESP and "no next
 * header" end the walk as protocols of their own; so does what is not known. */
static __always_inline int is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_FRAGMENT || next == IPPROTO_AH;
}

/* Octets of an extension header by its length field (RFC 8200 4.3 to 4.6, RFC 4302 2.2). */
static __always_inline __u32 extension_length(__u8 type, __u8 field)
{
	if (type == IPPROTO_FRAGMENT)
		return sizeof(struct ipv6_fragment);
	return type == IPPROTO_AH ? (field + 2) * 4 : (field + 1) * 8;
}

/* Walks the extension headers from p->protocol on, `offset` octets into the frame. Returns
 * the offset of what comes behind them, or 0 when there is nothing left to parse: *p says
 * why. Global, and by copies rather than pointers, so that the verifier walks it once. */
__noinline int skip_extensions(struct xdp_md *ctx, struct packet *p, __u32 offset)
{
	struct ipv6_fragment header;

	if (!p)
		return 0;
	for (int i = 0; i <= IPV6_EXTENSIONS_MAX; i++) {
		__u8 type = p->protocol;
		__u32 length;

		if (!is_extension(type))
			return offset;
		if (p->remaining < sizeof(header) ||
		    bpf_xdp_load_bytes(ctx, offset, &header, sizeof(header))) {
			p->broken = SW_REASON_IP_LENGTH;
			return 0;
		}
		length = extension_length(type, header.length);
		if (p->remaining < length) {
			p->broken = SW_REASON_IP_LENGTH;
			return 0;
		}
		p->protocol = header.next;
		if (type == IPPROTO_FRAGMENT) {
			__u32 place = bpf_ntohs(header.offset);

			p->fragment_id = header.id;
			p->remaining -= length;
			note_fragment(p, place & IPV6_OFFSET_MASK, place & IPV6_MORE);
			if (p->fragment_later)
				return 0;
		} else {
			p->remaining -= length;
		}
		offset += length;
	}
	p->broken = SW_REASON_IPV6_EXTENSIONS;
	return 0;
}

static __always_inline enum verdict network_ipv6(struct packet *p, struct cursor *c)
{
	struct ipv6hdr *ip = c->at;
	__u32 offset, header;

	if ((void *)(ip + 1) > c->end)
		header = load_network(c->ctx, p, cursor_offset(c), ETH_P_IPV6);
	else
		header = read_ipv6(p, ip);
	if (!header)
		return p->broken ? VERDICT_UNDECIDED : VERDICT_NOT_OURS;
	/* The kernel takes no mapped address off the wire, and here one would stand for an
	 * IPv4 source that it is not. */
	if (!p->src.words[0] && !p->src.words[1] && p->src.words[2] == bpf_htonl(0xffff))
		return VERDICT_NOT_OURS;
	move_cursor(c, cursor_offset(c) + header);
	if (!frame_holds(c, p->remaining))
		return broken(p, SW_REASON_IP_LENGTH);
	if (!is_extension(p->protocol))
		return VERDICT_UNDECIDED;
	offset = skip_extensions(c->ctx, p, cursor_offset(c));
	if (offset)
		move_cursor(c, offset);
	return VERDICT_UNDECIDED;
}

static __always_inline enum verdict stage_network(struct packet *p, struct cursor *c)
{
	if (c->ethertype == ETH_P_IP)
		return network_ipv4(p, c);
	if (c->ethertype == ETH_P_IPV6)
		return network_ipv6(p, c);
	return p->broken ? VERDICT_UNDECIDED : VERDICT_NOT_OURS;
}

#endif
