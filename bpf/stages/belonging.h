/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "belonging": admits a newcomer's message that goes on with something, which only the whole
 * message tells. Any other message asks for the budget of newcomers.
 */
#ifndef SIPWARD_BPF_STAGES_BELONGING_H
#define SIPWARD_BPF_STAGES_BELONGING_H

#include "lib/known.h"
#include "lib/token.h"
#include "rules/newcomer.h"

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

static __always_inline enum verdict stage_belonging(struct packet *p, struct xdp_md *ctx)
{
	if (is_admitted(p) || p->grade || p->asked || !may_belong(p->message) ||
	    goes_on_with(ctx, packet_scratch(p)))
		return VERDICT_UNDECIDED;
	return admit_newcomer(ctx, packet_scratch(p));
}

#endif
