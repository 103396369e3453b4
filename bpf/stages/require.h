/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "require": refuses plain SIP from a zone that must use TLS or IPsec.
 */
#ifndef SIPWARD_BPF_STAGES_REQUIRE_H
#define SIPWARD_BPF_STAGES_REQUIRE_H

#include "rules/require.h"

static __always_inline enum verdict stage_require(struct packet *p)
{
	if (!requires_more(p) || p->opening || p->message == SW_MESSAGE_OPAQUE ||
	    p->message == SW_MESSAGE_KEEPALIVE)
		return VERDICT_UNDECIDED;
	return judge_cleartext(packet_scratch(p));
}

#endif
