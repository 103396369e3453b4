/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stages "method", "limits" and "malformed": what a zone allows, and how much of it. They judge
 * requests outside a dialog: one inside that goes unanswered ends the call (RFC 3261 12.2.1.2).
 * ACK, BYE, CANCEL, PRACK, requests with a To-tag, and responses have ceilings of their own.
 *
 * From the narrowest to the widest: a source's method, the source, its network, its zone, the
 * service. What one refuses has spent nothing of those behind it.
 */
#ifndef SIPWARD_BPF_RULES_LIMIT_H
#define SIPWARD_BPF_RULES_LIMIT_H

#include "lib/packet.h"
#include "rules/unproven.h"
#include "lib/ways.h"

static __always_inline enum verdict stage_method(struct packet *p)
{
	if (p->emergency || p->message > SW_MESSAGE_OTHER ||
	    (packet_zone(p)->methods >> p->message & 1) || p->in_dialog)
		return VERDICT_UNDECIDED;
	return refuse(p, SW_REASON_METHOD);
}

/* The cells under this key, made when there are none; `fresh` is what they begin as, which must
 * not stand on the stack: the scanner needs it. NULL only when there is no room. */
static __always_inline void *find_cells(void *map, const struct sw_source *key, const void *fresh)
{
	void *cells = bpf_map_lookup_elem(map, key);

	if (!cells) {
		bpf_map_update_elem(map, key, fresh, BPF_NOEXIST);
		cells = bpf_map_lookup_elem(map, key);
	}
	return cells;
}

/* The cells of a source without a proof; NULL when it has none yet, and is not to get any. */
static __always_inline struct sw_cells *stranger_cells(struct packet *p, __u32 claim)
{
	struct sw_cell_line *l;
	__u32 line;

	if (!p->slot)
		p->slot = find_way(packet_scratch(p), WAYS_SOURCES, claim) + 1;
	if (!p->slot)
		return 0;
	line = (p->slot - 1) / SW_WAYS;
	l = bpf_map_lookup_elem(&sources, &line);
	return l ? &l->cells[(p->slot - 1) % SW_WAYS] : 0;
}

/* The cells of the packet's source in its zone, of the packet's share. Without room the source
 * has no limit of its own; its zone has. */
static __always_inline struct sw_cells *source_cells(struct packet *p)
{
	static const struct sw_known_cells fresh;
	struct sw_known_cells *known;
	struct sw_source source;

	if (!p->grade)
		return stranger_cells(p, 1);
	packet_source(p, &source);
	known = find_cells(&known_cells, &source, &fresh);
	if (!known)
		return 0;
	return p->proved ? &known->proved : &known->path;
}

/* 1 when the source may send one more of this class. */
static __always_inline int source_admits(struct packet *p, struct sw_cells *cells,
					 enum sw_rate rate)
{
	if (!packet_admits(p, &cells->tat[rate], &packet_zone(p)->source_limits[rate]))
		return 0;
	way_lasts(&cells->tat[SW_RATE_UNTIL], cells->tat[rate]);
	return 1;
}

/* 1 when it may not; nothing is debited. Cells that are not there are as good as new. */
static __always_inline int source_spent(struct packet *p, const struct sw_cells *cells,
					enum sw_rate rate)
{
	const volatile struct sw_limit *limit = &packet_zone(p)->source_limits[rate];

	return policy.limited >> rate & 1 && limit->interval && cells &&
	       is_spent(p, &cells->tat[rate], limit);
}

/* The limit of the zone for requests outside a dialog. */
static __always_inline int zone_spent(struct packet *p)
{
	const volatile struct sw_limit *limit = &packet_zone(p)->zone_limit;
	__u32 number = p->zone_number;
	const struct sw_zone_cell *cell;

	if (!limit->interval)
		return 0;
	cell = bpf_map_lookup_elem(&zone_cells, &number);
	return cell && is_spent(p, &cell->tat[SW_ZONE_ALL], limit);
}

#define RATES_MESSAGES (SW_RATES_REQUESTS | SW_RATE_BIT(DIALOG) | SW_RATE_BIT(RESPONSE))

/* INVITE, INFO, REGISTER, REFER, OPTIONS, NOTIFY, MESSAGE, UPDATE: by its first letter none of
 * those that have a ceiling whatever they say. */
static __always_inline int begins_plain(const struct scratch *scratch)
{
	__u32 letter = scratch->buf.octets[0] - 'A';

	return letter < 26 && (1u << letter & (1u << ('I' - 'A') | 1u << ('M' - 'A') |
					       1u << ('N' - 'A') | 1u << ('O' - 'A') |
					       1u << ('R' - 'A') | 1u << ('U' - 'A')));
}

/* Whether some limit is spent that may refuse this message from a zone without newcomers: then it
 * is not read in full before that is known. */
