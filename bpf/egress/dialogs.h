/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the server sends begins a dialog, goes on with it, or ends it. The observer notes that in
 * the tables of lib/dialog.h.
 */
#ifndef SIPWARD_BPF_EGRESS_DIALOGS_H
#define SIPWARD_BPF_EGRESS_DIALOGS_H

#include "lib/dialog.h"
#include "rules/emergency.h"
#include "rules/leak.h"

/* Answers with a 2xx that say that a dialog is there; without `to_tag: proven` only those of calls
 * matter. */
#define DIALOG_METHODS                                                                       \
	(SW_MESSAGE_BIT(INVITE) | SW_MESSAGE_BIT(UPDATE) |                                   \
	 (policy.to_tags ? SW_MESSAGE_BIT(SUBSCRIBE) | SW_MESSAGE_BIT(NOTIFY) |              \
				  SW_MESSAGE_BIT(REFER) : 0))

/* What the server sends. A dialog begins with a 2xx to an INVITE, and ends with one to a BYE;
 * an answer that is none says nothing about who asked. A 2xx to anything else inside the dialog
 * goes to whoever sent that, who need not take part: judge_teardown() sees no UPDATE. */
__noinline int note_dialog(const struct sw_addr *to, struct scratch *scratch, __u64 now)
{
	const struct sip_msg *msg;
	enum side from;
	__u64 key;

	if (!to || !scratch)
		return 0;
	msg = &scratch->msg;
	if (msg->kind == SW_MESSAGE_RESPONSE) {
		if (policy.guards & SW_GUARD_TEARDOWN && msg->cseq_kind == SW_MESSAGE_INVITE &&
		    msg->status < 200)
			note_transaction(invite_key(scratch), to, now);
		if (msg->status / 100 != 2)
			return 0;
		key = dialog_key(scratch, &from);
		if (msg->cseq_kind == SW_MESSAGE_BYE && key != TOKEN_NONE)
			bpf_map_delete_elem(&dialogs, &key);
		else if (1u << (msg->cseq_kind & 31) & DIALOG_METHODS)
			note_party(key, to, from, called_for_help(scratch),
				   msg->cseq_kind == SW_MESSAGE_INVITE, now);
	} else if (msg->flags & SIP_START && msg->kind != SW_MESSAGE_CANCEL) {
		key = dialog_key(scratch, &from);
		note_party(key, to, SIDES - from, 0, 1, now);
	}
	return 0;
}

/* What the server sends that may begin a dialog: a request, whose tag comes back as To's; a
 * provisional answer. Both are soon followed by what note_dialog() notes. */
__noinline int note_tag(const struct sw_addr *to, struct scratch *scratch, __u64 now)
{
	const struct sip_msg *msg;
	enum side from;
	__u64 key;

	if (!to || !scratch || !policy.to_tags)
		return 0;
	msg = &scratch->msg;
	if (msg->kind == SW_MESSAGE_RESPONSE) {
		if (msg->status > 100 && msg->status < 200) {
			key = dialog_key(scratch, &from);
			note_transaction(key, to, now);
		}
	} else if (msg->flags & SIP_START && !(msg->flags & SIP_TO_TAG) &&
		   !(1u << (msg->kind & 31) & METHODS_ALONE)) {
		key = asked_key(scratch, msg->from.tag);
		note_transaction(key, to, now);
	}
	return 0;
}

/* Whether a request of the server's belongs to a dialog that it was seen in, or asked for. A proxy
 * passes on an ACK, or what has a Route, whatever tags its sender made up. */
__noinline int goes_on(const struct scratch *scratch)
{
	__u64 key;

	if (!scratch || !policy.to_tags)
		return 1;
	key = asked_key(scratch, scratch->msg.from.tag);
	return (key != TOKEN_NONE && bpf_map_lookup_elem(&transactions, &key)) ||
	       is_dialog_known(scratch);
}

/* 1 when an answer of the server's belongs to a dialog, or may begin one. */
__noinline int answers_beginning(const struct sw_addr *to, const struct scratch *scratch)
{
	__u64 key;

	if (!to || !scratch || !policy.to_tags)
		return 1;
	if (is_dialog_known(scratch))
		return 1;
	key = begins_key(to, scratch);
	return bpf_map_lookup_elem(&asks, &key) != 0;
}

/* What the server sends: a request inside a dialog. */
__noinline int note_inside(const struct sw_addr *to, struct scratch *scratch, __u64 now)
{
	if (!to || !scratch)
		return 0;
	note_transaction(inside_key(scratch), to, now);
	return 0;
}

#endif
