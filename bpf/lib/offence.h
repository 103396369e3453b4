/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tells the agent of an offence. Evidence and what may be spoofed have budgets of their own:
 * a flood of the latter cannot keep the former from being told.
 */
#ifndef SIPWARD_BPF_LIB_OFFENCE_H
#define SIPWARD_BPF_LIB_OFFENCE_H

#include "lib/counters.h"
#include "lib/events.h"
#include "lib/gcra.h"
#include "lib/packet.h"

#define OFFENCES_A_SECOND 500

/* Whether this behaviour of the packet's source is watched. `kinds`: SW_OFFENCE_BIT(). */
static __always_inline int is_watched(const struct packet *p, __u32 kinds)
{
	return policy.bans && packet_zone(p)->bans & kinds && !p->allowed;
}

static __always_inline void describe_login(struct sw_offence *offence, const struct told *told)
{
	offence->login = told->login;
	__builtin_memcpy(offence->name, told->name, sizeof(offence->name));
	offence->first = told->first;
}

/* Describes which usernames of the source the server accepted. The offence's own username does not
 * count among the others. */
static __always_inline void describe_authenticated(struct sw_offence *offence,
						   const struct sw_authenticated *good)
{
	__u64 logins = good ? good->logins : 0, called = good ? good->called : 0;
	__u64 self = offence->login ? 1ull << (offence->login & 63) : 0;

	offence->good = __builtin_popcountll(logins & ~self);
	offence->users = (logins & self ? SW_USER_SELF : 0) |
			 ((logins | called) & ~self ? SW_USER_OTHER : 0);
	offence->found = good ? good->found + good->before : 0;
}

__noinline int tell_offence(struct scratch *scratch, __u64 who, __u32 kind, __u32 proved,
			    __u32 failures)
{
	static const struct sw_limit budget = {
		.interval = SW_NS_PER_SEC / OFFENCES_A_SECOND,
		.tolerance = SW_NS_PER_SEC,
	};
	__u32 zero = 0;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&event_cell, &zero);
	struct sw_offence *offence;
	struct sw_source source;
	struct packet *p;
	__u64 now;

	if (!scratch || !cell)
		return 0;
	p = &scratch->packet;
	now = packet_time(p);
	if (!gcra_admit(&cell->tat[proved ? CELL_EVIDENCE : CELL_HINTS], &budget, now) ||
	    !(offence = bpf_ringbuf_reserve(&offences, sizeof(*offence), 0))) {
		tally(SW_TALLY_OFFENCES_LOST);
		return 0;
	}
	packet_subscriber(p, &source);
	offence->time = now;
	offence->who = who;
	offence->source = source;
	offence->kind = kind;
	offence->proved = proved;
	offence->zone = p->zone_number;
	offence->failures = failures;
	offence->login = 0;
	__builtin_memset(offence->name, 0, sizeof(offence->name));
	offence->first = SW_FIRST_NOT;
	if (kind == SW_OFFENCE_AUTH)
		describe_login(offence, &scratch->told);
	describe_authenticated(offence, bpf_map_lookup_elem(&authenticated, &source));
	bpf_ringbuf_submit(offence, 0);
	return 0;
}

#endif
