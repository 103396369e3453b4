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
	struct sip_span none = {};
	__u64 key = token_of(policy.seed, TOKEN_REQUEST, &scratch->buf, msg->value[SIP_CALL_ID],
			     msg->from.tag);

	if (key == TOKEN_NONE)
		return key;
	/* A longer one than a token can have counts as none. */
	return key ^ token_of(policy.seed, TOKEN_TARGET, &scratch->buf, msg->uri, none) ^
	       (__u64)msg->cseq << 8 ^ msg->kind;
}

/* Which of 64 bits stands for this time round. */
static __always_inline __u32 visit(const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;
	struct sip_span none = {};
	__u64 token = token_of(policy.seed, TOKEN_REQUEST, &scratch->buf, msg->via_branch, none);

	return ((token ^ msg->max_forwards) * 0x9e3779b97f4a7c15ull) >> 58;
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
	if (!visits || visits->expires <= packet_time(p)) {
		fresh.expires = packet_time(p) + LOOP_LIFE;
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
