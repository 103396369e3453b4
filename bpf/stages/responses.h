/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "responses": a zone may want none that nobody asked for. A response is known by the branch
 * of the request that the server sent, never by where it comes from: a call forks, a next hop
 * answers from another of its addresses, and the 2xx comes again until the ACK does.
 *
 * Over UDP only: branches that leave by TCP are not noted, for there nothing would be dropped.
 */
#ifndef SIPWARD_BPF_STAGES_RESPONSES_H
#define SIPWARD_BPF_STAGES_RESPONSES_H

#include "lib/health.h"
#include "lib/known.h"
#include "lib/packet.h"
#include "lib/token.h"

/* A server of RFC 2543 gives no branch: while one of those is about, none is asked for. */
static __always_inline int server_is_nameless(struct packet *p)
{
	__u32 zero = 0;
	const struct sw_observed *server = bpf_map_lookup_elem(&observed, &zero);

	return server && server->nameless &&
	       (__s64)(packet_time(p) - server->nameless) < (__s64)SW_BRANCH_LIFE;
}

/* A phone that rings has said so, and may ring on (RFC 3261 16.7, step 2: Timer C begins anew). */
static __always_inline void rings(struct packet *p, struct sw_proof *branch)
{
	__u64 until = packet_time(p) + SW_RINGS_FOR;

	if ((__s64)(until - branch->expires) > (__s64)SW_NS_PER_SEC)
		branch->expires = until;
}

/* Global: only responses of zones that ask pay for the call, and policies without one of those do
 * not even load it. */
__noinline int judge_response(struct scratch *scratch)
{
	struct sip_span none = {};
	struct sw_proof *branch;
	struct packet *p;
	__u64 token;

	if (!policy.responses_expected || !scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	token = token_of(policy.seed, TOKEN_BRANCH, &scratch->buf, scratch->msg.via_branch, none);
	if (token == TOKEN_NONE && server_is_nameless(p))
		return VERDICT_UNDECIDED;
	branch = bpf_map_lookup_elem(&branches, &token);
	if (branch && (__s64)(branch->expires - packet_tick(p)) > 0) {
		if (scratch->msg.status < 200)
			rings(p, branch);
		return VERDICT_UNDECIDED;
	}
	return observer_good(p) ? refuse(p, SW_REASON_UNSOLICITED_RESPONSE) : VERDICT_UNDECIDED;
}

static __always_inline enum verdict stage_responses(struct packet *p)
{
	if (!policy.responses_expected || p->message != SW_MESSAGE_RESPONSE || !p->may_be_spoofed ||
	    packet_zone(p)->responses != SW_RESPONSES_EXPECTED)
		return VERDICT_UNDECIDED;
	return judge_response(packet_scratch(p));
}

#endif
