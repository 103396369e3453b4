/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "content": the rules of a zone about what its messages say. Each family has a header
 * of its own, and none is there when no zone of the policy uses it.
 */
#ifndef SIPWARD_BPF_STAGES_CONTENT_H
#define SIPWARD_BPF_STAGES_CONTENT_H

#include "rules/emergency.h"
#include "rules/headers.h"
#include "rules/injection.h"
#include "rules/number.h"
#include "rules/routing.h"
#include "rules/rule.h"
#include "rules/signature.h"

#define CONTENT(family) (policy.content & rules & SW_CONTENT_##family)

/* One rule after the other, until one decides. */
#define RULE(family, judge, ...)                               \
	do {                                                   \
		if (CONTENT(family) && v == VERDICT_UNDECIDED) \
			v = judge(__VA_ARGS__);                \
	} while (0)

/* Global: the verifier walks it once, whatever the stages before it found. */
__noinline int judge_content(struct scratch *scratch)
{
	enum verdict v = VERDICT_UNDECIDED;
	const struct sip_msg *msg;
	struct packet *p;
	__u32 rules;

	if (!scratch || !policy.content)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	msg = &scratch->msg;
	rules = packet_zone(p)->content.rules;
	scratch->content.spared = is_for_emergency(scratch);
	RULE(AGENTS, judge_agent, scratch);
	RULE(STRUCTURE, judge_structure, scratch);
	RULE(HEADERS, judge_headers, p, scratch);
	RULE(STATUSES, judge_status, p, msg);
	RULE(TYPES, judge_type, p, scratch);
	RULE(INJECTION, judge_injection, scratch);
	RULE(ROUTING, judge_routing, scratch);
	RULE(CALLER, judge_caller, scratch);
	RULE(CALLEE, judge_callee, scratch);
	return v;
}

/* Behind sanity: what is judged here has a header section that can be read. */
static __always_inline enum verdict stage_content(struct packet *p)
{
	if (!policy.content || !packet_zone(p)->content.rules || p->message > SW_MESSAGE_RESPONSE)
		return VERDICT_UNDECIDED;
	return judge_content(packet_scratch(p));
}

#endif
