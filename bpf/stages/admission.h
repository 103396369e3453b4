/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stages "known", "admission" and "belonging": a known endpoint goes on; newcomers share a budget,
 * and when it is spent, only who sends again, as a client that exists does, gets in.
 *
 * "admission" runs behind the start line and the top Via, so that a flood costs no more than
 * that; what can only be told from the whole message is left to "belonging".
 */
#ifndef SIPWARD_BPF_STAGES_ADMISSION_H
#define SIPWARD_BPF_STAGES_ADMISSION_H

#include "lib/health.h"
#include "lib/known.h"
#include "rules/limit.h"
#include "lib/packet.h"
#include "rules/penalty.h"
#include "rules/unproven.h"

static __always_inline int zone_admits(struct packet *p, enum sw_zone_rate rate,
				       const volatile struct sw_limit *limit)
{
	__u32 number = p->zone_number;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&zone_cells, &number);

	return !cell || packet_admits(p, &cell->tat[rate], limit);
}

/* Likewise for who sends again. */
static __always_inline int zone_admits_patient(struct packet *p, enum sw_zone_rate rate,
					       const volatile struct sw_limit *limit,
					       __u32 patience)
{
	__u32 number = p->zone_number;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&zone_cells, &number);

	return !cell || cell_admits_patient(p, &cell->tat[rate], limit, patience);
}

/* A share of the budget for all that have a penalty, likewise by patience. */
static __always_inline int zone_admits_penalised(struct packet *p, __u32 patience)
{
	const volatile struct sw_limit *budget = &packet_zone(p)->newcomers;
	struct sw_limit share = {.interval = budget->interval * PENALISED_SHARE,
				 .tolerance = budget->tolerance};

	return zone_admits_patient(p, SW_ZONE_PENALISED, &share, patience);
}

/* Who is never a newcomer: TCP has its handshake, a peer is named in the policy. */
static __always_inline int is_admitted(const struct packet *p)
{
	return !has_newcomers(p) || p->protocol == IPPROTO_TCP || (p->grade && !penalty_of(p));
}

/* The agent proves the newcomers that it can; one event for each, within a budget, of which a flood
 * that is let in at first sight, or sent again once, spends a part. */
static __always_inline void tell_newcomer(struct packet *p, struct xdp_md *ctx, __u32 patience)
{
	static const struct sw_limit budget = {
		.interval = SW_NS_PER_SEC / 200,
		.tolerance = SW_NS_PER_SEC,
	};
	struct sw_newcomer *newcomer;

	if (!packet_zone(p)->probe ||
	    !zone_admits_patient(p, SW_ZONE_PROBES, &budget, patience ? patience : 1))
		return;
	newcomer = bpf_ringbuf_reserve(&newcomers, sizeof(*newcomer), 0);
	if (!newcomer)
		return;
	newcomer->addr = p->src;
	newcomer->local = p->dst;
	newcomer->port = p->sport;
	newcomer->local_port = p->dport;
	newcomer->ifindex = ctx->ingress_ifindex;
	newcomer->patience = patience;
	bpf_ringbuf_submit(newcomer, 0);
}

/* Within the budget; or seen before, at the pace of a client that got no answer. Those have a
 * budget of their own, or a flood that repeats itself would have none. Global, as is
 * find_proof(): only newcomers pay for the call, and the verifier walks them once. */
