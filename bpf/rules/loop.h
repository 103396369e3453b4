/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Loops and amplification (RFC 5393): a request that comes by again and again. Each time round it
 * has the same Call-ID, From-tag, CSeq and Request-URI, another branch and fewer Max-Forwards. A
 * retransmission has the same branch and counts once; a spiral, which is legal, comes by a few
 * times; of a request that was forked upstream to many phones each branch has a Request-URI of its
 * own. A loop through several addresses has as many visits for each of them.
 */
#ifndef SIPWARD_BPF_RULES_LOOP_H
#define SIPWARD_BPF_RULES_LOOP_H

#include "rules/rule.h"
#include "lib/token.h"

/* More than any route has. */
#define LOOP_VISITS 16
/* A loop is faster; a client that numbers all its requests alike is slower. */
#define LOOP_LIFE   (60 * SW_NS_PER_SEC)

static __always_inline __u64 visits_key(const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;
	struct token t;

	if (!msg->value[SIP_CALL_ID].length || msg->value[SIP_CALL_ID].length > TOKEN_TEXT_MAX ||
	    msg->from.tag.length > TOKEN_TEXT_MAX)
		return TOKEN_NONE;
	token_start(&t, policy.seed, TOKEN_REQUEST);
	token_text(&t, &scratch->buf, msg->value[SIP_CALL_ID].offset,
		   msg->value[SIP_CALL_ID].length);
	token_text(&t, &scratch->buf, msg->from.tag.offset, msg->from.tag.length);
	token_some(&t, &scratch->buf, msg->uri);
	token_word(&t, (__u64)msg->cseq << 8 | msg->kind);
	return token_end(&t);
}

/* Octets from the start of a branch that are looked at; and the last word of it. */
#define VISIT_OCTETS 64

/* Which of 64 bits stands for this time round. It is no token: a sender that finds branches with
 * one bit gains what it has by sending one branch again. */
static __always_inline __u32 visit(const struct scratch *scratch)
{
	const __u64 odd = 0x9e3779b97f4a7c15ull;
	struct sip_span branch = scratch->msg.via_branch;
	__u64 mixed = scratch->msg.max_forwards;

	for (__u32 i = 8; i <= VISIT_OCTETS && i <= branch.length; i += 8) {
		mixed = (mixed ^ sip_load(&scratch->buf, branch.offset + i - 8)) * odd;
		mixed ^= mixed >> 29;
	}
	if (branch.length) /* the parameter's name stands before a short one */
		mixed ^= sip_load(&scratch->buf, branch.offset + branch.length - 8);
	return mixed * odd >> 58;
}

__noinline int judge_loop(struct scratch *scratch)
{
	struct sw_loop fresh = {}, *visits;
	struct packet *p;
	__u64 key, bit;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	key = visits_key(scratch);
	if (key == TOKEN_NONE)
		return VERDICT_UNDECIDED;
	bit = 1ull << (visit(scratch) & 63);
	visits = bpf_map_lookup_elem(&loops, &key);
	if (!visits || visits->expires <= packet_tick(p)) {
		fresh.expires = packet_tick(p) + LOOP_LIFE;
		fresh.seen = bit;
		fresh.count = 1;
		bpf_map_update_elem(&loops, &key, &fresh, BPF_ANY);
		return VERDICT_UNDECIDED;
	}
	if (visits->seen & bit)
		return VERDICT_UNDECIDED;
	if (visits->count >= LOOP_VISITS)
		return act(p, packet_zone(p)->guard.loop, SW_REASON_LOOP);
	visits->seen |= bit;
	visits->count++;
	return VERDICT_UNDECIDED;
}

/* Not what has no transaction of its own, or shares that of the INVITE. */
static __always_inline int may_loop(const struct packet *p)
{
	return p->message <= SW_MESSAGE_OTHER && p->message != SW_MESSAGE_ACK &&
	       p->message != SW_MESSAGE_CANCEL;
}

#endif
