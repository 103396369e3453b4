/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Teardown: a BYE or re-INVITE for a known dialog from an address that takes no part in it, or a
 * CANCEL from another address than that of the INVITE. The parties of a dialog are known only from
 * what the server itself sends inside it, which nobody can forge.
 *
 * A phone that moved looks the same: so a teardown is counted only, unless the zone says
 * otherwise. A source in the same zone (but `public`) as a party is taken for that party, since
 * carriers answer from many addresses. A dialog that is not known is not judged: the table
 * forgets. On TCP a teardown is counted, and no more.
 */
#ifndef SIPWARD_BPF_RULES_TEARDOWN_H
#define SIPWARD_BPF_RULES_TEARDOWN_H

#include <linux/in.h>

#include "lib/dialog.h"
#include "lib/zone.h"
#include "rules/rule.h"

/* 1 when the packet's source is somebody else than `addr`, and not of the same carrier. */
static __always_inline int is_stranger(const struct packet *p, const struct sw_addr *addr)
{
	return !same_addr(&p->src, addr) &&
	       (p->zone_number == SW_ZONE_PUBLIC || zone_of(addr) != p->zone_number);
}

enum tear { TEAR_NONE, TEAR, TEAR_SPARED };

static __always_inline enum tear tears_invite(struct packet *p, const struct scratch *scratch)
{
	__u64 key = invite_key(scratch);
	struct sw_proof *invite;

	if (key == TOKEN_NONE)
		return TEAR_NONE;
	invite = bpf_map_lookup_elem(&transactions, &key);
	return invite && !invite->shared && invite->expires > packet_time(p) &&
	       is_stranger(p, &invite->addr) ? TEAR : TEAR_NONE;
}

static __always_inline enum tear tears_dialog(struct packet *p, const struct scratch *scratch)
{
	enum side from;
	__u64 key = dialog_key(scratch, &from);
	struct sw_dialog *dialog;

	if (key == TOKEN_NONE)
		return TEAR_NONE;
	dialog = bpf_map_lookup_elem(&dialogs, &key);
	if (!dialog || dialog->many || dialog->expires <= packet_time(p))
		return TEAR_NONE;
	/* To a port that its peer chose, or inside TLS, nobody saw what the server sent. */
	if (p->protocol == IPPROTO_TCP && !(dialog->sides & from))
		return TEAR_NONE;
	for (int i = 0; i < SW_PARTIES_MAX; i++) {
		if (i < dialog->count && !is_stranger(p, &dialog->parties[i]))
			return TEAR_NONE;
	}
	return dialog->spared ? TEAR_SPARED : TEAR;
}

/* Inside a dialog nothing is refused that may be good, but here the policy may: it knows that
 * in this zone nobody moves. */
__noinline int judge_teardown(struct scratch *scratch)
{
	struct packet *p;
	enum tear torn;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	if (p->message == SW_MESSAGE_CANCEL)
		torn = tears_invite(p, scratch);
	else
		torn = tears_dialog(p, scratch);
	if (torn == TEAR_NONE)
		return VERDICT_UNDECIDED;
	if (torn == TEAR && packet_zone(p)->guard.teardown == SW_ACTION_DENY)
		return refuse(p, SW_REASON_TEARDOWN);
	report(p, SW_REASON_TEARDOWN);
	return VERDICT_UNDECIDED;
}

static __always_inline int may_tear(const struct packet *p, const struct sip_msg *msg)
{
	return p->message == SW_MESSAGE_BYE || p->message == SW_MESSAGE_CANCEL ||
	       (p->message == SW_MESSAGE_INVITE && msg->flags & SIP_TO_TAG);
}

#endif
