/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "payload": copies the payload.
 */
#ifndef SIPWARD_BPF_STAGES_PAYLOAD_H
#define SIPWARD_BPF_STAGES_PAYLOAD_H

#include "lib/payload.h"

static __always_inline enum verdict stage_payload(struct packet *p, struct xdp_md *ctx)
{
	return copy_payload(p, ctx);
}

#endif
