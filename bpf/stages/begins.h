/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "begins": notes a request that passed and may begin a dialog. The observer asks for it
 * when the answer leaves.
 */
#ifndef SIPWARD_BPF_STAGES_BEGINS_H
#define SIPWARD_BPF_STAGES_BEGINS_H

#include "lib/dialog.h"

/* A request has passed. Its answer may begin a dialog when it brought no tag; else it repeats the
 * tag of the request, which its sender may have made up. */
__noinline int note_begins(struct scratch *scratch)
{
	struct packet *p;
	__u64 key;

	if (!scratch || !scratch->msg.via_branch.length)
		return 0;
	p = &scratch->packet;
	key = begins_key(&p->src, scratch);
	if (scratch->msg.flags & SIP_TO_TAG)
		bpf_map_delete_elem(&asks, &key);
	else
		bind_token(&asks, key, &p->src, packet_time(p), TRANSACTION_LIFE);
	return 0;
}

static __always_inline enum verdict stage_begins(struct packet *p)
{
	if (policy.to_tags && p->message <= SW_MESSAGE_OTHER &&
	    !(1u << p->message & (METHODS_ALONE | SW_METHODS_ALWAYS)))
		note_begins(packet_scratch(p));
	return VERDICT_UNDECIDED;
}

#endif
