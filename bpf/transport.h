/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "transport": ports, and what else of the header later stages need. Most packets leave
 * here, media first: one load from a bitmap of the ports that services have.
 */
#ifndef SIPWARD_BPF_TRANSPORT_H
#define SIPWARD_BPF_TRANSPORT_H

#include <linux/tcp.h>
#include <linux/udp.h>

#include "cursor.h"
#include "packet.h"

static __always_inline int service_port(const struct packet *p)
{
	__u32 word = p->dport >> 6;
	__u64 ports = p->protocol == IPPROTO_UDP ? policy.udp_ports[word] : policy.tcp_ports[word];

	return ports >> (p->dport & 63) & 1;
}

static __always_inline enum verdict stage_transport(struct packet *p, struct cursor *c)
{
	struct udphdr *udp = c->at;
	struct tcphdr *tcp = c->at;

	if (p->broken || p->fragment_later)
		return VERDICT_UNDECIDED;
	if (p->protocol != IPPROTO_UDP && p->protocol != IPPROTO_TCP)
		return VERDICT_NOT_OURS;
	/* Both headers begin with the ports, and none is shorter than UDP's. Without them the
	 * kernel delivers nothing to anybody. */
	if (p->remaining < sizeof(*udp) || (void *)(udp + 1) > c->end)
		return VERDICT_NOT_OURS;
	p->sport = bpf_ntohs(udp->source);
	p->dport = bpf_ntohs(udp->dest);
	if (!service_port(p) && !(policy.fragments_drop && p->fragment_first))
		return VERDICT_NOT_OURS;
	p->payload_offset = cursor_offset(c);
	p->transport_length = bpf_ntohs(udp->len);
	if (p->protocol == IPPROTO_TCP && p->remaining >= sizeof(*tcp) &&
	    (void *)(tcp + 1) <= c->end) {
		p->tcp_header = tcp->doff * 4;
		p->tcp_flags = ((__u8 *)tcp)[13];
	}
	return VERDICT_UNDECIDED;
}

#endif
