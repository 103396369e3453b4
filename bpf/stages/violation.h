/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "violation": tells the agent of an offence before stage "sanity" refuses the message.
 */
#ifndef SIPWARD_BPF_STAGES_VIOLATION_H
#define SIPWARD_BPF_STAGES_VIOLATION_H

#include <linux/in.h>

#include "lib/offence.h"

/* Notes a message that sanity is about to refuse. On TCP it is evidence, when it fits an
 * established connection. Over UDP it is a hint. */
__noinline int note_violation(struct scratch *scratch)
{
	if (!scratch)
		return 0;
	tell_offence(scratch, 0, SW_OFFENCE_SANITY, scratch->packet.proved, 0);
	return 0;
}

/* Faults that somebody else can put into the message of a good client: a response repeats values of
 * its request, a request inside a dialog has the other side's tags and routes, and a REFER or a
 * redirect says who is to be called. None of these is an offence of the client. */
#define SANITY_DICTATED                                                                           \
	(SW_SANITY_BIT(URI_LENGTH) | SW_SANITY_BIT(HEADER_LENGTH) | SW_SANITY_BIT(HEADER_COUNT) | \
	 SW_SANITY_BIT(MESSAGE_LENGTH) | SW_SANITY_BIT(METHOD_LENGTH))

static __always_inline __u64 offending(const struct packet *p)
{
	return p->message == SW_MESSAGE_RESPONSE || p->in_dialog ?
		       0 :
		       p->found & SW_SANITY_DEFAULT & ~SANITY_DICTATED;
}

static __always_inline enum verdict stage_violation(struct packet *p)
{
	if (is_watched(p, SW_OFFENCE_BIT(SANITY)) && (!p->is_stream || p->proved) &&
	    offending(p) & packet_zone(p)->sanity & ~SW_SANITY_BIT(START_LINE) &
		    ~policy.shadow_sanity)
		note_violation(packet_scratch(p));
	return VERDICT_UNDECIDED;
}

#endif
