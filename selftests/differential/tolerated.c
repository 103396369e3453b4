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

/* Values that are compared with what another message had, and are not looked into. */
static bool is_token(const struct difference *d)
{
	return d->field == F_FROM_TAG || d->field == F_TO_TAG || d->field == F_BRANCH ||
	       d->field == F_NONCE;
}

static bool is_of(const struct difference *d, const char *parser)
{
	return !strcmp(d->parser->name, parser);
}

static bool begins_with(const struct value *value, const struct value *head)
{
	return value->size >= head->size && !memcmp(value->octets, head->octets, head->size);
}

/* --- numbers --- */

#define NUMBER_OCTETS 64 /* of a user part that are read */

struct number {
	char digits[NUMBER_OCTETS + 1];
	bool plus;
	bool whole; /* nothing else follows: otherwise only a long one is a number */
};

/* As number_read() in bpf/rules/number.h does. Escapes were taken out before. */
static struct number read_number(const struct value *value)
{
	struct number n = {.whole = true};
	size_t used = 0;

	for (size_t i = 0; i < value->size && i < NUMBER_OCTETS; i++) {
		uint8_t c = value->octets[i];

		if (isdigit(c) || c == '*' || c == '#') {
			n.digits[used++] = c;
		} else if (c == '+' && !used && !n.plus) {
			n.plus = true;
		} else if (!c || !strchr("-.() \t\r\n", c)) {
			n.whole = c == ';';
			break;
		}
	}
	return n;
}

static bool no_number(const struct difference *d)
{
	return is_user(d) && d->kind != UNREAD && !read_number(&d->theirs).digits[0];
}

static bool same_number(const struct difference *d)
{
	struct number ours, theirs;

	if (!is_user(d) || d->kind != DIFFERENT)
		return false;
	ours = read_number(&d->ours);
	theirs = read_number(&d->theirs);
	return !strcmp(ours.digits, theirs.digits) && ours.plus == theirs.plus &&
	       (ours.whole || !theirs.whole);
}

static bool fragment(const struct difference *d)
{
	return is_user(d) && d->kind == DIFFERENT && d->theirs.size &&
	       d->ours.size > d->theirs.size && begins_with(&d->ours, &d->theirs) &&
	       d->ours.octets[d->theirs.size] == '#';
}

static bool is_hex(const struct value *value, size_t at)
{
	return at < value->size && isxdigit(value->octets[at]);
}

/* A % that begins no escape; or a NUL, at which a string of C ends. */
static bool no_escape(const struct difference *d)
{
	if (!is_user(d) || d->kind != DIFFERENT || !is_of(d, "libosip2"))
		return false;
	for (size_t i = 0; i < d->ours.size; i++)
		if (!d->ours.octets[i] || (d->ours.octets[i] == '%' &&
					   !(is_hex(&d->ours, i + 1) && is_hex(&d->ours, i + 2))))
			return true;
	return false;
}

/* --- tokens --- */

static bool quotes(const struct difference *d)
{
	return is_token(d) && d->kind == DIFFERENT && d->ours.size == d->theirs.size + 2 &&
	       d->ours.octets[0] == '"' && d->ours.octets[d->ours.size - 1] == '"' &&
	       !memcmp(d->ours.octets + 1, d->theirs.octets, d->theirs.size);
}

static bool more_of_a_token(const struct difference *d)
{
	return is_token(d) && d->kind == DIFFERENT && d->ours.size &&
	       d->theirs.size > d->ours.size && begins_with(&d->theirs, &d->ours) &&
	       (memchr(",\" ", d->theirs.octets[d->ours.size], 3) ||
		d->ours.octets[d->ours.size - 1] == '"');
}

/* Where the header begins that has the octet at `at`. A fold goes on with the line before it. */
static size_t field_begin(const struct message_text *message, size_t at)
{
	while (at && (message->octets[at - 1] != '\n' || message->octets[at] == ' ' ||
		      message->octets[at] == '\t'))
		at--;
	return at;
}

