/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "refused": a request with credentials of a username that was guessed from its source too
 * often. The agent enters it, from refusals of REGISTERs on established TCP connections, and so it
 * holds for one source and one username, whatever else is behind that address. Three things pass:
 * what is inside a dialog, for it may belong to a call of the user's; an emergency call; and what
 * comes by an endpoint or a connection on which this username registered, since a neighbour may
 * have guessed at it. A request without credentials passes, too: it is answered by a challenge.
 *
 * On TCP the segment is dropped, and the agent closes the connection: what else shares it is on a
 * new one at once, and does not wait for a segment that never passes.
 */
#ifndef SIPWARD_BPF_STAGES_REFUSED_H
#define SIPWARD_BPF_STAGES_REFUSED_H

#include <linux/in.h>

#include "lib/offence.h"
#include "rules/attempt.h"
#include "sip/sip_credentials.h"

/* So long after its last REGISTER an endpoint is the user's. */
#define OWNER_LIFE (4 * 3600 * SW_NS_PER_SEC)

/* Whether anything is refused to anybody: else nothing is hashed. */
static __always_inline int are_logins_refused(struct packet *p)
{
	__u32 zero = 0;
	const struct sw_health *state = bpf_map_lookup_elem(&health, &zero);

	return state && state->refused_until > packet_tick(p);
}

static __always_inline int is_owner(struct packet *p, __u64 login)
{
	__u64 key = sw_owner_key(login, bpf_htons(p->sport), p->is_stream);
	const __u64 *seen;

	if (!p->grade)
		return 0;
	seen = bpf_map_lookup_elem(&owners, &key);
	return seen && *seen + OWNER_LIFE > packet_tick(p);
}

/* Whether this login is refused to the packet's source, and counts it there. */
static __always_inline int is_login_refused(struct packet *p, __u64 login)
{
	struct sw_source source;
	struct sw_ban *refused;

	packet_subscriber(p, &source);
	sw_login_key(&source, login);
	refused = bpf_map_lookup_elem(&bans, &source);
	if (!refused || refused->reason != SW_REASON_LOGIN_REFUSED ||
	    refused->end <= packet_tick(p) || is_owner(p, login))
		return 0;
	__sync_fetch_and_add(&refused->hits, 1);
	return 1;
}

/* Global: few packets come here. A username that is not found is empty, and counted as that. */
__noinline int judge_login(struct scratch *scratch, __u32 offset, __u32 length)
{
	struct sip_span username = {.offset = offset, .length = length};
	enum verdict v;
	struct packet *p;
	__u64 login;
	__u8 may_drop;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	login = login_token(p, scratch, username);
	if (!is_login_refused(p, login) &&
	    !(has_several_logins(p, scratch) && is_login_refused(p, login ^ SEVERAL_LOGINS)))
		return VERDICT_UNDECIDED;
	may_drop = p->content_may_drop;
	p->content_may_drop = 1;
	v = refuse(p, SW_REASON_LOGIN_REFUSED);
	p->content_may_drop = may_drop;
	if (v == VERDICT_DROP && !may_drop)
		p->broke = SW_REASON_LOGIN_REFUSED;
	return v;
}

static __always_inline enum verdict stage_refused(struct packet *p)
{
	const struct scratch *scratch = packet_scratch(p);
	const struct sip_msg *msg = &scratch->msg;
	enum verdict v = VERDICT_UNDECIDED;
	int hidden = msg->flags & SIP_LOGINS;

	if (!is_watched(p, SW_OFFENCE_BIT(AUTH)) || p->message > SW_MESSAGE_OTHER ||
	    1u << (p->message & 31) & SW_METHODS_ALWAYS || p->in_dialog || p->emergency ||
	    !(has_credentials(msg) || msg->login.length || msg->proxy_login.length) ||
	    !are_logins_refused(p))
		return VERDICT_UNDECIDED;
	/* Servers choose theirs by the realm. */
	if (hidden || msg->login.length || msg->nonce.length)
		v = judge_login(packet_scratch(p), msg->login.offset, msg->login.length);
	if (v == VERDICT_UNDECIDED &&
	    (hidden || msg->proxy_login.length || msg->proxy_nonce.length))
		v = judge_login(packet_scratch(p), msg->proxy_login.offset,
				msg->proxy_login.length);
	return v;
}

#endif
