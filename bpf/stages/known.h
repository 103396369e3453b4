/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "known": notes whether the sender is a known endpoint, and whether its source has a
 * penalty.
 */
#ifndef SIPWARD_BPF_STAGES_KNOWN_H
#define SIPWARD_BPF_STAGES_KNOWN_H

#include <linux/in.h>

#include "lib/known.h"
#include "lib/offence.h"
#include "rules/penalty.h"

static __always_inline enum verdict stage_known(struct packet *p)
{
	if (policy.admission && p->may_be_spoofed)
		p->grade = known_grade(p);
	if (is_watched(p, ~0u) && p->may_be_spoofed && p->grade != SW_GRADE_GOOD)
		p->penalised = is_penalised(p);
	return VERDICT_UNDECIDED;
}

#endif
