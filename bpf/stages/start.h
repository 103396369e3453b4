/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "start": the scanner reads the start line and the top Via. It reads the whole header
 * section at once where no newcomer may have to be refused and no limit is spent.
 */
#ifndef SIPWARD_BPF_STAGES_START_H
#define SIPWARD_BPF_STAGES_START_H

#include <linux/in.h>

#include "lib/scan.h"
#include "rules/emergency.h"
#include "rules/limit.h"
#include "rules/penalty.h"
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

/* The class of the ceiling that refuses a message of a newcomer whose first octets are these;
 * SW_UNPROVEN_COUNT: the budget of newcomers does, or it is not known yet. */
static __always_inline __u64 newcomer_class(__u64 word)
{
	switch ((__u8)word) {
	case 'S':
		return SIP_BEGINS(word, "SIP/") ? SW_UNPROVEN_RESPONSE : SW_UNPROVEN_COUNT;
	case 'A':
		return SW_UNPROVEN_ACK;
	case 'B':
	case 'C':
		return SW_UNPROVEN_DIALOG;
	}
	return SW_UNPROVEN_COUNT;
}

/* Whether the limit is spent that a newcomer's message would meet first. */
static __always_inline int newcomers_spent(struct packet *p, __u64 word)
{
	__u64 class = newcomer_class(word);
	const struct sw_zone_cell *cell;
	__u32 number = p->zone_number;

	if (class != SW_UNPROVEN_COUNT) {
		/* For the verifier to see, however the compiler chooses it. */
		asm volatile("%0 &= %1" : "+r"(class) : "i"(SW_UNPROVEN_MAX - 1));
		return ceiling_spent(p, class);
	}
	cell = bpf_map_lookup_elem(&zone_cells, &number);
	return cell && is_spent(p, &cell->tat[SW_ZONE_NEWCOMERS], &packet_zone(p)->newcomers);
}

/* Whether some limit is spent that may refuse this message: then it is not read in full before that
 * is known. */
__noinline int is_tight(struct scratch *scratch)
{
	const struct sw_cells *cells = 0;
	struct packet *p;
	int plain;

	if (!scratch)
		return 0;
	p = &scratch->packet;
	if (has_newcomers(p))
		return newcomers_spent(p, *(const __u64 *)scratch->buf.octets);
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

/* Whether sip_peek() finds all that is asked before the message is read on: not where a whole
 * header must be there, nor an emergency call. */
static __always_inline int may_peek(const struct packet *p, const struct scratch *scratch)
{
	const __u8 *octets = scratch->buf.octets;

	if (p->fragment_first || p->ban_waits)
		return 0;
	return !SIP_BEGINS(*(const __u64 *)octets, "INVITE ") ||
	       (sip_scheme(&scratch->buf, 7, 7 + 5) != SIP_SCHEME_OTHER &&
		!begins_as_emergency_uri(octets + 7));
}

/* Where newcomers may have to be turned away, or a limit is spent, it is scanned in two halves.
 * Whether a ban drops it only the whole message tells; nobody turns known endpoints away. */
static __always_inline __u8 how_early(struct packet *p)
{
	struct scratch *scratch = packet_scratch(p);
	int newcomers = has_newcomers(p);

	if (!policy.early || !p->may_be_spoofed || p->ban_waits == BAN_WAITS_INSIDE ||
	    (p->grade && !penalty_of(p)))
		return EARLY_NOT;
	if (!is_tight(scratch))
		return newcomers ? EARLY_VIA : EARLY_NOT;
	return may_peek(p, scratch) ? EARLY_PEEK : EARLY_VIA;
}

static __always_inline int peek_payload(const struct packet *p, struct scratch *scratch)
{
	__u32 length = p->payload_length > SW_MESSAGE_MAX ? SW_MESSAGE_MAX : p->payload_length;

	if (in_test_run) {
		test_run_scanned = 1;
		__builtin_memset(&scratch->msg, 0, sizeof(scratch->msg));
	}
	return sip_peek(&scratch->buf, length, &scratch->msg);
}

/* Early no more is read than that is needed for. */
static __always_inline enum verdict stage_start(struct packet *p)
{
	struct scratch *scratch = packet_scratch(p);

	p->early = how_early(p);
	if (p->early != EARLY_PEEK || !peek_payload(p, scratch)) {
		p->early = p->early != EARLY_NOT;
		scan_payload(p, scratch, p->early ? SIP_EARLY : 0);
	}
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
