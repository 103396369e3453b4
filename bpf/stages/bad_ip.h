/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "bad_ip": refuses a packet whose headers, up to its ports, contradict themselves. The
 * parser found that out (parse/); from here on packets are counted.
 */
#ifndef SIPWARD_BPF_STAGES_BAD_IP_H
#define SIPWARD_BPF_STAGES_BAD_IP_H

#include "lib/packet.h"

static __always_inline enum verdict stage_bad_ip(struct packet *p)
{
	return p->broken ? refuse_unread(p, p->broken) : VERDICT_UNDECIDED;
}

#endif
