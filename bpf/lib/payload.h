/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The payload of a packet: copied to where it can be read, also from a frame of several buffers.
 */
#ifndef SIPWARD_BPF_LIB_PAYLOAD_H
#define SIPWARD_BPF_LIB_PAYLOAD_H

#include "lib/packet.h"

/* A packet that cannot be read is not judged: the kernel failed, not the sender. */
static __always_inline enum verdict copy_payload(struct packet *p, struct xdp_md *ctx)
{
	struct scratch *scratch = packet_scratch(p);
	__u32 length = p->payload_length;

	if (p->transport == SW_TLS || length < 1)
		return VERDICT_UNDECIDED;
	if (length > SW_MESSAGE_MAX)
		length = SW_MESSAGE_MAX;
	if (bpf_xdp_load_bytes(ctx, p->payload_offset, scratch->buf.octets,
			       copy_size(length, SW_MESSAGE_MAX)))
		return VERDICT_PASS;
	return VERDICT_UNDECIDED;
}

/* True when the payload opens a WebSocket (RFC 7118 4): it is HTTP, and SIP follows only behind a
 * mask. */
static __always_inline int opens_websocket(const struct scratch *scratch, __u32 length)
{
	return length > 4 && *(const __u32 *)scratch->buf.octets == (__u32)SIP_WORD("GET ");
}

#endif
