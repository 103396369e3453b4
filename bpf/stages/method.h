/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "method": refuses methods that the zone does not allow, outside a dialog only: a request
 * inside one that goes unanswered ends the call (RFC 3261 12.2.1.2).
 */
#ifndef SIPWARD_BPF_STAGES_METHOD_H
#define SIPWARD_BPF_STAGES_METHOD_H

#include "lib/packet.h"

static __always_inline enum verdict stage_method(struct packet *p)
{
	if (p->emergency || p->message > SW_MESSAGE_OTHER ||
	    (packet_zone(p)->methods >> p->message & 1) || p->in_dialog)
		return VERDICT_UNDECIDED;
	return refuse(p, SW_REASON_METHOD);
}

#endif
