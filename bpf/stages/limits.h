/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "limits": how many requests outside a dialog a zone allows. A request inside one that goes
 * unanswered ends the call (RFC 3261 12.2.1.2), so that ACK, BYE, CANCEL, PRACK, requests with a
 * To-tag, and responses have ceilings of their own.
 *
 * First the calls that the source and its zone have: they are not spent by what is refused later.
 * Then from the narrowest to the widest: a source's method, the source, its network, the called
 * number, its zone, the service. What one refuses has spent nothing of those behind it.
 */
#ifndef SIPWARD_BPF_STAGES_LIMITS_H
#define SIPWARD_BPF_STAGES_LIMITS_H

#include <linux/in.h>

#include <sipward/health.h>

#include "lib/calls.h"
#include "lib/ways.h"
#include "rules/callee_limit.h"
#include "rules/limit.h"
#include "rules/unproven.h"

/* In shadow the packet goes on, and spends what it would have spent. */
static __always_inline enum verdict limit_source(struct packet *p)
{
	enum sw_rate rate = sw_method_rate(p->message);
	enum verdict v = VERDICT_UNDECIDED;
	struct sw_cells *cells;

	if (!source_limited(p, rate) && !source_limited(p, SW_RATE_ANY))
		return VERDICT_UNDECIDED;
	cells = source_cells(p);
	if (!cells)
		return VERDICT_UNDECIDED;
	if (rate != SW_RATE_ANY && !source_admits(p, cells, rate))
		v = refuse(p, SW_REASON_RATE_SOURCE_METHOD);
	if (v == VERDICT_UNDECIDED && !source_admits(p, cells, SW_RATE_ANY))
		v = refuse(p, SW_REASON_RATE_SOURCE);
	return v;
}

static __always_inline enum verdict limit_prefix(struct packet *p)
{
	const volatile struct sw_limit *limit = &packet_zone(p)->prefix_limit;
	enum sw_share share = packet_share(p);
	struct sw_prefix_cells *cells;
	struct sw_prefix_line *l;
	__u32 slot, line;

	if (!policy.have_prefix_limits || !limit->interval)
		return VERDICT_UNDECIDED;
	slot = find_way(packet_scratch(p), WAYS_PREFIXES, 1);
	line = slot / SW_WAYS;
	l = bpf_map_lookup_elem(&prefixes, &line);
	if (!l)
		return VERDICT_UNDECIDED;
	cells = &l->cells[slot % SW_WAYS];
	if (!packet_admits(p, &cells->tat[share], limit))
		return refuse(p, SW_REASON_RATE_PREFIX);
	way_lasts(&cells->tat[SW_SHARE_UNTIL], cells->tat[share]);
	return VERDICT_UNDECIDED;
}

static __always_inline enum verdict limit_zone(struct packet *p)
{
	__u32 number = p->zone_number;
	struct sw_zone_cell *cell;

	if (!packet_zone(p)->zone_limit.interval)
		return VERDICT_UNDECIDED;
	cell = bpf_map_lookup_elem(&zone_cells, &number);
	if (!cell || packet_admits(p, &cell->tat[SW_ZONE_ALL], &packet_zone(p)->zone_limit))
		return VERDICT_UNDECIDED;
	return refuse(p, SW_REASON_RATE_ZONE);
}

/* Where the observer may have missed an end, nothing is refused. What others in the zone use up
 * closes nobody's connection (`tcp: close`). */
__noinline int limit_calls(struct scratch *scratch)
{
	const volatile struct sw_zone *zone;
	const struct sw_health *state;
	struct sw_source source, all;
	enum sw_reason reason;
	struct packet *p;
	__u32 zero = 0;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	zone = packet_zone(p);
	calls_source(p, &source);
	calls_zone(p, &all);
	if (zone->source_calls && calls_reach(&source, zone->source_calls))
		reason = SW_REASON_CALLS_SOURCE;
	else if (zone->zone_calls && calls_reach(&all, zone->zone_calls))
		reason = SW_REASON_CALLS_ZONE;
	else
		return VERDICT_UNDECIDED;
	state = bpf_map_lookup_elem(&health, &zero);
	if (!state || sw_observer_state(state, packet_time(p)) != SW_OBSERVER_GOOD ||
	    is_invite_again(invite_key(scratch), packet_time(p)))
		return VERDICT_UNDECIDED;
	if (p->content_may_drop || reason == SW_REASON_CALLS_SOURCE)
		return refuse(p, reason);
	report(p, reason);
	return VERDICT_UNDECIDED;
}

/* The INVITE passes all limits: its call is that of this source. */
__noinline int note_caller(struct scratch *scratch)
{
	struct sw_caller caller = {};
	struct packet *p;
	__u64 key;

	if (!scratch)
		return 0;
	p = &scratch->packet;
	key = invite_key(scratch);
	if (key == TOKEN_NONE || !packet_zone(p)->calls)
		return 0;
	caller.at = packet_time(p);
	calls_source(p, &caller.source);
	bpf_map_update_elem(&callers, &key, &caller, BPF_NOEXIST);
	return 0;
}

__noinline int limit_request(struct scratch *scratch)
{
	enum verdict v;
	struct packet *p;
	int calls;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	calls = policy.calls && p->message == SW_MESSAGE_INVITE;
	v = calls ? limit_calls(scratch) : VERDICT_UNDECIDED;
	if (v == VERDICT_UNDECIDED)
		v = limit_source(p);
	if (v == VERDICT_UNDECIDED)
		v = limit_prefix(p);
	if (v == VERDICT_UNDECIDED && has_callee_limit(p))
		v = limit_callee(scratch);
	if (v == VERDICT_UNDECIDED)
		v = limit_zone(p);
	if (v == VERDICT_UNDECIDED)
		v = limit_service(p);
	if (calls && v == VERDICT_UNDECIDED)
		note_caller(scratch);
	return v;
}

/* Of a request with a To-tag it is only known here, where it was read in full, that it is inside
 * a dialog. */
static __always_inline enum verdict limit_inside(struct packet *p)
{
	enum verdict v = VERDICT_UNDECIDED;

	if (p->may_be_spoofed && !p->grade && !p->proved && !p->asked &&
	    !unproven_gets_in(packet_scratch(p), SW_UNPROVEN_DIALOG))
		v = refuse(p, SW_REASON_UNPROVEN_DIALOG);
	return v == VERDICT_UNDECIDED ? limit_class(p, SW_RATE_DIALOG, SW_REASON_RATE_DIALOG) : v;
}

static __always_inline enum verdict stage_limits(struct packet *p)
{
	if (p->emergency || p->message == SW_MESSAGE_OPAQUE)
		return VERDICT_UNDECIDED;
	if (p->message == SW_MESSAGE_RESPONSE)
		return limit_class(p, SW_RATE_RESPONSE, SW_REASON_RATE_RESPONSE);
	if (p->in_dialog)
		return limit_inside(p);
	return limit_request(packet_scratch(p));
}

#endif