/* Whether the octets at `at` stand inside a quoted string of their line that is closed. */
static bool is_quoted(const struct message_text *message, size_t at)
{
	size_t pos = field_begin(message, at);
	bool inside = false;

	for (; pos < message->size; pos++) {
		if (message->octets[pos] == '\n' && pos + 1 < message->size &&
		    !strchr(" \t", message->octets[pos + 1]))
			break;
		if (message->octets[pos] == '\\' && inside) {
			pos++;
		} else if (message->octets[pos] == '"') {
			if (inside && pos >= at)
				return true;
			inside = !inside;
		}
		if (pos >= at && !inside)
			return false;
	}
	return false;
}

/* Behind an escaped quote of a quoted string, in the same line. */
static bool behind_escaped_quote(const struct difference *d)
{
	const uint8_t *text = d->message->octets, *at = text, *end = at + d->message->size;

	if (!is_user(d) || d->kind == INVENTED || !is_of(d, "libre"))
		return false;
	while ((at = memmem(at, end - at, d->theirs.octets, d->theirs.size))) {
		const uint8_t *escaped = at;

		while (escaped > text + 1 && *escaped != '\n' &&
		       (escaped[0] != '"' || escaped[-1] != '\\'))
			escaped--;
		if (*escaped == '"' && is_quoted(d->message, escaped - text))
			return true;
		at++;
	}
	return false;
}

/* Whether the header that begins at `at` is the one of a user field. */
static bool is_header_of(const struct difference *d, size_t at)
{
	static const char *const names[FIELD_COUNT][2] = {
		[F_FROM_USER] = {"From", "f"},
		[F_TO_USER] = {"To", "t"},
		[F_CONTACT] = {"Contact", "m"},
		[F_ASSERTED] = {"P-Asserted-Identity"},
		[F_PREFERRED] = {"P-Preferred-Identity"},
		[F_REMOTE_PARTY] = {"Remote-Party-ID"},
		[F_REFER_TO] = {"Refer-To", "r"},
	};
	const char *line = (const char *)d->message->octets + at;

	for (size_t i = 0; i < 2; i++) {
		const char *name = names[d->field][i];
		size_t size = name ? strlen(name) : 0;

		if (size && at + size < d->message->size && !strncasecmp(line, name, size) &&
		    strchr(": \t", line[size]))
			return true;
	}
	return false;
}

/* Kamailio takes the quote behind an escaped backslash for an escaped one, and reads on: what it
 * reads stands in the same header, behind a quoted string that ends so. */
static bool escaped_backslash(const struct difference *d)
{
	const uint8_t *text = d->message->octets, *at = text, *end = at + d->message->size;

	if (!is_user(d) || d->kind != DIFFERENT || !is_of(d, "Kamailio") || !d->theirs.size)
		return false;
	while ((at = memmem(at, end - at, d->theirs.octets, d->theirs.size))) {
		size_t header = field_begin(d->message, at - text);

		for (const uint8_t *p = text + header; p + 3 <= at; p++)
			if (!memcmp(p, "\\\\\"", 3) && is_header_of(d, header) &&
			    is_quoted(d->message, p - text))
				return true;
		at++;
	}
	return false;
}

static bool inside_quotes(const struct difference *d)
{
	const uint8_t *at = d->message->octets, *end = at + d->message->size;
	size_t quote = 0;

	if (!is_token(d) || d->field == F_NONCE || d->kind == INVENTED || d->kind == UNREAD)
		return false;
	/* what is inside goes on behind it, for those that do not see the quote that closes */
	while (quote < d->theirs.size && d->theirs.octets[quote] != '"')
		quote++;
	if (!quote)
		return false;
	while ((at = memmem(at, end - at, d->theirs.octets, quote))) {
		if (is_quoted(d->message, at - d->message->octets))
			return true;
		at++;
	}
	return false;
}

