/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The observer: reads what the server sends (TC egress) and notes what only the addressee can
 * know. It changes nothing, and drops only what a zone must not be sent (egress/rules.h); when it
 * is taken off, the rules that need it go inert.
 */
#ifndef SIPWARD_BPF_EGRESS_OBSERVER_H
#define SIPWARD_BPF_EGRESS_OBSERVER_H

#include <linux/in.h>
#include <linux/pkt_cls.h>

#include "egress/answer.h"
#include "egress/calls.h"
#include "egress/outbound.h"
#include "egress/dialogs.h"
#include "egress/rules.h"
#include "lib/counters.h"
#include "lib/known.h"
#include "lib/token.h"

/* Lets the stages that know zones and lists see who gets the answer. */
static __always_inline void watch_answer(const struct outbound *d, struct scratch *scratch,
					 __u64 now)
{
	struct packet *p = &scratch->packet;

	__builtin_memset(p, 0, sizeof(*p));
	p->src = d->dst;
	p->ipv6 = !(d->dst.words[0] == 0 && d->dst.words[1] == 0 &&
		    d->dst.words[2] == bpf_htonl(0xffff));
	p->now = now;
	judge_answer(scratch);
}

/* A proxy that forked may pass on challenges of both kinds (RFC 3261 16.7, step 7). */
static __always_inline void bind_challenge(const struct outbound *d, struct scratch *scratch,
					   __u64 now)
{
	const struct sip_msg *msg = &scratch->msg;
	struct sip_span none = {};

	if (msg->status != 401 && msg->status != 407)
		return;
	bind_token(&proofs, token_of(policy.seed, TOKEN_NONCE, &scratch->buf, msg->nonce, none),
		   &d->dst, now, PROOF_LIFE);
	bind_token(&proofs,
		   token_of(policy.seed, TOKEN_NONCE, &scratch->buf, msg->proxy_nonce, none),
		   &d->dst, now, PROOF_LIFE);
}

/* The tag by which the other side names this end of the dialog. */
static __always_inline void bind_tag(const struct outbound *d, struct scratch *scratch,
				     struct sip_span tag, __u64 now)
{
	bind_token(&sent_tags,
		   token_of(policy.seed, TOKEN_DIALOG, &scratch->buf,
			    scratch->msg.value[SIP_CALL_ID], tag),
		   &d->dst, now, PROOF_LIFE);
}

static __always_inline void observe_response(const struct outbound *d, struct scratch *scratch,
					     __u64 now)
{
	const struct sip_msg *msg = &scratch->msg;

	if (!d->is_stream)
		tally(SW_TALLY_ANSWERS);
	if (!policy.admission || d->opened) /* what came by that connection was not judged */
		return;
	if (!d->is_stream && msg->flags & SIP_TO_TAG)
		bind_tag(d, scratch, msg->to.tag, now);
	bind_challenge(d, scratch, now);
	if (policy.bans && msg->status >= 200)
		watch_answer(d, scratch, now);
}

/* A request without a usable branch is counted, so that no rule waits for its response. */
static __always_inline void note_branch(const struct outbound *d, struct scratch *scratch,
					struct sw_observed *self, __u64 now)
{
	struct sip_span none = {};
	__u64 token =
		token_of(policy.seed, TOKEN_BRANCH, &scratch->buf, scratch->msg.via_branch, none);

	if (token == TOKEN_NONE)
		self->nameless = now;
	bind_token(&branches, token, &d->dst, now, SW_BRANCH_LIFE);
}

static __always_inline void observe_request(const struct outbound *d, struct scratch *scratch,
					    struct sw_observed *self, __u64 now)
{
	const struct sip_msg *msg = &scratch->msg;

	if (msg->kind != SW_MESSAGE_ACK) /* nothing answers it */
		note_branch(d, scratch, self, now);
	if (!policy.admission)
		return;
	/* The other side names the server by the server's own tag from here on. */
	bind_tag(d, scratch, msg->from.tag, now);
}

/* Hands the message to the rules: some remember it, some judge it. */
static __always_inline int observe_rules(struct __sk_buff *skb, struct outbound *d,
					 struct scratch *scratch, __u64 now)
{
	const struct sip_msg *msg = &scratch->msg;

	int noted = 1;

	if (NOTES_DIALOGS)
		find_dialog(scratch);
	if (policy.to_tags && msg->kind == SW_MESSAGE_RESPONSE)
		noted = answers_beginning(&d->dst, scratch);
	if (policy.to_tags && noted)
		note_tag(&d->dst, scratch, now);
	if (policy.to_tags && msg->kind != SW_MESSAGE_RESPONSE)
		noted = goes_on(scratch);
	if (noted && NOTES_DIALOGS)
		note_dialog(&d->dst, scratch, now);
	if (policy.calls)
		count_calls(scratch, now);
	if (policy.guards & SW_GUARD_DIGEST_LEAK && msg->kind <= SW_MESSAGE_OTHER &&
	    msg->flags & SIP_TO_TAG)
		note_inside(&d->dst, scratch, now);
	if ((policy.egress || policy.guards & SW_GUARD_PRIVACY) && msg->flags & SIP_START)
		return judge_outbound(skb, d, scratch, now);
	return TC_ACT_UNSPEC;
}

static __always_inline int observe(struct __sk_buff *skb)
{
	struct scratch *scratch;
	struct sw_observed *self;
	struct outbound *d;
	__u32 zero = 0, length;
	__u64 now;

	if (leaves_foreign(skb))
		return TC_ACT_UNSPEC;
	scratch = this_scratch();
	self = bpf_map_lookup_elem(&observed, &zero);
	if (!scratch || !self)
		return TC_ACT_UNSPEC;
	d = &scratch->outbound;
	__builtin_memset(d, 0, sizeof(*d));
	length = outbound_length(skb, d);
	if (!length || !is_from_this_host(skb, d))
		return TC_ACT_UNSPEC;
	if (load_payload(skb, d, scratch->buf.octets, copy_size(length, OBSERVED_MAX)))
		return TC_ACT_UNSPEC;
	now = in_test_run ? test_run_now : bpf_ktime_get_ns();
	if (!d->is_stream && (__s64)(now - self->last) > (__s64)SW_NS_PER_SEC)
		self->last = now;
	if (!d->is_stream)
		tally(SW_TALLY_OBSERVED);
	scratch->input.length = length;
	scratch->input.datagram_length = d->length;
	scratch->input.flags = SIP_STREAM;
	scratch->input.want = 0;
	sip_scan(&scratch->buf, &scratch->input, &scratch->msg);
	if (scratch->msg.kind == SW_MESSAGE_RESPONSE)
		observe_response(d, scratch, now);
	else if (!d->is_stream && scratch->msg.flags & SIP_START)
		observe_request(d, scratch, self, now);
	return OBSERVES_RULES ? observe_rules(skb, d, scratch, now) : TC_ACT_UNSPEC;
}

#endif
