/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "malformed_rate": rate-limits malformed messages that stage "sanity" lets through.
 */
#ifndef SIPWARD_BPF_STAGES_MALFORMED_RATE_H
#define SIPWARD_BPF_STAGES_MALFORMED_RATE_H

#include "rules/limit.h"

/* Rate-limits malformed messages that sanity lets through: the profile is `off`, or the check is in
 * shadow, or it came over TCP (and is counted only). A message that a check drops needs no ceiling,
 * and keeps the reason that says what is wrong. */
static __always_inline enum verdict stage_malformed_rate(struct packet *p)
{
	if (!p->found || p->emergency || p->in_dialog || p->message == SW_MESSAGE_RESPONSE)
		return VERDICT_UNDECIDED;
	return limit_class(p, SW_RATE_MALFORMED, SW_REASON_RATE_MALFORMED);
}

#endif
