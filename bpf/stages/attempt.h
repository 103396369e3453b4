/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "attempt": notes requests whose answer will tell something of their sender: logins, and
 * who is asked for by those that the server never served. The observer resolves them
 * (egress/answer.h).
 *
 * A request is evidence only when it fits an established TCP connection. Over UDP it is a hint,
 * which earns a penalty at most: that an endpoint is known is not enough, its port and TTL can be
 * guessed; and a nonce that was sent to its address may be known to others.
 */
#ifndef SIPWARD_BPF_STAGES_ATTEMPT_H
#define SIPWARD_BPF_STAGES_ATTEMPT_H

#include <linux/in.h>

#include "lib/known.h"
#include "lib/offence.h"
#include "rules/attempt.h"
#include "sip/sip_credentials.h"

/* The user that is asked for: the Request-URI decides, but for a REGISTER, where To does. Both, so
 * that none of them can stand still. */
static __always_inline __u64 user_token(const struct scratch *scratch)
{
	struct token t;

	token_start(&t, policy.seed, TOKEN_USER);
	token_some(&t, &scratch->buf, scratch->msg.uri_user);
	token_some(&t, &scratch->buf, scratch->msg.to.user);
	return token_end(&t);
}

static __always_inline void note_credentials(struct packet *p, const struct scratch *scratch,
					     struct sip_span nonce, struct sw_attempt *attempt)
{
	/* Of the one header that is there, Authorization before the other. */
	struct sip_span none = {}, username = credentials_login(&scratch->msg);
	struct sw_proof *sent;
	__u64 key; /* on the stack: 6.1 looks nothing up by what a function was handed */

	attempt->login = login_token(p, scratch, username);
	if (has_several_logins(p, scratch)) {
		attempt->login ^= SEVERAL_LOGINS;
		attempt->flags |= SW_ATTEMPT_MANY;
		__builtin_memcpy(attempt->name, SW_SEVERAL_NAMES, sizeof(SW_SEVERAL_NAMES));
	} else {
		copy_login(scratch, username, attempt->name);
	}
	attempt->nonce = token_of(policy.seed, TOKEN_NONCE, &scratch->buf, nonce, none);
	key = attempt->nonce;
	if (p->may_be_spoofed)
		sent = sent_to_source(p, &proofs, key);
	else
		sent = bpf_map_lookup_elem(&proofs, &key);
	if (!sent)
		return;
	attempt->issued = sent->expires - PROOF_LIFE;
}

/* The answer repeats CSeq and branch. Where CSeq names another method, and where a request with
 * this branch waits for its answer, that may be the answer to something else. */
static __always_inline void note_answer(const struct packet *p, const struct scratch *scratch,
					const struct sw_attempt *waits, struct sw_attempt *attempt)
{
	attempt->cseq = p->message;
	if (scratch->msg.violations & SW_SANITY_BIT(CSEQ_METHOD)) {
		attempt->cseq = scratch->msg.cseq_kind;
		attempt->flags |= SW_ATTEMPT_MANY;
	}
	if (waits && waits->login != attempt->login && attempt->at - waits->at < SW_ATTEMPT_LIFE)
		attempt->flags |= SW_ATTEMPT_MANY;
}

__noinline int note_attempt(struct scratch *scratch)
{
	struct sw_attempt attempt = {};
	struct sip_span nonce;
	struct packet *p;
	__u64 key;

	if (!scratch)
		return 0;
	p = &scratch->packet;
	nonce = credentials_nonce(&scratch->msg);
	/* Those whom the server serves are watched when they log in; within a dialog nobody is
	 * asked for. */
	if (!has_credentials(&scratch->msg) && (p->in_dialog || p->grade == SW_GRADE_GOOD))
		return 0;
	key = attempt_key(p, scratch);
	if (key == TOKEN_NONE)
		return 0;
	if (has_credentials(&scratch->msg))
		note_credentials(p, scratch, nonce, &attempt);
	attempt.user = user_token(scratch);
	attempt.at = packet_time(p);
	attempt.port = bpf_htons(p->sport);
	attempt.method = p->message;
	note_answer(p, scratch, bpf_map_lookup_elem(&attempts, &key), &attempt);
	if (!p->may_be_spoofed) /* it fits an established connection: stage_attempt() */
		attempt.flags |= SW_ATTEMPT_PROVED;
	if (p->grade)
		attempt.flags |= SW_ATTEMPT_KNOWN;
	bpf_map_update_elem(&attempts, &key, &attempt, BPF_ANY);
	return 0;
}

static __always_inline enum verdict stage_attempt(struct packet *p)
{
	if (!is_watched(p, SW_OFFENCE_BIT(AUTH) | SW_OFFENCE_BIT(ENUMERATION)) ||
	    (p->is_stream && !p->proved) || p->message > SW_MESSAGE_OTHER ||
	    p->message == SW_MESSAGE_ACK) /* nothing answers it */
		return VERDICT_UNDECIDED;
	note_attempt(packet_scratch(p));
	return VERDICT_UNDECIDED;
}

#endif
