/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Penalties: the source offended, or somebody who uses its address. Then its requests are admitted
 * when they are sent again, within a share of the newcomers' budget. Endpoints that the server has
 * served (grade `good`) do not notice; nor does what is inside a dialog of a known endpoint.
 */
#ifndef SIPWARD_BPF_RULES_PENALTY_H
#define SIPWARD_BPF_RULES_PENALTY_H

#include "lib/packet.h"

/* packet.penalised */
enum { PENALTY_NONE, PENALTY_LIVE };

static __always_inline __u8 penalty_of(const struct packet *p)
{
	return policy.bans ? p->penalised : PENALTY_NONE;
}

#define PENALISED_SHARE 8 /* of the newcomers' budget, one part for all with a penalty */

/* Asked for those that the server has not served, and only while somebody has one. */
static __always_inline int is_penalised(struct packet *p)
{
	__u32 zero = 0;
	struct sw_health *state = bpf_map_lookup_elem(&health, &zero);
	struct sw_penalty *penalty;
	struct sw_source source;

	if (!state || state->penalised_until <= packet_tick(p))
		return 0;
	packet_subscriber(p, &source);
	penalty = bpf_map_lookup_elem(&penalties, &source);
	return penalty && penalty->end > packet_tick(p);
}

#endif
