/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Content rules about what is there, whatever it says: headers of identity, charging and
 * routing that a zone has no business with; classes of responses; types of bodies.
 */
#ifndef SIPWARD_BPF_RULES_HEADERS_H
#define SIPWARD_BPF_RULES_HEADERS_H

#include "lib/name_hash.h"
#include "rules/own_host.h"
#include "rules/rule.h"

/* Whether the one Route of a request leads nowhere but here: to an address of this host, or to the
 * host that the Request-URI names anyway. Phones with an outbound proxy write it (RFC 3261
 * 8.1.1.1). A Route that could be read in two ways does not count, nor does one that has a
 * parameter with an m, which may be maddr. */
__noinline int is_route_here(struct scratch *scratch)
{
	struct sip_span line, user = {}, host = {}, uri;
	__u32 pos, end, begin, last, behind;
	const struct sip_buf *buf;

	if (!scratch || !HOSTS_USED || scratch->msg.route_count != 1 ||
	    scratch->msg.repeated & SIP_PRESENT(ROUTE))
		return 0;
	buf = &scratch->buf;
	line = scratch->msg.value[SIP_ROUTE];
	pos = line.offset;
	end = pos + line.length;
	begin = sip_forget(sip_find(buf, pos, end, SIP_EACH('<'), SIP_EACH('<')));
	last = sip_forget(sip_find(buf, begin, end, SIP_EACH('>'), SIP_EACH('>')));
	if (last >= end || sip_find(buf, pos, begin, SIP_EACH('"'), SIP_EACH(',')) < begin ||
	    sip_find(buf, last, end, SIP_EACH(','), SIP_EACH(',')) < end ||
	    sip_uri(buf, begin + 1, last, &user, &host) || !host.length)
		return 0;
	behind = host.offset + host.length;
	if (sip_find(buf, behind, last, SIP_EACH('m'), SIP_EACH('M')) < last)
		return 0;
	uri = scratch->msg.uri_host;
	return (uri.length == host.length && sip_same(buf, uri.offset, host.offset, host.length)) ||
	       is_own_host(scratch, host.offset, behind);
}

/* A response that is dropped leaves the call that it answers hanging, and a Route inside a
 * dialog is what Record-Route asked for (RFC 3261 12.2.1.1). */
static __always_inline enum verdict judge_headers(struct packet *p, struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;
	const volatile struct sw_content *rules = &packet_zone(p)->content;
	__u32 present = msg->present, route = present & SIP_PRESENT(ROUTE);
	enum verdict v = VERDICT_UNDECIDED;
	enum sw_action action;

	present &= ~SIP_PRESENT(ROUTE);
	action = action_of(rules->report_headers, rules->deny_headers, present);
	if (action == SW_ACTION_DENY && msg->kind == SW_MESSAGE_RESPONSE)
		action = SW_ACTION_REPORT;
	v = act(p, action, SW_REASON_HEADER);
	if (v != VERDICT_UNDECIDED || !route || p->in_dialog || msg->kind == SW_MESSAGE_RESPONSE)
		return v;
	action = action_of(rules->report_headers, rules->deny_headers, route);
	if (action == SW_ACTION_PASS || is_route_here(scratch))
		return v;
	return act(p, action, SW_REASON_ROUTE_PRELOADED);
}

static __always_inline enum sw_action status_action(const volatile struct sw_content *rules,
						    const struct sip_msg *msg)
{
	if (!msg->status)
		return SW_ACTION_PASS;
	return action_of(rules->report_statuses, rules->deny_statuses, 1u << msg->status / 100);
}

static __always_inline enum verdict judge_status(struct packet *p, const struct sip_msg *msg)
{
	return act(p, status_action(&packet_zone(p)->content, msg), SW_REASON_STATUS);
}

/* Of type "/" subtype up to its parameters; white space around the slash is legal and counts
 * for nothing (RFC 3261 25.1: SLASH). */
