/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "ban": a timed entry drops a source to the services. The expiry is in the value, so
 * a ban ends on time whether or not an agent is there to sweep it.
 */
#ifndef SIPWARD_BPF_BAN_H
#define SIPWARD_BPF_BAN_H

#include "packet.h"

static __always_inline enum verdict stage_ban(struct packet *p)
{
	struct sw_source source;
	struct sw_ban *ban;

	if (p->allowed)
		return VERDICT_UNDECIDED;
	packet_subscriber(p, &source);
	ban = bpf_map_lookup_elem(&bans, &source);
	if (!ban || ban->end <= packet_time(p))
		return VERDICT_UNDECIDED;
	__sync_fetch_and_add(&ban->hits, 1);
	return refuse(p, SW_REASON_BAN);
}

#endif
