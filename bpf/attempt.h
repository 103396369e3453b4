/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "attempt": notes requests whose answer will tell something of their sender: logins, and
 * who is asked for by those that the server never served. The observer resolves them (answer.h).
 *
 * A request is evidence only when it fits an established TCP connection; or, where the policy says
 * that the server gives each address a nonce of its own, when it carries the nonce of a challenge
 * to a REGISTER from this address. A challenge to anything else may come from a phone behind the
 * server. That an endpoint is known is not enough: its port and TTL can be guessed. All else is a
 * hint, which earns a penalty at most.
 */
#ifndef SIPWARD_BPF_ATTEMPT_H
#define SIPWARD_BPF_ATTEMPT_H

#include "offence.h"
#include "observer.h"

/* Whose credentials: of the one header that is there, Authorization before the other. */
static __always_inline __u64 login_token(const struct packet *p, const struct scratch *scratch)
{
	return token_at(policy.seed, TOKEN_LOGIN, &p->src, &scratch->buf,
			credentials_login(&scratch->msg));
}

/* Who is asked for: the Request-URI decides, but for a REGISTER, where To does. Both, so that
 * none of them can stand still. */
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
	struct sip_span none = {};
	struct sw_proof *sent;
	__u64 key; /* on the stack: 6.1 looks nothing up by what a function was handed */

	attempt->login = login_token(p, scratch);
	attempt->nonce = token_of(policy.seed, TOKEN_NONCE, &scratch->buf, nonce, none);
	key = attempt->nonce;
	if (p->protocol == IPPROTO_UDP)
		sent = sent_to_source(p, &proofs, key);
	else
		sent = bpf_map_lookup_elem(&proofs, &key);
	if (!sent)
		return;
	attempt->issued = sent->expires - PROOF_LIFE;
	if (sent->proves && nonces_prove(p))
		attempt->flags |= SW_ATTEMPT_PROVED;
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
	if (!nonce.length && (p->in_dialog || p->grade == SW_GRADE_GOOD))
		return 0;
	key = attempt_key(p, scratch);
	if (key == TOKEN_NONE)
		return 0;
	if (nonce.length)
		note_credentials(p, scratch, nonce, &attempt);
	attempt.user = user_token(scratch);
	attempt.at = packet_time(p);
	attempt.port = bpf_htons(p->sport);
	attempt.method = p->message;
	if (p->protocol == IPPROTO_TCP) /* it fits an established connection: stage_attempt() */
		attempt.flags |= SW_ATTEMPT_PROVED;
	if (p->grade)
		attempt.flags |= SW_ATTEMPT_KNOWN;
	bpf_map_update_elem(&attempts, &key, &attempt, BPF_ANY);
	return 0;
}

/* What sanity is about to refuse. It is evidence when it carries a proof, as all else; on TCP, when
 * it fits an established connection, and what does not is nobody's. */
__noinline int note_violation(struct scratch *scratch)
{
	if (!scratch)
		return 0;
	if (!scratch->packet.proved)
		find_proof(scratch);
	tell_offence(scratch, 0, SW_OFFENCE_SANITY, scratch->packet.proved, 0);
	return 0;
}

/* The checks that are counted only, as a mask of struct packet.found. */
static __always_inline __u64 sanity_in_shadow(void)
{
	const __u32 word = SW_SANITY_FIRST / 64, bit = SW_SANITY_FIRST % 64;

	return policy.shadow[word] >> bit | (bit ? policy.shadow[word + 1] << (64 - bit) : 0);
}

static __always_inline enum verdict stage_violation(struct packet *p)
{
	if (is_watched(p, SW_OFFENCE_BIT(SANITY)) && (p->protocol == IPPROTO_UDP || p->proved) &&
	    p->found & packet_zone(p)->sanity & ~SW_SANITY_BIT(START_LINE) & ~sanity_in_shadow())
		note_violation(packet_scratch(p));
	return VERDICT_UNDECIDED;
}

/* A challenge to it will carry a nonce for this address. */
__noinline int note_register(struct scratch *scratch)
{
	struct sip_span none = {};
	struct packet *p;

	if (!scratch)
		return 0;
	p = &scratch->packet;
	bind_token(&registers,
		   token_of(policy.seed, TOKEN_REGISTER, &scratch->buf, scratch->msg.via_branch,
			    none), &p->src, 0, packet_time(p), SW_ATTEMPT_LIFE);
	return 0;
}

static __always_inline enum verdict stage_attempt(struct packet *p)
{
	if (policy.nonces_prove && p->protocol == IPPROTO_UDP &&
	    p->message == SW_MESSAGE_REGISTER)
		note_register(packet_scratch(p));
	if (!is_watched(p, SW_OFFENCE_BIT(AUTH) | SW_OFFENCE_BIT(ENUMERATION)) ||
	    (p->protocol != IPPROTO_UDP && !p->proved) || p->message > SW_MESSAGE_OTHER ||
	    p->message == SW_MESSAGE_ACK) /* nothing answers it */
		return VERDICT_UNDECIDED;
	note_attempt(packet_scratch(p));
	return VERDICT_UNDECIDED;
}

#endif
