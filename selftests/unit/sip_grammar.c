/* SPDX-License-Identifier: GPL-2.0-only */
#include "sip_grammar.h"

#include <string.h>

/* splitmix64 */
static uint64_t draw(struct sip_random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint32_t sip_random_below(struct sip_random *random, uint32_t bound)
{
	return (draw(random) >> 32) * bound >> 32;
}

void put_octet(struct message *m, uint8_t octet)
{
	if (m->size == m->room)
		abort();
	m->text[m->size++] = octet;
}

void put(struct message *m, const char *text)
{
	while (*text)
		put_octet(m, *text++);
}

void putf(struct message *m, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(m, text);
}

void put_from(struct message *m, const char *set, uint32_t count)
{
	uint32_t size = strlen(set);

	while (count--)
		put_octet(m, set[below(m, size)]);
}

void put_token(struct message *m)
{
	if (one_in(m, 4))
		put_from(m, TOKEN, 1 + below(m, 20));
	else
		put_from(m, LETTERS DIGITS, 1 + below(m, 12));
}

void put_sws(struct message *m)
{
	static const char *const spaces[] = {" ", "\t", "  ", "\r\n ", "\r\n\t", " \r\n   \t"};

	if (one_in(m, 12))
		put(m, PICK(m, spaces));
}

void put_lws(struct message *m)
{
	static const char *const spaces[] = {"\t", "  ", "\r\n ", "\r\n\t", " \t\r\n    "};

	put(m, one_in(m, 10) ? PICK(m, spaces) : " ");
}

void put_between_sws(struct message *m, char separator)
{
	put_sws(m);
	put_octet(m, separator);
	put_sws(m);
}

void put_utf8(struct message *m)
{
	static const char *const characters[] = {
		"\u00e4", "\u0416",     "\u07ff",     "\u0800",     "\u4e2d",   "\ud7ff",
		"\uffee", "\U00010000", "\U0001f4de", "\U0010ffff", "\xc2\x80",
	};

	put(m, PICK(m, characters));
}

/* Puts a backslash and an octet behind it: any of ASCII but CR and LF. */
static void put_quoted_pair(struct message *m)
{
	uint8_t octet = one_in(m, 3) ? '"' : below(m, 128);

	put_octet(m, '\\');
	put_octet(m, octet == '\r' || octet == '\n' ? '\\' : octet);
}

void put_quoted(struct message *m)
{
	uint32_t count = below(m, 16);

	put_octet(m, '"');
	while (count--) {
		switch (below(m, 10)) {
		case 0:
			put_quoted_pair(m);
			break;
		case 1:
			put_utf8(m);
			break;
		case 2:
			put_lws(m);
			break;
		default:
			put_from(m, TOKEN "<>;,:@?()/={}[]|&$#^", 1);
		}
	}
	put_octet(m, '"');
}

void put_comment(struct message *m, uint32_t depth)
{
	put_octet(m, '(');
	for (uint32_t i = below(m, 8); i; i--) {
		if (depth < 3 && one_in(m, 6))
			put_comment(m, depth + 1);
		else if (one_in(m, 8))
			put(m, one_in(m, 2) ? "\\)" : "\\\"");
		else if (one_in(m, 8))
			put_utf8(m);
		else
			put_from(m, TOKEN " <>;,:@?\"", 1);
	}
	put_octet(m, ')');
}

void put_host(struct message *m)
{
	/* clang-format off */
	static const char *const hosts[] = {
		"example.com", "sip.example.net", "a.b-c.d9.example.org", "localhost", "pbx",
		"example.com.", "192.0.2.1", "198.51.100.254", "203.0.113.77", "[2001:db8::9:1]",
		"[::1]", "[2001:DB8:0:0:8:800:200C:417A]", "[::ffff:192.0.2.33]",
	};
	/* clang-format on */

	put(m, PICK(m, hosts));
}

static void put_hostport(struct message *m)
{
	put_host(m);
	if (one_in(m, 3))
		putf(m, ":%u", 1 + below(m, 65535));
}

/* --- URIs --- */

static void put_escaped(struct message *m)
{
	put_octet(m, '%');
	put_from(m, "0123456789ABCDEFabcdef", 2);
}

static void put_user(struct message *m, enum uri_place place)
{
	uint32_t count = 1 + below(m, 12);

	while (count--) {
		if (one_in(m, 12))
			put_escaped(m);
		else if (one_in(m, 8)) /* a ; , or ? in a bare URI would not belong to it */
			put_from(m, place == URI_BARE ? "&=+$/-_.!~*'()" : "&=+$/-_.!~*'();?,", 1);
		else
			put_from(m, LETTERS DIGITS, 1);
	}
	if (one_in(m, 15)) {
		put_octet(m, ':');
		put_from(m, LETTERS DIGITS "-_.!~*'()&=+$", below(m, 9));
	}
	put_octet(m, '@');
}

static void put_uri_params(struct message *m)
{
	/* clang-format off */
	static const char *const params[] = {
		";transport=udp", ";transport=TLS", ";lr", ";user=phone", ";ttl=15", ";lr=on",
		";maddr=[2001:db8::2]", ";method=INVITE", ";ob", ";line=f3%20x", ";x=[::]/:&+$",
		";gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", ";a=b;c", ";pn-provider=x",
	};
	/* clang-format on */

	for (uint32_t i = below(m, 3); i; i--)
		put(m, PICK(m, params));
}

static void put_sip_uri(struct message *m, enum uri_place place)
{
	static const char *const schemes[] = {"sip:", "sip:", "sip:", "sips:", "SIP:", "sIpS:"};

	put(m, PICK(m, schemes));
	if (!one_in(m, 5))
		put_user(m, place);
	put_hostport(m);
	if (place != URI_BARE)
		put_uri_params(m);
	if (place == URI_ANGLE && one_in(m, 10))
		put(m, "?Subject=a%20b&Priority=urgent&X=?/:[]");
}

void put_uri(struct message *m, enum uri_place place)
{
	static const char *const others[] = {
		"urn:service:sos",
		"urn:service:sos.fire",
		"urn:nena:service:responder",
		"mailto:a@example.com",
		"soap.beep://192.0.2.103:3002",
		"x-1+a.b:opaque",
		"http://u@example.com:80/a/b",
		"im:bob@example.com",
		"urn:uuid:00000000-0000",
	};
	static const char *const numbers[] = {
		"tel:+358-555-1234567",
		"tel:+1(212)555.0100",
		"TEL:+49301",
	};
	/* RFC 3966 3: '*' and '#' are digits of a local number. */
	static const char *const locals[] = {
		"tel:110;phone-context=+49",
		"tel:*31#4711;isub=12:3;phone-context=example.com",
	};

	switch (below(m, 12)) {
	case 0:
		put(m, PICK(m, others));
		break;
	case 1:
		if (place != URI_BARE && one_in(m, 3))
			put(m, PICK(m, locals));
		else
			put(m, PICK(m, numbers));
		break;
	default:
		put_sip_uri(m, place);
	}
}

static void put_display_name(struct message *m)
{
	switch (below(m, 4)) {
	case 0:
		break;
	case 1:
		for (uint32_t i = 1 + below(m, 3); i; i--) {
			put_token(m);
			put_lws(m);
		}
		break;
	default:
		put_quoted(m);
		put_sws(m);
		if (one_in(m, 2))
			put_octet(m, ' ');
	}
}

void put_generic_param(struct message *m)
{
	put_between_sws(m, ';');
	put(m, "x-");
	put_token(m);
	if (one_in(m, 3))
		return;
	put_between_sws(m, '=');
	if (one_in(m, 4))
		put_quoted(m);
	else if (one_in(m, 3))
		put_host(m);
	else
		put_token(m);
}

void put_name_addr(struct message *m)
{
	put_display_name(m);
	put_octet(m, '<');
	put_uri(m, URI_ANGLE);
	put_octet(m, '>');
}

void put_address(struct message *m)
{
	if (one_in(m, 4))
		put_uri(m, URI_BARE);
	else
		put_name_addr(m);
}

void put_params(struct message *m)
{
	for (uint32_t i = one_in(m, 3) ? below(m, 4) : 0; i; i--)
		put_generic_param(m);
}
