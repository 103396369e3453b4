/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The digest leak (ES2021-05): a callee answers the BYE of the one it called with a challenge of
 * its own, and gets a digest of the caller's password to guess at. A phone has no business to
 * challenge inside a dialog; a REGISTER, or what begins a dialog, may be challenged.
 */
#ifndef SIPWARD_BPF_RULES_LEAK_H
#define SIPWARD_BPF_RULES_LEAK_H

#include "lib/dialog.h"
#include "rules/rule.h"

/* Methods that exist inside a dialog only; the others are known by the branch of the request
 * that the server sent. */
#define METHODS_INSIDE                                                          \
	(SW_MESSAGE_BIT(BYE) | SW_MESSAGE_BIT(PRACK) | SW_MESSAGE_BIT(UPDATE) | \
	 SW_MESSAGE_BIT(INFO))

static __always_inline __u64 inside_key(const struct scratch *scratch)
{
	struct sip_span none = {};

	return token_of(policy.seed, TOKEN_INSIDE, &scratch->buf, scratch->msg.via_branch, none);
}

/* Refused only where nothing hangs on it any more: after the BYE. A challenge to a re-INVITE that
 * went missing would end the call. */
__noinline int judge_leak(struct scratch *scratch)
{
	const struct sip_msg *msg;
	struct packet *p;
	__u64 key;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	msg = &scratch->msg;
	if (!(1u << (msg->cseq_kind & 31) & METHODS_INSIDE)) {
		key = inside_key(scratch);
		if (key == TOKEN_NONE || !bpf_map_lookup_elem(&transactions, &key))
			return VERDICT_UNDECIDED;
	}
	if (packet_zone(p)->guard.digest_leak == SW_ACTION_DENY && msg->cseq_kind == SW_MESSAGE_BYE)
		return refuse(p, SW_REASON_DIGEST_LEAK);
	report(p, SW_REASON_DIGEST_LEAK);
	return VERDICT_UNDECIDED;
}

static __always_inline int may_leak(const struct packet *p, const struct sip_msg *msg)
{
	return p->message == SW_MESSAGE_RESPONSE && (msg->status == 401 || msg->status == 407);
}

#endif
