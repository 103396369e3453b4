/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "refused": a request with credentials of a username that was guessed from its source too
 * often. The agent enters it, from refusals of REGISTERs on established TCP connections, and so it
 * holds for one source and one username, whatever else is behind that address. Three things pass:
 * what is inside a dialog, for it may belong to a call of the user's; an emergency call; and what
 * comes by an endpoint or a connection on which this username registered, since a neighbour may
 * have guessed at it. A request without credentials passes, too: it is answered by a challenge.
 *
 * An account that is guessed at from many sources has a limit for the logins of strangers to it.
 * What passes above passes here, and so does a source on which the username registered.
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

/* Refuses a request, though its content may not drop it: the agent closes the connection. */
static __always_inline enum verdict refuse_request(struct packet *p, enum sw_reason reason)
{
	__u8 may_drop = p->content_may_drop;
	enum verdict v;

	p->content_may_drop = 1;
	v = refuse(p, reason);
	p->content_may_drop = may_drop;
	if (v == VERDICT_DROP && !may_drop)
		p->broke = reason;
	return v;
}

/* Global: few packets come here. A username that is not found is empty, and counted as that. */
__noinline int judge_login(struct scratch *scratch, __u32 offset, __u32 length)
{
	struct sip_span username = {.offset = offset, .length = length};
	struct packet *p;
	__u64 login;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	login = login_token(p, scratch, username);
	if (!is_login_refused(p, login) &&
	    !(has_several_logins(p, scratch) && is_login_refused(p, login ^ SEVERAL_LOGINS)))
		return VERDICT_UNDECIDED;
	return refuse_request(p, SW_REASON_LOGIN_REFUSED);
}

/* --- accounts that are guessed at from many sources --- */

/* A client of this source registered with this username. */
static __always_inline int has_registered(struct packet *p, __u64 login)
{
	const struct sw_authenticated *good;
	struct sw_source source;

	packet_subscriber(p, &source);
	good = bpf_map_lookup_elem(&authenticated, &source);
	return good && good->logins & 1ull << (login & 63);
}

/* The limit that all strangers to the account share. A segment of no connection may not spend it,
 * and where newcomers are probed, nor may a newcomer that has proved nothing yet: a spoofer could.
 */
static __always_inline int account_admits(struct packet *p, struct sw_ban *attacked)
{
	if (!p->grade && (p->is_stream || packet_zone(p)->probe))
		return 0;
	return packet_admits(p, &attacked->spared[SW_ACCOUNT_CELL], &packet_zone(p)->account);
}

/* `several`: the account of all requests with several usernames. A phone may have credentials for
 * two realms: the username is the first of them, and says whether it is one that registered. */
__noinline int judge_account(struct scratch *scratch, __u32 offset, __u32 length, __u32 several)
{
	struct sip_span username = {.offset = offset, .length = length};
	char name[SW_LOGIN_NAME] = SW_SEVERAL_NAMES;
	struct sw_source key;
	struct sw_ban *attacked;
	struct packet *p;
	__u64 login;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	if (!several)
		copy_login(scratch, username, name);
	sw_account_key(&key, token_account(policy.seed, name), p->zone_number);
	attacked = bpf_map_lookup_elem(&bans, &key);
	if (!attacked || attacked->reason != SW_REASON_ACCOUNT_ATTACKED ||
	    attacked->end <= packet_tick(p))
		return VERDICT_UNDECIDED;
	login = login_token(p, scratch, username);
	if (is_owner(p, login) || has_registered(p, login))
		return VERDICT_UNDECIDED;
	if (account_admits(p, attacked))
		return VERDICT_UNDECIDED;
	__sync_fetch_and_add(&attacked->hits, 1);
	return refuse_request(p, SW_REASON_ACCOUNT_ATTACKED);
}

/* Servers choose theirs by the realm: each username that is there is judged. Global, for its stack
 * is not that of the pipeline. */
__noinline int judge_names(struct scratch *scratch)
{
	enum verdict v = VERDICT_UNDECIDED;
	const struct sip_msg *msg;
	int hidden, attacked;
	struct sip_span first;
	struct packet *p;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	msg = &scratch->msg;
	hidden = msg->flags & SIP_LOGINS;
	attacked = packet_zone(p)->account.interval != 0;
	if (hidden || msg->login.length || msg->nonce.length) {
		v = judge_login(scratch, msg->login.offset, msg->login.length);
		if (v == VERDICT_UNDECIDED && attacked)
			v = judge_account(scratch, msg->login.offset, msg->login.length, 0);
	}
	if (v == VERDICT_UNDECIDED &&
	    (hidden || msg->proxy_login.length || msg->proxy_nonce.length)) {
		v = judge_login(scratch, msg->proxy_login.offset, msg->proxy_login.length);
		if (v == VERDICT_UNDECIDED && attacked)
			v = judge_account(scratch, msg->proxy_login.offset, msg->proxy_login.length,
					  0);
	}
	if (v == VERDICT_UNDECIDED && attacked && has_several_logins(p, scratch)) {
		first = msg->login.length ? msg->login : msg->proxy_login;
		v = judge_account(scratch, first.offset, first.length, 1);
	}
	return v;
}

static __always_inline enum verdict stage_refused(struct packet *p)
{
	const struct sip_msg *msg = &packet_scratch(p)->msg;

	if (!is_watched(p, SW_OFFENCE_BIT(AUTH)) || p->message > SW_MESSAGE_OTHER ||
	    p->message == SW_MESSAGE_ACK || p->message == SW_MESSAGE_CANCEL || p->in_dialog ||
	    (1u << (p->message & 31) & SW_METHODS_ALWAYS && msg->flags & SIP_TO_TAG) ||
	    p->emergency ||
	    !(has_credentials(msg) || msg->login.length || msg->proxy_login.length) ||
	    !are_logins_refused(p))
		return VERDICT_UNDECIDED;
	return judge_names(packet_scratch(p));
}

#endif
