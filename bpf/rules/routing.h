/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Content rules about the way of a request: how many routes it brings, into how many branches
 * it may fork, and whether a Via says that it was here before.
 */
#ifndef SIPWARD_BPF_RULES_ROUTING_H
#define SIPWARD_BPF_RULES_ROUTING_H

#include "rules/own_host.h"
#include "rules/rule.h"

#define ROUTING_VIAS 4 /* values of each line of Via that are looked at */

#define ROUTING_USED (policy.content & SW_CONTENT_ROUTING)

/* Where the transport of the Via value at pos ends, behind "SIP / 2.0 / UDP". All but a few write
 * it without white space. */
static __always_inline __u32 via_transport_end(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 transport = sip_load(buf, pos + 8) & sip_mask(4);

	if (pos + 12 <= end && sip_load(buf, pos) == SIP_WORD("SIP/2.0/") &&
	    (transport == SIP_WORD("UDP ") || transport == SIP_WORD("TCP ") ||
	     transport == SIP_WORD("TLS ")))
		return pos + 11;
	pos = sip_forget(sip_find(buf, pos, end, SIP_EACH('/'), SIP_EACH('/')) + 1);
	pos = sip_forget(sip_find(buf, pos, end, SIP_EACH('/'), SIP_EACH('/')) + 1);
	pos = sip_forget(sip_skip_lws(buf, pos, end));
	return sip_find_mark(buf, pos, end);
}

/* Whether the sent-by of the Via value at pos is an address of this host. */
__noinline int is_own_via(struct scratch *scratch, __u32 pos, __u32 end)
{
	const struct sip_buf *buf;
	__u32 host, host_end;

	if (!scratch || !ROUTING_USED)
		return 0;
	buf = &scratch->buf;
	host = sip_forget(via_transport_end(buf, pos, end));
	if (host < end && sip_octet(buf, host) == ' ')
		host++;
	if (host < end && sip_octet(buf, host) <= ' ')
		host = sip_forget(sip_skip_lws(buf, host, end));
	host_end = sip_forget(plain_ipv4(scratch, host, end));
	if (host_end)
		return is_local(scratch);
	host_end = host < end && sip_octet(buf, host) == '[' ?
			   sip_forget(sip_find(buf, host, end, SIP_EACH(']'), SIP_EACH(']')) + 1) :
			   sip_forget(sip_find_mark(buf, host, end));
	return is_own_host(scratch, host, host_end);
}

/* Of the topmost SIP_LINES_MAX lines, wherever they stand. The Via of a legal spiral (RFC 3261 6)
 * is there as well. Vias that are found are counted; Vias below these lines are not. */
__noinline int has_own_via(struct scratch *scratch)
{
	struct sip_span line;
	__u32 pos, end;

	if (!scratch || !ROUTING_USED)
		return 0;
	for (__u32 n = 0; n < SIP_LINES_MAX; n++) {
		if (n >= sip_line_count(&scratch->msg, SIP_VIA))
			break;
		line = sip_line(&scratch->msg, SIP_VIA, n);
		pos = sip_forget(line.offset);
		end = sip_forget(line.offset + line.length);
		for (__u32 i = 0; i < ROUTING_VIAS; i++) {
			if (pos >= end)
				break;
			if (is_own_via(scratch, pos, end))
				return 1;
			pos = sip_next_value(&scratch->buf, pos, end);
			if (pos == SIP_LOST) /* what follows is not read */
				return 1;
			pos = sip_forget(pos < end ? pos : end);
		}
	}
	return 0;
}

static __always_inline int is_above(__u32 number, __u32 bound)
{
	return bound && number > bound;
}

__noinline int judge_routing(struct scratch *scratch)
{
	const volatile struct sw_routing *rules;
	enum verdict v = VERDICT_UNDECIDED;
	const struct sip_msg *msg;
	struct packet *p;

	if (!scratch || !ROUTING_USED)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	msg = &scratch->msg;
	rules = &packet_zone(p)->content.routing;
	if (msg->kind == SW_MESSAGE_RESPONSE)
		return VERDICT_UNDECIDED;
	if (is_above(msg->route_count, rules->routes) ||
	    is_above(msg->record_route_count, rules->record_routes))
		v = act(p, rules->action, SW_REASON_ROUTE_COUNT);
	if (v == VERDICT_UNDECIDED && msg->present & SIP_PRESENT(MAX_BREADTH) &&
	    is_above(msg->max_breadth, rules->max_breadth))
		v = act(p, rules->action, SW_REASON_MAX_BREADTH);
	if (v == VERDICT_UNDECIDED && rules->own_via && has_own_via(scratch))
		report(p, SW_REASON_VIA_OWN);
	return v;
}

#endif