__noinline int admit_newcomer(struct xdp_md *ctx, struct scratch *scratch)
{
	const volatile struct sw_zone *zone;
	struct packet *p;
	__u32 patience;
	int open;

	if (!scratch || scratch->packet.emergency)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	p->asked = 1;
	zone = packet_zone(p);
	open = zone->greylist == SW_GREYLIST_ALWAYS || penalty_of(p) || under_pressure(p);
	if (!open && zone_admits(p, SW_ZONE_NEWCOMERS, &zone->newcomers)) {
		tell_newcomer(p, ctx, 0);
		return VERDICT_UNDECIDED;
	}
	if (zone->greylist == SW_GREYLIST_OFF && !penalty_of(p))
		return refuse(p, SW_REASON_NEWCOMERS);
	patience = seen_again(scratch, sight_key(p, scratch));
	if (!patience) {
		tally(SW_TALLY_FIRST_SIGHT);
		return refuse(p, SW_REASON_GREYLIST);
	}
	/* Whom the budget keeps out although it is patient gets in by its answer. */
	if (patience > 1)
		tell_newcomer(p, ctx, patience);
	if ((penalty_of(p) && !zone_admits_penalised(p, patience)) ||
	    !zone_admits_patient(p, SW_ZONE_AGAIN, &zone->newcomers, patience))
		return refuse(p, SW_REASON_NEWCOMERS);
	tally(SW_TALLY_AGAIN);
	if (patience == 1)
		tell_newcomer(p, ctx, patience);
	return VERDICT_UNDECIDED;
}

/* A method that ends or carries on what is there already: only the whole message tells
 * whether it belongs to something. */
static __always_inline int may_belong(__u8 message)
{
	return message == SW_MESSAGE_RESPONSE ||
	       (message <= SW_MESSAGE_OTHER && (1u << message & SW_METHODS_ALWAYS));
}

static __always_inline enum verdict stage_known(struct packet *p)
{
	if (policy.admission && p->protocol == IPPROTO_UDP)
		p->grade = known_grade(p);
	if (is_watched(p, ~0u) && p->protocol == IPPROTO_UDP && p->grade != SW_GRADE_GOOD)
		p->penalised = is_penalised(p);
	return VERDICT_UNDECIDED;
}

/* Why a request would be refused if it is outside a dialog: what limits debit later is only looked
 * at, narrow before wide. SW_REASON_NONE: it would not. */
static __always_inline enum sw_reason outside_spent(struct packet *p,
						    const struct sw_cells *cells)
{
	enum sw_rate rate = method_rate(p->message);

	if (rate != SW_RATE_ANY && source_spent(p, cells, rate))
		return SW_REASON_RATE_SOURCE_METHOD;
	if (source_spent(p, cells, SW_RATE_ANY))
		return SW_REASON_RATE_SOURCE;
	return zone_spent(p) ? SW_REASON_RATE_ZONE : SW_REASON_NONE;
}

static __always_inline int inside_gets_in(struct scratch *scratch, const struct sw_cells *cells)
{
	return !source_spent(&scratch->packet, cells, SW_RATE_DIALOG) &&
	       unproven_gets_in(scratch, SW_UNPROVEN_DIALOG);
}

/* A message by UDP from a zone without newcomers, or a peer: its address is written by anybody.
 * Before it is read in full, what can only be refused is. A request may turn out to be inside a
 * dialog: so that when limits for those outside are spent, it is read within the ceiling of those
 * inside. */
__noinline int judge_unproven(struct scratch *scratch)
{
	const struct sw_cells *cells = 0;
	enum sw_reason reason;
	enum sw_rate rate;
	struct packet *p;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	if (p->early && policy.limited & RATES_MESSAGES)
		cells = stranger_cells(p, 0);
	if (!may_belong(p->message)) {
		reason = p->early ? outside_spent(p, cells) : SW_REASON_NONE;
		if (!reason || in_shadow(reason) || inside_gets_in(scratch, cells))
			return VERDICT_UNDECIDED;
		return refuse(p, reason);
	}
	rate = p->message == SW_MESSAGE_RESPONSE ? SW_RATE_RESPONSE : SW_RATE_DIALOG;
	reason = rate == SW_RATE_DIALOG ? SW_REASON_RATE_DIALOG : SW_REASON_RATE_RESPONSE;
	if (source_spent(p, cells, rate) && !in_shadow(reason))
		return refuse(p, reason);
	if (unproven_gets_in(scratch, unproven_class(p->message)))
		return VERDICT_UNDECIDED;
	return refuse(p, SW_REASON_OF_UNPROVEN(unproven_class(p->message)));
}

