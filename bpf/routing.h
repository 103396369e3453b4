/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Content rules about the way of a request: how many routes it brings, into how many branches
 * it may fork, and whether a Via says that it was here before.
 */
#ifndef SIPWARD_BPF_ROUTING_H
#define SIPWARD_BPF_ROUTING_H

#include <bpf/bpf_endian.h>

#include "rule.h"

#define ROUTING_VIAS 4 /* values of each line of Via that are looked at */

#define ROUTING_USED (policy.content & SW_CONTENT_ROUTING)

/* What is read stands in memory: the verifier would tell apart all that it can be. */
static __always_inline void start_address(struct content *content)
{
	content->group_count = content->group = content->octets = 0;
	content->group_gap = 9;
}

/* A part of an address goes to its place: groups before "::" from the start, and those behind
 * it are moved to the end when their number is known. */
static __always_inline void put_group(struct content *content)
{
	content->groups[content->group_count++ & 7] = content->group;
	content->group = content->octets = 0;
}

/* Dotted decimal in [pos, end) as a local address is kept, to content->addr; 0 when it is none. */
__noinline int parse_ipv4(struct scratch *scratch, __u32 pos, __u32 end)
{
	struct content *content;
	struct sw_addr *addr;

	if (!scratch || !ROUTING_USED || pos + 7 > end || pos + 15 < end)
		return 0;
	content = &scratch->content;
	addr = &content->addr;
	start_address(content);
	for (__u32 i = 0; i < 15; i++) {
		__u32 digit;

		if (pos >= end)
			break;
		digit = (__u32)sip_octet(&scratch->buf, pos) - '0';
		pos++;
		if (digit <= 9)
			content->group = content->group * 10 + digit;
		else if (digit == (__u32)'.' - '0' && content->group < 256)
			put_group(content);
		else
			return 0;
	}
	if (content->group_count != 3 || content->group > 255)
		return 0;
	addr->words[0] = addr->words[1] = 0;
	addr->words[2] = bpf_htonl(0xffff);
	addr->words[3] =
		bpf_htonl((__u32)content->groups[0] << 24 | (__u32)content->groups[1] << 16 |
			  (__u32)content->groups[2] << 8 | content->group);
	return 1;
}

static __always_inline __u32 hex_digit(__u8 octet)
{
	__u32 letter = (__u32)(octet | 0x20) - 'a';

	if ((__u32)octet - '0' <= 9)
		return octet - '0';
	return letter < 6 ? letter + 10 : 16;
}

/* The groups behind "::", if it is there, move to the end. */
static __always_inline int place_groups(struct content *content, struct sw_addr *addr)
{
	__u32 count = content->group_count, gap = content->group_gap, missing = 8 - count;
	__u16 *to = (__u16 *)addr->octets;

	if (count > 8 || (gap > 8 && count != 8))
		return 0;
	__builtin_memset(addr, 0, sizeof(*addr));
	for (__u32 i = 0; i < 8; i++) {
		if (i >= count)
			break;
		to[(i < gap ? i : i + missing) & 7] = bpf_htons(content->groups[i]);
	}
	return 1;
}

/* What stands between the brackets of an IPv6 reference, but for dotted decimal in it. */
__noinline int parse_ipv6(struct scratch *scratch, __u32 pos, __u32 end)
{
	struct content *content;

	if (!scratch || !ROUTING_USED)
		return 0;
	content = &scratch->content;
	start_address(content);
	for (__u32 i = 0; i < 40; i++) {
		__u32 digit;
		__u8 octet;

		if (pos >= end)
			break;
		octet = sip_octet(&scratch->buf, pos);
		pos++;
		digit = hex_digit(octet);
		if (digit < 16) {
			content->group = content->group << 4 | digit;
			content->octets = 1;
			continue;
		}
		if (octet != ':')
			return 0;
		if (content->octets)
			put_group(content);
		if (pos < end && sip_octet(&scratch->buf, pos) == ':')
			content->group_gap = content->group_count;
	}
	if (content->octets)
		put_group(content);
	return place_groups(content, &content->addr);
}

/* Whether the sent-by of the Via value at pos is an address of this host. */
__noinline int is_own_via(struct scratch *scratch, __u32 pos, __u32 end)
{
	struct sw_addr addr;
	const struct sip_buf *buf;
	__u32 host, host_end;
	int parsed;

	if (!scratch || !ROUTING_USED)
		return 0;
	buf = &scratch->buf;
	/* Behind "SIP / 2.0 / UDP". */
	host = sip_forget(sip_find(buf, pos, end, SIP_EACH('/'), SIP_EACH('/')) + 1);
	host = sip_forget(sip_find(buf, host, end, SIP_EACH('/'), SIP_EACH('/')) + 1);
	host = sip_forget(sip_skip_lws(buf, host, end));
	host = sip_forget(sip_find_mark(buf, host, end));
	host = sip_forget(sip_skip_lws(buf, host, end));
	if (host < end && sip_octet(buf, host) == '[') {
		host_end = sip_forget(sip_find(buf, host, end, SIP_EACH(']'), SIP_EACH(']')));
		parsed = parse_ipv6(scratch, host + 1, host_end);
	} else {
		host_end = sip_forget(sip_find_mark(buf, host, end));
		parsed = parse_ipv4(scratch, host, host_end);
	}
	if (!parsed)
		return 0;
	addr = scratch->content.addr; /* on the stack: 6.1 wants the keys of lookups there */
	return bpf_map_lookup_elem(&local_addrs, &addr) != 0;
}

/* Of the topmost SIP_LINES_MAX lines, wherever they stand. That of a legal spiral (RFC 3261 6)
 * is there as well: what is found is counted, and what is below them is none of it. */
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
	const volatile struct sw_content *rules;
	enum verdict v = VERDICT_UNDECIDED;
	const struct sip_msg *msg;
	struct packet *p;

	if (!scratch || !ROUTING_USED)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	msg = &scratch->msg;
	rules = &packet_zone(p)->content;
	if (msg->kind == SW_MESSAGE_RESPONSE)
		return VERDICT_UNDECIDED;
	if (is_above(msg->route_count, rules->routes) ||
	    is_above(msg->record_route_count, rules->record_routes))
		v = act(p, rules->routing, SW_REASON_ROUTE_COUNT);
	if (v == VERDICT_UNDECIDED && msg->present & SIP_PRESENT(MAX_BREADTH) &&
	    is_above(msg->max_breadth, rules->max_breadth))
		v = act(p, rules->routing, SW_REASON_MAX_BREADTH);
	if (v == VERDICT_UNDECIDED && rules->own_via && has_own_via(scratch))
		report(p, SW_REASON_VIA_OWN);
	return v;
}

#endif