__noinline __u64 media_type_hash(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 hash = NAME_HASH_START;

	if (!buf)
		return 0;
	for (__u32 i = 0; i < SW_MEDIA_TYPE_MAX; i++) {
		__u8 octet;

		if (pos >= end)
			break;
		octet = sip_octet(buf, pos++);
		if (octet == ';' || octet == ',')
			break;
		if (!sip_is_lws(octet))
			hash = name_hash_step(hash, octet);
	}
	return hash;
}

/* 1 when so much white space stands in a type that media_type_hash() does not see its end. A text
 * that is only longer than any type is none of the types that a policy can name. */
__noinline int is_type_hidden(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 seen = pos + SW_MEDIA_TYPE_MAX;

	/* A fold has one of the two as well. */
	return buf && seen < end &&
	       sip_find(buf, pos, seen, SIP_EACH(';'), SIP_EACH(',')) >= seen &&
	       sip_find(buf, pos, seen, SIP_EACH(' '), SIP_EACH('\t')) < seen;
}

/* The sterner of what two masks say of the type with this hash. */
__noinline int listed_action(__u64 hash, __u32 report, __u32 deny)
{
	for (__u32 i = 0; i < SW_CONTENT_TYPES_MAX; i++) {
		__u64 listed = policy.content_types[i];

		if (!listed)
			break;
		if (listed == hash)
			return action_of(report, deny, 1u << i);
	}
	return SW_ACTION_PASS;
}

/* media_type_hash() of the type that nearly all bodies have. The compiler knows it. */
static __always_inline __u64 sdp_type_hash(void)
{
	static const char type[] = "application/sdp";
	__u64 hash = NAME_HASH_START;

	_Pragma("GCC unroll 16")
	for (__u32 i = 0; i < sizeof(type) - 1; i++)
		hash = name_hash_step(hash, type[i]);
	return hash;
}

/* The action that the masks give for the type in [pos, end). Where the type cannot be told, the
 * sternest action for any type. */
__noinline int named_action(const struct scratch *scratch, __u32 pos, __u32 end, __u32 report,
			    __u32 deny)
{
	if (!scratch)
		return SW_ACTION_PASS;
	if (sip_is_sdp_type(&scratch->buf, pos, end))
		return listed_action(sdp_type_hash(), report, deny);
	if (is_type_hidden(&scratch->buf, pos, end))
		return action_of(report, deny, ~0u);
	return listed_action(media_type_hash(&scratch->buf, pos, end), report, deny);
}

/* The action that the rules of one direction give for the body's type: the sternest for the first
 * SIP_LINES_MAX lines or, where there are more lines, the sternest for any type. One line is legal,
 * and nobody knows which of several its reader takes. */
static __always_inline enum sw_action type_action(const volatile struct sw_content *rules,
						  struct scratch *scratch)
{
	__u32 report = rules->report_types, deny = rules->deny_types, action;
	struct content *content = &scratch->content;
	struct sip_span type;

	if (scratch->msg.kind == SW_MESSAGE_RESPONSE)
		return SW_ACTION_PASS;
	content->worst = SW_ACTION_PASS;
	for (__u32 n = 0; n < SIP_LINES_MAX; n++) {
		if (n >= sip_line_count(&scratch->msg, SIP_CONTENT_TYPE))
			break;
		type = sip_line(&scratch->msg, SIP_CONTENT_TYPE, n);
		if (!type.length)
			continue;
		action =
			named_action(scratch, type.offset, type.offset + type.length, report, deny);
		if (action > content->worst)
			content->worst = action;
	}
	if (sip_lost_lines(&scratch->msg, SIP_CONTENT_TYPE))
		return action_of(report, deny, ~0u);
	return content->worst;
}

static __always_inline enum verdict judge_type(struct packet *p, struct scratch *scratch)
{
	return act(p, type_action(&packet_zone(p)->content, scratch), SW_REASON_CONTENT_TYPE);
}

#endif
