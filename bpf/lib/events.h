/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Events: tells user space of one refused packet, within a budget.
 */
#ifndef SIPWARD_BPF_LIB_EVENTS_H
#define SIPWARD_BPF_LIB_EVENTS_H

#include "lib/gcra.h"
#include "lib/packet.h"
#include "lib/token.h"

/* The cells of the map event_cell. */
enum { CELL_EVENTS, CELL_EVIDENCE, CELL_HINTS, CELL_CLOSINGS };

/* Events for user space have budgets, one cell each for all interfaces. Events for which the agent
 * closes a connection go by a ring of their own, apart from the events for people. */
#define TELL_TO_CLOSE SW_MODE_COUNT /* as a mode */

/* As a mode: the packet passed although a rule matched it (`report`, `shadow:`, TCP). */
#define TELL_REPORT (SW_MODE_COUNT + 1)

/* Good senders give cause for the same report with each packet, and many such reports would leave
 * no room for what was refused. So each reason is told once in this time for one address, and half
 * of the budget is not for reports. The counters have all of them. */
#define REPORT_AGAIN 60 /* seconds */

/* Two pairs of address and reason that share a cell may both be told more often. */
static __always_inline int is_news(const struct sw_addr *addr, __u32 reason, __u64 now)
{
	__u32 second = now / SW_NS_PER_SEC, index;
	struct token t;
	__u64 hash, *cell;

	token_start(&t, policy.seed, TOKEN_REPORT);
	token_addr(&t, addr);
	token_word(&t, reason);
	hash = token_end(&t);
	index = hash & (REPORTS_TOLD - 1);
	cell = bpf_map_lookup_elem(&reports_told, &index);
	if (!cell || (*cell >> 32 == hash >> 32 && second - (__u32)*cell < REPORT_AGAIN))
		return 0;
	*cell = hash >> 32 << 32 | second;
	return 1;
}

static __always_inline int may_report(const struct sw_zone_cell *cell, const struct sw_addr *addr,
				      __u32 reason, __u64 now)
{
	return gcra_leaves(&cell->tat[CELL_EVENTS], &policy.events, now, 1, 2) &&
	       is_news(addr, reason, now);
}

static __always_inline int within_event_budget(struct sw_zone_cell *cell, __u32 close, __u64 now)
{
	static const struct sw_limit closings = {
		.interval = SW_NS_PER_SEC / 1000,
		.tolerance = SW_NS_PER_SEC,
	};

	return close ? gcra_admit(&cell->tat[CELL_CLOSINGS], &closings, now) :
		       gcra_admit(&cell->tat[CELL_EVENTS], &policy.events, now);
}

/* 1 when the budget held back an event in this tick, and so will not let this one by either. It is
 * counted. This is asked before the call of tell(), by which a flood would pay for each packet. */
static __always_inline int is_held_back(struct scratch *scratch)
{
	if (in_test_run || scratch->spent_tick != bpf_jiffies64())
		return 0;
	scratch->events_suppressed++;
	return 1;
}

/* The beginning of the message, for those who hand events on. */
static __always_inline void carry_payload(struct xdp_md *ctx, const struct packet *p,
					  struct sw_told *told)
{
	__u32 length = p->payload_length;

	told->carried = 0;
	if (length < 1)
		return;
	if (length > SW_TOLD_MAX)
		length = SW_TOLD_MAX;
	if (bpf_xdp_load_bytes(ctx, p->payload_offset, told->payload,
			       copy_size(length, SW_TOLD_MAX)) == 0)
		told->carried = length;
}

/* The number of the operator's rule that matched, and 1; 0 for other reasons. */
static __always_inline __u32 told_patch(const struct packet *p, __u32 reason)
{
	if (!policy.patch_count || reason != SW_REASON_PATCH || !p->patch)
		return 0;
	return policy.patches[(p->patch - 1) & (SW_PATCHES_MAX - 1)].number + 1;
}

static __always_inline void fill_event(struct sw_event *event, const struct packet *p,
				       __u32 ifindex, __u32 reason, __u32 mode, __u64 now)
{
	event->time = now;
	event->ifindex = ifindex;
	event->reason = reason;
	event->mode = mode == SW_MODE_ENFORCE ? SW_MODE_ENFORCE : SW_MODE_MONITOR;
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
	event->patch = told_patch(p, reason);
}

/* Tells user space of one refused packet. Packets that the budget holds back are counted, and the
 * next event says how many they were. */
__noinline int tell(struct xdp_md *ctx, struct scratch *scratch, __u32 reason, __u32 mode)
{
	__u32 close = policy.tcp_close && mode == TELL_TO_CLOSE;
	__u32 zero = 0;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&event_cell, &zero);
	struct sw_told *told = NULL;
	struct sw_event *event;
	struct packet *p;
	__u64 now, length;

	if (!cell || !scratch)
		return 0;
	p = &scratch->packet;
	now = packet_tick(p);
	if (mode == TELL_REPORT &&
	    !may_report(cell, &p->src, reason | told_patch(p, reason) << 16, now)) {
		scratch->events_suppressed++;
		return 0;
	}
	if (!within_event_budget(cell, close, now)) {
		scratch->events_suppressed++;
		if (!close)
			scratch->spent_tick = bpf_jiffies64();
		return 0;
	}
	if (close)
		event = bpf_ringbuf_reserve(&closings, sizeof(*event), 0);
	else
		event = (void *)(told = bpf_ringbuf_reserve(&events, sizeof(*told), 0));
	if (!event) {
		scratch->events_suppressed++;
		return 0;
	}
	fill_event(event, p, ctx->ingress_ifindex, reason, mode, now);
	event->suppressed = scratch->events_suppressed;
	scratch->events_suppressed = 0;
	if (told)
		carry_payload(ctx, p, told);
	/* With its event in front; refused at once when nobody captures on this CPU. */
	length = bpf_xdp_get_buff_len(ctx);
	if (length > SW_CAPTURE_MAX)
		length = SW_CAPTURE_MAX;
	bpf_perf_event_output(ctx, &captured, BPF_F_CURRENT_CPU | length << 32, event,
			      sizeof(*event));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

#endif
