/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The addresses of a dialog: known only from what the server itself sends inside it, which
 * nobody can forge. A BYE, re-INVITE or CANCEL from any other address is a teardown. There are two
 * kinds of it:
 *
 * - It names the dialog by Call-ID and both tags (a CANCEL: the INVITE by Call-ID and branch). Each
 *   side chose its tag at random and told it to the other side only, so the sender is a party that
 *   moved, or somebody who read the messages. Such a BYE is proved: `deny` only counts it, `strict`
 *   refuses it.
 * - It has the Call-ID of a call, but not what goes with it: a guess. No party sends that, wherever
 *   it moved to, and `deny` refuses it. A guess is judged only in a call that the observer saw from
 *   its INVITE on. Of an older call, some dialogs may not be known.
 *
 * A source in the same zone (but `public`) as a party is taken for that party, since carriers
 * answer from many addresses. A dialog that is not known is not judged, for the table forgets. On
 * TCP a teardown is counted, and no more.
 */
#ifndef SIPWARD_BPF_RULES_TEARDOWN_H
#define SIPWARD_BPF_RULES_TEARDOWN_H

#include <linux/in.h>

#include "lib/dialog.h"
#include "lib/health.h"
#include "lib/zone.h"
#include "rules/rule.h"

/* 1 when the packet's source is somebody else than `addr`, and not of the same carrier. */
static __always_inline int is_stranger(const struct packet *p, const struct sw_addr *addr)
{
	return !same_addr(&p->src, addr) &&
	       (p->zone_number == SW_ZONE_PUBLIC || zone_of(addr) != p->zone_number);
}

enum tear { TEAR_NONE, TEAR_SPARED, TEAR_MOVED, TEAR_GUESS };

/* A CANCEL with the Call-ID of an INVITE that is under way, but not with its branch. */
static __always_inline enum tear guesses_invite(struct packet *p, const struct scratch *scratch)
{
	const struct sw_proof *invite = find_begun(scratch, packet_time(p));

	return invite && is_stranger(p, &invite->addr) ? TEAR_GUESS : TEAR_NONE;
}

static __always_inline enum tear tears_invite(struct packet *p, const struct scratch *scratch)
{
	__u64 key = invite_key(scratch);
	struct sw_proof *invite = 0;

	if (key != TOKEN_NONE)
		invite = bpf_map_lookup_elem(&transactions, &key);
	if (!invite)
		return guesses_invite(p, scratch);
	return !invite->shared && invite->expires > packet_time(p) &&
			       is_stranger(p, &invite->addr) ?
		       TEAR_MOVED :
		       TEAR_NONE;
}

/* True when it has the Call-ID of a call that is up, but not the tags of its dialogs. */
static __always_inline enum tear guesses_dialog(struct packet *p, const struct scratch *scratch)
{
	__u64 key = call_key(scratch);
	const struct sw_dialog *call;

	if (key == TOKEN_NONE)
		return TEAR_NONE;
	call = bpf_map_lookup_elem(&dialogs, &key);
	if (!call || call->expires <= packet_time(p) || !is_stranger(p, &call->parties[0]))
		return TEAR_NONE;
	return call->spared ? TEAR_SPARED : TEAR_GUESS;
}

static __always_inline enum tear tears_dialog(struct packet *p, const struct scratch *scratch)
{
	enum side from;
	__u64 key = dialog_key(scratch, &from);
	struct sw_dialog *dialog = 0;

	if (key != TOKEN_NONE)
		dialog = bpf_map_lookup_elem(&dialogs, &key);
	if (!dialog)
		return guesses_dialog(p, scratch);
	if (dialog->many || dialog->expires <= packet_time(p))
		return TEAR_NONE;
	/* To a port that its peer chose, or inside TLS, nobody saw what the server sent. */
	if (p->is_stream && !(dialog->sides & from))
		return TEAR_NONE;
	for (int i = 0; i < SW_PARTIES_MAX; i++) {
		if (i < dialog->count && !is_stranger(p, &dialog->parties[i]))
			return TEAR_NONE;
	}
	return dialog->spared ? TEAR_SPARED : TEAR_MOVED;
}

/* 1 when the tables have what the server sent: a dialog that is not there does not exist. */
static __always_inline int are_tables_whole(struct packet *p)
{
	__u32 zero = 0;
	const struct sw_observed *self = bpf_map_lookup_elem(&observed, &zero);

	return self && observer_good(p) &&
	       (!self->dialogs_full ||
		(__s64)(packet_time(p) - self->dialogs_full) > (__s64)SW_DIALOG_LIFE);
}

/* Inside a dialog nothing is refused that may be good, but here the policy may: no party guesses;
 * and with `strict` it knows that in this zone nobody moves. */
__noinline int judge_teardown(struct scratch *scratch)
{
	struct packet *p;
	enum tear torn;
	__u8 rule;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	if (p->message == SW_MESSAGE_CANCEL)
		torn = tears_invite(p, scratch);
	else
		torn = tears_dialog(p, scratch);
	if (torn == TEAR_NONE)
		return VERDICT_UNDECIDED;
	rule = packet_zone(p)->guard.teardown;
	if (torn == TEAR_MOVED && rule == SW_TEARDOWN_STRICT)
		return refuse(p, SW_REASON_TEARDOWN);
	if (torn == TEAR_GUESS && rule >= SW_TEARDOWN_DENY && are_tables_whole(p))
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
