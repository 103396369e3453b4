/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Fail open: a rule asks these functions before it relies on the observer, or on the server.
 */
#ifndef SIPWARD_BPF_LIB_HEALTH_H
#define SIPWARD_BPF_LIB_HEALTH_H

#include <sipward/health.h>

#include "lib/packet.h"

/* True when all messages of the server are known: a rule may say that the server did not send
 * something. */
static __always_inline int observer_good(struct packet *p)
{
	__u32 zero = 0;
	const struct sw_health *state = bpf_map_lookup_elem(&health, &zero);

	return state && sw_observer_state(state, packet_tick(p)) == SW_OBSERVER_GOOD;
}

static __always_inline int under_pressure(struct packet *p)
{
	__u32 zero = 0;
	const struct sw_health *state = bpf_map_lookup_elem(&health, &zero);

	return state && state->pressure_until > packet_tick(p);
}

#endif
