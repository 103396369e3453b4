/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stages "known", "admission" and "proof": a known endpoint goes on; newcomers share a budget, and
 * when it is spent, only who sends again, as a client that exists does, gets in.
 *
 * "admission" runs behind the start line and the top Via, so that a flood costs no more than
 * that; what can only be told from the whole message is left to "proof".
 */
#ifndef SIPWARD_BPF_ADMISSION_H
#define SIPWARD_BPF_ADMISSION_H

#include "health.h"
#include "known.h"
#include "sip_credentials.h"
#include "limit.h"
#include "packet.h"
#include "penalty.h"
#include "sights.h"


static __always_inline int zone_admits(struct packet *p, enum sw_zone_rate rate,
				       const volatile struct sw_limit *limit)
{
	__u32 number = p->zone_number;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&zone_cells, &number);

	return !cell || packet_admits(p, &cell->tat[rate], limit);
}

/* Likewise for who sends again: the more often it did, the more of the burst is there for it. A
 * flood that repeats itself must do so as often, and as long, as the client that it stands in the
 * way of; all that is cheaper spends its part, and leaves the rate to the patient. */
static __always_inline int zone_admits_patient(struct packet *p, enum sw_zone_rate rate,
					       const volatile struct sw_limit *limit,
					       __u32 patience)
{
	__u32 number = p->zone_number;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&zone_cells, &number);

	if (!cell)
		return 1;
	if (patience < SIGHT_PATIENCE_MAX &&
	    !gcra_leaves(&cell->tat[rate], limit, packet_time(p), patience, SIGHT_PATIENCE_MAX))
		return 0;
	return gcra_admit(&cell->tat[rate], limit, packet_time(p));
}

/* Who is never a newcomer: TCP has its handshake, a peer is named in the policy. */
static __always_inline int is_admitted(const struct packet *p)
{
	const volatile struct sw_zone *zone = packet_zone(p);

	return !policy.admission || p->protocol == IPPROTO_TCP || zone->trust == SW_TRUST_PEER ||
	       !zone->newcomers.interval || p->grade;
}

/* The key of a request: its source with its branch, which ACK and CANCEL share; or, where
 * there is none (RFC 2543), with its first line and where it came from. */
static __always_inline __u64 sight_key(const struct packet *p, const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;

	return token_at(policy.seed, TOKEN_SIGHT, &p->src, &scratch->buf,
			msg->via_branch.length ? msg->via_branch : msg->uri);
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
	struct sw_sights *line;
	__u32 index, patience;
	__u64 key;
	int open;

	if (!scratch || scratch->packet.emergency)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	zone = packet_zone(p);
	open = zone->greylist == SW_GREYLIST_ALWAYS || penalty_of(p) || under_pressure(p);
	if (!open && zone_admits(p, SW_ZONE_NEWCOMERS, &zone->newcomers)) {
		tell_newcomer(p, ctx, 0);
		return VERDICT_UNDECIDED;
	}
	if (zone->greylist == SW_GREYLIST_OFF && !penalty_of(p))
		return refuse(p, SW_REASON_NEWCOMERS);
	key = sight_key(p, scratch);
	index = key & policy.sights_mask;
	line = bpf_map_lookup_elem(&sights, &index);
	patience = line ? sight_again(line, key, packet_time(p)) : 0;
	if (!patience) {
		tally(SW_TALLY_FIRST_SIGHT);
		return refuse(p, SW_REASON_GREYLIST);
	}
	/* Whom the budget keeps out although it is patient gets in by its answer. */
	if (patience > 1)
		tell_newcomer(p, ctx, patience);
	if ((penalty_of(p) && !zone_admits_penalised(p)) ||
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
	if (is_watched(p, ~0u) && p->protocol == IPPROTO_UDP && !p->grade)
		p->penalised = is_penalised(p);
	return VERDICT_UNDECIDED;
}

static __always_inline enum verdict stage_admission(struct packet *p, struct xdp_md *ctx)
{
	if (is_admitted(p) || may_belong(p->message))
		return VERDICT_UNDECIDED;
	/* It may carry a proof: then its penalty does not count. Only a scan in full tells. */
	if (policy.nonces_prove && penalty_of(p) && !under_pressure(p)) {
		p->penalised = PENALTY_DEFERRED;
		return VERDICT_UNDECIDED;
	}
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

/* 1 when the request has a nonce that only its source can have. */
static __always_inline int carries_proof(struct packet *p, const struct scratch *scratch)
{
	struct sip_span none = {}, nonce = credentials_nonce(&scratch->msg);
	const struct sw_proof *sent;

	if (p->message > SW_MESSAGE_OTHER || !nonce.length || !nonces_prove(p))
		return 0;
	sent = sent_to_source(p, &proofs,
			      token_of(policy.seed, TOKEN_NONCE, &scratch->buf, nonce, none));
	return sent && sent->proves;
}

/* Looks for a proof in a message that was scanned in full; what has one is known. */
__noinline int find_proof(struct scratch *scratch)
{
	struct packet *p;

	if (!scratch)
		return 0;
	p = &scratch->packet;
	if (carries_proof(p, scratch)) {
		p->proved = 1;
		if (!p->grade)
			promote(p, PROOF_NONCE);
	}
	return 0;
}

/* 1 when a newcomer's message goes on with something. The agent then probes its sender: a phone
 * that is only ever called becomes known so. */
__noinline int goes_on_with(struct xdp_md *ctx, struct scratch *scratch)
{
	if (!scratch || !belongs(&scratch->packet, scratch))
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
		promote(p, PROOF_PROBE);
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

/* A known endpoint's request with credentials: by its path alone it spends what anybody spends who
 * found that path out, with a proof what only the endpoint can. */
static __always_inline int spends_apart(const struct packet *p)
{
	const struct sip_msg *msg = &packet_scratch(p)->msg;

	return policy.nonces_prove &&
	       (policy.limited & SW_RATES_REQUESTS || policy.have_prefix_limits) && p->grade &&
	       p->message <= SW_MESSAGE_OTHER && !p->in_dialog &&
	       (msg->nonce.length || msg->proxy_nonce.length);
}

static __always_inline enum verdict stage_proof(struct packet *p, struct xdp_md *ctx)
{
	if (is_admitted(p) && !spends_apart(p))
		return VERDICT_UNDECIDED;
	if (policy.nonces_prove)
		find_proof(packet_scratch(p));
	if (p->grade || p->proved)
		return VERDICT_UNDECIDED;
	if (may_belong(p->message) ? goes_on_with(ctx, packet_scratch(p)) :
				     penalty_of(p) != PENALTY_DEFERRED)
		return VERDICT_UNDECIDED;
	return admit_newcomer(ctx, packet_scratch(p));
}

#endif
