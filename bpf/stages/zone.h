/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "zone": finds the zone of the source.
 */
#ifndef SIPWARD_BPF_STAGES_ZONE_H
#define SIPWARD_BPF_STAGES_ZONE_H

#include "lib/zone.h"

static __always_inline enum verdict stage_zone(struct packet *p)
{
	find_zone(p);
	return VERDICT_UNDECIDED;
}

#endif
