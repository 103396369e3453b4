/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "guard": the rules that remember what came before. Each is in a header of its own, and
 * none is there when no zone of the policy uses it. No emergency call is ever refused here.
 */
#ifndef SIPWARD_BPF_STAGES_GUARD_H
#define SIPWARD_BPF_STAGES_GUARD_H

#include "rules/emergency.h"
#include "rules/fraud.h"
#include "rules/leak.h"
#include "rules/loop.h"
#include "rules/teardown.h"

#define GUARD(rule) (policy.guards & rules & SW_GUARD_##rule)

/* Global, so that the verifier walks it once. The one that writes nothing when it refuses
 * comes last: what another refused was no call. */
__noinline int judge_guard(struct scratch *scratch)
{
	enum verdict v = VERDICT_UNDECIDED;
	const struct sip_msg *msg;
	struct packet *p;
	__u32 rules;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	msg = &scratch->msg;
	rules = packet_zone(p)->guard.rules;
	if (is_emergency_call(scratch))
		return VERDICT_UNDECIDED;
	scratch->content.spared = 0;
	if (GUARD(DIGEST_LEAK) && may_leak(p, msg))
		return judge_leak(scratch);
	if (GUARD(TEARDOWN) && may_tear(p, msg))
		v = judge_teardown(scratch);
	if (GUARD(LOOP) && v == VERDICT_UNDECIDED && may_loop(p))
		v = judge_loop(scratch);
	if (GUARD(FRAUD) && v == VERDICT_UNDECIDED && p->message == SW_MESSAGE_INVITE &&
	    !p->in_dialog)
		v = judge_fraud(scratch);
	return v;
}

static __always_inline enum verdict stage_guard(struct packet *p)
{
	if (!policy.guards || !packet_zone(p)->guard.rules || p->message > SW_MESSAGE_RESPONSE)
		return VERDICT_UNDECIDED;
	return judge_guard(packet_scratch(p));
}

#endif
