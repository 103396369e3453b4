/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A limit for each called number of a zone, against calls from everywhere that keep one line busy.
 * Known callers and emergency calls are apart: they are not refused by it, and do not use it up.
 */
#ifndef SIPWARD_BPF_RULES_CALLEE_LIMIT_H
#define SIPWARD_BPF_RULES_CALLEE_LIMIT_H

#include "lib/quota.h"
#include "lib/ways.h"
#include "rules/emergency.h"
#include "rules/limit.h"
#include "rules/number.h"

/* In place of the digits of a number that is not read to its end: all of them are one number. */
#define CALLEE_UNREAD 0xff

/* A peer brings the calls of many, and that it is known says nothing of any of them. A connection
 * alone is no reason to know its sender, where no endpoint is noted. */
static __always_inline int is_known_caller(const struct packet *p)
{
	if (packet_zone(p)->trust == SW_TRUST_PEER)
		return 0;
	return p->may_be_spoofed ? p->grade : was_served(p);
}

/* 1 when the zone's limit, which is asked next and costs less, refuses the packet anyway. */
static __always_inline int is_over_zone(struct packet *p)
{
	return p->content_may_drop && !in_shadow(SW_REASON_RATE_ZONE) && zone_spent(p);
}

static __always_inline __u64 callee_tag(const struct scratch *scratch)
{
	const struct number *n = &scratch->content.number;
	struct sw_source number = {.zone = scratch->packet.zone_number};

	if (scratch->content.too_many) {
		number.length = CALLEE_UNREAD;
	} else {
		number.length = n->count;
		number.port = n->plus;
		number.addr.words[0] = n->words[0] >> 32;
		number.addr.words[1] = n->words[0];
		number.addr.words[2] = n->words[1] >> 32;
		number.addr.words[3] = n->words[1];
	}
	return (way_tag(policy.way_keys, &number, WAYS_CALLEES) & ~(__u64)(SW_ZONES_MAX - 1)) |
	       number.zone;
}

/* 1 when one more call to the number is within its limit, which is debited. A line without room
 * has a number share the cell of another one (lib/ways.h). */
static __always_inline int callee_admits(struct packet *p, __u64 tag,
					 const volatile struct sw_limit *limit)
{
	__u32 line = way_line(tag, SW_CALLEE_LINES);
	struct sw_callee_line *l = bpf_map_lookup_elem(&callees, &line);
	int way;

	if (!l)
		return 1;
	way = way_in(l->tags, l->tat, 1, tag, packet_tick(p), 1);
	if (way == WAY_NONE)
		way = tag >> 32;
	return packet_admits(p, &l->tat[way & (SW_WAYS - 1)], limit);
}

/* On a stream the call is only told of: closing the connection of a good caller, whose number
 * somebody else attacks, would help the attacker. */
__noinline int limit_callee(struct scratch *scratch)
{
	struct packet *p;

	if (!scratch || !policy.have_callee_limits)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	if (is_known_caller(p) || is_emergency_call(scratch) || is_over_zone(p))
		return VERDICT_UNDECIDED;
	start_numbers(&scratch->content);
	judge_target(scratch);
	if (!(scratch->content.numbers | scratch->content.too_many) ||
	    callee_admits(p, callee_tag(scratch), &packet_zone(p)->callee_limit))
		return VERDICT_UNDECIDED;
	if (p->content_may_drop)
		return refuse(p, SW_REASON_RATE_CALLEE);
	report(p, SW_REASON_RATE_CALLEE);
	return VERDICT_UNDECIDED;
}

static __always_inline int has_callee_limit(const struct packet *p)
{
	return policy.have_callee_limits && p->message == SW_MESSAGE_INVITE &&
	       packet_zone(p)->callee_limit.interval;
}

#endif
