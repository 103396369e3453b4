/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The adapter of sipward: the scanner with all needs, and the functions that the rules read with
 * (bpf/rules: number.h, headers.h, signature.h), for a datagram of a zone that has the profile
 * `default`.
 */
#include "sip_exact.h"

#include "reading.h"

static const char *const sanity_names[] = {
#define REASON(number, ...)
#define SANITY(number, id, name, ...) name,
#include <sipward/reasons.def>
#undef REASON
#undef SANITY
};

/* As bpf/stages/gate.h has them, before the scanner is asked. */
#define KEEPALIVE_BELOW 20
#define STUN_MAX        548

static bool has_sip_version(const struct message_text *message)
{
	for (size_t i = 0; i + 7 <= message->size; i++)
		if (!strncasecmp((const char *)message->octets + i, "SIP/2.0", 7))
			return true;
	return false;
}

static bool is_stun(const struct message_text *message)
{
	const uint8_t *o = message->octets;
	size_t length = o[2] << 8 | o[3];

	return !(o[0] & 0xc0) && !memcmp(o + 4, "\x21\x12\xa4\x42", 4) && length % 4 == 0 &&
	       length + 20 == message->size && message->size <= STUN_MAX &&
	       !has_sip_version(message);
}

struct look {
	const uint8_t *octets;
	const struct sip_msg *msg;
	struct reading *r;
};

static void add_span(const struct look *l, enum field f, struct sip_span span)
{
	if (span.length)
		reading_add(l->r, f, l->octets + span.offset, span.length);
}

static void add_line(const struct look *l, enum field f, enum sip_header id)
{
	for (uint32_t n = 0; n < sip_line_count(l->msg, id); n++)
		add_span(l, f, sip_line(l->msg, id, n));
	l->r->field[f].unsure |= sip_lost_lines(l->msg, id);
}

/* As judge_addresses() goes over them. */
#define ADDRESS_STEPS 40

#ifndef SIP_LOST /* a scanner that is never unsure of an address */
#define SIP_LOST                0xffffffffu
#define sip_address_unsure(...) 0
#endif

static void add_addresses(const struct look *l, enum field f, enum sip_header id)
{
	const struct sip_buf *buf = (const struct sip_buf *)l->octets;
	uint32_t pos = 0, end = 0, line = 0;

	if (!(l->msg->present & 1u << id))
		return;
	for (uint32_t i = 0; i < ADDRESS_STEPS; i++) {
		struct sip_span span;
		uint64_t address;

		if (pos >= end) {
			if (line >= sip_line_count(l->msg, id))
				break;
			span = sip_line(l->msg, id, line++);
			pos = span.offset;
			end = span.offset + span.length;
			continue;
		}
		address = sip_address(buf, pos, end);
		add_span(l, f, sip_address_user(address));
		pos = sip_next_value(buf, pos, end);
		l->r->field[f].unsure |= sip_address_unsure(address) || pos == SIP_LOST;
		if (pos > end)
			pos = end;
	}
	l->r->field[f].unsure |=
		pos < end || line < sip_line_count(l->msg, id) || sip_lost_lines(l->msg, id);
}

static void add_present(const struct look *l, enum field f, enum sip_header id)
{
	if (l->msg->present & 1u << id)
		reading_add_text(l->r, f, "present");
}

static void add_number(const struct look *l, enum field f, enum sip_header id, uint32_t number)
{
	if (l->msg->present & 1u << id)
		reading_add_number(l->r, f, number);
}

static void add_start(const struct look *l)
{
	if (l->msg->kind == SW_MESSAGE_RESPONSE) {
		reading_add_number(l->r, F_STATUS, l->msg->status);
		return;
	}
	add_span(l, F_METHOD, l->msg->method);
	add_span(l, F_URI_USER, l->msg->uri_user);
}

static void add_headers(const struct look *l)
{
	const struct sip_msg *msg = l->msg;

	add_span(l, F_BRANCH, msg->via_branch);
	add_span(l, F_FROM_USER, msg->from.user);
	add_span(l, F_FROM_TAG, msg->from.tag);
	add_span(l, F_TO_USER, msg->to.user);
	add_span(l, F_TO_TAG, msg->to.tag);
	add_span(l, F_CALL_ID, msg->value[SIP_CALL_ID]);
	add_number(l, F_CSEQ_NUMBER, SIP_CSEQ, msg->cseq);
	add_span(l, F_CSEQ_METHOD, msg->cseq_method);
	add_number(l, F_MAX_FORWARDS, SIP_MAX_FORWARDS, msg->max_forwards);
	add_number(l, F_CONTENT_LENGTH, SIP_CONTENT_LENGTH, msg->content_length);
	add_line(l, F_CONTENT_TYPE, SIP_CONTENT_TYPE);
	add_line(l, F_USER_AGENT, SIP_USER_AGENT);
	add_addresses(l, F_CONTACT, SIP_CONTACT);
	add_addresses(l, F_ASSERTED, SIP_P_ASSERTED_IDENTITY);
	add_addresses(l, F_PREFERRED, SIP_P_PREFERRED_IDENTITY);
	add_addresses(l, F_REMOTE_PARTY, SIP_REMOTE_PARTY_ID);
	add_addresses(l, F_REFER_TO, SIP_REFER_TO);
	add_present(l, F_REFERRED_BY, SIP_REFERRED_BY);
	add_present(l, F_DIVERSION, SIP_DIVERSION);
	add_present(l, F_ROUTE, SIP_ROUTE);
	add_span(l, F_USERNAME, msg->login);
	add_span(l, F_USERNAME, msg->proxy_login);
	add_span(l, F_NONCE, msg->nonce);
	add_span(l, F_NONCE, msg->proxy_nonce);
}

static const char *first_violation(uint64_t violations)
{
	return sanity_names[__builtin_ctzll(violations)];
}

static void read_sipward(const struct message_text *message, struct reading *r)
{
	struct sip_input in = sip_exact_input(message->size, 0, SW_SANITY_DEFAULT);
	struct sip_msg msg = {0};
	struct look look = {.msg = &msg, .r = r};
	uint8_t *block;

	if (message->size < KEEPALIVE_BELOW || is_stun(message)) {
		r->outcome = OUTCOME_NO_SIP;
		return;
	}
	block = malloc(message->size + SIP_PAD);
	memcpy(block, message->octets, message->size);
	memset(block + message->size, '"', SIP_PAD);
	look.octets = block;
	sip_scan((const struct sip_buf *)block, &in, &msg);
	if (msg.violations & SW_SANITY_DEFAULT) {
		r->why = first_violation(msg.violations & SW_SANITY_DEFAULT);
	} else if (msg.kind > SW_MESSAGE_RESPONSE) {
		r->outcome = OUTCOME_NO_SIP;
	} else {
		r->outcome = OUTCOME_READ;
		add_start(&look);
		add_headers(&look);
		reading_add(r, F_BODY, block + msg.body_offset, message->size - msg.body_offset);
	}
	free(block);
}

const struct parser parser_sipward = {.name = "sipward", .read = read_sipward};
