/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "message": copies the payload, multi-buffer frames included, to where the scanner
 * may read it, and scans it. Only the header section is looked at.
 */
#ifndef SIPWARD_BPF_MESSAGE_H
#define SIPWARD_BPF_MESSAGE_H

#include "packet.h"

static __always_inline enum verdict stage_message(struct packet *p)
{
	__u32 zero = 0, length = p->payload_length;
	struct scratch *scratch = bpf_map_lookup_elem(&scratch_map, &zero);

	if (!scratch)
		return VERDICT_PASS;
	p->scratch = scratch;
	p->message = SW_MESSAGE_NOT_SIP;
	if (length > SW_MESSAGE_MAX)
		length = SW_MESSAGE_MAX;
	if (length && bpf_xdp_load_bytes(p->ctx, p->payload_offset, scratch->buf.octets, length))
		return VERDICT_PASS;
	/* INTEGRATE: sip_scan */
	return VERDICT_UNDECIDED;
}

#endif
