/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "spared": of what a ban has waited for (ban.h), emergency calls within their budget go
 * on, and what belongs to one: its ACK, CANCEL, BYE, PRACK, UPDATE and re-INVITE, and responses
 * inside it. That is told by whom it names, since a ban may begin in the middle of a call, and a
 * server need not remember whom it served. So does what belongs to a call that the server has with
 * the banned address: behind a NAT it may be a neighbour's. All else is refused for what the ban is
 * for.
 */
#ifndef SIPWARD_BPF_STAGES_SPARED_H
#define SIPWARD_BPF_STAGES_SPARED_H

#include <linux/in.h>

#include "lib/dialog.h"
#include "rules/ban.h"
#include "rules/emergency.h"
#include "rules/stream.h"

/* Inside a dialog in which the server sent something to this address: nothing else makes an entry.
 * Nobody logs in by what passes so, and it begins nothing. */
static __always_inline int belongs_to_call(struct packet *p, const struct scratch *scratch)
{
	const struct sw_dialog *dialog;
	enum side from;
	__u64 key;

	if (!policy.bans || (p->message != SW_MESSAGE_RESPONSE &&
			     !(p->in_dialog && 1u << (p->message & 31) & SPARED_METHODS)))
		return 0;
	key = dialog_key(scratch, &from);
	if (key == TOKEN_NONE)
		return 0;
	dialog = bpf_map_lookup_elem(&dialogs, &key);
	return dialog && dialog->expires > packet_tick(p) && is_party(dialog, &p->src);
}

/* On a connection that carries such a call any response passes: it asks for nothing. */
static __always_inline int may_pass_ban(struct packet *p, const struct scratch *scratch)
{
	if (p->ban_waits != BAN_WAITS_INSIDE)
		return p->emergency;
	if (p->is_stream && p->message == SW_MESSAGE_RESPONSE && scratch->stream.known)
		return 1;
	return belongs_to_emergency(p, scratch) || belongs_to_call(p, scratch);
}

/* Global: the verifier walks it once, and few packets come here. */
__noinline int judge_spared(struct scratch *scratch)
{
	struct packet *p;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	if (!may_pass_ban(p, scratch))
		return refuse_banned(p);
	if (!p->is_stream)
		return VERDICT_UNDECIDED;
	return spare_segment(scratch, p->message != SW_MESSAGE_RESPONSE);
}

static __always_inline enum verdict stage_spared(struct packet *p)
{
	return p->ban_waits ? judge_spared(packet_scratch(p)) : VERDICT_UNDECIDED;
}

#endif
