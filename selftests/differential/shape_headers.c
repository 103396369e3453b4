/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Header fields with joints. Every number and every tag is another one, so that a parser that
 * takes one value for another is seen.
 */
#include "shape.h"

#include <string.h>

static uint32_t number(struct shape *s)
{
	return 10000 + below(&s->m, 90000);
}

/* --- names and line ends --- */

/* Something in the middle of a name; or an octet of it with another bit: some parsers compare four
 * octets at once, with a mask for the case. */
static void odd_name(struct shape *s, uint8_t *octet)
{
	if (s->left && one_in(&s->m, 2 * s->rate)) {
		s->left--;
		*octet ^= 1 << below(&s->m, 8);
	}
	joint(s);
}

static void put_name(struct shape *s, const char *name, char compact)
{
	struct message *m = &s->m;
	uint32_t way = below(m, 12), cut = ~0u;
	char letter_form[] = {compact, '\0'};

	if (compact && one_in(m, 4))
		name = letter_form;
	joint(s);
	if (s->rate && one_in(m, 4))
		cut = below(m, strlen(name));
	for (uint32_t i = 0; name[i]; i++) {
		uint8_t c = name[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

		if (i == cut)
			odd_name(s, &c);
		if (letter && (way == 0 || (way == 1 && one_in(m, 2))))
			c &= ~0x20;
		else if (letter && way < 3)
			c |= 0x20;
		put_octet(m, c);
	}
	space(s);
	put_octet(m, ':');
	space(s);
	if (!one_in(m, 12))
		put_octet(m, ' ');
	space(s);
}

static void put_end(struct shape *s)
{
	static const char *const ends[] = {"\n", "\r", "\r\r\n", "\n\r\n", " \r\n", "\r\n\n"};
	struct message *m = &s->m;

	space(s);
	if (s->rate && s->left && one_in(m, 6 * s->rate)) {
		s->left--;
		put(m, PICK(m, ends));
	} else {
		put(m, "\r\n");
	}
}

/* --- addresses --- */

static void put_display(struct shape *s)
{
	static const char *const quoted[] = {
		"A",       "",         "A, B",    "<sip:7@h>",
		"a;tag=7", "\\\"",     "\\\\",    "a\\\"<sip:7@h>;tag=7\\\"",
		"\\",      "\xc3\xa4", "a\r\n b", "x\\\r",
		">",       "<",        ":",       "sip:7@h",
		"'",       "a\tb",
	};
	static const char *const bare[] = {
		"A ",   "A B ",     "a-b.c ",    "A\"b\" ", "(c) ", "A,",    "A;",  "sip:",
		"a:b ", "O'Brien ", "\xc3\xa4 ", "a@b ",    "\\ ",  "\\\" ", "\" ", "A\" ",
	};
	struct message *m = &s->m;

	switch (below(m, 5)) {
	case 0:
		put(m, one_in(m, 8) ? PICK(m, bare) : "Name ");
		joint(s);
		break;
	case 1 ... 2:
		put_octet(m, '"');
		put(m, one_in(m, 3) ? PICK(m, quoted) : "Name");
		joint(s);
		put_octet(m, '"');
		space(s);
		put(m, one_in(m, 2) ? " " : "");
		break;
	}
}

static void put_user(struct shape *s)
{
	struct message *m = &s->m;

	put(m, one_in(m, 4) ? "+" : one_in(m, 8) ? "00" : "");
	putf(m, "%u", number(s));
	if (one_in(m, 12))
		put(m, one_in(m, 2) ? "-%31." : ";phone-context=+49");
	joint(s);
	if (one_in(m, 12))
		put(m, one_in(m, 2) ? ":pw" : ";x=y");
}

static void put_addr_spec(struct shape *s, bool bare)
{
	static const char *const schemes[] = {
		"sip:", "sip:", "sip:", "sip:", "sips:", "SIP:", "tel:", "sIp:", "TEL:",
	};
	struct message *m = &s->m;
	const char *scheme = PICK(m, schemes);

	put(m, scheme);
	joint(s);
	if (!one_in(m, 12))
		put_user(s);
	joint(s);
	if ((scheme[0] | 0x20) == 't' && !one_in(m, 8))
		return;
	put_octet(m, '@');
	joint(s);
	put_host(m);
	joint(s);
	if (!bare && one_in(m, 6))
		put(m, one_in(m, 3) ? "?tag=5&X=y" : one_in(m, 2) ? ";tag=6" : ";lr;user=phone");
}

static void put_address_of(struct shape *s, bool may_be_bare)
{
	if (may_be_bare && one_in(&s->m, 5)) {
		put_addr_spec(s, true);
		space(s);
		return;
	}
	put_display(s);
	put_octet(&s->m, '<');
	joint(s);
	put_addr_spec(s, false);
	joint(s);
	put_octet(&s->m, '>');
	space(s);
}

static void put_param(struct shape *s)
{
	static const char *const params[] = {
		"x=y",         "x",     "x=\"a;tag=4\"", "tagx=3", "x=\"\\\"\"", "xtag=2",
		"a=<sip:7@h>", "q=0.5", "x=\"",          "x=",     "=y",         "",
		"x=(\")",      "x='",   "x=[::1]",       "tag.=1", "\"tag\"=1",
	};
	struct message *m = &s->m;

	put_octet(m, ';');
	space(s);
	put(m, one_in(m, 2) ? "x=y" : PICK(m, params));
	space(s);
}

static void put_tag(struct shape *s)
{
	static const char *const names[] = {"tag", "tag", "tag", "tag", "Tag", "TAG", "ta%67"};
	struct message *m = &s->m;

	put_octet(m, ';');
	space(s);
	put(m, PICK(m, names));
	space(s);
	if (one_in(m, 40))
		return;
	put_octet(m, '=');
	space(s);
	if (one_in(m, 40))
		putf(m, "\"t%u\"", number(s));
	else if (!one_in(m, 40))
		putf(m, "t%u", number(s));
	joint(s);
}

static void put_params_and_tag(struct shape *s, bool tag)
{
	struct message *m = &s->m;

	for (uint32_t i = one_in(m, 4) ? below(m, 4) : 0; i; i--)
		put_param(s);
	if (tag)
		put_tag(s);
	for (uint32_t i = one_in(m, 6) ? below(m, 3) : 0; i; i--)
		put_param(s);
	if (tag && one_in(m, 40))
		put_tag(s);
	put_end(s);
}

/* --- one header each --- */

static void put_from_h(struct shape *s)
{
	put_name(s, "From", 'f');
	put_address_of(s, true);
	put_params_and_tag(s, !one_in(&s->m, 10));
}

static void put_to_h(struct shape *s)
{
	put_name(s, "To", 't');
	put_address_of(s, true);
	put_params_and_tag(s, one_in(&s->m, 2));
}

static void put_via_h(struct shape *s)
{
	static const char *const protocols[] = {"SIP/2.0/UDP", "SIP/2.0/TCP", "SIP / 2.0 / UDP"};
	struct message *m = &s->m;
	uint32_t count = one_in(m, 6) ? 2 : 1;

	put_name(s, "Via", 'v');
	for (uint32_t i = 0; i < count; i++) {
		put(m, i ? "," : "");
		space(s);
		put(m, one_in(m, 8) ? PICK(m, protocols) : "SIP/2.0/UDP");
		space(s);
		put(m, " 192.0.2.1");
		space(s);
		put(m, one_in(m, 3) ? ":5060" : "");
		space(s);
		if (one_in(m, 4))
			put_param(s);
		put_octet(m, ';');
		space(s);
		put(m, one_in(m, 10) ? "BRANCH" : "branch");
		space(s);
		put_octet(m, '=');
		space(s);
		putf(m, "z9hG4bK%u", number(s));
		joint(s);
	}
	put_end(s);
}

static void put_call_id_h(struct shape *s)
{
	put_name(s, "Call-ID", 'i');
	putf(&s->m, "c%u", number(s));
	joint(s);
	put(&s->m, one_in(&s->m, 2) ? "@h.example" : "");
	put_end(s);
}

static void put_cseq_h(struct shape *s)
{
	put_name(s, "CSeq", 0);
	putf(&s->m, "%s%u", one_in(&s->m, 10) ? "00" : "", number(s));
	space(s);
	put_octet(&s->m, ' ');
	space(s);
	put(&s->m, s->m.method);
	put_end(s);
}

static void put_max_forwards_h(struct shape *s)
{
	static const char *const values[] = {
		"70", "70", "0", "070", "255", "7 0", "70;x", "70 (c)", "+7",
	};

	put_name(s, "Max-Forwards", 0);
	put(&s->m, one_in(&s->m, 4) ? PICK(&s->m, values) : "70");
	put_end(s);
}

static void put_list_h(struct shape *s, const char *name, char compact, bool may_be_bare)
{
	struct message *m = &s->m;
	uint32_t count = one_in(m, 5) ? 2 + below(m, 2) : 1;

	put_name(s, name, compact);
	if (one_in(m, 40))
		count = 0; /* an empty value */
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			put_octet(m, ',');
		space(s);
		put_address_of(s, may_be_bare);
		if (one_in(m, 6))
			put_param(s);
	}
	put_end(s);
}

