/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "header": the UDP or TCP header of a packet for a service.
 */
#ifndef SIPWARD_BPF_STAGES_HEADER_H
#define SIPWARD_BPF_STAGES_HEADER_H

#include <linux/tcp.h>
#include <linux/udp.h>

#include "lib/packet.h"

static __always_inline enum verdict header_udp(struct packet *p)
{
	__u32 length = p->transport_length;

	/* Of a first fragment the rest is still on its way. Length 0 means "all that is left"
	 * to IPv6, for jumbograms: no SIP comes so. */
	if (length < sizeof(struct udphdr) || (length > p->remaining && !p->fragment_first))
		return refuse_unread(p, SW_REASON_UDP_LENGTH);
	if (length > p->remaining)
		length = p->remaining;
	p->payload_offset += sizeof(struct udphdr);
	p->payload_length = length - sizeof(struct udphdr);
	return VERDICT_UNDECIDED;
}

static __always_inline enum verdict header_tcp(struct packet *p)
{
	__u32 header = p->tcp_header, flags = p->tcp_flags;

	if (p->remaining < sizeof(struct tcphdr))
		return refuse_unread(p, p->fragment_first ? SW_REASON_FRAGMENT_TINY :
							    SW_REASON_TCP_HEADER);
	if (header < sizeof(struct tcphdr) || header > p->remaining)
		return refuse_unread(p, SW_REASON_TCP_HEADER);
	/* Linux takes the urgent octet out of what the server reads, wherever the sender says that
	 * it stands. Nothing that is new may use it (RFC 6093 5), and no SIP ever did. */
	if (flags & TCP_URG)
		return refuse_unread(p, SW_REASON_TCP_FLAGS);
	/* RFC 9293 3.5: SYN opens, FIN and RST end, together they are a probe; and what neither
	 * opens, resets nor acknowledges belongs to no connection. */
	if ((flags & TCP_SYN && flags & (TCP_FIN | TCP_RST)) ||
	    !(flags & (TCP_SYN | TCP_RST | TCP_ACK)))
		return refuse_unread(p, SW_REASON_TCP_FLAGS);
	p->payload_offset += header;
	p->payload_length = p->remaining - header;
	return VERDICT_UNDECIDED;
}

static __always_inline enum verdict stage_header(struct packet *p)
{
	return p->is_stream ? header_tcp(p) : header_udp(p);
}

#endif
