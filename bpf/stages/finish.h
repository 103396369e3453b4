/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The one exit: every packet that is ours is counted here, and what was refused is told to
 * user space within a budget.
 */
#ifndef SIPWARD_BPF_STAGES_FINISH_H
#define SIPWARD_BPF_STAGES_FINISH_H

#include "rules/emergency.h"
#include "lib/offence.h"
#include "stages/fragment.h"
#include "lib/known.h"
#include "lib/packet.h"

/* What goes to user space has budgets, a cell each for all interfaces. Those that the agent closes
 * a connection for go by a ring of their own, apart from those that somebody may read. */
#define TELL_TO_CLOSE SW_MODE_COUNT /* as a mode */

static __always_inline int within_event_budget(struct sw_zone_cell *cell, __u32 close, __u64 now)
{
	static const struct sw_limit closings = {
		.interval = SW_NS_PER_SEC / 1000,
		.tolerance = SW_NS_PER_SEC,
	};

	return close ? gcra_admit(&cell->tat[CELL_CLOSINGS], &closings, now) :
		       gcra_admit(&cell->tat[CELL_EVENTS], &policy.events, now);
}

static __always_inline struct sw_event *reserve_event(__u32 close)
{
	if (close)
		return bpf_ringbuf_reserve(&closings, sizeof(struct sw_event), 0);
	return bpf_ringbuf_reserve(&events, sizeof(struct sw_event), 0);
}

/* Tells user space of one refused packet. What the budget holds back is counted, and the next
 * event says so. */
__noinline int tell(struct xdp_md *ctx, struct scratch *scratch, __u32 reason, __u32 mode)
{
	__u32 close = policy.tcp_close && mode == TELL_TO_CLOSE;
	__u32 zero = 0;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&event_cell, &zero);
	struct sw_event *event;
	struct packet *p;
	__u64 now, length;

	if (!cell || !scratch)
		return 0;
	p = &scratch->packet;
	now = packet_tick(p);
	if (!within_event_budget(cell, close, now) ||
	    !(event = reserve_event(close))) {
		scratch->events_suppressed++;
		return 0;
	}
	event->time = now;
	event->ifindex = ctx->ingress_ifindex;
	event->reason = reason;
	event->mode = close ? SW_MODE_MONITOR : mode;
	event->zone = p->zone_number;
	event->src = p->src;
	event->dst = p->dst;
	event->sport = p->sport;
	event->dport = p->dport;
	event->length = p->payload_length > 0xffff ? 0xffff : p->payload_length;
	event->transport = p->transport;
	event->message = p->message;
	event->vlan_count = p->vlan_count;
	event->kind = SW_EVENT_PACKET;
	event->direction = SW_INGRESS;
	__builtin_memset(event->pad, 0, sizeof(event->pad));
	event->suppressed = scratch->events_suppressed;
	scratch->events_suppressed = 0;
	/* With its event in front; refused at once when nobody captures on this CPU. */
	length = bpf_xdp_get_buff_len(ctx);
	if (length > SW_CAPTURE_MAX)
		length = SW_CAPTURE_MAX;
	bpf_perf_event_output(ctx, &captured, BPF_F_CURRENT_CPU | length << 32, event,
			      sizeof(*event));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

static __always_inline void count(struct sw_counters *c, enum sw_mode mode, __u8 reason)
{
	c->reasons[mode][reason & (SW_REASONS_MAX - 1)]++;
}

/* A connection is only closed for what its own client sent, and never where that would end a call
 * or keep an emergency call out. */
static __always_inline int must_close(const struct packet *p)
{
	return policy.tcp_close && p->broke && p->proved && !p->in_dialog &&
	       p->message != SW_MESSAGE_RESPONSE && packet_zone(p)->tcp == SW_TCP_CLOSE &&
	       !is_emergency_call(packet_scratch(p));
}

static __always_inline void note_shadows(struct xdp_md *ctx, struct packet *p,
					 struct sw_counters *c)
{
	for (__u32 i = 0; i < SHADOWS_MAX; i++) {
		if (i >= p->shadow_count)
			break;
		count(c, SW_MODE_MONITOR, packet_shadow(p, i));
		tell(ctx, packet_scratch(p), packet_shadow(p, i), SW_MODE_MONITOR);
	}
	if (must_close(p))
		tell(ctx, packet_scratch(p), p->broke, TELL_TO_CLOSE);
}

_Static_assert(SHADOWS_MAX == sizeof(trial.shadows), "the trial tells of every shadow");

static __always_inline void report_trial(const struct packet *p, enum verdict v)
{
	trial.verdict = v == VERDICT_NOT_OURS	? SW_TRIAL_NOT_OURS :
			v == VERDICT_DROP	? SW_TRIAL_DROP :
			v == VERDICT_WOULD_DROP ? SW_TRIAL_WOULD_DROP : SW_TRIAL_PASS;
	trial.reason = p->reason;
	trial.shadow_count = p->shadow_count;
	for (__u32 i = 0; i < SHADOWS_MAX; i++)
		trial.shadows[i] = packet_shadow(p, i);
	trial.zone = p->zone_number;
	trial.service = p->service;
	trial.transport = p->transport;
	trial.message = p->message;
	trial.in_dialog = p->in_dialog;
	trial.payload_offset = p->payload_offset;
	trial.payload_length = p->payload_length;
	trial.scanned = trial_scanned;
	trial_scanned = 0;
	trial.grade = p->grade;
	trial.emergency = p->emergency;
	if (trial.scanned)
		trial_msg = packet_scratch(p)->msg;
}

static __always_inline int finish(struct xdp_md *ctx, struct packet *p, enum verdict v)
{
	__u32 zone = p->zone_number, reason = p->reason;
	struct sw_counters *c;

	if (on_trial)
		report_trial(p, v);
	if (policy.fragments_drop && p->fragment_first && v != VERDICT_DROP && v != VERDICT_EATEN)
		fragment_remember(p, v != VERDICT_NOT_OURS);
	if (v == VERDICT_NOT_OURS)
		return XDP_PASS;
	if (v == VERDICT_EATEN)
		return XDP_DROP;
	if (policy.observed && v == VERDICT_PASS && p->message <= SW_MESSAGE_OTHER &&
	    !p->in_dialog && p->protocol == IPPROTO_UDP)
		tally(SW_TALLY_REQUESTS);
	c = bpf_map_lookup_elem(&counters, &zone);
	if (!c)
		return v == VERDICT_DROP ? XDP_DROP : XDP_PASS;

	c->messages[p->message & (SW_MESSAGES_MAX - 1)]++;
	note_shadows(ctx, p, c);
	if (v == VERDICT_DROP || v == VERDICT_WOULD_DROP) {
		enum sw_mode mode = v == VERDICT_DROP ? SW_MODE_ENFORCE : SW_MODE_MONITOR;

		count(c, mode, reason);
		tell(ctx, packet_scratch(p), reason, mode);
		if (v == VERDICT_DROP)
			return XDP_DROP;
	}
	count(c, SW_MODE_ENFORCE, SW_REASON_NONE);
	return XDP_PASS;
}

#endif
