/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The differences that are tolerated, each with the reason why it cannot hurt a rule. A missed
 * header, tag, number or body start is never tolerated.
 */
#include <ctype.h>
#include <string.h>

#include "compare.h"

static bool is_user(const struct difference *d)
{
	return field_forms[d->field] == FORM_USER;
}

static bool begins_with(const struct value *value, const struct value *head)
{
	return value->size >= head->size && !memcmp(value->octets, head->octets, head->size);
}

/* What a number is made of, and what makes a rule take text for one (bpf/number.h). */
static bool has_digits(const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (isdigit(octets[i]) || octets[i] == '*' || octets[i] == '#')
			return true;
	return false;
}

static bool no_number(const struct difference *d)
{
	return is_user(d) && d->kind == MISSED && !has_digits(d->theirs.octets, d->theirs.size);
}

/* Digits, what may separate them, escapes: bpf/number.h. */
static bool goes_on(uint8_t octet)
{
	return octet && strchr("0123456789*#+-.() %", octet);
}

static bool junk_behind_number(const struct difference *d)
{
	return is_user(d) && d->kind == DIFFERENT && d->ours.size &&
	       d->theirs.size > d->ours.size && begins_with(&d->theirs, &d->ours) &&
	       !goes_on(d->theirs.octets[d->ours.size]);
}

static bool fragment(const struct difference *d)
{
	return is_user(d) && d->kind == DIFFERENT && d->theirs.size &&
	       d->ours.size > d->theirs.size && begins_with(&d->ours, &d->theirs) &&
	       d->ours.octets[d->theirs.size] == '#';
}

static bool quotes(const struct difference *d)
{
	return (d->field == F_FROM_TAG || d->field == F_TO_TAG || d->field == F_BRANCH) &&
	       d->kind == DIFFERENT && d->ours.size == d->theirs.size + 2 &&
	       d->ours.octets[0] == '"' && d->ours.octets[d->ours.size - 1] == '"' &&
	       !memcmp(d->ours.octets + 1, d->theirs.octets, d->theirs.size);
}

/* Of "c1 @h" libosip2 makes two parts, and drops the space. */
static bool call_id_parts(const struct difference *d)
{
	size_t at = 0;

	if (d->field != F_CALL_ID || strcmp(d->parser->name, "libosip2"))
		return false;
	for (size_t i = 0; i < d->ours.size; i++) {
		if (d->ours.octets[i] == ' ')
			continue;
		if (at == d->theirs.size || d->theirs.octets[at++] != d->ours.octets[i])
			return false;
	}
	return at == d->theirs.size;
}

static bool no_escape(const struct difference *d)
{
	return is_user(d) && d->kind == DIFFERENT && !strcmp(d->parser->name, "libosip2") &&
	       d->ours.size > d->theirs.size && begins_with(&d->ours, &d->theirs) &&
	       d->ours.octets[d->theirs.size] == '%';
}

const struct tolerance tolerances[] = {
	{"no number", "a user part without a digit, * or # is no number to any rule", no_number},
	{"junk behind a number",
	 "sipward ends a user part where an octet stands that no number has, and the other one reads "
	 "on: every rule ends a number at that octet, and compares the digits before it",
	 junk_behind_number},
	{"fragment",
	 "# begins a fragment to some, and is a digit to sipward (RFC 3966 3): rules compare by "
	 "prefix, so the digits before it are judged alike", fragment},
	{"quotes",
	 "the other one takes the quotes off a tag or a branch; sipward keeps them in requests and in "
	 "responses, so that both are the same token", quotes},
	{"parts of a Call-ID",
	 "libosip2 takes a Call-ID apart at the @ and drops white space around it; it is a token to "
	 "sipward, the same in requests and in responses", call_id_parts},
	{"no escape",
	 "libosip2 ends a user part at a % that begins no escape, and sipward reads on: rules compare "
	 "by prefix, so the digits before it are judged alike", no_escape},
};

const size_t tolerance_count = sizeof(tolerances) / sizeof(tolerances[0]);