static void put_contact_h(struct shape *s)
{
	put_list_h(s, "Contact", 'm', true);
}

static void put_identity_h(struct shape *s)
{
	static const struct {
		const char *name;
		char compact;
	} headers[] = {
		{"P-Asserted-Identity", 0},
		{"P-Asserted-Identity", 0},
		{"P-Preferred-Identity", 0},
		{"Remote-Party-ID", 0},
		{"Diversion", 0},
		{"Refer-To", 'r'},
		{"Referred-By", 'b'},
		{"Route", 0},
		{"Record-Route", 0},
	};
	uint32_t at = below(&s->m, array_size(headers));

	put_list_h(s, headers[at].name, headers[at].compact, true);
}

static void put_agent_h(struct shape *s)
{
	static const char *const agents[] = {
		"friendly-scanner", "a/1 (x)",     "sipcli/v1", "(c) a", "\"a\" b", "a, b", "a;b",
		"(\") a",           "a (b\r\n c)", "\\",        "a:b",   "",
	};

	put_name(s, "User-Agent", 0);
	joint(s);
	put(&s->m, PICK(&s->m, agents));
	joint(s);
	put_end(s);
}

static void put_type_h(struct shape *s)
{
	put_name(s, "Content-Type", 'c');
	put(&s->m, one_in(&s->m, 3) ? "text" : "application");
	space(s);
	put_octet(&s->m, '/');
	space(s);
	put(&s->m, one_in(&s->m, 3) ? "plain" : "sdp");
	space(s);
	put(&s->m, one_in(&s->m, 4) ? ";charset=\"x,y/z\"" : "");
	put_end(s);
}

