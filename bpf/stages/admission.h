/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "admission": a known endpoint goes on. Newcomers share a budget; when it is spent, a
 * client that retransmits is admitted (rules/newcomer.h).
 *
 * It runs behind the start line and the top Via, so that a flood costs no more than that. Stage
 * "belonging" judges what can only be told from the whole message.
 */
#ifndef SIPWARD_BPF_STAGES_ADMISSION_H
#define SIPWARD_BPF_STAGES_ADMISSION_H

#include <linux/in.h>

#include "rules/limit.h"
#include "rules/newcomer.h"
#include "rules/unproven.h"

/* Why a request would be refused if it is outside a dialog: what limits debit later is only looked
 * at, narrow before wide. SW_REASON_NONE: it would not. */
static __always_inline enum sw_reason outside_spent(struct packet *p, const struct sw_cells *cells)
{
	enum sw_rate rate = sw_method_rate(p->message);

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
	if (!p->may_be_spoofed || p->emergency || (p->grade && !penalty_of(p)))
		return VERDICT_UNDECIDED;
	if (is_admitted(p))
		return p->early || may_belong(p->message) ? judge_unproven(packet_scratch(p)) :
							    VERDICT_UNDECIDED;
	/* Above the ceiling it is not worth to be read in full, and may come again. */
	if (may_belong(p->message))
		return p->grade || ceiling_admits(p, unproven_class(p->message)) ?
			       VERDICT_UNDECIDED :
			       admit_newcomer(ctx, packet_scratch(p));
	return admit_newcomer(ctx, packet_scratch(p));
}

#endif
