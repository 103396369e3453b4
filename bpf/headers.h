/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Content rules about what is there, whatever it says: headers of identity, charging and
 * routing that a zone has no business with; classes of responses; types of bodies.
 */
#ifndef SIPWARD_BPF_HEADERS_H
#define SIPWARD_BPF_HEADERS_H

#include "name_hash.h"
#include "rule.h"

/* A response that is dropped leaves the call that it answers hanging, and a Route inside a
 * dialog is what Record-Route asked for (RFC 3261 12.2.1.1). */
static __always_inline enum verdict judge_headers(struct packet *p, const struct sip_msg *msg)
{
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
	return act(p, action_of(rules->report_headers, rules->deny_headers, route),
		   SW_REASON_ROUTE_PRELOADED);
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

/* What the rules of one direction say of the body's type. */
static __always_inline enum sw_action type_action(const volatile struct sw_content *rules,
						  const struct scratch *scratch)
{
	struct sip_span type = scratch->msg.value[SIP_CONTENT_TYPE];
	enum sw_action action;
	__u64 hash;

	if (!type.length || scratch->msg.kind == SW_MESSAGE_RESPONSE)
		return SW_ACTION_PASS;
	hash = media_type_hash(&scratch->buf, type.offset, type.offset + type.length);
	for (__u32 i = 0; i < SW_CONTENT_TYPES_MAX; i++) {
		if (policy.content_types[i] != hash)
			continue;
		action = action_of(rules->report_types, rules->deny_types, 1u << i);
		if (action != SW_ACTION_PASS)
			return action;
	}
	return SW_ACTION_PASS;
}

static __always_inline enum verdict judge_type(struct packet *p, const struct scratch *scratch)
{
	return act(p, type_action(&packet_zone(p)->content, scratch), SW_REASON_CONTENT_TYPE);
}

#endif
