/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "probe": takes the answer to a probe of the agent, which makes its sender a known
 * endpoint.
 */
#ifndef SIPWARD_BPF_STAGES_PROBE_H
#define SIPWARD_BPF_STAGES_PROBE_H

#include <linux/in.h>

#include "lib/known.h"

/* The answer to a probe is for the agent alone: it proves, if it comes from where the probe
 * went, and never reaches the server. */
static __always_inline int is_probe_answer(const struct packet *p, const struct scratch *scratch)
{
	return p->message == SW_MESSAGE_RESPONSE && has_probe_branch(scratch);
}

__noinline int take_probe_answer(struct scratch *scratch)
{
	struct sip_span none = {};
	struct packet *p;
	__u64 token;

	if (!scratch)
		return 0;
	p = &scratch->packet;
	tally(SW_TALLY_PROBE_ANSWERS);
	token = token_of(policy.seed, TOKEN_PROBE, &scratch->buf, scratch->msg.via_branch, none);
	if (sent_to_source(p, &probes, token)) {
		bpf_map_delete_elem(&probes, &token);
		promote(p);
	}
	return 0;
}

static __always_inline enum verdict stage_probe(struct packet *p)
{
	struct scratch *scratch = packet_scratch(p);

	if (!policy.admission || !p->may_be_spoofed || !packet_zone(p)->probe ||
	    !is_probe_answer(p, scratch))
		return VERDICT_UNDECIDED;
	take_probe_answer(scratch);
	return VERDICT_CONSUMED;
}

#endif
