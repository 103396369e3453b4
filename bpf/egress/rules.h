/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Judges messages of the server to a zone by the rules of that zone: methods, responses, types of
 * bodies and headers that the server may not send there (`egress`), and data that it may not tell
 * (`privacy`). Only a request outside a dialog that is no emergency call, or a redirect, may be
 * dropped: the server sees no answer and says so to its caller. All other messages are only
 * reported, since a call would die without them. Messages over TCP are only reported, too: the
 * segment would be sent again until the connection dies.
 */
#ifndef SIPWARD_BPF_EGRESS_RULES_H
#define SIPWARD_BPF_EGRESS_RULES_H

#include <linux/in.h>
#include <linux/pkt_cls.h>
#include <sipward/health.h>

#include "egress/outbound.h"
#include "lib/counters.h"
#include "lib/dialog.h"
#include "lib/events.h"
#include "lib/known.h"
#include "lib/zone.h"
#include "rules/emergency.h"
#include "rules/headers.h"
#include "rules/privacy.h"

/* Bits of findings, beside the SW_PRIVACY_ bits. In the upper half of the word, the same bits stand
 * for findings that are denied. */
#define FOUND_METHOD 0x0100u
#define FOUND_STATUS 0x0200u
#define FOUND_TYPE   0x0400u
#define FOUND_HEADER 0x0800u
#define DENIED       16

static const struct {
	__u32 bit;
	__u32 reason;
} outbound_reasons[] = {
	{SW_PRIVACY_WITHHELD, SW_REASON_PRIVACY_IDENTITY},
	{SW_PRIVACY_IDENTITY, SW_REASON_PRIVACY_ASSERTED},
	{SW_PRIVACY_CHARGING, SW_REASON_PRIVACY_CHARGING},
	{SW_PRIVACY_ADDRESSES, SW_REASON_PRIVACY_ADDRESS},
	{SW_PRIVACY_HOSTS, SW_REASON_PRIVACY_HOST},
	{FOUND_METHOD, SW_REASON_EGRESS_METHOD},
	{FOUND_STATUS, SW_REASON_EGRESS_STATUS},
	{FOUND_TYPE, SW_REASON_EGRESS_CONTENT_TYPE},
	{FOUND_HEADER, SW_REASON_EGRESS_HEADER},
};

#define OUTBOUND_REASONS (sizeof(outbound_reasons) / sizeof(outbound_reasons[0]))

static __always_inline __u32 found_by(enum sw_action action, __u32 bit)
{
	if (action == SW_ACTION_DENY)
		return bit | bit << DENIED;
	return action == SW_ACTION_REPORT ? bit : 0;
}

/* A request inside a dialog is part of what the zone agreed to. */
static __always_inline enum sw_action method_action(const volatile struct sw_egress *rules,
						    const struct sip_msg *msg)
{
	if (msg->kind > SW_MESSAGE_OTHER || rules->methods >> msg->kind & 1 ||
	    msg->flags & SIP_TO_TAG)
		return SW_ACTION_PASS;
	return rules->unlisted;
}

/* A Route inside a dialog is what Record-Route asked for (RFC 3261 12.2.1.1). */
static __always_inline enum sw_action header_action(const volatile struct sw_content *rules,
						    const struct sip_msg *msg)
{
	__u32 present = msg->present;

	if (msg->flags & SIP_TO_TAG || msg->kind == SW_MESSAGE_RESPONSE)
		present &= ~SIP_PRESENT(ROUTE);
	return action_of(rules->report_headers, rules->deny_headers, present);
}

#define EGRESS(family) (policy.egress & rules->content.rules & SW_CONTENT_##family)

/* FOUND_ bits by the `egress` rules of a zone. */
__noinline int find_unwanted(struct scratch *scratch, __u32 number)
{
	const volatile struct sw_egress *rules = &zone_at(number)->egress;
	__u32 found = 0;

	if (!scratch)
		return 0;
	if (EGRESS(METHODS))
		found |= found_by(method_action(rules, &scratch->msg), FOUND_METHOD);
	if (EGRESS(STATUSES))
		found |= found_by(status_action(&rules->content, &scratch->msg), FOUND_STATUS);
	if (EGRESS(TYPES))
		found |= found_by(type_action(&rules->content, scratch), FOUND_TYPE);
	if (EGRESS(HEADERS))
		found |= found_by(header_action(&rules->content, &scratch->msg), FOUND_HEADER);
	return found;
}

/* SW_PRIVACY_ bits by the `privacy` rules of a zone. An identity that was not withheld is none that
 * must not be told: reported. */
__noinline int find_leaks(struct scratch *scratch, __u32 number)
{
	const volatile struct sw_guard *rules = &zone_at(number)->guard;
	__u32 found, deny = rules->privacy_deny & ~SW_PRIVACY_IDENTITY;

	if (!scratch || !(rules->rules & SW_GUARD_PRIVACY))
		return 0;
	found = find_told(scratch) & (rules->privacy_report | rules->privacy_deny);
	if (found & SW_PRIVACY_WITHHELD)
		found &= ~SW_PRIVACY_IDENTITY;
	return found | (found & deny) << DENIED;
}

