/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "body": session descriptions, where a zone wants them judged (sanity: {body: sdp}). Only in
 * requests outside a dialog: an answer, an ACK or a re-INVITE that is dropped ends a call. Not seen
 * are bodies on TCP, in fragments, in multipart, and compressed ones.
 */
#ifndef SIPWARD_BPF_STAGES_BODY_H
#define SIPWARD_BPF_STAGES_BODY_H

#include "rules/headers.h"
#include "sip/sdp_plain.h"

#define SDP_TYPE_HASH 0x3bec06263270355bull /* of "application/sdp", as media_type_hash() has it */
#define GZIP_BEGINS   0x1f                  /* no description begins so (RFC 1952 2.3.1) */

static __always_inline int is_description(struct scratch *scratch)
{
	struct sip_span type = scratch->msg.value[SIP_CONTENT_TYPE];

	if (!(scratch->msg.present & SIP_PRESENT(CONTENT_TYPE)))
		return 0;
	/* As nearly all write it. */
	if (type.length == 15 && sip_load(&scratch->buf, type.offset) == SIP_WORD("applicat") &&
	    sip_load(&scratch->buf, type.offset + 7) == SIP_WORD("tion/sdp"))
		return 1;
	return media_type_hash(&scratch->buf, type.offset, type.offset + type.length) ==
	       SDP_TYPE_HASH;
}

/* Bits of enum sdp_fault. */
__noinline __u32 body_faults(struct scratch *scratch)
{
	__u32 begin, end;
	struct sdp *sdp;

	if (!scratch || !policy.bodies || !is_description(scratch))
		return 0;
	begin = sip_forget(scratch->msg.body_offset);
	end = sip_forget(scratch->input.length);
	/* More than there is was refused before; what is behind is none of the body. */
	if (scratch->msg.present & SIP_PRESENT(CONTENT_LENGTH) &&
	    scratch->msg.content_length < end - begin)
		end = sip_forget(begin + scratch->msg.content_length);
	if (begin >= end || sip_octet(&scratch->buf, begin) == GZIP_BEGINS)
		return 0;
	sdp = &scratch->sdp;
	__builtin_memset(sdp, 0, sizeof(*sdp));
	sdp->pos = begin;
	sdp->end = end;
	return sdp_judge(&scratch->buf, sdp);
}

#define SDP_HAS(fault)                                                                           \
	_Static_assert((int)SW_REASON_SDP_LINE + (int)SDP_##fault == (int)SW_REASON_SDP_##fault, \
		       "the numbers stand in the order of enum sdp_fault")
SDP_HAS(ORDER);
SDP_HAS(NUMBER);
SDP_HAS(ADDRESS);
SDP_HAS(BOUNDS);
_Static_assert(SDP_BOUNDS == SDP_FAULTS - 1, "each fault is named");

static __always_inline enum verdict stage_body(struct packet *p)
{
	__u32 found;

	if (!policy.bodies || !packet_zone(p)->body || p->is_stream || p->fragment_first ||
	    p->in_dialog || p->emergency || p->message > SW_MESSAGE_OTHER)
		return VERDICT_UNDECIDED;
	found = body_faults(packet_scratch(p));
	for (__u32 i = 0; i < SDP_FAULTS && found; i++) {
		enum verdict v;

		if (!(found & 1u << i))
			continue;
		v = refuse(p, SW_REASON_SDP_LINE + i);
		if (v != VERDICT_UNDECIDED)
			return v;
	}
	return VERDICT_UNDECIDED;
}

#endif