/* A comment of RFC 2543. */
static bool comment(const struct difference *d)
{
	return is_token(d) && d->kind == DIFFERENT &&
	       (is_of(d, "libosip2") || is_of(d, "sofia-sip")) &&
	       begins_with(&d->ours, &d->theirs) && memchr(d->ours.octets, '(', d->ours.size);
}

/* The octets without spaces; how many there are. */
static size_t without_spaces(const struct value *value, uint8_t *to, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < value->size && used < room; i++)
		if (value->octets[i] != ' ')
			to[used++] = value->octets[i];
	return used;
}

/* Of "c1 @h" libosip2 makes two parts, and drops the space. */
static bool call_id_parts(const struct difference *d)
{
	uint8_t ours[4096], theirs[4096];
	size_t size;

	if (d->field != F_CALL_ID || d->kind != DIFFERENT || !is_of(d, "libosip2"))
		return false;
	size = without_spaces(&d->ours, ours, sizeof(ours));
	return size == without_spaces(&d->theirs, theirs, sizeof(theirs)) &&
	       !memcmp(ours, theirs, size);
}

static bool escaped_quote(const struct difference *d)
{
	size_t size = d->theirs.size;

	return (d->field == F_USERNAME || d->field == F_NONCE) && d->kind == DIFFERENT && size &&
	       is_of(d, "Kamailio") && d->ours.size > size && begins_with(&d->ours, &d->theirs) &&
	       d->ours.octets[size] == '"' && d->ours.octets[size - 1] == '\\';
}

/* Values on which no promise rests. */
static bool no_proof(const struct difference *d)
{
	return d->field == F_NONCE || d->field == F_BRANCH || d->field == F_USERNAME;
}

/* "<sip:a;tag=1>;tag=2": the parameter of a URI. */
static bool tag_of_a_uri(const struct difference *d)
{
	return (d->field == F_FROM_TAG || d->field == F_TO_TAG) &&
	       (d->kind == DIFFERENT || d->kind == MISSED) && is_of(d, "libosip2") &&
	       d->theirs.size && d->theirs.octets[d->theirs.size - 1] == '>';
}

/* Whether the message, but for the line ends before it, begins so, in any case. */
static bool message_begins(const struct difference *d, const char *text)
{
	const uint8_t *at = d->message->octets, *end = at + d->message->size;

	while (at < end && (*at == '\r' || *at == '\n'))
		at++;
	return (size_t)(end - at) > strlen(text) &&
	       !strncasecmp((const char *)at, text, strlen(text));
}

/* In a response the user does not matter: rules read the user of its Contact, and no other. */
static bool user_of_a_response(const struct difference *d)
{
	return is_user(d) && d->field != F_CONTACT && message_begins(d, "SIP/2.0 ");
}

static bool contact_of_no_redirect(const struct difference *d)
{
	return d->field == F_CONTACT && !message_begins(d, "SIP/2.0 3");
}

/* libre looks for a user behind any colon. */
static bool no_scheme(const struct difference *d)
{
	static const char *const schemes[] = {"sip:", "sips:", "tel:"};
	const uint8_t *at = d->message->octets, *end = at + d->message->size;

	if (!is_user(d) || !is_of(d, "libre") || !d->theirs.size)
		return false;
	while ((at = memmem(at, end - at, d->theirs.octets, d->theirs.size))) {
		for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
			size_t size = strlen(schemes[i]);

			if ((size_t)(at - d->message->octets) >= size &&
			    !strncasecmp((const char *)at - size, schemes[i], size))
				return false;
		}
		at++;
	}
	return true;
}

/* A fold in the body, of which libosip2 makes spaces. */
static bool fold_in_a_body(const struct difference *d)
{
	if (d->field != F_BODY || d->kind != DIFFERENT || !is_of(d, "libosip2") ||
	    d->theirs.size > d->ours.size)
		return false;
	for (size_t i = 0; i < d->theirs.size; i++)
		if (d->theirs.octets[i] != d->ours.octets[i] &&
		    (d->theirs.octets[i] != ' ' || !strchr("\r\n\t", d->ours.octets[i])))
			return false;
	return true;
}