static __always_inline enum verdict stage_admission(struct packet *p, struct xdp_md *ctx)
{
	if (p->protocol == IPPROTO_TCP || p->emergency || (p->grade && !penalty_of(p)))
		return VERDICT_UNDECIDED;
	if (is_admitted(p))
		return p->early || may_belong(p->message) ? judge_unproven(packet_scratch(p)) :
							    VERDICT_UNDECIDED;
	/* Above the ceiling it is not worth to be read in full, and may come again. */
	if (may_belong(p->message))
		return p->grade || ceiling_admits(p, unproven_class(p->message)) ?
			       VERDICT_UNDECIDED : admit_newcomer(ctx, packet_scratch(p));
	return admit_newcomer(ctx, packet_scratch(p));
}

/* 1 when the message has a value that the server sent to its source: the branch of a request, or a
 * tag. Then it most likely goes on with something that is there, and may pass; it proves nothing,
 * since others may have chosen or computed that value. */
static __always_inline int belongs(struct packet *p, const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;
	const struct sip_buf *buf = &scratch->buf;
	struct sip_span none = {};
	__u64 token = TOKEN_NONE;

	if (p->message == SW_MESSAGE_RESPONSE)
		return sent_to_source(p, &branches,
				      token_of(policy.seed, TOKEN_BRANCH, buf, msg->via_branch,
					       none)) != 0;
	if (msg->flags & SIP_TO_TAG)
		token = token_of(policy.seed, TOKEN_DIALOG, buf, msg->value[SIP_CALL_ID],
				 msg->to.tag);
	return sent_to_source(p, &sent_tags, token) != 0;
}

/* 1 when a newcomer's message goes on with something. The agent then probes its sender: a phone
 * that is only ever called becomes known so. */
__noinline int goes_on_with(struct xdp_md *ctx, struct scratch *scratch)
{
	if (!scratch || !belongs(&scratch->packet, scratch) ||
	    !ceiling_admits(&scratch->packet, SW_UNPROVEN_BELONGING))
		return 0;
	tell_newcomer(&scratch->packet, ctx, 0);
	return 1;
}

/* The answer to a probe is for the agent alone: it proves, if it comes from where the probe
 * went, and never reaches the server. */
static __always_inline int is_probe_answer(const struct packet *p, const struct scratch *scratch)
{
	return p->message == SW_MESSAGE_RESPONSE && has_probe_branch(scratch);
}

__noinline int take_probe_answer(struct scratch *scratch)
{
	struct sip_span none = {};
	struct packet *p;
	__u64 token;

	if (!scratch)
		return 0;
	p = &scratch->packet;
	tally(SW_TALLY_PROBE_ANSWERS);
	token = token_of(policy.seed, TOKEN_PROBE, &scratch->buf, scratch->msg.via_branch, none);
	if (sent_to_source(p, &probes, token)) {
		bpf_map_delete_elem(&probes, &token);
		promote(p);
	}
	return 0;
}

static __always_inline enum verdict stage_probe(struct packet *p)
{
	struct scratch *scratch = packet_scratch(p);

	if (!policy.admission || p->protocol != IPPROTO_UDP || !packet_zone(p)->probe ||
	    !is_probe_answer(p, scratch))
		return VERDICT_UNDECIDED;
	take_probe_answer(scratch);
	return VERDICT_EATEN;
}

static __always_inline enum verdict stage_belonging(struct packet *p, struct xdp_md *ctx)
{
	if (is_admitted(p) || p->grade || p->asked || !may_belong(p->message) ||
	    goes_on_with(ctx, packet_scratch(p)))
		return VERDICT_UNDECIDED;
	return admit_newcomer(ctx, packet_scratch(p));
}

#endif
