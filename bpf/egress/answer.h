/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Resolves attempts: the server's answer tells something about the sender of the request.
 * The packet under work is the one that would come back: its source is where this one goes.
 */
#ifndef SIPWARD_BPF_EGRESS_ANSWER_H
#define SIPWARD_BPF_EGRESS_ANSWER_H

#include "lib/known.h"
#include "lib/offence.h"
#include "lib/zone.h"
#include "rules/attempt.h"
#include "rules/lists.h"

/* A login by one method: the answer to OPTIONS says nothing about a password. */
static __always_inline __u64 refusal_key(const struct sw_attempt *attempt)
{
	return attempt->login ^ attempt->method * 0x9e3779b97f4a7c15ull;
}

/* A 403 to anything but a REGISTER is about the callee, not about the credentials. */
static __always_inline int refuses_credentials(const struct sw_attempt *attempt, __u16 status)
{
	return status == 401 || status == 407 ||
	       (status == 403 && attempt->method == SW_MESSAGE_REGISTER);
}

/* Nobody there (RFC 3261 21.4.5, 21.6.3); to a REGISTER, some say so by 403. 484 is how numbers
 * are dialled digit by digit (RFC 3578). */
static __always_inline int finds_nobody(const struct sip_msg *msg)
{
	return msg->status == 404 || msg->status == 604 ||
	       (msg->status == 403 && msg->cseq_kind == SW_MESSAGE_REGISTER);
}

/* Somebody is there (RFC 3261 21.2, 21.4.18, 21.4.24, 21.6): a challenge says nothing of that. */
static __always_inline int finds_somebody(const struct sip_msg *msg)
{
	return msg->status < 300 || msg->status == 480 || msg->status == 486 ||
	       msg->status == 487 || msg->status == 600 || msg->status == 603;
}

/* Whether the server once took this login with this nonce: by the same method, or to register,
 * which no server allows without asking for the password. Then it has only expired. */
static __always_inline int was_accepted(const struct sw_proof *proof,
					const struct sw_attempt *attempt)
{
	return proof && proof->owner == (__u32)attempt->login &&
	       proof->methods & (SW_MESSAGE_BIT(REGISTER) | 1u << (attempt->method & 15));
}

/* The last refusal of this login, NULL when there is none: then this one is noted, and counts for
 * nothing yet. */
static __always_inline struct sw_refusal *last_refusal(struct packet *p, void *map, __u64 login,
						       const struct sw_attempt *attempt, __u64 key)
{
	struct sw_refusal *last = bpf_map_lookup_elem(map, &login);
	struct sw_refusal fresh = {.nonce = attempt->nonce, .attempt = key};

	if (last)
		return last;
	fresh.at = packet_time(p);
	bpf_map_update_elem(map, &login, &fresh, BPF_ANY);
	return 0;
}

/* A nonce of that age has not expired, and phones answer a challenge sooner. */
#define NONCE_FRESH SW_NS_PER_SEC

static __always_inline void describe_attempt(struct scratch *scratch,
					     const struct sw_attempt *attempt)
{
	scratch->told.login = attempt->login;
	__builtin_memcpy(scratch->told.name, attempt->name, sizeof(scratch->told.name));
	scratch->told.first = SW_FIRST_NOT;
}

/* It may be an old nonce. But one of many usernames that are refused from one source is told: the
 * agent looks later whether the server has taken it since. */
static __always_inline int tell_first(struct scratch *scratch, const struct sw_attempt *attempt,
				      __u64 login, int proved)
{
	__u64 nonce = attempt->nonce;

	if (was_accepted(bpf_map_lookup_elem(&proofs, &nonce), attempt))
		return 0;
	scratch->told.first = attempt->issued && attempt->at - attempt->issued < NONCE_FRESH ?
				      SW_FIRST_FRESH :
				      SW_FIRST_STALE;
	return tell_offence(scratch, login, SW_OFFENCE_AUTH, proved, 0);
}

/* The user's own endpoint sends no wrong password. */
static __always_inline void disown(const struct sw_attempt *attempt)
{
	__u64 key = sw_owner_key(attempt->login, attempt->port, attempt->flags & SW_ATTEMPT_PROVED);

	bpf_map_delete_elem(&owners, &key);
}

/* A client sends the same again over UDP: T1 after the first, then later and later, ten times at
 * most (RFC 3261 17.1.2.2). Any other request with the same branch is another guess. */
#define REPEATS_MAX 10
#define REPEAT_TIME (400 * SW_NS_PER_SEC / 1000)

static __always_inline int is_retransmission(struct sw_refusal *last, __u64 key, int proved,
					     __u64 now)
{
	if (proved || last->attempt != key || last->repeats >= REPEATS_MAX ||
	    now - last->at < (last->repeats + 1) * REPEAT_TIME)
		return 0;
	last->repeats++;
	return 1;
}

/* A phone tries an accepted nonce, when it has expired, once for each thing that it asks for. From
 * elsewhere than the user's own endpoint a neighbour may guess with it: some servers give the same
 * one to all in a second. */
