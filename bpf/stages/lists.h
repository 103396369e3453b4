/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "lists": a source on the deny list is refused; no ban counts for one on the allow list.
 */
#ifndef SIPWARD_BPF_STAGES_LISTS_H
#define SIPWARD_BPF_STAGES_LISTS_H

#include "rules/lists.h"

static __always_inline enum verdict stage_lists(struct packet *p)
{
	return judge_lists(p);
}

#endif
