/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The action of a content rule. Never more than a count where a refusal would
 * end a good call or keep an emergency call out.
 */
#ifndef SIPWARD_BPF_RULES_RULE_H
#define SIPWARD_BPF_RULES_RULE_H

#include "lib/packet.h"

/* Counted under its reason as in monitor mode, told of, and passed on. */
static __always_inline void report(struct packet *p, enum sw_reason reason)
{
	if (p->shadow_count < SHADOWS_MAX)
		p->shadows |= (__u32)reason << 8 * p->shadow_count++;
}

static __always_inline enum verdict act(struct packet *p, enum sw_action action,
					enum sw_reason reason)
{
	if (action == SW_ACTION_PASS)
		return VERDICT_UNDECIDED;
	if (action == SW_ACTION_DENY && !p->in_dialog && !packet_scratch(p)->content.spared)
		return refuse(p, reason);
	report(p, reason);
	return VERDICT_UNDECIDED;
}

/* The sterner of what two masks say of one bit. */
static __always_inline enum sw_action action_of(__u32 report, __u32 deny, __u32 bit)
{
	return deny & bit ? SW_ACTION_DENY : report & bit ? SW_ACTION_REPORT : SW_ACTION_PASS;
}

#endif
