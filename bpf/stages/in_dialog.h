/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "inside": what has a To-tag says that it is inside a dialog, and is spared what would end
 * a call. Anybody can write one. With `to_tag: proven` a zone believes only a dialog that the
 * server was seen to begin, or to go on with; any other request is judged as one that has none.
 *
 * A tag that the server gave is not enough: each refusal has one, so who asks for anything gets
 * one. It is a dialog from the first provisional answer with a tag, from a 2xx, or from a request
 * of the server's own on (RFC 3261 12.1, RFC 6665 4.4.1).
 *
 * In doubt a request is inside. Doubt is: an observer that is not good; one that is not there for
 * as long as a call may say nothing (SW_DIALOG_LIFE, for a call was there before it); a table that
 * may have forgotten some; a source that the server serves (`good`: to be known is not enough,
 * which one refusal makes anybody); and TCP, where nothing is dropped. What is left is a call that
 * another host began, whose address this one took over: nobody here can know it, so the default
 * is `any`, and `proven` is for who takes nothing over.
 */
#ifndef SIPWARD_BPF_STAGES_IN_DIALOG_H
#define SIPWARD_BPF_STAGES_IN_DIALOG_H

#include "lib/dialog.h"
#include "lib/health.h"

/* Pings and what is said once begin no dialog (RFC 3261 11, RFC 3428 2): of many phones they would
 * push out of the table what does. */
#define METHODS_ALONE \
	(SW_METHODS_OUTSIDE | SW_MESSAGE_BIT(OPTIONS) | SW_MESSAGE_BIT(MESSAGE))

static __always_inline __u64 begins_key(const struct sw_addr *addr, const struct scratch *scratch)
{
	return token_at(policy.seed, TOKEN_BEGINS, addr, &scratch->buf, scratch->msg.via_branch);
}

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

/* Expired or not: what is still there was there. */
static __always_inline int is_dialog_known(const struct scratch *scratch)
{
	enum side from;
	__u64 key = dialog_key(scratch, &from);

	if (key != TOKEN_NONE && (bpf_map_lookup_elem(&dialogs, &key) ||
				  bpf_map_lookup_elem(&transactions, &key)))
		return 1;
	key = asked_key(scratch, scratch->msg.to.tag);
	return key != TOKEN_NONE && bpf_map_lookup_elem(&transactions, &key) != 0;
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

/* 1 when every dialog that is under way is known. */
static __always_inline int are_dialogs_known(struct packet *p)
{
	__u32 zero = 0;
	const struct sw_health *state = bpf_map_lookup_elem(&health, &zero);
	const struct sw_observed *self = bpf_map_lookup_elem(&observed, &zero);
	__u64 now = packet_time(p);

	return state && self && sw_observer_state(state, now) == SW_OBSERVER_GOOD &&
	       (__s64)(now - sw_dialogs_known_from(state, self)) >= 0;
}

__noinline int judge_inside(struct scratch *scratch)
{
	if (!scratch || !policy.to_tags)
		return 0;
	if (!is_dialog_known(scratch) && are_dialogs_known(&scratch->packet))
		scratch->packet.in_dialog = 0;
	return 0;
}

static __always_inline enum verdict stage_inside(struct packet *p)
{
	if (policy.to_tags && packet_zone(p)->to_tag == SW_TO_TAG_PROVEN && p->in_dialog &&
	    p->grade != SW_GRADE_GOOD && p->protocol == IPPROTO_UDP &&
	    !(1u << p->message & SW_METHODS_ALWAYS))
		judge_inside(packet_scratch(p));
	return VERDICT_UNDECIDED;
}

#endif
