/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Content rules about the numbers of caller and callee, by the longest prefix that the zone has for
 * a number. A number is brought to one form first, for "+49 30 1", 0049301, 01149301 and
 * tel:030-1;phone-context=+49 are one: E.164 where that can be told, else as it was dialled.
 */
#ifndef SIPWARD_BPF_RULES_NUMBER_H
#define SIPWARD_BPF_RULES_NUMBER_H

#include <bpf/bpf_endian.h>

#include "rules/rule.h"

#define NUMBER_OCTETS_MAX 64  /* of a user part that are read: digits, separators, escapes */
#define NUMBER_PARAMS     4   /* parameters among which phone-context is looked for */
#define NUMBER_REACH      160 /* octets in which they stand */
#define NUMBER_STEPS      40  /* lines and addresses of one header together */

/* A number of at least as many digits is one, whatever letters follow. */
#define NUMBER_ENOUGH 5

/* Before kernel 6.8 the verifier walks global functions that nobody calls, too. */
#define NUMBERS_USED \
	(policy.content & (SW_CONTENT_CALLER | SW_CONTENT_CALLEE) || policy.have_callee_limits)

/* The class of an octet in a number (RFC 3966 3): its digit plus 1; 11 for '*'; 12 for '#'; or one
 * of these. */
enum { NUMBER_ENDS, NUMBER_SEPARATOR = 0x10, NUMBER_PLUS = 0x20, NUMBER_ESCAPED = 0x30 };

/* clang-format off */
static const __u8 number_class[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3, ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9, ['9'] = 10, ['*'] = 11, ['#'] = 12,
	['-'] = NUMBER_SEPARATOR, ['.'] = NUMBER_SEPARATOR, ['('] = NUMBER_SEPARATOR,
	[')'] = NUMBER_SEPARATOR, [' '] = NUMBER_SEPARATOR, ['+'] = NUMBER_PLUS,
	[1 ... 0x1f] = NUMBER_SEPARATOR, [0x7f] = NUMBER_SEPARATOR,
	['%'] = NUMBER_ESCAPED,
};
/* clang-format on */

/* Without a branch, for the verifier's sake: bit 6 tells a letter from a digit. */
static __always_inline __u32 number_hex(__u8 c)
{
	return (c & 0xf) + 9 * (c >> 6 & 1);
}

/* RFC 3261 25.1: behind the '%'. Where no hexadecimal digit follows, the result may be any
 * octet. */
static __always_inline __u8 number_escaped(const struct sip_buf *buf, __u32 pos)
{
	return number_hex(sip_octet(buf, pos)) << 4 | number_hex(sip_octet(buf, pos + 1));
}

static __always_inline void number_append(struct number *n, __u64 digit)
{
	__u32 at = n->count++;

	if (at < 32)
		n->words[at >> 4 & 1] |= digit << ((60 - 4 * at) & 63);
}

/* The first n digits go, n <= 15. */
static __always_inline void number_cut(struct number *n, __u32 digits)
{
	__u32 shift = 4 * digits & 63;

	if (shift) {
		n->words[0] = n->words[0] << shift | n->words[1] >> (64 - shift);
		n->words[1] <<= shift;
	}
	n->count -= digits;
}

/* n digits, n <= 15, the first one on top of the word, come before it. */
static __always_inline void number_prepend(struct number *n, __u64 word, __u32 digits)
{
	__u32 shift = 4 * digits & 63;

	if (shift) {
		n->words[1] = n->words[1] >> shift | n->words[0] << (64 - shift);
		n->words[0] = n->words[0] >> shift | word;
	}
	n->count += digits;
}

/* Reads the number that begins at pos; 1 when it goes on behind what is read, and has too few
 * digits by then. In memory, for the verifier would tell apart all that it can be. */
__noinline int number_read(const struct sip_buf *buf, struct number *n, __u32 pos, __u32 end)
{
	int cut = 0;

	if (!buf || !n || !NUMBERS_USED)
		return 0;
	n->words[0] = n->words[1] = 0;
	n->count = n->plus = 0;
	for (__u32 i = 0; i < NUMBER_OCTETS_MAX; i++) {
		__u32 next = pos + 1;
		__u8 class;

		if (pos >= end)
			goto out;
		class = number_class[sip_octet(buf, pos)];
		if (class == NUMBER_ESCAPED) {
			next = pos + 3;
			class = number_class[number_escaped(buf, pos + 1)];
		}
		if (class - 1u < NUMBER_SEPARATOR - 1u)
			number_append(n, class - 1);
		else if (class == NUMBER_PLUS && !(n->count | n->plus))
			n->plus = 1;
		else if (class != NUMBER_SEPARATOR)
			goto out;
		pos = sip_forget(next);
	}
	cut = pos < end && n->count < SW_NUMBER_DIGITS;
out:
	n->behind = pos;
	n->whole = pos >= end || sip_octet(buf, pos) == ';';
	return cut;
}

