/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "patch": the operator's own rules. Behind sanity: what is judged here has a header section
 * that can be read.
 */
#ifndef SIPWARD_BPF_STAGES_PATCH_H
#define SIPWARD_BPF_STAGES_PATCH_H

#include "rules/patch.h"

static __always_inline enum verdict stage_patch(struct packet *p)
{
	struct scratch *scratch = packet_scratch(p);

	if (!policy.patch_count || p->message > SW_MESSAGE_OTHER)
		return VERDICT_UNDECIDED;
	scratch->patching.open =
		packet_zone(p)->patches & policy.patches_of[p->message & (SW_MESSAGES_MAX - 1)];
	return scratch->patching.open ? judge_patches(scratch) : VERDICT_UNDECIDED;
}

#endif
