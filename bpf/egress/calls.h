/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Counts calls by the source that sent the INVITE (lib/calls.h). A call begins when the server
 * answers it with a tag, and ends when the server refuses it, answers a BYE in its dialog, or sends
 * one. No state is left again once it is SW_CALL_ENDED: what comes late begins nothing.
 */
#ifndef SIPWARD_BPF_EGRESS_CALLS_H
#define SIPWARD_BPF_EGRESS_CALLS_H

#include "lib/calls.h"

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

/* A provisional answer: of one that is over, it is late. */
static __always_inline void ring_call(__u64 key, __u64 now)
{
	struct sw_call fresh = {.seen = now, .state = SW_CALL_RINGS};
	struct sw_call *call = bpf_map_lookup_elem(&calls, &key);
	const struct sw_caller *caller;

	if (call) {
		call->seen = now;
		return;
	}
	caller = bpf_map_lookup_elem(&callers, &key);
	if (!caller)
		return;
	fresh.source = caller->source;
	if (bpf_map_update_elem(&calls, &key, &fresh, BPF_NOEXIST) == 0)
		count_both(&fresh.source, 1, 0, now);
}

/* A 2xx. The first one of an INVITE that rang takes its place, and each further one, of another
 * fork, counts. The INVITE stays, as one that is over, until nobody sends it again. */
static __always_inline void answer_call(__u64 key, __u64 dialog, __u64 now)
{
	struct sw_call fresh = {.seen = now, .state = SW_CALL_UP}, *call, *rings;
	const struct sw_caller *caller;

	call = bpf_map_lookup_elem(&calls, &dialog);
	if (call && call->state == SW_CALL_UP)
		call->seen = now;
	caller = bpf_map_lookup_elem(&callers, &key);
	if (call || !caller)
		return;
	fresh.source = caller->source;
	if (bpf_map_update_elem(&calls, &dialog, &fresh, BPF_NOEXIST))
		return;
	rings = bpf_map_lookup_elem(&calls, &key);
	if (!rings || !changes_state(rings, SW_CALL_RINGS, SW_CALL_ENDED))
		count_both(&fresh.source, 1, 0, now);
	if (rings) {
		rings->seen = now;
		return;
	}
	fresh.state = SW_CALL_ENDED;
	bpf_map_update_elem(&calls, &key, &fresh, BPF_NOEXIST);
}

/* From this state. */
__noinline int end_call(__u64 key, __u32 from, __u64 now)
{
	struct sw_call *call = key == TOKEN_NONE ? 0 : bpf_map_lookup_elem(&calls, &key);

	if (!call || !changes_state(call, from, SW_CALL_ENDED))
		return 0;
	call->seen = now;
	count_both(&call->source, 0, 1, now);
	return 0;
}

static __always_inline void refresh_call(__u64 key, __u64 now)
{
	struct sw_call *call = key == TOKEN_NONE ? 0 : bpf_map_lookup_elem(&calls, &key);

	if (call && call->state == SW_CALL_UP)
		call->seen = now;
}

static __always_inline void count_invite(struct scratch *scratch, __u64 dialog, __u64 now)
{
	const struct sip_msg *msg = &scratch->msg;
	__u64 key = invite_key(scratch);

	if (key == TOKEN_NONE)
		return;
	if (msg->status >= 300)
		end_call(key, SW_CALL_RINGS, now);
	else if (msg->status >= 200 && dialog != TOKEN_NONE)
		answer_call(key, dialog, now);
	else if (msg->status > 100 && msg->status < 200 && msg->flags & SIP_TO_TAG)
		ring_call(key, now);
}

/* A BYE that finds no call (RFC 3261 15.1.2) ends one, too: the server was started anew. */
static __always_inline int ends_dialog(__u16 status)
{
	return status / 100 == 2 || status == 481 || status == 408;
}

/* Reads one message that the server sends. */
__noinline int count_calls(struct scratch *scratch, __u64 now)
{
	const struct sip_msg *msg;
	enum side from;
	__u64 dialog;

	if (!scratch)
		return 0;
	msg = &scratch->msg;
	dialog = dialog_key(scratch, &from);
	if (msg->kind != SW_MESSAGE_RESPONSE) {
		if (msg->kind == SW_MESSAGE_BYE && msg->flags & SIP_START)
			end_call(dialog, SW_CALL_UP, now);
		else
			refresh_call(dialog, now);
	} else if (msg->cseq_kind == SW_MESSAGE_INVITE) {
		count_invite(scratch, dialog, now);
	} else if (msg->cseq_kind == SW_MESSAGE_BYE && ends_dialog(msg->status)) {
		end_call(dialog, SW_CALL_UP, now);
	} else if (msg->cseq_kind == SW_MESSAGE_UPDATE && msg->status / 100 == 2) {
		refresh_call(dialog, now);
	}
	return 0;
}

#endif
