/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "transport": the ports, and no more. What is wrong with a UDP or TCP header is for
 * stage "gate", once it is known that the packet is for a service.
 */
#ifndef SIPWARD_BPF_TRANSPORT_H
#define SIPWARD_BPF_TRANSPORT_H

#include <linux/tcp.h>
#include <linux/udp.h>

#include "packet.h"

static __always_inline enum verdict stage_transport(struct packet *p)
{
	struct udphdr *udp = p->cursor;

	if (p->protocol != IPPROTO_UDP && p->protocol != IPPROTO_TCP)
		return VERDICT_NOT_OURS;
	/* Both headers begin with the ports, and none is shorter than UDP's. Without them the
	 * kernel delivers nothing to anybody. */
	if (p->remaining < sizeof(*udp) || (void *)(udp + 1) > p->end)
		return VERDICT_NOT_OURS;
	p->sport = bpf_ntohs(udp->source);
	p->dport = bpf_ntohs(udp->dest);
	p->transport_length = bpf_ntohs(udp->len);
	return VERDICT_UNDECIDED;
}

#endif