const struct tolerance tolerances[] = {
	{"no number", "no rule finds a number in what the other one reads (bpf/rules/number.h)",
	 no_number},
	{"same number",
	 "what both read is not the same text, but the rules find the same number in both: one "
	 "ends at an octet that no number has, and the other one reads on",
	 same_number},
	{"fragment",
	 "# begins a fragment to some, and is a digit to sipward (RFC 3966 3): rules compare by "
	 "prefix, so the digits before it are judged alike",
	 fragment},
	{"no escape",
	 "libosip2 makes some octet of a % that begins no escape, and ends a user part at %00; a "
	 "rule ends a number there, and compares the digits before it",
	 no_escape},
	{"quotes",
	 "the other one takes the quotes off a token; sipward keeps them in requests and in "
	 "responses, so that both are the same token",
	 quotes},
	{"more of a token",
	 "sipward ends a token at a comma, a quote or white space, and the other one reads on: "
	 "what sipward compares is a part of it, the same in requests and in responses, and an "
	 "attacker who knows that part knows a whole one",
	 more_of_a_token},
	{"inside quotes",
	 "the other one looks for a tag or a branch inside quoted strings, too, where none is "
	 "(RFC 3261 25.1): what sipward takes to be outside a dialog is judged by more rules",
	 inside_quotes},
	{"behind an escaped quote",
	 "libre ends a quoted string at an escaped quote where it takes a list apart, and finds an "
	 "address in what is left (RFC 3261 25.1: quoted-pair)",
	 behind_escaped_quote},
	{"escaped backslash",
	 "Kamailio reads on behind the quote that closes a string which ends with an escaped "
	 "backslash, and is wrong (RFC 3261 25.1: quoted-pair)",
	 escaped_backslash},
	{"comment",
	 "libosip2 and sofia-sip take (...) behind a token for a comment (RFC 2543); sipward has "
	 "it in the token, the same in requests and in responses",
	 comment},
	{"parts of a Call-ID",
	 "libosip2 takes a Call-ID apart at the @ and drops white space around it; it is a token "
	 "to sipward, the same in requests and in responses",
	 call_id_parts},
	{"escaped quote",
	 "Kamailio ends a quoted string of credentials at an escaped quote, and sipward reads on: "
	 "the injection rule sees more of a username, and no server makes a nonce with a "
	 "backslash",
	 escaped_quote},
	{"no proof",
	 "nonces and branches prove nothing: one that is read otherwise makes a response one that "
	 "nobody asked for, or an old nonce a hint; under a username that is read otherwise a "
	 "failed login is counted apart, and a guesser has as many of those as he likes",
	 no_proof},
	{"user of a response",
	 "no rule reads a user in a response, but for the Contact of a redirect",
	 user_of_a_response},
	{"Contact of no redirect",
	 "no rule reads the user of a Contact, but for that of a 3xx (bpf/rules/number.h)",
	 contact_of_no_redirect},
	{"no scheme",
	 "libre, which servers are not built on, finds a user behind any colon; sipward reads "
	 "those of sip, sips and tel, and of what other servers read without a scheme",
	 no_scheme},
	{"tag of a URI",
	 "libosip2 takes a parameter of the URI for the header's when it looks for the tag, which "
	 "is wrong (RFC 3261 20.10: what stands inside <> is the URI's); where that is the only "
	 "one, sipward takes the request to be outside a dialog, and judges it by more rules",
	 tag_of_a_uri},
	{"fold in a body",
	 "libosip2 makes spaces of what looks like a fold in a body, where there are no folds (RFC "
	 "3261 7.3.1); both begin the body at the same octet",
	 fold_in_a_body},
};

const size_t tolerance_count = sizeof(tolerances) / sizeof(tolerances[0]);
