/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "emergency": calls to urn:service:sos (RFC 5031) and to the numbers of the policy pass
 * by limits and greylist, within a budget; beyond it they are calls like others. Known
 * endpoints have a budget of their own, which no newcomer can spend.
 */
#ifndef SIPWARD_BPF_RULES_EMERGENCY_H
#define SIPWARD_BPF_RULES_EMERGENCY_H

#include "stages/admission.h"
#include "stages/ban.h"
#include "lib/packet.h"

static __always_inline int is_emergency_number(const struct sip_buf *buf, struct sip_span user)
{
	__u64 first, second = 0;

	if (policy.emergency_count) /* "112;phone-context=+49" */
		user = sip_span(user.offset, sip_seek(buf, user.offset, user.offset + user.length,
						      SIP_EACH(';'), SIP_EACH(';')));
	if (!user.length || user.length >= SW_EMERGENCY_DIGITS)
		return 0;
	first = sip_load(buf, user.offset);
	if (user.length < 8)
		first &= sip_mask(user.length);
	else
		second = sip_load(buf, user.offset + 8) & sip_mask(user.length - 8);
	for (__u32 i = 0; i < SW_EMERGENCY_MAX; i++) {
		const volatile __u64 *number = (const volatile __u64 *)policy.emergency_numbers[i];

		if (i >= policy.emergency_count)
			break;
		if (number[0] == first && number[1] == second)
			return 1;
	}
	return 0;
}

/* Whether a request is for an emergency service, whatever it asks of it. */
static __always_inline int is_for_emergency(const struct scratch *scratch)
{
	return (scratch->msg.flags & SIP_URGENT) ||
	       is_emergency_number(&scratch->buf, scratch->msg.uri_user);
}

static __always_inline int is_emergency_call(const struct scratch *scratch)
{
	return scratch->packet.message == SW_MESSAGE_INVITE && is_for_emergency(scratch);
}

/* Of banned sources all together have half of the burst: the rest is for others. */
static __always_inline int emergency_admits(struct packet *p)
{
	enum sw_zone_rate rate = p->grade ? SW_ZONE_EMERGENCY_KNOWN : SW_ZONE_EMERGENCY;
	__u32 number = p->zone_number;
	struct sw_zone_cell *cell = bpf_map_lookup_elem(&zone_cells, &number);

	if (!cell)
		return 1;
	if (p->ban_waits &&
	    !gcra_leaves(&cell->tat[rate], &policy.emergency, packet_time(p), 1, 2))
		return 0;
	return packet_admits(p, &cell->tat[rate], &policy.emergency);
}

static __always_inline enum verdict stage_emergency(struct packet *p)
{
	if (p->ban_waits != BAN_WAITS_INSIDE && is_emergency_call(packet_scratch(p)))
		p->emergency = emergency_admits(p);
	return VERDICT_UNDECIDED;
}

#endif
