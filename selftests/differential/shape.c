/* SPDX-License-Identifier: GPL-2.0-only */
#include "shape.h"

#include <string.h>

/* --- what is put into a joint --- */

/* Around the reaches and the words of every scanner that looks at several octets a step. */
static uint32_t some_length(struct shape *s)
{
	static const uint16_t lengths[] = {
		1,   1,   1,   2,    3,    4,    7,    8,    9,    15,   16,   17,   31,  32,
		33,  47,  48,  49,   63,   64,   65,   90,   127,  128,  129,  255,  256, 257,
		511, 512, 513, 1023, 1024, 1025, 1100, 2047, 2048, 2049, 3000, 4000,
	};
	uint32_t at = below(&s->m, one_in(&s->m, 3) ? array_size(lengths) : 12);

	return lengths[at];
}

void put_white(struct shape *s)
{
	static const char *const kinds[] = {" ", " ", " ", "\t", " \t", "\t ", "\r\n ", "\r\n\t"};
	const char *kind = PICK(&s->m, kinds);

	for (uint32_t i = some_length(s) / strlen(kind) + 1; i; i--)
		put(&s->m, kind);
}

static void put_fold(struct shape *s)
{
	static const char *const folds[] = {
		"\r\n ",      "\r\n\t",   "\n ",     "\n\t",   "\r ",    "\r\t", " \r\n ",
		"\r\n \r\n ", "\r\n  \t", "\r\r\n ", "\r\n\v", "\r\n\f", " \n ",
	};

	put(&s->m, PICK(&s->m, folds));
}

static void put_line_end(struct shape *s)
{
	static const char *const ends[] = {
		"\r", "\n", "\r\r\n", "\n\r", "\r\n", "\v", "\f", "\r\v", "\x1c", "\xc2\x85",
	};

	put(&s->m, PICK(&s->m, ends));
}

static void put_control(struct shape *s)
{
	uint8_t octet = below(&s->m, 33);

	for (uint32_t i = one_in(&s->m, 6) ? some_length(s) : 1; i; i--)
		put_octet(&s->m, octet == 32 ? 0x7f : octet);
}

static void put_high(struct shape *s)
{
	static const char *const words[] = {
		"\xc2\xa0", "\xe2\x80\xa8", "\xe2\x80\x8b", "\xef\xbb\xbf", "\xff", "\xe3\x80\x80",
	};

	if (one_in(&s->m, 2))
		put(&s->m, PICK(&s->m, words));
	else
		put_octet(&s->m, 0x80 + below(&s->m, 0x80));
}

static void put_odd(struct shape *s)
{
	/* clang-format off */
	static const char *const odd[] = {
		"\"", "\\", "\\\"", "\"\"", "<", ">", "<>", ";", ";;", ",", ",,", ":", "::", "=",
		"==", "@", "?", "(", ")", "(c)", "(\"", "\\)", "[", "]", "{", "/", "//", "&", "#",
		"'", "`", "%00", "%0d%0a", "%20", "%", "%2", ";tag=777", "?tag=777", ";tag",
		"\";tag=777\"", "sip:", "sips:", "tel:", "sip:777@h", "<sip:777@h>",
		"\"<sip:7@h>\"", "*", "|", "^", "~", "0", "00", "-", "+", ".", "SIP/2.0",
		"HTTP/1.1", "x", "=;=",
	};
	/* clang-format on */

	put(&s->m, PICK(&s->m, odd));
}

void disturb(struct shape *s)
{
	switch (below(&s->m, 16)) {
	case 0 ... 4:
		put_white(s);
		break;
	case 5 ... 6:
		put_fold(s);
		break;
	case 7:
		put_line_end(s);
		break;
	case 8 ... 9:
		put_control(s);
		break;
	case 10:
		put_high(s);
		break;
	case 11:
		put_octet(&s->m, 0);
		break;
	default:
		put_odd(s);
	}
}

static bool is_chosen(struct shape *s)
{
	if (!s->rate || !s->left || s->m.size > 9000 || !one_in(&s->m, s->rate))
		return false;
	s->left--;
	return true;
}

void joint(struct shape *s)
{
	if (is_chosen(s))
		disturb(s);
}

void space(struct shape *s)
{
	if (!is_chosen(s))
		return;
	if (one_in(&s->m, 3))
		disturb(s);
	else if (one_in(&s->m, 3))
		put_fold(s);
	else
		put_white(s);
}

/* --- what stands before the start line, and that itself --- */

/* A prefix that is taken for a STUN header: type, length, magic cookie. The length is set when
 * it is known. */