static void put_login_h(struct shape *s)
{
	struct message *m = &s->m;

	put_name(s, "Authorization", 0);
	put(m, one_in(m, 10) ? "digest" : "Digest");
	space(s);
	put(m, " username");
	space(s);
	put_octet(m, '=');
	space(s);
	putf(m, "\"u%u", number(s));
	joint(s);
	put(m, "\"");
	space(s);
	put_octet(m, ',');
	space(s);
	putf(m, "realm=\"r\", nonce");
	space(s);
	put_octet(m, '=');
	space(s);
	putf(m, "\"n%u", number(s));
	joint(s);
	put(m, "\"");
	space(s);
	put(m, ", uri=\"sip:h\", response=\"0123456789abcdef0123456789abcdef\"");
	put_end(s);
}

static void put_other_h(struct shape *s)
{
	/* clang-format off */
	static const char *const lines[] = {
		"Subject: \"", "Subject: <", "X: (", "X: \\", "NoColon", "NoColon at all \"",
		": empty", "X:", "X: a: b", "X\" : y", "To x: <sip:7@h>", "From-: <sip:7@h>",
		"To: :x", "Supported: ", "Supported: timer", "Warning: 399 h \"a\\\"b\"",
		"Warning: 399 h \"a", "Date: Sat, 13 Nov", "P-Asserted-Identity <sip:7@h>",
		"Xx: \"a\r\n b\"", "Y: \"\r\n \"", "s: x", "k:", "Allow: INVITE",
	};
	/* clang-format on */

	joint(s);
	put(&s->m, PICK(&s->m, lines));
	put_end(s);
}

static void put_length_h(struct shape *s, uint32_t size)
{
	struct message *m = &s->m;

	if (one_in(m, 8))
		return;
	put_name(s, "Content-Length", 'l');
	switch (below(m, 24)) {
	case 0:
		putf(m, "%u", size / 2);
		break;
	case 1:
		putf(m, "+%u", size);
		break;
	case 2:
		putf(m, "%u;x", size);
		break;
	case 3:
		putf(m, "0x%x", size);
		break;
	case 4:
		putf(m, "000%u", size);
		break;
	case 5:
		putf(m, "%u, %u", size, size);
		break;
	case 6:
		putf(m, "%u", size + 1);
		break;
	case 7:
		break;
	default:
		putf(m, "%u", size);
	}
	put_end(s);
}

typedef void put_header(struct shape *s);

#define HEADERS_MAX 32

/* Chooses the headers that every message has, and some of the others; some stand twice. */
static uint32_t choose(struct shape *s, put_header **list)
{
	static put_header *const always[] = {
		put_via_h, put_from_h, put_to_h, put_call_id_h, put_cseq_h,
	};
	static put_header *const others[] = {
		put_contact_h, put_identity_h, put_identity_h, put_agent_h,
		put_type_h,    put_login_h,    put_other_h,    put_max_forwards_h,
	};
	struct message *m = &s->m;
	uint32_t count = 0;

	for (uint32_t i = 0; i < array_size(always); i++) {
		if (!one_in(m, 80))
			list[count++] = always[i];
		if (s->rate && one_in(m, 60))
			list[count++] = always[i];
	}
	for (uint32_t i = 0; i < array_size(others); i++) {
		bool asked = others[i] == put_contact_h && !strcmp(m->method, "INVITE");

		if (asked ? !one_in(m, 20) : one_in(m, 3))
			list[count++] = others[i];
		if (one_in(m, 25))
			list[count++] = others[i];
	}
	return count;
}

void put_header_section(struct shape *s, uint32_t body_size)
{
	put_header *list[HEADERS_MAX];
	uint32_t count = choose(s, list), length;

	for (uint32_t i = one_in(&s->m, 2) ? count : 0; i < count; i++) {
		uint32_t other = i + below(&s->m, count - i);
		put_header *header = list[i];

		list[i] = list[other];
		list[other] = header;
	}
	length = below(&s->m, count + 1);
	for (uint32_t i = 0; i <= count; i++) {
		if (i == length)
			put_length_h(s, body_size);
		if (i < count)
			list[i](s);
	}
	put(&s->m, "\r\n");
}
