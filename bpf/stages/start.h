/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "start": the scanner reads the start line and the top Via. It reads the whole header
 * section at once where no newcomer may have to be refused and no limit is spent.
 */
#ifndef SIPWARD_BPF_STAGES_START_H
#define SIPWARD_BPF_STAGES_START_H

#include <linux/in.h>

#include "lib/scan.h"
#include "rules/limit.h"
#include "rules/stream.h"
#include "rules/unproven.h"

/* INVITE, INFO, REGISTER, REFER, OPTIONS, NOTIFY, MESSAGE, UPDATE: by its first letter none of
 * those that have a ceiling whatever they say. */
static __always_inline int begins_plain(const struct scratch *scratch)
{
	__u32 letter = scratch->buf.octets[0] - 'A';

	return letter < 26 &&
	       (1u << letter & (1u << ('I' - 'A') | 1u << ('M' - 'A') | 1u << ('N' - 'A') |
				1u << ('O' - 'A') | 1u << ('R' - 'A') | 1u << ('U' - 'A')));
}

/* Whether some limit is spent that may refuse this message from a zone without newcomers: then it
 * is not read in full before that is known. */
__noinline int is_tight(struct scratch *scratch)
{
	const struct sw_cells *cells = 0;
	struct packet *p;
	int plain;

	if (!scratch)
		return 0;
	p = &scratch->packet;
	plain = begins_plain(scratch);
	if (zone_spent(p) ||
	    (!plain && (ceiling_spent(p, SW_UNPROVEN_RESPONSE) ||
			ceiling_spent(p, SW_UNPROVEN_ACK) || ceiling_spent(p, SW_UNPROVEN_DIALOG))))
		return 1;
	if (policy.limited & RATES_MESSAGES)
		cells = stranger_cells(p, 0);
	if (!cells)
		return 0;
	for (__u32 rate = SW_RATE_ANY; rate <= SW_RATE_MESSAGE; rate++) {
		if (source_spent(p, cells, rate))
			return 1;
	}
	return !plain &&
	       (source_spent(p, cells, SW_RATE_DIALOG) || source_spent(p, cells, SW_RATE_RESPONSE));
}

/* Where newcomers may have to be turned away, or a limit is spent, it is scanned in two halves.
 * Whether a ban drops it only the whole message tells. */
static __always_inline int is_scanned_early(struct packet *p)
{
	return policy.early && p->may_be_spoofed && p->ban_waits != BAN_WAITS_INSIDE &&
	       (has_newcomers(p) || is_tight(packet_scratch(p)));
}

/* Early no more is read than that is needed for. */
static __always_inline enum verdict stage_start(struct packet *p)
{
	struct scratch *scratch = packet_scratch(p);

	p->early = is_scanned_early(p);
	scan_payload(p, scratch, p->early ? SIP_EARLY : 0);
	/* A segment that does not begin a message goes on with one: nothing of it is judged. */
	if (p->is_stream && !(scratch->msg.flags & SIP_START))
		return p->ban_waits ? spare_rest(p) : VERDICT_PASS;
	p->message = scratch->msg.kind;
	if (p->fragment_first && !(scratch->msg.flags & SIP_TOP_VIA))
		return refuse(p, SW_REASON_FRAGMENT_TINY);
	note_message(p, &scratch->msg);
	/* A packet without a start line ends here: it is not worth a lookup. */
	if (p->found & packet_zone(p)->sanity & SW_SANITY_BIT(START_LINE))
		return refuse(p, SW_REASON_START_LINE);
	return VERDICT_UNDECIDED;
}

#endif