__noinline int is_tight(struct scratch *scratch)
{
	const struct sw_cells *cells = 0;
	struct packet *p;
	int plain;

	if (!scratch)
		return 0;
	p = &scratch->packet;
	plain = begins_plain(scratch);
	if (zone_spent(p) ||
	    (!plain && (ceiling_spent(p, SW_UNPROVEN_RESPONSE) ||
			ceiling_spent(p, SW_UNPROVEN_ACK) ||
			ceiling_spent(p, SW_UNPROVEN_DIALOG))))
		return 1;
	if (policy.limited & RATES_MESSAGES)
		cells = stranger_cells(p, 0);
	if (!cells)
		return 0;
	for (__u32 rate = SW_RATE_ANY; rate <= SW_RATE_MESSAGE; rate++) {
		if (source_spent(p, cells, rate))
			return 1;
	}
	return !plain && (source_spent(p, cells, SW_RATE_DIALOG) ||
			  source_spent(p, cells, SW_RATE_RESPONSE));
}

static __always_inline int source_limited(const struct packet *p, enum sw_rate rate)
{
	return policy.limited >> rate & 1 && packet_zone(p)->source_limits[rate].interval != 0;
}

/* The class of a request that has cells of its own, or SW_RATE_ANY. */
static __always_inline enum sw_rate method_rate(__u8 message)
{
	switch (message) {
	case SW_MESSAGE_INVITE:
		return SW_RATE_INVITE;
	case SW_MESSAGE_REGISTER:
		return SW_RATE_REGISTER;
	case SW_MESSAGE_OPTIONS:
		return SW_RATE_OPTIONS;
	case SW_MESSAGE_SUBSCRIBE:
	case SW_MESSAGE_NOTIFY:
	case SW_MESSAGE_PUBLISH:
		return SW_RATE_SUBSCRIBE;
	case SW_MESSAGE_MESSAGE:
		return SW_RATE_MESSAGE;
	default:
		return SW_RATE_ANY;
	}
}

/* Global, as limit_request() is: the verifier walks each once, wherever it is called from. */
__noinline int spend_class(struct scratch *scratch, __u32 rate, __u32 reason)
{
	struct sw_cells *cells;
	struct packet *p;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	cells = source_cells(p);
	if (!cells || source_admits(p, cells, rate & (SW_RATE_COUNT - 1)))
		return VERDICT_UNDECIDED;
	return refuse(p, reason);
}

/* A class with a single ceiling: dialog, response, keepalive, STUN, SYN, TLS, malformed. */
static __always_inline enum verdict limit_class(struct packet *p, enum sw_rate rate,
						enum sw_reason reason)
{
	return source_limited(p, rate) ? spend_class(packet_scratch(p), rate, reason) :
					 VERDICT_UNDECIDED;
}

/* In shadow the packet goes on, and spends what it would have spent. */
static __always_inline enum verdict limit_source(struct packet *p)
{
	enum sw_rate rate = method_rate(p->message);
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

static __always_inline enum verdict limit_service(struct packet *p)
{
	__u32 number = p->service & (SW_SERVICES_MAX - 1);
	const volatile struct sw_limit *limit = &policy.services[number].limit;
	struct sw_zone_cell *cell;

	if (!policy.have_service_limits || !limit->interval)
		return VERDICT_UNDECIDED;
	cell = bpf_map_lookup_elem(&service_cells, &number);
	if (!cell || packet_admits(p, &cell->tat[0], limit))
		return VERDICT_UNDECIDED;
	return refuse(p, SW_REASON_RATE_SERVICE);
}

__noinline int limit_request(struct scratch *scratch)
{
	enum verdict v;
	struct packet *p;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	v = limit_source(p);
	if (v == VERDICT_UNDECIDED)
		v = limit_prefix(p);
	if (v == VERDICT_UNDECIDED)
		v = limit_zone(p);
	if (v == VERDICT_UNDECIDED)
		v = limit_service(p);
	return v;
}

/* Of a request with a To-tag it is only known here, where it was read in full, that it is inside
 * a dialog. */
static __always_inline enum verdict limit_inside(struct packet *p)
{
	enum verdict v = VERDICT_UNDECIDED;

	if (p->protocol == IPPROTO_UDP && !p->grade && !p->proved && !p->asked &&
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

/* What a zone lets through although something is wrong with it: its profile is `off`, or the
 * check is in shadow, or it came over TCP (and is counted only). What a check drops needs no
 * ceiling, and keeps the reason that says what is wrong. */
static __always_inline enum verdict stage_malformed(struct packet *p)
{
	if (!p->found || p->emergency || p->in_dialog || p->message == SW_MESSAGE_RESPONSE)
		return VERDICT_UNDECIDED;
	return limit_class(p, SW_RATE_MALFORMED, SW_REASON_RATE_MALFORMED);
}

#endif
