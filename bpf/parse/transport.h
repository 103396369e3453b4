/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "transport": ports, and what else of the header later stages need. Most packets leave
 * here, media first: one load from a bitmap of the ports that services have.
 */
#ifndef SIPWARD_BPF_PARSE_TRANSPORT_H
#define SIPWARD_BPF_PARSE_TRANSPORT_H

#include <linux/tcp.h>
#include <linux/udp.h>

#include "parse/cursor.h"
#include "lib/packet.h"

static __always_inline int service_port(const struct packet *p)
{
	return is_port_of(p->protocol == IPPROTO_UDP ? policy.udp_ports : policy.tcp_ports,
			  bpf_htons(p->dport));
}

static __always_inline void note_ports(struct packet *p, const struct udphdr *udp)
{
	p->sport = bpf_ntohs(udp->source);
	p->dport = bpf_ntohs(udp->dest);
	p->transport_length = bpf_ntohs(udp->len);
}

static __always_inline void note_tcp(struct packet *p, const struct tcphdr *tcp)
{
	p->tcp_header = tcp->doff * 4;
	p->tcp_flags = ((const __u8 *)tcp)[13];
}

/* A header that does not stand, or not all of it, in the linear part: behind IPv6 extension
 * headers, for one. 0 when the frame ends before it has ports. Global, so that no other packet
 * pays for its stack. */
__noinline int load_transport(struct xdp_md *ctx, struct packet *p, __u32 offset)
{
	struct udphdr udp;
	struct tcphdr tcp;

	if (!p || bpf_xdp_load_bytes(ctx, offset, &udp, sizeof(udp)))
		return 0;
	note_ports(p, &udp);
	if (p->protocol == IPPROTO_TCP && p->remaining >= sizeof(tcp) &&
	    !bpf_xdp_load_bytes(ctx, offset, &tcp, sizeof(tcp)))
		note_tcp(p, &tcp);
	return 1;
}

/* Both headers begin with the ports, and none is shorter than UDP's: without them the kernel
 * delivers nothing to anybody. */
static __always_inline int read_ports(struct packet *p, struct cursor *c)
{
	struct udphdr *udp = c->at;

	if ((void *)(udp + 1) > c->end)
		return load_transport(c->ctx, p, cursor_offset(c));
	note_ports(p, udp);
	return 1;
}

static __always_inline void read_tcp(struct packet *p, struct cursor *c)
{
	struct tcphdr *tcp = c->at;

	if (p->protocol != IPPROTO_TCP || p->remaining < sizeof(*tcp))
		return;
	if ((void *)(tcp + 1) > c->end)
		load_transport(c->ctx, p, cursor_offset(c));
	else
		note_tcp(p, tcp);
}

static __always_inline enum verdict stage_transport(struct packet *p, struct cursor *c)
{
	if (p->broken || p->fragment_later)
		return VERDICT_UNDECIDED;
	if (p->protocol != IPPROTO_UDP && p->protocol != IPPROTO_TCP)
		return VERDICT_NOT_OURS;
	/* A first fragment may end before the ports, and the next one bring them (RFC 8200 4.5
	 * forbids it; Linux before 5.10 did not mind). */
	if (p->remaining < sizeof(struct udphdr) && p->fragment_first)
		return broken(p, SW_REASON_FRAGMENT_TINY);
	if (p->remaining < sizeof(struct udphdr) || !read_ports(p, c))
		return VERDICT_NOT_OURS;
	if (!service_port(p) && !(policy.fragments_drop && p->fragment_first))
		return VERDICT_NOT_OURS;
	note_traits(p);
	p->payload_offset = cursor_offset(c);
	read_tcp(p, c);
	return VERDICT_UNDECIDED;
}

#endif
