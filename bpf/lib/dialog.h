/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The tables of dialogs and transactions: their keys, and how to read and write them. Only what
 * the server itself sends writes to them (egress/dialogs.h), so that nobody can forge an entry.
 */
#ifndef SIPWARD_BPF_LIB_DIALOG_H
#define SIPWARD_BPF_LIB_DIALOG_H

#include <sipward/health.h>

#include "lib/known.h"
#include "lib/token.h"

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
	struct sip_span call = msg->value[SIP_CALL_ID];
	struct token t, other;
	__u64 a, b;

	*from = SIDE_LOW;
	if (!msg->from.tag.length || !msg->to.tag.length || !call.length ||
	    call.length > TOKEN_TEXT_MAX || msg->from.tag.length > TOKEN_TEXT_MAX ||
	    msg->to.tag.length > TOKEN_TEXT_MAX)
		return TOKEN_NONE;
	token_start(&t, policy.seed, TOKEN_PARTY);
	token_text(&t, &scratch->buf, call.offset, call.length);
	other = t;
	token_text(&t, &scratch->buf, msg->from.tag.offset, msg->from.tag.length);
	token_text(&other, &scratch->buf, msg->to.tag.offset, msg->to.tag.length);
	a = token_end(&t);
	b = token_end(&other);
	*from = a < b ? SIDE_LOW : SIDE_HIGH;
	return a ^ b;
}

/* A CANCEL has the Call-ID and the branch of its INVITE (RFC 3261 9.1). */
static __always_inline __u64 invite_key(const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;

	return token_of(policy.seed, TOKEN_INVITE, &scratch->buf, msg->via_branch,
			msg->value[SIP_CALL_ID]);
}

/* All dialogs of one call. Its entry in `transactions` says that an INVITE outside a dialog is
 * under way, the one in `dialogs` that the call is up. Both have the first address that the server
 * sent something to, and no other: a later one may be of somebody who has learned the Call-ID. */
static __always_inline __u64 call_key(const struct scratch *scratch)
{
	struct sip_span none = {};

	return token_of(policy.seed, TOKEN_CALL, &scratch->buf, scratch->msg.value[SIP_CALL_ID],
			none);
}

/* The server's own tag, by which the other side names it. */
static __always_inline __u64 asked_key(const struct scratch *scratch, struct sip_span tag)
{
	return tag.length ? token_of(policy.seed, TOKEN_ASKED, &scratch->buf,
				     scratch->msg.value[SIP_CALL_ID], tag) :
			    TOKEN_NONE;
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

/* The INVITE of this call that is under way, when the server was seen to receive or to send it. */
static __always_inline struct sw_proof *find_begun(const struct scratch *scratch, __u64 now)
{
	__u64 key = call_key(scratch);
	struct sw_proof *invite;

	if (key == TOKEN_NONE)
		return 0;
	invite = bpf_map_lookup_elem(&transactions, &key);
	return invite && invite->expires > now ? invite : 0;
}

static __always_inline int is_party(const struct sw_dialog *dialog, const struct sw_addr *addr)
{
	for (int i = 0; i < SW_PARTIES_MAX; i++) {
		if (i < dialog->count && same_addr(&dialog->parties[i], addr))
			return 1;
	}
	return 0;
}

/* As many new dialogs as a quarter of the table in as long as one lives: of two such times half of
 * it, which the kernel's halves of an LRU hold. With more it may forget one that is under way. */
static __always_inline void count_dialog(__u64 now)
{
	__u32 zero = 0;
	struct sw_observed *self = bpf_map_lookup_elem(&observed, &zero);

	if (!(policy.to_tags || policy.guards & SW_GUARD_TEARDOWN) || !self)
		return;
	if ((__s64)(now - self->dialogs_from) >= (__s64)SW_DIALOG_LIFE) {
		self->dialogs_from = now;
		self->dialogs = 0;
	}
	if (__sync_fetch_and_add(&self->dialogs, 1) >= policy.dialogs / 4)
		self->dialogs_full = now;
}

/* `joins`: the receiver of the message takes part from now on, also when the dialog is known
 * already. */
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

/* Pings and what is said once begin no dialog (RFC 3261 11, RFC 3428 2): of many phones they would
 * push out of the table what does. */
#define METHODS_ALONE (SW_METHODS_OUTSIDE | SW_MESSAGE_BIT(OPTIONS) | SW_MESSAGE_BIT(MESSAGE))

static __always_inline __u64 begins_key(const struct sw_addr *addr, const struct scratch *scratch)
{
	return token_at(policy.seed, TOKEN_BEGINS, addr, &scratch->buf, scratch->msg.via_branch);
}

/* Whether the dialog with this key is, or a request with its tag of To was sent. Expired or not: an
 * entry that is still there is a dialog that was there. */
static __always_inline int is_dialog_known(const struct scratch *scratch, __u64 key)
{
	if (key != TOKEN_NONE &&
	    (bpf_map_lookup_elem(&dialogs, &key) || bpf_map_lookup_elem(&transactions, &key)))
		return 1;
	key = asked_key(scratch, scratch->msg.to.tag);
	return key != TOKEN_NONE && bpf_map_lookup_elem(&transactions, &key) != 0;
}

#endif
