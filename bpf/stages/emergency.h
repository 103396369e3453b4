/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "emergency": calls to urn:service:sos (RFC 5031) and to the numbers of the policy pass
 * by limits and greylist, within a budget; beyond it they are calls like others. Known
 * endpoints have a budget of their own, which no newcomer can spend.
 */
#ifndef SIPWARD_BPF_STAGES_EMERGENCY_H
#define SIPWARD_BPF_STAGES_EMERGENCY_H

#include "rules/ban.h"
#include "rules/emergency.h"

/* Of banned sources all together have half of the burst: the rest is for others. */
static __always_inline int emergency_admits(struct packet *p)
{
	enum sw_zone_rate rate = p->grade ? SW_ZONE_EMERGENCY_KNOWN : SW_ZONE_EMERGENCY;
	__u32 number = p->zone_number;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&zone_cells, &number);

	if (!cell)
		return 1;
	if (p->ban_waits && !gcra_leaves(&cell->tat[rate], &policy.emergency, packet_time(p), 1, 2))
		return 0;
	return packet_admits(p, &cell->tat[rate], &policy.emergency);
}

static __always_inline enum verdict stage_emergency(struct packet *p)
{
	if (p->ban_waits != BAN_WAITS_INSIDE && is_emergency_call(packet_scratch(p)))
		p->emergency = emergency_admits(p);
	return VERDICT_UNDECIDED;
}

#endif
