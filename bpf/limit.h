/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stages "method" and "limits": what a zone allows, and how much of it. Both judge requests
 * outside a dialog: one inside that goes unanswered ends the call (RFC 3261 12.2.1.2).
 * ACK, BYE, CANCEL, PRACK, requests with a To-tag, and responses have ceilings of their own.
 */
#ifndef SIPWARD_BPF_LIMIT_H
#define SIPWARD_BPF_LIMIT_H

#include "gcra.h"
#include "packet.h"

static __always_inline enum verdict stage_method(struct packet *p)
{
	if (p->emergency || p->message > SW_MESSAGE_OTHER || (packet_zone(p)->methods >> p->message & 1) || p->in_dialog)
		return VERDICT_UNDECIDED;
	return refuse(p, SW_REASON_METHOD);
}

static __always_inline struct sw_cells *find_cells(void *map, const struct sw_source *source)
{
	struct sw_cells *cells = bpf_map_lookup_elem(map, source);

	if (!cells) {
		/* Not on the stack, which the scanner needs. */
		static const struct sw_cells fresh;

		bpf_map_update_elem(map, source, &fresh, BPF_NOEXIST);
		cells = bpf_map_lookup_elem(map, source);
	}
	return cells;
}

/* The cells of the packet's source in its zone, made when it is new. Those of a
 * source with a proof are apart: what comes without one, spoofed perhaps, cannot spend them.
 * NULL only when there is no room: then the source has no limit of its own, its zone has. */
static __always_inline struct sw_cells *source_cells(struct packet *p)
{
	struct sw_source source;

	packet_source(p, &source);
	return p->grade ? find_cells(&known_cells, &source) : find_cells(&sources, &source);
}

/* 1 when the source may send one more of this class. */
static __always_inline int source_admits(struct packet *p, struct sw_cells *cells, enum sw_rate rate)
{
	return gcra_admit(&cells->tat[rate], &packet_zone(p)->source_limits[rate], packet_time(p));
}

static __always_inline int source_limited(const struct packet *p, enum sw_rate rate)
{
	return packet_zone(p)->source_limits[rate].interval != 0;
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
		return SW_RATE_SUBSCRIBE;
	case SW_MESSAGE_MESSAGE:
		return SW_RATE_MESSAGE;
	default:
		return SW_RATE_ANY;
	}
}

/* A class with a single ceiling: dialog, response, keepalive, STUN. */
static __always_inline enum verdict limit_class(struct packet *p, enum sw_rate rate,
						enum sw_reason reason)
{
	struct sw_cells *cells;

	if (!source_limited(p, rate))
		return VERDICT_UNDECIDED;
	cells = source_cells(p);
	if (!cells || source_admits(p, cells, rate))
		return VERDICT_UNDECIDED;
	return refuse(p, reason);
}

static __always_inline enum verdict limit_zone(struct packet *p)
{
	__u32 number = p->zone_number;
	struct sw_zone_cell *cell;

	if (!packet_zone(p)->zone_limit.interval)
		return VERDICT_UNDECIDED;
	cell = bpf_map_lookup_elem(&zone_cells, &number);
	if (!cell || gcra_admit(&cell->tat[SW_ZONE_ALL], &packet_zone(p)->zone_limit, packet_time(p)))
		return VERDICT_UNDECIDED;
	return refuse(p, SW_REASON_RATE_ZONE);
}

/* The narrower cell is asked first, so that what its method refuses spends nothing else. */
static __always_inline enum verdict limit_request(struct packet *p)
{
	enum sw_rate rate = method_rate(p->message);
	enum verdict v = VERDICT_UNDECIDED;
	struct sw_cells *cells;

	if (source_limited(p, rate) || source_limited(p, SW_RATE_ANY)) {
		cells = source_cells(p);
		if (cells && rate != SW_RATE_ANY && !source_admits(p, cells, rate))
			v = refuse(p, SW_REASON_RATE_SOURCE_METHOD);
		else if (cells && !source_admits(p, cells, SW_RATE_ANY))
			v = refuse(p, SW_REASON_RATE_SOURCE);
	}
	return v == VERDICT_UNDECIDED ? limit_zone(p) : v;
}

static __always_inline enum verdict stage_limits(struct packet *p)
{
	if (p->emergency || p->message == SW_MESSAGE_OPAQUE)
		return VERDICT_UNDECIDED;
	if (p->message == SW_MESSAGE_RESPONSE)
		return limit_class(p, SW_RATE_RESPONSE, SW_REASON_RATE_RESPONSE);
	if (p->in_dialog)
		return limit_class(p, SW_RATE_DIALOG, SW_REASON_RATE_DIALOG);
	return limit_request(p);
}

#endif