/* Whether the caller can do without this redirect: it is no answer inside a dialog that is known,
 * nor one to an emergency call, nor the 380 by which IMS says that a call is one (TS 24.229
 * 5.2.10). While dialogs are not known, nobody can say. */
static __always_inline int may_lose_redirect(const struct scratch *scratch, __u64 now)
{
	const struct sip_msg *msg = &scratch->msg;
	const struct sw_health *state;
	struct sw_dialog *dialog;
	enum side side;
	__u32 zero = 0;
	__u64 key;

	if (msg->status / 100 != 3 || msg->status == 380 ||
	    1u << (msg->cseq_kind & 31) & SW_METHODS_ALWAYS || called_for_help(scratch))
		return 0;
	state = bpf_map_lookup_elem(&health, &zero);
	if (!state || sw_observer_state(state, now) != SW_OBSERVER_GOOD)
		return 0;
	key = dialog_key(scratch, &side);
	if (key == TOKEN_NONE)
		return 0;
	dialog = bpf_map_lookup_elem(&dialogs, &key);
	return !dialog || dialog->expires <= now;
}

static __always_inline int is_sent_for_help(const struct scratch *scratch)
{
	return is_for_emergency(scratch) ||
	       (scratch->msg.kind == SW_MESSAGE_INVITE && called_for_help(scratch));
}

/* The findings for which the message may be dropped. A request that ends before its To may be
 * inside a dialog. */
__noinline int may_be_dropped(const struct scratch *scratch, __u64 now)
{
	const struct sip_msg *msg;

	if (!scratch)
		return 0;
	msg = &scratch->msg;
	if (msg->kind == SW_MESSAGE_RESPONSE)
		return policy.egress & SW_EGRESS_DIALOGS && may_lose_redirect(scratch, now) ?
			       FOUND_STATUS :
			       0;
	return msg->kind <= SW_MESSAGE_OTHER && !(1u << msg->kind & SW_METHODS_ALWAYS) &&
			       msg->present & SIP_PRESENT(TO) && !(msg->flags & SIP_TO_TAG) &&
			       !is_sent_for_help(scratch) ?
		       0xffff :
		       0;
}

static __always_inline void tell_outbound(struct __sk_buff *skb, const struct outbound *d,
					  struct scratch *scratch, __u32 zone, __u32 reason,
					  __u32 mode, __u64 now)
{
	__u32 zero = 0;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&event_cell, &zero);
	struct sw_event *event;

	if (!cell || (mode == SW_MODE_MONITOR && !may_report(cell, &d->dst, reason, now)) ||
	    !gcra_admit(&cell->tat[CELL_EVENTS], &policy.events, now) ||
	    !(event = bpf_ringbuf_reserve(&events, sizeof(*event), 0))) {
		scratch->events_suppressed++;
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->time = now;
	event->ifindex = skb->ifindex;
	event->reason = reason;
	event->mode = mode;
	event->zone = zone;
	outbound_source(skb, &event->src);
	event->dst = d->dst;
	event->sport = d->sport;
	event->dport = d->dport;
	event->length = d->length > 0xffff ? 0xffff : d->length;
	event->transport = d->is_stream ? SW_TCP : SW_UDP;
	event->message = scratch->msg.kind;
	event->direction = SW_EGRESS;
	event->suppressed = scratch->events_suppressed;
	scratch->events_suppressed = 0;
	bpf_ringbuf_submit(event, 0);
}

/* Judges what leaves for a zone: a TC verdict. */
__noinline int judge_outbound(struct __sk_buff *skb, struct outbound *d, struct scratch *scratch,
			      __u64 now)
{
	__u32 number, found = 0, deny = 0;
	struct sw_counters *c;
	int verdict = TC_ACT_UNSPEC;

	if (!d || !scratch)
		return TC_ACT_UNSPEC;
	/* The agent's own request to a newcomer. */
	if (policy.admission && scratch->msg.kind == SW_MESSAGE_OPTIONS &&
	    has_probe_branch(scratch))
		return TC_ACT_UNSPEC;
	number = zone_of(&d->dst);
	c = bpf_map_lookup_elem(&counters, &number);
	if (policy.guards & SW_GUARD_PRIVACY)
		found |= find_leaks(scratch, number);
	if (policy.egress)
		found |= find_unwanted(scratch, number);
	if (!c || !found)
		return TC_ACT_UNSPEC;
	if (found >> DENIED && !d->is_stream && zone_at(number)->mode == SW_MODE_ENFORCE)
		deny = found >> DENIED & may_be_dropped(scratch, now);
	for (__u32 i = 0; i < OUTBOUND_REASONS; i++) {
		__u32 bit = outbound_reasons[i].bit, reason = outbound_reasons[i].reason;
		enum sw_mode mode = SW_MODE_MONITOR;

		if (!(found & bit))
			continue;
		if (deny & bit && !in_shadow(reason)) {
			mode = SW_MODE_ENFORCE;
			verdict = TC_ACT_SHOT;
		}
		count(c, mode, reason);
		tell_outbound(skb, d, scratch, number, reason, mode, now);
	}
	return verdict;
}

#endif
