/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The key of an attempt: the same for a request, which stage "attempt" notes, and for its answer,
 * which the observer reads (egress/answer.h).
 */
#ifndef SIPWARD_BPF_RULES_ATTEMPT_H
#define SIPWARD_BPF_RULES_ATTEMPT_H

#include "lib/packet.h"
#include "lib/token.h"

/* The request's source and its branch, which the answer has too. */
static __always_inline __u64 attempt_key(const struct packet *p, const struct scratch *scratch)
{
	struct sip_span branch = scratch->msg.via_branch;

	return branch.length ?
		       token_at(policy.seed, TOKEN_ATTEMPT, &p->src, &scratch->buf, branch) :
		       TOKEN_NONE;
}

#endif
