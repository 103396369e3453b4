/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Penalties: the source offended, or somebody who uses its address. Then what carries no proof is
 * let in when it is sent again, within a share of the newcomers' budget. Known endpoints and what
 * carries a proof do not notice.
 */
#ifndef SIPWARD_BPF_PENALTY_H
#define SIPWARD_BPF_PENALTY_H

#include "gcra.h"
#include "offence.h"

/* packet.penalised */
enum {
	PENALTY_NONE,
	PENALTY_LIVE,
	PENALTY_DEFERRED /* the admission waits until the message was searched for a proof */
};

static __always_inline __u8 penalty_of(const struct packet *p)
{
	return policy.bans ? p->penalised : PENALTY_NONE;
}

#define PENALISED_SHARE 8 /* of the newcomers' budget, one part for all with a penalty */

/* Asked for newcomers only, and only while somebody has one. */
static __always_inline int is_penalised(struct packet *p)
{
	__u32 zero = 0;
	struct sw_health *state = bpf_map_lookup_elem(&health, &zero);
	struct sw_penalty *penalty;
	struct sw_source source;

	if (!state || state->penalised_until <= packet_time(p))
		return 0;
	packet_subscriber(p, &source);
	penalty = bpf_map_lookup_elem(&penalties, &source);
	return penalty && penalty->end > packet_time(p);
}

static __always_inline int zone_admits_penalised(struct packet *p)
{
	const volatile struct sw_limit *budget = &packet_zone(p)->newcomers;
	struct sw_limit share = {.interval = budget->interval * PENALISED_SHARE,
				 .tolerance = budget->tolerance};
	__u32 number = p->zone_number;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&zone_cells, &number);

	return !cell || gcra_admit(&cell->tat[SW_ZONE_PENALISED], &share, packet_time(p));
}

#endif
