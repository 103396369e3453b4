/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A message of the server begins a dialog, continues it, or ends it. The observer notes that in
 * the tables of lib/dialog.h.
 */
#ifndef SIPWARD_BPF_EGRESS_DIALOGS_H
#define SIPWARD_BPF_EGRESS_DIALOGS_H

#include "egress/outbound.h"
#include "lib/dialog.h"
#include "rules/emergency.h"
#include "rules/leak.h"

/* Makes the key of the message's dialog, once for all that ask for it below. */
__noinline int find_dialog(struct scratch *scratch)
{
	const struct sip_msg *msg;
	enum side from;

	if (!scratch || !NOTES_DIALOGS)
		return 0;
	msg = &scratch->msg;
	if (!policy.to_tags && msg->kind == SW_MESSAGE_RESPONSE && msg->status / 100 != 2)
		return 0;
	scratch->outbound.dialog = dialog_key(scratch, &from);
	scratch->outbound.side = from;
	return 0;
}

/* Notes an INVITE outside a dialog, by its Call-ID. Its first provisional answer has no To-tag as a
 * rule; that to an INVITE inside one always has (RFC 3261 8.2.6.2). The first address stays. */
static __always_inline void note_call_begins(const struct scratch *scratch,
					     const struct sw_addr *to, __u64 now)
{
	struct sw_proof fresh = {.addr = *to, .expires = now + TRANSACTION_LIFE}, *known;
	__u64 key = call_key(scratch);

	if (scratch->msg.flags & SIP_TO_TAG || key == TOKEN_NONE)
		return;
	known = bpf_map_lookup_elem(&transactions, &key);
	if (!known || known->expires <= now)
		bpf_map_update_elem(&transactions, &key, &fresh, BPF_ANY);
}

/* An INVITE is under way. Without a branch neither it nor its CANCEL can be recognised. */
static __always_inline void note_invite(const struct scratch *scratch, const struct sw_addr *to,
					__u64 now)
{
	__u64 key = invite_key(scratch);

	note_transaction(key, to, now);
	if (key != TOKEN_NONE)
		note_call_begins(scratch, to, now);
}

/* Responses that say that a call is up. */
#define CALL_METHODS                                                             \
	(SW_MESSAGE_BIT(INVITE) | SW_MESSAGE_BIT(ACK) | SW_MESSAGE_BIT(UPDATE) | \
	 SW_MESSAGE_BIT(INFO))

/* The server sends something inside a dialog of a call. Of a call that is older than the observer
 * no entry is made: it may have dialogs that are not known. */
static __always_inline void note_call(const struct scratch *scratch, const struct sw_addr *to,
				      __u8 method, int spared, __u64 now)
{
	struct sw_dialog fresh = {.expires = now + SW_DIALOG_LIFE, .count = 1}, *call;
	__u64 key = call_key(scratch);

	if (!(policy.guards & SW_GUARD_TEARDOWN) || key == TOKEN_NONE ||
	    !(1u << (method & 31) & CALL_METHODS))
		return;
	call = bpf_map_lookup_elem(&dialogs, &key);
	if (call && call->expires > now) {
		call->expires = fresh.expires;
		call->spared |= spared;
	} else if (find_begun(scratch, now)) {
		fresh.parties[0] = *to;
		fresh.spared = spared;
		count_dialog(now);
		bpf_map_update_elem(&dialogs, &key, &fresh, BPF_ANY);
	}
}

/* A BYE was answered. When the call has other dialogs, nobody's guess is judged until the server
 * sends something in one of them. */
static __always_inline void end_dialog(const struct scratch *scratch, __u64 key)
{
	__u64 call = call_key(scratch);

	if (key != TOKEN_NONE && !bpf_map_delete_elem(&dialogs, &key) && call != TOKEN_NONE &&
	    policy.guards & SW_GUARD_TEARDOWN)
		bpf_map_delete_elem(&dialogs, &call);
}