#define EXCUSES_MAX 2

static __always_inline int has_expired(struct sw_proof *proof, const struct sw_attempt *attempt,
				       int proved)
{
	__u64 key = sw_owner_key(attempt->login, attempt->port, attempt->flags & SW_ATTEMPT_PROVED);

	if (!was_accepted(proof, attempt) ||
	    (proved && proof->excused >= EXCUSES_MAX && !bpf_map_lookup_elem(&owners, &key)))
		return 0;
	if (proved && proof->excused < EXCUSES_MAX)
		proof->excused++;
	return 1;
}

/* Nonces that are neither of these may be old ones, which somebody fetched to use them in turns. */
#define DOUBTS_MAX 2

static __always_inline int is_in_doubt(struct sw_refusal *last)
{
	if (last->doubts >= DOUBTS_MAX)
		return 0;
	last->doubts++;
	return 1;
}

/* Credentials were refused. That is a failure when their nonce was sent after the refusal before
 * (nonces expire, and phones try the old one first), or when it was refused already and never
 * accepted since it was sent. A nonce that was never sent to this address is none of its own. */
__noinline int note_refused(struct scratch *scratch, struct sw_attempt *attempt, __u64 key)
{
	struct sw_refusal *last;
	struct sw_proof *proof;
	int again, reused, proved, unseen;
	__u64 login, nonce; /* on the stack: 6.1 looks nothing up by what a function was handed */
	__u64 now;

	if (!scratch || !attempt)
		return 0;
	login = refusal_key(attempt);
	describe_attempt(scratch, attempt);
	/* Any other request may have been refused by a phone that a proxy asked. */
	proved = attempt->flags & SW_ATTEMPT_PROVED && attempt->method == SW_MESSAGE_REGISTER;
	if (!proved && !attempt->issued)
		return tell_offence(scratch, login, SW_OFFENCE_AUTH, 0, 0);
	if (proved)
		last = last_refusal(&scratch->packet, &refusals, login, attempt, key);
	else
		last = last_refusal(&scratch->packet, &unproven_refusals, login, attempt, key);
	if (!last)
		return tell_first(scratch, attempt, login, proved);
	now = packet_time(&scratch->packet);
	if (is_retransmission(last, key, proved, now))
		return 0;
	again = (__s64)(attempt->issued - last->at) >= 0;
	reused = attempt->nonce == last->nonce && attempt->issued > policy.compiled;
	last->at = now;
	last->nonce = attempt->nonce;
	last->attempt = key;
	last->repeats = 0;
	nonce = attempt->nonce;
	proof = bpf_map_lookup_elem(&proofs, &nonce);
	/* A nonce that nobody saw leave, by TLS for example: an old one is tried once. */
	unseen = proved && !attempt->issued;
	if (has_expired(proof, attempt, proved) ||
	    (!(again || reused || unseen) && is_in_doubt(last)))
		return 0;
	last->failures++;
	disown(attempt);
	return tell_offence(scratch, login, SW_OFFENCE_AUTH, proved, last->failures);
}

/* The entry of the packet's source, made when it is new. NULL when there is no room: then it
 * counts as one that the server never served. */
static __always_inline struct sw_authenticated *find_good(struct packet *p)
{
	static const struct sw_authenticated fresh;
	struct sw_source source;
	struct sw_authenticated *good;

	packet_subscriber(p, &source);
	good = bpf_map_lookup_elem(&authenticated, &source);
	if (!good) {
		bpf_map_update_elem(&authenticated, &source, &fresh, BPF_NOEXIST);
		good = bpf_map_lookup_elem(&authenticated, &source);
	}
	if (!good)
		tally(SW_TALLY_AUTHENTICATED_FULL);
	return good;
}

static __always_inline void make_good(const struct packet *p, const struct sw_attempt *attempt)
{
	struct sw_source key = {
		.addr = p->src, .port = attempt->port, .length = p->ipv6 ? 128 : 32};
	struct sw_known *entry = bpf_map_lookup_elem(&known, &key);

	if (entry && attempt->flags & SW_ATTEMPT_KNOWN)
		entry->grade = SW_GRADE_GOOD;
}

/* The endpoint or connection is the user's from here on. Only a REGISTER shows that: the answer to
 * a call may be written by the callee, since a proxy relays a challenge and a success alike. */
static __always_inline void note_owner(struct packet *p, const struct sw_attempt *attempt)
{
	__u64 key = sw_owner_key(attempt->login, attempt->port, attempt->flags & SW_ATTEMPT_PROVED);
	__u64 now = packet_time(p);

	if (attempt->method == SW_MESSAGE_REGISTER && attempt->login &&
	    !(attempt->flags & SW_ATTEMPT_MANY))
		bpf_map_update_elem(&owners, &key, &now, BPF_ANY);
}

/* The server took it. Only a REGISTER shows that the password was right: a call may be free for
 * all, whatever credentials it carries. One that answers a challenge says that its user is there,
 * which spares the address a ban, and nothing else: no username is spared for it. Nor for what had
 * several credentials. */
