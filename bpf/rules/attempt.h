/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The key of an attempt: the same for a request, which stage "attempt" notes, and for its answer,
 * which the observer reads (egress/answer.h). And the token of a username, by which failures are
 * counted and the username is refused (stages/refused.h).
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

/* A username at a source, as bans count it: the addresses of one /64 are one. */
static __always_inline __u64 login_token(const struct packet *p, const struct scratch *scratch,
					 struct sip_span username)
{
	struct sw_source source;

	packet_subscriber(p, &source);
	return token_at(policy.seed, TOKEN_LOGIN, &source.addr, &scratch->buf, username);
}

#endif
