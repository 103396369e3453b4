/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The one exit: every packet that is ours is counted here, and what was refused is told to
 * user space within a budget.
 */
#ifndef SIPWARD_BPF_VERDICT_H
#define SIPWARD_BPF_VERDICT_H

#include "fragment.h"
#include "gcra.h"
#include "packet.h"

static __always_inline void count(struct sw_counters *c, enum sw_mode mode, __u8 reason)
{
	c->reasons[mode][reason & (SW_REASONS_MAX - 1)]++;
}

/* Tells user space of one refused packet. The budget is one cell for all interfaces; what it
 * holds back is counted, and the next event says so. */
static __always_inline void tell(struct packet *p, __u8 reason, enum sw_mode mode)
{
	__u32 zero = 0;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&event_cell, &zero);
	struct scratch *scratch = bpf_map_lookup_elem(&scratch_map, &zero);
	struct sw_event *event;

	if (!cell || !scratch)
		return;
	if (!gcra_admit(&cell->tat, &policy.events, packet_time(p)) ||
	    !(event = bpf_ringbuf_reserve(&events, sizeof(*event), 0))) {
		scratch->events_suppressed++;
		return;
	}
	event->time = packet_time(p);
	event->ifindex = p->ctx->ingress_ifindex;
	event->reason = reason;
	event->mode = mode;
	event->zone = p->zone_number;
	event->src = p->src;
	event->dst = p->dst;
	event->sport = p->sport;
	event->dport = p->dport;
	event->length = p->payload_length > 0xffff ? 0xffff : p->payload_length;
	event->transport = p->transport;
	event->message = p->message;
	event->vlan_count = p->vlan_count;
	__builtin_memset(event->pad, 0, sizeof(event->pad));
	event->suppressed = scratch->events_suppressed;
	scratch->events_suppressed = 0;
	bpf_ringbuf_submit(event, 0);
}

static __always_inline int finish(struct packet *p, enum verdict v)
{
	__u32 zone = p->zone_number;
	struct sw_counters *c;

	fragment_remember(p, v == VERDICT_DROP);
	if (v == VERDICT_NOT_OURS)
		return XDP_PASS;
	c = bpf_map_lookup_elem(&counters, &zone);
	if (!c)
		return v == VERDICT_DROP ? XDP_DROP : XDP_PASS;

	c->messages[p->message & (SW_MESSAGES_MAX - 1)]++;
	for (int i = 0; i < SHADOWS_MAX; i++) {
		if (i >= p->shadow_count)
			break;
		count(c, SW_MODE_MONITOR, p->shadows[i]);
		tell(p, p->shadows[i], SW_MODE_MONITOR);
	}
	if (v == VERDICT_DROP) {
		count(c, SW_MODE_ENFORCE, p->reason);
		tell(p, p->reason, SW_MODE_ENFORCE);
		return XDP_DROP;
	}
	if (v == VERDICT_WOULD_DROP) {
		count(c, SW_MODE_MONITOR, p->reason);
		tell(p, p->reason, SW_MODE_MONITOR);
	}
	count(c, SW_MODE_ENFORCE, SW_REASON_NONE);
	return XDP_PASS;
}

#endif