/* Answers with a 2xx that say that a dialog is there; without `to_tag: proven` only those of calls
 * matter. */
#define DIALOG_METHODS                                                                         \
	(SW_MESSAGE_BIT(INVITE) | SW_MESSAGE_BIT(UPDATE) |                                     \
	 (policy.to_tags ?                                                                     \
		  SW_MESSAGE_BIT(SUBSCRIBE) | SW_MESSAGE_BIT(NOTIFY) | SW_MESSAGE_BIT(REFER) : \
		  0))

/* Learns dialogs from the messages of the server. A dialog begins with a 2xx to an INVITE, and ends
 * with a 2xx to a BYE; another response says nothing about its recipient. A 2xx to any other
 * request inside the dialog goes to the sender of that request. The sender need not take part in
 * the dialog: judge_teardown() sees no UPDATE. */
__noinline int note_dialog(const struct sw_addr *to, struct scratch *scratch, __u64 now)
{
	const struct sip_msg *msg;
	enum side from;
	int spared = 0;
	__u8 method;
	__u64 key;

	if (!to || !scratch)
		return 0;
	msg = &scratch->msg;
	method = msg->kind == SW_MESSAGE_RESPONSE ? msg->cseq_kind : msg->kind;
	if (msg->kind == SW_MESSAGE_RESPONSE) {
		if (policy.guards & SW_GUARD_TEARDOWN && method == SW_MESSAGE_INVITE &&
		    msg->status < 200)
			note_invite(scratch, to, now);
		if (msg->status / 100 != 2)
			return 0;
		key = scratch->outbound.dialog;
		from = scratch->outbound.side;
		if (method == SW_MESSAGE_BYE)
			end_dialog(scratch, key);
		if (!(1u << (method & 31) & DIALOG_METHODS))
			return 0;
		spared = called_for_help(scratch);
		note_party(key, to, from, spared, method == SW_MESSAGE_INVITE, now);
	} else if (msg->flags & SIP_START && msg->kind != SW_MESSAGE_CANCEL) {
		key = scratch->outbound.dialog;
		from = scratch->outbound.side;
		note_party(key, to, SIDES - from, 0, 1, now);
		if (key == TOKEN_NONE && policy.guards & SW_GUARD_TEARDOWN &&
		    method == SW_MESSAGE_INVITE)
			note_call_begins(scratch, to, now);
	} else {
		return 0;
	}
	if (key != TOKEN_NONE)
		note_call(scratch, to, method, spared, now);
	return 0;
}

/* Notes messages of the server that may begin a dialog: a request, whose From-tag comes back as a
 * To-tag; a provisional response. A message that note_dialog() notes soon follows either. */
__noinline int note_tag(const struct sw_addr *to, struct scratch *scratch, __u64 now)
{
	const struct sip_msg *msg;
	__u64 key;

	if (!to || !scratch || !policy.to_tags)
		return 0;
	msg = &scratch->msg;
	if (msg->kind == SW_MESSAGE_RESPONSE) {
		if (msg->status > 100 && msg->status < 200) {
			key = scratch->outbound.dialog;
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
	       is_dialog_known(scratch, scratch->outbound.dialog);
}

/* 1 when an answer of the server's belongs to a dialog, or may begin one. */
__noinline int answers_beginning(const struct sw_addr *to, const struct scratch *scratch)
{
	__u64 key;

	if (!to || !scratch || !policy.to_tags)
		return 1;
	if (is_dialog_known(scratch, scratch->outbound.dialog))
		return 1;
	key = begins_key(to, scratch);
	return bpf_map_lookup_elem(&asks, &key) != 0;
}

/* Notes a request inside a dialog that the server sends. */
__noinline int note_inside(const struct sw_addr *to, struct scratch *scratch, __u64 now)
{
	if (!to || !scratch)
		return 0;
	note_transaction(inside_key(scratch), to, now);
	return 0;
}

#endif