__noinline int note_served(struct scratch *scratch, struct sw_attempt *attempt)
{
	struct sw_authenticated *good = 0;
	struct sw_proof *proof;
	struct packet *p;
	__u64 login, nonce; /* on the stack: 6.1 looks nothing up by what a function was handed */

	if (!scratch || !attempt)
		return 0;
	p = &scratch->packet;
	if (attempt->login && !(attempt->flags & SW_ATTEMPT_MANY)) {
		login = refusal_key(attempt);
		bpf_map_delete_elem(&refusals, &login);
		bpf_map_delete_elem(&unproven_refusals, &login);
		nonce = attempt->nonce;
		proof = bpf_map_lookup_elem(&proofs, &nonce);
		if (proof && !same_addr(&proof->addr, &p->src))
			proof = 0; /* another address got the same nonce */
		if (proof && proof->owner != (__u32)attempt->login) {
			proof->owner = attempt->login;
			proof->methods = 0;
			proof->excused = 0;
		}
		if (proof)
			proof->methods |= 1u << (attempt->method & 15);
	}
	if (!(attempt->flags & (SW_ATTEMPT_KNOWN | SW_ATTEMPT_PROVED)))
		return 0;
	note_owner(p, attempt);
	if (attempt->method == SW_MESSAGE_INVITE ?
		    attempt->flags & SW_ATTEMPT_KNOWN :
		    attempt->method == SW_MESSAGE_REGISTER && attempt->login) {
		make_good(p, attempt);
		good = find_good(p);
	}
	if (!good)
		return 0;
	good->seen = packet_time(p);
	if (attempt->method == SW_MESSAGE_REGISTER)
		good->logins |= 1ull << (attempt->login & 63);
	else if (attempt->login && attempt->issued)
		good->called |= 1ull << (attempt->login & 63);
	return 0;
}

/* Keeps the balance of a source that the server serves: the few wrong numbers of many calls are
 * no enumeration. */
static __always_inline void note_found(struct packet *p, int found)
{
	struct sw_source source;
	struct sw_authenticated *good;
	__u64 now = packet_time(p);

	packet_subscriber(p, &source);
	good = bpf_map_lookup_elem(&authenticated, &source);
	if (!good)
		return;
	if ((__s64)(now - good->from) >= (__s64)SW_FOUND_WINDOW) {
		good->before = now - good->from < 2 * SW_FOUND_WINDOW ? good->found : 0;
		good->found = 0;
		good->from = now;
	}
	if (found)
		good->found++;
	else if (good->found)
		good->found--;
	else if (good->before)
		good->before--;
}

/* Nobody is there. An ACK of that answer would prove nothing: a proxy relays the tags of phones. */
static __always_inline void note_nobody(struct scratch *scratch, const struct sw_attempt *attempt)
{
	struct sip_span none = {};
	__u64 user = attempt ? attempt->user :
			       token_of(policy.seed, TOKEN_USER, &scratch->buf,
					scratch->msg.to.user, none);

	tell_offence(scratch, user, SW_OFFENCE_ENUMERATION,
		     attempt && attempt->flags & SW_ATTEMPT_PROVED, 0);
}

/* A final answer leaves. */
__noinline int judge_answer(struct scratch *scratch)
{
	struct sw_attempt *attempt;
	const struct sip_msg *msg;
	struct packet *p;
	__u64 key;

	if (!scratch)
		return 0;
	p = &scratch->packet;
	msg = &scratch->msg;
	find_zone(p);
	judge_lists(p);
	if (!is_watched(p, SW_OFFENCE_BIT(AUTH) | SW_OFFENCE_BIT(ENUMERATION)))
		return 0;
	key = attempt_key(p, scratch);
	attempt = bpf_map_lookup_elem(&attempts, &key);
	if (attempt && (packet_time(p) - attempt->at > SW_ATTEMPT_LIFE ||
			(attempt->cseq != msg->cseq_kind && attempt->cseq != SW_MESSAGE_OTHER)))
		attempt = 0;
	if (attempt && attempt->login && refuses_credentials(attempt, msg->status) &&
	    is_watched(p, SW_OFFENCE_BIT(AUTH)))
		note_refused(scratch, attempt, key);
	if (attempt && msg->status < 300)
		note_served(scratch, attempt);
	/* Only of what came on a connection: anybody could move the balance of another. */
	if (attempt && attempt->flags & SW_ATTEMPT_PROVED &&
	    (finds_nobody(msg) || finds_somebody(msg)))
		note_found(p, !finds_nobody(msg));
	if (finds_nobody(msg) && is_watched(p, SW_OFFENCE_BIT(ENUMERATION)))
		note_nobody(scratch, attempt);
	/* The success of one of two with the same branch: the other one is still to be answered. */
	if (attempt && !(attempt->flags & SW_ATTEMPT_MANY && msg->status < 300))
		bpf_map_delete_elem(&attempts, &key);
	return 0;
}

#endif
