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

/* A request with credentials of several users: which of them the server takes is not known. Its
 * failures are counted apart, under the first name, and its success says nothing of any. Else a
 * guesser puts the name of an account of his own beside the one that he guesses at. */
#define SEVERAL_LOGINS 0x9e3779b97f4a7c15ull

/* A username at a source, as bans count it: the addresses of one /64 are one. */
static __always_inline __u64 login_token(const struct packet *p, const struct scratch *scratch,
					 struct sip_span username)
{
	struct sw_source source;

	packet_subscriber(p, &source);
	return token_at(policy.seed, TOKEN_LOGIN, &source.addr, &scratch->buf, username);
}

/* A user may have the same name for a proxy and for the registrar. */
static __always_inline int has_several_logins(const struct packet *p, const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;
	__u32 both = SIP_PRESENT(AUTHORIZATION) | SIP_PRESENT(PROXY_AUTHORIZATION);

	return msg->flags & SIP_LOGINS ||
	       ((msg->present & both) == both &&
		login_token(p, scratch, msg->login) != login_token(p, scratch, msg->proxy_login));
}

/* As much of the username as has room, and NULs behind it: to be shown, and the name of an account
 * (token_account). */
static __always_inline void copy_login(const struct scratch *scratch, struct sip_span username,
				       char name[SW_LOGIN_NAME])
{
	__u32 length = username.length < SW_LOGIN_NAME ? username.length : SW_LOGIN_NAME;
	__u64 word;

	for (__u32 i = 0; i < SW_LOGIN_NAME; i += 8) {
		word = length > i ? sip_load(&scratch->buf, username.offset + i) : 0;
		if (length < i + 8)
			word &= (1ull << 8 * (length & 7)) - 1;
		__builtin_memcpy(name + i, &word, sizeof(word));
	}
}

#endif
