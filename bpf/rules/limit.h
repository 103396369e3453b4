/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Rate limits that more than one stage asks: the cells of a source, of a zone and of a service.
 */
#ifndef SIPWARD_BPF_RULES_LIMIT_H
#define SIPWARD_BPF_RULES_LIMIT_H

#include "lib/packet.h"
#include "lib/ways.h"

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

/* 1 when one more is within this budget of the packet's zone. It is debited then. */
static __always_inline int zone_admits(struct packet *p, enum sw_zone_rate rate,
				       const volatile struct sw_limit *limit)
{
	__u32 number = p->zone_number;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&zone_cells, &number);

	return !cell || packet_admits(p, &cell->tat[rate], limit);
}

#define RATES_MESSAGES (SW_RATES_REQUESTS | SW_RATE_BIT(DIALOG) | SW_RATE_BIT(RESPONSE))

static __always_inline int source_limited(const struct packet *p, enum sw_rate rate)
{
	return policy.limited >> rate & 1 && packet_zone(p)->source_limits[rate].interval != 0;
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

#endif
