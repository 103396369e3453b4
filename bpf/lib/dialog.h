/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Who takes part in a dialog: known only from what the server itself sends inside it, which
 * nobody can forge. A BYE or re-INVITE for a known dialog from anybody else, or a CANCEL from
 * another than the INVITE's sender, is a teardown. A phone that moved is one too: so it is counted,
 * unless the zone says otherwise, and a source in the same zone (but `public`) as a party is taken
 * for that party, since carriers answer from many addresses. What is not known is not judged: the
 * table forgets. On TCP a teardown is counted, and no more.
 */
#ifndef SIPWARD_BPF_LIB_DIALOG_H
#define SIPWARD_BPF_LIB_DIALOG_H

#include <sipward/health.h>

#include "rules/emergency.h"
#include "lib/known.h"
#include "rules/rule.h"
#include "lib/token.h"
#include "lib/zone.h"

/* Timer C (RFC 3261 16.6) and some. */
#define TRANSACTION_LIFE (200 * SW_NS_PER_SEC)

/* The sides of a dialog, told apart by their tags. */
enum side { SIDE_LOW = 1, SIDE_HIGH = 2, SIDES = 3 };

/* The same for both sides, of which each calls its own tag From's: 0 when there are not two.
 * `from` becomes the one whose tag From has, and is always written: the compiler may use it
 * before it asks for the key. */
static __always_inline __u64 dialog_key(const struct scratch *scratch, enum side *from)
{
	const struct sip_msg *msg = &scratch->msg;
	__u64 a, b;

	*from = SIDE_LOW;
	if (!msg->from.tag.length || !msg->to.tag.length)
		return TOKEN_NONE;
	a = token_of(policy.seed, TOKEN_PARTY, &scratch->buf, msg->value[SIP_CALL_ID],
		     msg->from.tag);
	b = token_of(policy.seed, TOKEN_PARTY, &scratch->buf, msg->value[SIP_CALL_ID], msg->to.tag);
	*from = a < b ? SIDE_LOW : SIDE_HIGH;
	return a == TOKEN_NONE || b == TOKEN_NONE ? TOKEN_NONE : a ^ b;
}

/* A CANCEL has the Call-ID and the branch of its INVITE (RFC 3261 9.1). */
static __always_inline __u64 invite_key(const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;

	return token_of(policy.seed, TOKEN_INVITE, &scratch->buf, msg->via_branch,
			msg->value[SIP_CALL_ID]);
}

/* The server's own tag, by which the other side names it. */
static __always_inline __u64 asked_key(const struct scratch *scratch, struct sip_span tag)
{
	return tag.length ? token_of(policy.seed, TOKEN_ASKED, &scratch->buf,
				     scratch->msg.value[SIP_CALL_ID], tag) : TOKEN_NONE;
}

/* Notes a transaction with the address that it leaves to. */
static __always_inline void note_transaction(__u64 token, const struct sw_addr *to, __u64 now)
{
	struct sw_proof fresh = {.addr = *to, .expires = now + TRANSACTION_LIFE}, *known;

	if (token == TOKEN_NONE)
		return;
	known = bpf_map_lookup_elem(&transactions, &token);
	if (known && !same_addr(&known->addr, to) && known->expires > now)
		fresh.shared = 1;
	bpf_map_update_elem(&transactions, &token, &fresh, BPF_ANY);
}

static __always_inline int is_party(const struct sw_dialog *dialog, const struct sw_addr *addr)
{
	for (int i = 0; i < SW_PARTIES_MAX; i++) {
		if (i < dialog->count && same_addr(&dialog->parties[i], addr))
			return 1;
	}
	return 0;
}

/* Whether the caller called for help: To says in the answer, and behind a server that found out
 * who helps, what it said in the INVITE. Only the one who called could write it there. */
static __always_inline int called_for_help(const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;
	__u32 pos = msg->value[SIP_TO].offset, end = pos + msg->value[SIP_TO].length;
	__u32 bracket = sip_find(&scratch->buf, pos, end, SIP_EACH('<'), SIP_EACH('<'));

	if (bracket < end)
		pos = bracket + 1;
	return sip_is_sos(&scratch->buf, pos, pos + sizeof(SIP_SOS) - 1) ||
	       is_emergency_number(&scratch->buf, msg->to.user);
}

/* As many new dialogs as a quarter of the table in as long as one lives: of two such times half of
 * it, which the kernel's halves of an LRU hold. With more it may forget one that is under way. */
static __always_inline void count_dialog(__u64 now)
{
	__u32 zero = 0;
	struct sw_observed *self = bpf_map_lookup_elem(&observed, &zero);

	if (!policy.to_tags || !self)
		return;
	if ((__s64)(now - self->dialogs_from) >= (__s64)SW_DIALOG_LIFE) {
		self->dialogs_from = now;
		self->dialogs = 0;
	}
	if (__sync_fetch_and_add(&self->dialogs, 1) >= policy.dialogs / 4)
		self->crowded = now;
}

/* `joins`: who gets the message takes part from now on, also when the dialog is known already. */
static __always_inline void note_party(__u64 key, const struct sw_addr *to, enum side side,
				       int spared, int joins, __u64 now)
{
	struct sw_dialog fresh = {.expires = now + SW_DIALOG_LIFE, .count = 1, .sides = side},
			 *dialog;

	if (key == TOKEN_NONE)
		return;
	dialog = bpf_map_lookup_elem(&dialogs, &key);
	if (!dialog || dialog->expires <= now) {
		fresh.parties[0] = *to;
		fresh.spared = spared;
		count_dialog(now);
		bpf_map_update_elem(&dialogs, &key, &fresh, BPF_ANY);
		return;
	}
	dialog->expires = now + SW_DIALOG_LIFE;
	dialog->spared |= spared;
	dialog->sides |= side;
	if (!joins || is_party(dialog, to))
		return;
	if (dialog->count < SW_PARTIES_MAX)
		dialog->parties[dialog->count++ & (SW_PARTIES_MAX - 1)] = *to;
	else
		dialog->many = 1;
}

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