/* ";phone-context=+49" behind a local number (RFC 3966 5.1.5): the digits of it, or none. 1 when
 * there are more parameters than are looked at. */
__noinline int number_context(const struct sip_buf *buf, struct number *context, __u32 pos,
			      __u32 length)
{
	__u32 end = pos + NUMBER_REACH;

	if (!buf || !context || !NUMBERS_USED)
		return 0;
	context->plus = 0;
	if (end > length)
		end = length;
	for (__u32 i = 0; i < NUMBER_PARAMS; i++) {
		if (pos >= end || sip_octet(buf, pos) != ';')
			return pos >= end && end < length;
		if (sip_lower(sip_load(buf, pos)) == SIP_WORD(";phone-c") &&
		    (sip_lower(sip_load(buf, pos + 8)) & sip_mask(7)) == SIP_WORD("ontext=")) {
			number_read(buf, context, pos + 15, end);
			return 0;
		}
		pos = sip_forget(sip_find_mark(buf, pos + 1, end));
		if (pos < end && sip_octet(buf, pos) == '=')
			pos = sip_forget(sip_find_mark(buf, pos + 1, end));
	}
	return pos < length && sip_octet(buf, pos) == ';';
}

/* Brings content->number into its one form; whether it is E.164. */
static __always_inline int number_is_international(struct content *content)
{
	struct number *n = &content->number, *context = &content->context;

	if (n->plus)
		return 1;
	for (__u32 i = 0; i < SW_DIAL_PREFIXES_MAX; i++) {
		const volatile struct sw_dial_prefix *dialled = &policy.dial_prefixes[i];

		if (i >= policy.dial_prefix_count)
			break;
		if (n->count <= dialled->length || (n->words[0] & dialled->mask) != dialled->digits)
			continue;
		if (!dialled->length && n->words[0] >> 60 > 9) /* a feature code is no number */
			continue;
		if (dialled->international) {
			number_cut(n, dialled->length);
			return 1;
		}
		if (context->plus || policy.country_length)
			number_cut(n, dialled->length);
		if (!context->plus && policy.country_length) {
			number_prepend(n, policy.country, policy.country_length);
			return 1;
		}
		break;
	}
	if (!context->plus || context->count > 15)
		return 0;
	number_prepend(n, context->words[0], context->count);
	return 1;
}

/* Looks up the zone's action for the number at pos, in a user part that ends at `end`. The worst
 * action of all numbers so far stays in scratch->content, and the last number in its one form. */
__noinline int judge_number(struct scratch *scratch, __u32 pos, __u32 end, __u32 direction)
{
	struct content *content;
	struct number *n;
	struct sw_number key; /* on the stack: 6.1 looks nothing up by what a function was handed */
	__u32 *found, international;

	if (!scratch || !NUMBERS_USED || pos >= end)
		return 0;
	content = &scratch->content;
	n = &content->number;
	content->context.plus = 0;
	if (number_read(&scratch->buf, n, pos, end))
		content->too_many = 1;
	if (!n->count)
		return 0;
	if (!n->plus && n->behind < scratch->input.length &&
	    number_context(&scratch->buf, &content->context, n->behind, scratch->input.length))
		content->too_many = 1;
	international = number_is_international(content);
	if (!n->whole && (!international || n->count < NUMBER_ENOUGH))
		return 0;
	if (n->count > SW_NUMBER_DIGITS)
		n->count = SW_NUMBER_DIGITS;
	n->plus = international;
	key.length = SW_NUMBER_HEAD + 4 * n->count;
	key.words[0] = bpf_htonl((__u32)scratch->packet.zone_number << 24 |
				 (direction | international << 1) << 16 | n->words[0] >> 48);
	key.words[1] = bpf_htonl(n->words[0] >> 16);
	key.words[2] = bpf_htonl(n->words[0] << 16 | n->words[1] >> 48);
	key.words[3] = bpf_htonl(n->words[1] >> 16);
	content->numbers = 1;
	found = bpf_map_lookup_elem(&numbers, &key);
	if (found && *found > content->worst)
		content->worst = *found;
	return 0;
}

static __always_inline void judge_span(struct scratch *scratch, struct sip_span user,
				       enum sw_direction direction)
{
	if (user.length)
		judge_number(scratch, user.offset, user.offset + user.length, direction);
}