static size_t put_stun(struct shape *s)
{
	size_t at = s->m.size;

	put_octet(&s->m, one_in(&s->m, 2) ? '0' : below(&s->m, 64));
	put_octet(&s->m, one_in(&s->m, 2) ? '1' : below(&s->m, 256));
	put(&s->m, "ZZ!\x12\xa4"
		   "B");
	return at;
}

static void put_before(struct shape *s)
{
	static const char *const befores[] = {
		"\r\n", "\r\n\r\n", "\n", "\r", "\n\r", " ", "\t", "\r\n ", "\xef\xbb\xbf", "jaK",
	};

	if (!one_in(&s->m, 40))
		return;
	if (one_in(&s->m, 3))
		for (uint32_t i = some_length(s); i; i--)
			put(&s->m, "\r\n");
	else
		put(&s->m, PICK(&s->m, befores));
	joint(s);
}

static void put_request_line(struct shape *s, bool stun)
{
	static const char *const versions[] = {
		"SIP/2.0", "SIP/2.0", "SIP/2.0", "sip/2.0", "SIP/2.00",
	};
	struct message *m = &s->m;

	if (!stun)
		put(m, m->method);
	joint(s);
	put_octet(m, ' ');
	joint(s);
	if (one_in(m, 6)) {
		put_uri(m, URI_REQUEST);
	} else {
		putf(m, "%s", one_in(m, 8) ? "tel:" : one_in(m, 8) ? "sips:" : "sip:");
		joint(s);
		putf(m, "%u", 100 + below(m, 900000));
		joint(s);
		putf(m, "@h%u", below(m, 10));
		joint(s);
		put(m, one_in(m, 4) ? ";user=phone" : one_in(m, 6) ? ":5060" : "");
	}
	joint(s);
	put_octet(m, ' ');
	joint(s);
	put(m, PICK(m, versions));
	joint(s);
	put(m, "\r\n");
}

static void put_status_line(struct shape *s)
{
	struct message *m = &s->m;

	put(m, one_in(m, 10) ? "sip/2.0" : "SIP/2.0");
	joint(s);
	put_octet(m, ' ');
	joint(s);
	putf(m, "%u", 100 + below(m, 600));
	joint(s);
	put(m, one_in(m, 4) ? "" : " OK then");
	joint(s);
	put(m, "\r\n");
}

static void choose_method(struct shape *s)
{
	static const char *const methods[] = {
		"INVITE", "INVITE", "INVITE", "OPTIONS",   "REGISTER", "MESSAGE", "REFER",
		"BYE",    "ACK",    "CANCEL", "SUBSCRIBE", "PING",     "INVITEE", "invite",
	};

	snprintf(s->m.method, sizeof(s->m.method), "%s", PICK(&s->m, methods));
}

/* --- body and message --- */

static uint32_t make_body(struct shape *s, uint8_t *body)
{
	static const char *const bodies[] = {
		"",
		"",
		"",
		"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n",
		"\r\n\r\n",
		"x",
		"\n",
		"P-Asserted-Identity: <sip:8888@h>\r\n\r\n",
		" fold\r\n\r\nbody",
		"\r\nTo: <sip:8@h>;tag=8\r\n",
	};
	const char *text = PICK(&s->m, bodies);

	memcpy(body, text, strlen(text));
	return strlen(text);
}

static void set_stun_length(struct shape *s, size_t at)
{
	while ((s->m.size - at) % 4)
		put_octet(&s->m, '.');
	s->m.text[at + 2] = (s->m.size - at - 20) >> 8;
	s->m.text[at + 3] = s->m.size - at - 20;
}

static void choose_rate(struct shape *s)
{
	static const uint16_t rates[] = {0, 150, 80, 80, 40, 20};

	s->rate = PICK(&s->m, rates);
	s->left = 1 + below(&s->m, one_in(&s->m, 3) ? 4 : 2);
}

size_t shape_message(struct sip_random *random, uint8_t *text, size_t room)
{
	struct shape s = {.m = {.random = random, .text = text, .room = room}};
	uint8_t body[128];
	uint32_t size;
	bool stun;
	size_t at = 0;

	choose_rate(&s);
	s.m.request = !one_in(&s.m, 4);
	choose_method(&s);
	size = make_body(&s, body);
	stun = s.m.request && one_in(&s.m, 200);
	if (stun) {
		snprintf(s.m.method, sizeof(s.m.method), "OPTIONS");
		at = put_stun(&s);
	} else {
		put_before(&s);
	}
	if (s.m.request)
		put_request_line(&s, stun);
	else
		put_status_line(&s);
	put_header_section(&s, size);
	for (uint32_t i = 0; i < size; i++)
		put_octet(&s.m, body[i]);
	if (stun)
		set_stun_length(&s, at);
	else if (one_in(&s.m, 100))
		s.m.size -= below(&s.m, s.m.size < 40 ? s.m.size : 40);
	return s.m.size;
}
