/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "message": the scanner reads the rest of the header section where stage "start" read only
 * its beginning.
 */
#ifndef SIPWARD_BPF_STAGES_MESSAGE_H
#define SIPWARD_BPF_STAGES_MESSAGE_H

#include "lib/scan.h"

static __always_inline enum verdict stage_message(struct packet *p)
{
	struct scratch *scratch = packet_scratch(p);

	if (!policy.early || !p->early)
		return VERDICT_UNDECIDED;
	scan_payload(p, scratch, p->early == EARLY_PEEK ? 0 : SIP_RESUME);
	note_message(p, &scratch->msg);
	return VERDICT_UNDECIDED;
}

#endif