/* The addresses of a header, of SIP_LINES_MAX lines: 32 in all, or 39 of one line. No good
 * message has more (RFC 3325 allows an identity two); a message with more is noted, for nobody
 * knows what it hides. */
__noinline int judge_addresses(struct scratch *scratch, __u32 id, __u32 direction)
{
	struct content *content;
	__u32 pos = 0, end = 0;

	if (!scratch || !NUMBERS_USED)
		return 0;
	content = &scratch->content;
	content->line = 0;
	for (__u32 i = 0; i < NUMBER_STEPS; i++) {
		struct sip_span span;
		__u64 address;

		if (pos >= end) {
			if (content->line >= sip_line_count(&scratch->msg, id))
				break;
			span = sip_line(&scratch->msg, id, content->line++);
			pos = sip_forget(span.offset);
			end = sip_forget(span.offset + span.length);
			continue;
		}
		address = sip_address(&scratch->buf, pos, end);
		judge_span(scratch, sip_address_user(address), direction);
		pos = sip_next_value(&scratch->buf, pos, end);
		if (sip_address_unsure(address) || pos == SIP_LOST)
			content->too_many = 1;
		pos = sip_forget(pos < end ? pos : end);
	}
	if (pos < end || content->line < sip_line_count(&scratch->msg, id) ||
	    sip_lost_lines(&scratch->msg, id))
		content->too_many = 1;
	return 0;
}

static __always_inline void judge_header(struct scratch *scratch, enum sip_header id,
					 enum sw_direction direction)
{
	if (scratch->msg.present & 1u << id)
		judge_addresses(scratch, id, direction);
}

static __always_inline void start_numbers(struct content *content)
{
	content->worst = content->too_many = 0;
}

/* The zone's action for the worst number that was found. Where some numbers were not read, the
 * worst action that the zone knows. */
static __always_inline enum sw_action number_action(const struct content *content, __u8 sternest)
{
	enum sw_action action = SW_NUMBER_ACTION(content->worst);

	return content->too_many && sternest > action ? sternest : action;
}

#define NUMBER_METHODS (SW_MESSAGE_BIT(INVITE) | SW_MESSAGE_BIT(MESSAGE) | SW_MESSAGE_BIT(REFER))

/* The number of the caller. Inside a dialog From is either side's, and of a REGISTER it is an
 * address of record. */
__noinline int judge_caller(struct scratch *scratch)
{
	struct packet *p;

	if (!scratch || !NUMBERS_USED)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	if (p->in_dialog || !(1u << (p->message & 31) & NUMBER_METHODS))
		return VERDICT_UNDECIDED;
	start_numbers(&scratch->content);
	judge_span(scratch, scratch->msg.from.user, SW_CALLER);
	judge_header(scratch, SIP_P_ASSERTED_IDENTITY, SW_CALLER);
	judge_header(scratch, SIP_P_PREFERRED_IDENTITY, SW_CALLER);
	judge_header(scratch, SIP_REMOTE_PARTY_ID, SW_CALLER);
	return act(p, number_action(&scratch->content, packet_zone(p)->content.caller),
		   SW_REASON_CLI_SPOOF);
}

/* The called number. To has it where the Request-URI does not, which is a contact then;
 * where both do, a call was forwarded, and To only tells its history. */
static __always_inline void judge_target(struct scratch *scratch)
{
	scratch->content.numbers = 0;
	judge_span(scratch, scratch->msg.uri_user, SW_CALLEE);
	if (!scratch->content.numbers)
		judge_span(scratch, scratch->msg.to.user, SW_CALLEE);
}

__noinline int judge_callee(struct scratch *scratch)
{
	__u32 worst, sternest;
	struct packet *p;

	if (!scratch || !NUMBERS_USED)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	start_numbers(&scratch->content);
	sternest = packet_zone(p)->content.callee;
	if (!p->in_dialog && 1u << (p->message & 31) & NUMBER_METHODS)
		judge_target(scratch);
	if (p->message == SW_MESSAGE_REFER)
		judge_header(scratch, SIP_REFER_TO, SW_CALLEE);
	if (p->message == SW_MESSAGE_RESPONSE && scratch->msg.status / 100 == 3) {
		judge_header(scratch, SIP_CONTACT, SW_CALLEE);
		/* Many ways to one callee are no sin: counted, or the call would hang. */
		if (sternest > SW_ACTION_REPORT)
			sternest = SW_ACTION_REPORT;
	}
	worst = scratch->content.worst;
	return act(p, number_action(&scratch->content, sternest),
		   worst & SW_NUMBER_HIGH_RISK ? SW_REASON_HIGH_RISK : SW_REASON_CALLEE_DENIED);
}

#endif
