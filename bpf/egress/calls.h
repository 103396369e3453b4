/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Counts calls by the address that made them. A call begins when the server answers an INVITE with
 * a tag, and ends when the server refuses it, answers a BYE, or sends one.
 */
#ifndef SIPWARD_BPF_EGRESS_CALLS_H
#define SIPWARD_BPF_EGRESS_CALLS_H

#include "lib/calls.h"
#include "lib/zone.h"

static __always_inline void count_call(const struct sw_source *key, __u32 begun, __u32 ended,
				       __u64 now)
{
	static const struct sw_call_count fresh;
	struct sw_call_count *count = bpf_map_lookup_elem(&call_counts, key);

	if (!count) {
		bpf_map_update_elem(&call_counts, key, &fresh, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&call_counts, key);
	}
	if (!count)
		return;
	if (begun)
		__sync_fetch_and_add(&count->begun, begun);
	if (ended)
		__sync_fetch_and_add(&count->ended, ended);
	count->seen = now;
}

/* Of the source and of its zone. */
static __always_inline void count_both(const struct sw_source *source, __u32 begun, __u32 ended,
				       __u64 now)
{
	struct sw_source zone = {.zone = source->zone};

	count_call(source, begun, ended, now);
	count_call(&zone, begun, ended, now);
}

/* The one that changes the state counts it: two CPUs may see two forks, or two ends, at once. */
static __always_inline int changes_state(struct sw_call *call, __u32 from, __u32 to)
{
	return __sync_val_compare_and_swap(&call->state, from, to) == from;
}

/* `answer`: of a 2xx, else 0. */
static __always_inline void begin_call(struct scratch *scratch, __u64 key, __u64 answer, __u64 now)
{
	struct sw_call fresh = {.seen = now,
				.answer = answer,
				.state = answer ? SW_CALL_UP : SW_CALL_RINGS},
		       *call;

	call = bpf_map_lookup_elem(&calls, &key);
	if (call && call->state == SW_CALL_ENDED) {
		if ((!answer || call->answer != answer) &&
		    changes_state(call, SW_CALL_ENDED, fresh.state))
			count_both(&call->source, 1, 0, now);
	} else if (call && answer) {
		changes_state(call, SW_CALL_RINGS, SW_CALL_UP);
	}
	if (call) {
		call->seen = now;
		if (answer)
			call->answer = answer;
		return;
	}
	calls_source(&scratch->packet, &fresh.source);
	if (bpf_map_update_elem(&calls, &key, &fresh, BPF_NOEXIST) == 0)
		count_both(&fresh.source, 1, 0, now);
}

/* A BYE. */
__noinline int end_call(__u64 key, __u64 now)
{
	struct sw_call *call = key == TOKEN_NONE ? 0 : bpf_map_lookup_elem(&calls, &key);

	if (!call)
		return 0;
	if (!changes_state(call, SW_CALL_UP, SW_CALL_ENDED) &&
	    !changes_state(call, SW_CALL_RINGS, SW_CALL_ENDED))
		return 0;
	call->seen = now;
	count_both(&call->source, 0, 1, now);
	return 0;
}

/* A refusal. Its client may ask again with the same Call-ID and tag: nothing is kept. */
static __always_inline void refuse_call(__u64 key, __u64 now)
{
	struct sw_call *call = bpf_map_lookup_elem(&calls, &key);

	if (!call || !changes_state(call, SW_CALL_RINGS, SW_CALL_ENDED))
		return;
	count_both(&call->source, 0, 1, now);
	bpf_map_delete_elem(&calls, &key);
}

static __always_inline void refresh_call(__u64 key, __u64 now)
{
	struct sw_call *call = key == TOKEN_NONE ? 0 : bpf_map_lookup_elem(&calls, &key);

	if (call && call->state != SW_CALL_ENDED)
		call->seen = now;
}

static __always_inline void count_answer(const struct sw_addr *to, struct scratch *scratch,
					 __u64 now)
{
	const struct sip_msg *msg = &scratch->msg;
	struct packet *p = &scratch->packet;
	__u64 key = counted_key(scratch, msg->from.tag);

	if (key == TOKEN_NONE)
		return;
	if (msg->cseq_kind == SW_MESSAGE_BYE && msg->status / 100 == 2) {
		end_call(key, now);
		end_call(counted_key(scratch, msg->to.tag), now);
	} else if (msg->cseq_kind == SW_MESSAGE_UPDATE && msg->status / 100 == 2) {
		refresh_call(key, now);
	} else if (msg->cseq_kind == SW_MESSAGE_INVITE && msg->status >= 300) {
		refuse_call(key, now);
	} else if (msg->cseq_kind == SW_MESSAGE_INVITE && msg->status > 100 &&
		   msg->flags & SIP_TO_TAG) {
		__builtin_memset(p, 0, sizeof(*p));
		p->src = *to;
		p->ipv6 = !(to->words[0] == 0 && to->words[1] == 0 &&
			    to->words[2] == bpf_htonl(0xffff));
		find_zone(p);
		if (packet_zone(p)->calls)
			begin_call(scratch, key,
				   msg->status < 200 ?
					   0 :
					   token_of(policy.seed, TOKEN_COUNTED, &scratch->buf,
						    msg->to.tag, msg->value[SIP_CSEQ]),
				   now);
	}
}

/* Reads one message that the server sends. */
__noinline int count_calls(const struct sw_addr *to, struct scratch *scratch, __u64 now)
{
	const struct sip_msg *msg;

	if (!to || !scratch)
		return 0;
	msg = &scratch->msg;
	if (msg->kind == SW_MESSAGE_RESPONSE) {
		count_answer(to, scratch, now);
	} else if (msg->kind == SW_MESSAGE_BYE && msg->flags & SIP_START) {
		end_call(counted_key(scratch, msg->from.tag), now);
		end_call(counted_key(scratch, msg->to.tag), now);
	} else if (msg->flags & SIP_TO_TAG) {
		refresh_call(counted_key(scratch, msg->from.tag), now);
		refresh_call(counted_key(scratch, msg->to.tag), now);
	}
	return 0;
}

#endif
