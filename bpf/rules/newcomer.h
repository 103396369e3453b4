/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The budget that the newcomers of a zone share. When it is spent, a client that retransmits at
 * the pace of RFC 3261 is admitted.
 */
#ifndef SIPWARD_BPF_RULES_NEWCOMER_H
#define SIPWARD_BPF_RULES_NEWCOMER_H

#include <linux/in.h>

#include "lib/counters.h"
#include "lib/health.h"
#include "rules/limit.h"
#include "rules/penalty.h"
#include "rules/unproven.h"

/* The same for a client that retransmits. */
static __always_inline int zone_admits_backoff(struct packet *p, enum sw_zone_rate rate,
					       const volatile struct sw_limit *limit, __u32 backoff)
{
	__u32 number = p->zone_number;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&zone_cells, &number);

	return !cell || cell_admits_backoff(p, &cell->tat[rate], limit, backoff);
}

/* A share of the budget for all that have a penalty, likewise by backoff. */
static __always_inline int zone_admits_penalised(struct packet *p, __u32 backoff)
{
	const volatile struct sw_limit *budget = &packet_zone(p)->newcomers;
	struct sw_limit share = {.interval = budget->interval * PENALISED_SHARE,
				 .tolerance = budget->tolerance};

	return zone_admits_backoff(p, SW_ZONE_PENALISED, &share, backoff);
}

/* True for senders that are never newcomers: TCP has its handshake, the policy names peers. */
static __always_inline int is_admitted(const struct packet *p)
{
	return !has_newcomers(p) || !p->may_be_spoofed || (p->grade && !penalty_of(p));
}

/* The agent proves the newcomers that it can; one event for each, within a budget, of which a flood
 * that is let in at first sight, or sent again once, spends a part. */
static __always_inline void tell_newcomer(struct packet *p, struct xdp_md *ctx, __u32 backoff)
{
	static const struct sw_limit budget = {
		.interval = SW_NS_PER_SEC / 200,
		.tolerance = SW_NS_PER_SEC,
	};
	struct sw_newcomer *newcomer;

	if (!packet_zone(p)->probe ||
	    !zone_admits_backoff(p, SW_ZONE_PROBES, &budget, backoff ? backoff : 1))
		return;
	newcomer = bpf_ringbuf_reserve(&newcomers, sizeof(*newcomer), 0);
	if (!newcomer)
		return;
	newcomer->addr = p->src;
	newcomer->local = p->dst;
	newcomer->port = p->sport;
	newcomer->local_port = p->dport;
	newcomer->ifindex = ctx->ingress_ifindex;
	newcomer->backoff = backoff;
	bpf_ringbuf_submit(newcomer, 0);
}

/* Within the budget; or seen before, at the pace of a client that got no answer. Those have a
 * budget of their own, or a flood that repeats itself would have none. Global: only
 * newcomers pay for the call, and the verifier walks it once. */
__noinline int admit_newcomer(struct xdp_md *ctx, struct scratch *scratch)
{
	const volatile struct sw_zone *zone;
	struct packet *p;
	__u32 backoff;
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
	backoff = seen_again(scratch, greylist_key(p, scratch));
	if (!backoff) {
		tally(SW_TALLY_GREYLISTED);
		return refuse(p, SW_REASON_GREYLIST);
	}
	/* A client that the budget refuses although it backs off can still answer a probe. */
	if (backoff > 1)
		tell_newcomer(p, ctx, backoff);
	if ((penalty_of(p) && !zone_admits_penalised(p, backoff)) ||
	    !zone_admits_backoff(p, SW_ZONE_AGAIN, &zone->newcomers, backoff))
		return refuse(p, SW_REASON_NEWCOMERS);
	tally(SW_TALLY_AGAIN);
	if (backoff == 1)
		tell_newcomer(p, ctx, backoff);
	return VERDICT_UNDECIDED;
}

/* A method that ends or carries on what is there already: only the whole message tells
 * whether it belongs to something. */
static __always_inline int may_belong(__u8 message)
{
	return message == SW_MESSAGE_RESPONSE ||
	       (message <= SW_MESSAGE_OTHER && (1u << message & SW_METHODS_ALWAYS));
}

#endif
