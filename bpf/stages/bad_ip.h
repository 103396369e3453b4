/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "bad_ip": refuses a packet whose headers contradict themselves, up to its ports. It was
 * found while the packet was parsed; here it is counted.
 */
#ifndef SIPWARD_BPF_STAGES_BAD_IP_H
#define SIPWARD_BPF_STAGES_BAD_IP_H

#include "lib/packet.h"

static __always_inline enum verdict stage_bad_ip(struct packet *p)
{
	return p->broken ? refuse_unread(p, p->broken) : VERDICT_UNDECIDED;
}

#endif
