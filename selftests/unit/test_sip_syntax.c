/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The grammar that `strict` judges by: values that each header may have beside their nearest
 * neighbours that it may not; and a suite of malformed INVITEs, each field of which is replaced by
 * what breaks parsers, and by what only looks so. A judge of its own, written here, says which of
 * them break the grammar: those must be refused, and no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <ctype.h>

#include "sip_asserts.h"

/* --- values --- */

struct value {
	const char *header;
	uint64_t bit;
	const char *legal, *illegal;
};

#define BIT(id) SW_SANITY_BIT(id##_SYNTAX)

static const struct value values[] = {
	{"Via", BIT(VIA), "SIP/2.0/UDP h", "SIP/2.0/UDP"},
	{"Via", BIT(VIA), "sip/2.0/tls-sctp h", "SIP/2.0/ h"},
	{"Via", BIT(VIA), "SIP / 2.0 / TCP\th : 5060", "SIP/2.0/TCP h : "},
	{"Via", BIT(VIA), "SIP/2.0/UDP h:65535", "SIP/2.0/UDP h:65536"},
	{"Via", BIT(VIA), "SIP/2.0/UDP h:0000005060", "SIP/2.0/UDP h:-1"},
	{"Via", BIT(VIA), "SIP/2.0/UDP [2001:db8::1]:5", "SIP/2.0/UDP [2001:db8:::1]:5"},
	{"Via", BIT(VIA), "SIP/2.0/UDP [::ffff:1.2.3.4]", "SIP/2.0/UDP [::ffff:1.2.3]"},
	{"Via", BIT(VIA), "SIP/2.0/UDP [1:2::]", "SIP/2.0/UDP [1::2::]"},
	{"Via", BIT(VIA), "SIP/2.0/UDP h;received=1::2", "SIP/2.0/UDP h;received=1::2::3"},
	{"Via", BIT(VIA), "SIP/2.0/UDP a.b-c.d1.", "SIP/2.0/UDP a.b-.d1"},
	{"Via", BIT(VIA), "SIP/2.0/UDP 3com.x", "SIP/2.0/UDP x.3com"},
	{"Via", BIT(VIA), "SIP/2.0/UDP h_1;a", "SIP/2.0/UDP h%1;a"},
	{"Via", BIT(VIA), "SIP/2.0/UDP 192.0.2.1", "SIP/2.0/UDP 192.0.2"},
	{"Via", BIT(VIA), "SIP/2.0/UDP 192.0.2.255", "SIP/2.0/UDP 192.0.2.256"},
	{"Via", BIT(VIA), "SIP/2.0/UDP a,SIP/2.0/UDP b", "SIP/2.0/UDP a,b"},
	{"Via", BIT(VIA), "SIP/2.0/UDP h;x=\"a,\\\"b\"", "SIP/2.0/UDP h;x=a\"b\""},
	{"Via", BIT(VIA), "SIP/2.0/UDP h;branch=z9hG4bK%d", "SIP/2.0/UDP %d%d;branch=z9hG4bK"},
	{"Via", BIT(VIA), "SIP/2.0/UDP h;a;b", "SIP/2.0/UDP h;a;;b"},
	{"From", BIT(FROM), "<sip:a@b>;tag=1", "<sip:a@b>tag=1"},
	{"From", BIT(FROM), "sip:a@b;tag=1", "sip:a@;tag=1"},
	{"From", BIT(FROM), "a b<sip:a@b>;tag=1", "a@b<sip:a@b>;tag=1"},
	{"From", BIT(FROM), "\"\\\"<\" <sip:a@b>;tag=1", "\"\"\"<\" <sip:a@b>;tag=1"},
	{"From", BIT(FROM), "<sip:a;x=,?y@b>;tag=1", "<sip:a;x=,?y<@b>;tag=1"},
	{"From", BIT(FROM), "<sip:a%00@b>;tag=1", "<sip:a%0@b>;tag=1"},
	{"From", BIT(FROM), "<sip:a:b@[::1]:1>;tag=1", "<sip:a@b@c>;tag=1"},
	{"From", BIT(FROM), "<sips:b?x=y&z=>;tag=1", "<sips:b?x&z=>;tag=1"},
	{"From", BIT(FROM), "<sipsx:%41/?;:@&=+$,>;tag=1", "<sipsx:>;tag=1"},
	{"From", BIT(FROM), "<sip:b;lr;a=b/[x]:&+$>;tag=1", "<sip:b;lr;a=b=c>;tag=1"},
	{"To", BIT(TO), "<tel:+49-30(1);x>", "<+49-30>"},
	{"To", BIT(TO), "urn:service:sos", "urn service"},
	{"To", BIT(TO), "<sip:%23*21#@b>", "<sip:%%23@b>"},
	{"To", BIT(TO), "<sip:a@b>;x=[::1]", "<sip:a@b>;x=::1"},
	{"To", BIT(TO), "<sip:a@b>;x", "<sip:a@b>>;x"},
	{"Contact", BIT(CONTACT), "*", "**"},
	{"Contact", BIT(CONTACT), "<sip:a>,b:c,x <d:e>;q=1", "<sip:a>,b:c,x d:e;q=1"},
	{"Contact", BIT(CONTACT), "<sip:a>;+sip.instance=\"<urn:x>\"", "<sip:a>;x=<urn:x>"},
	{"Contact", BIT(CONTACT), "<sip:a> ;\r\n expires = 1", "<sip:a> ; = 1"},
	{"Contact", BIT(CONTACT), "<sip:a>", "<sip:>"},
	{"Route", BIT(ROUTE), "<sip:a;lr>,<sip:b>;x", "<sip:a;lr>,*"},
	{"Route", BIT(ROUTE), "\"\xc3\xa4\" <sip:a>", "sip:a"},
	{"Record-Route", BIT(RECORD_ROUTE), "<sip:a;lr=on>;x=y", "<sip:a;lr=on>;x="},
	{"Refer-To", BIT(REFER_TO), "<sip:a?Replaces=1%3Bx>", "sip:a?Replaces=1%3Bx"},
	{"Refer-To", BIT(REFER_TO), "<http://a/b>", "<http//a/b>"},
	{"Refer-To", BIT(REFER_TO), "<http://[::1]:8/b>", "<http://{::1}:8/b>"},
	{"Call-ID", BIT(CALL_ID), "a(<>:\\\"/[]?{})", "a=b"},
	{"Call-ID", BIT(CALL_ID), "a@b", "@b"},
	{"Call-ID", BIT(CALL_ID), "-", "a\r\n b"},
	{"Content-Type", BIT(CONTENT_TYPE), "a/b;c=d;e=\"f \xc3\xa4\"", "a/b;c=d;e"},
	{"Content-Type", BIT(CONTENT_TYPE), "text/vnd.x+y; z*=''1", "text/*/x"},
};

/* A message whose header has this value. */
static size_t with_value(char *text, size_t room, const char *header, const char *value)
{
	static const char *const others[][2] = {
		{"Via", "SIP/2.0/UDP h;branch=z9hG4bK1"},
		{"From", "<sip:a@b>;tag=1"},
		{"To", "<sip:b@c>"},
		{"Call-ID", "1"},
		{"CSeq", "1 INVITE"},
		{"Max-Forwards", "70"},
		{"Contact", "<sip:a@b>"},
	};
	size_t size = snprintf(text, room, "INVITE sip:a@b SIP/2.0\r\n%s: %s\r\n", header, value);

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i][0], header))
			size += snprintf(text + size, room - size, "%s: %s\r\n", others[i][0],
					 others[i][1]);
	return size + snprintf(text + size, room - size, "\r\n");
}

static void test_values(void **state)
{
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct value *v = &values[i];
		size_t size = with_value(text, sizeof(text), v->header, v->legal);

		assert_violations(scan(text, size, 0).violations, 0, v->legal);
		size = with_value(text, sizeof(text), v->header, v->illegal);
		if (!(scan(text, size, 0).violations & v->bit))
			fail_msg("%s: %s is not refused", v->header, v->illegal);
	}
}

/* Values that are read in several calls, with faults at the edges of a call; and values longer than
 * any header. */
static void test_lengths(void **state)
{
	static char text[8192], value[6000];

	(void)state;
	for (size_t length = 1; length < 1300; length++) {
		size_t size;

		memset(value, 'a', length);
		value[length] = '\0';
		size = with_value(text, sizeof(text), "Call-ID", value);
		assert_violations(scan(text, size, 0).violations, 0, "long Call-ID");
		value[length - 1] = ';';
		size = with_value(text, sizeof(text), "Call-ID", value);
		assert_violations(scan(text, size, 0).violations, BIT(CALL_ID), "its last octet");
	}
	memset(value, 'a', 5000);
	value[5000] = '\0';
	with_value(text, sizeof(text), "Call-ID", value);
	assert_violations(scan(text, strlen(text), 0).violations,
			  BIT(CALL_ID) | SW_SANITY_BIT(HEADER_LENGTH), "too long");
}

/* Each octet at each place of a name that is read in steps of eight octets. A name is a token (RFC
 * 3261 25.1), behind which white space may stand. */
static void test_names(void **state)
{
	static const char token[] = "-.!%*_+`'~";
	char text[1024], name[40];

	(void)state;
	for (int octet = 1; octet < 256; octet++) {
		bool blank = octet == ' ' || octet == '\t';

		/* A colon ends a name; CR and LF end a line. */
		if (strchr(":\r\n", octet))
			continue;
		for (size_t length = 1; length < sizeof(name) - 1; length++) {
			for (size_t at = 0; at < length; at++) {
				bool legal = (octet < 0x80 && isalnum(octet)) ||
					     strchr(token, octet) || (blank && at == length - 1);
				uint64_t found;

				if (blank && at == 0) /* the line before goes on */
					continue;
				memset(name, 'a', length);
				name[length] = '\0';
				name[at] = octet;
				found = scan(text, with_value(text, sizeof(text), name, "1"), 0)
						.violations;
				if (!(found & SW_SANITY_BIT(HEADER_SYNTAX)) != legal)
					fail_msg("octet %d at %zu of %zu: %s", octet, at, length,
						 legal ? "it is refused" : "it passes");
			}
		}
	}
}

/* --- malformed INVITEs --- */

/* The kinds of fields. Each kind has legal texts, but for K_WHOLE: no text that replaces a whole
 * value is legal. */
/* clang-format off */
enum kind {
	K_TOKEN, K_TRANSPORT, K_HOST, K_PORT, K_USER, K_QUOTED, K_FIXED, K_WHOLE, K_CALL_ID,
	K_CONTACT, K_CSEQ, K_SPACE, K_BYTE, K_COUNT, K_LENGTH,
};
/* clang-format on */

struct field {
	const char *header, *before;
	enum kind kind;
	const char *value, *after;
};

static const struct field fields[] = {
	{"", "INVITE ", K_WHOLE, "sip:bob@b.example", " SIP/2.0"},
	{"", "INVITE sip:", K_USER, "bob", "@b.example SIP/2.0"},
	{"", "INVITE sip:bob@", K_HOST, "b.example", " SIP/2.0"},
	{"", "INVITE sip:bob@b.example:", K_PORT, "5060", " SIP/2.0"},
	{"Via", "", K_WHOLE, "SIP/2.0/UDP h;branch=z9hG4bK1", ""},
	{"Via", "", K_FIXED, "SIP", "/2.0/UDP h;branch=z9hG4bK1"},
	{"Via", "SIP", K_FIXED, "/", "2.0/UDP h;branch=z9hG4bK1"},
	{"Via", "SIP/", K_FIXED, "2.0", "/UDP h;branch=z9hG4bK1"},
	{"Via", "SIP/2.0", K_FIXED, "/", "UDP h;branch=z9hG4bK1"},
	{"Via", "SIP/2.0/", K_TRANSPORT, "UDP", " h;branch=z9hG4bK1"},
	{"Via", "SIP/2.0/UDP", K_SPACE, " ", "h;branch=z9hG4bK1"},
	{"Via", "SIP/2.0/UDP ", K_HOST, "192.0.2.1", ";branch=z9hG4bK1"},
	{"Via", "SIP/2.0/UDP h:", K_PORT, "5060", ";branch=z9hG4bK1"},
	{"Via", "SIP/2.0/UDP 192.0.2.1", K_FIXED, ";", "branch=z9hG4bK1"},
	{"Via", "SIP/2.0/UDP h;branch=", K_TOKEN, "z9hG4bK1", ""},
	{"Via", "SIP/2.0/UDP h;branch=z9hG4bK1", K_FIXED, ",", "SIP/2.0/UDP i"},
	{"From", "", K_WHOLE, "<sip:alice@a.example>", ";tag=1"},
	{"From", "\"", K_QUOTED, "Alice", "\" <sip:alice@a.example>;tag=1"},
	{"From", "\"Alice\" ", K_FIXED, "<", "sip:alice@a.example>;tag=1"},
	{"From", "<", K_FIXED, "sip:", "alice@a.example>;tag=1"},
	{"From", "<sip:", K_USER, "alice", "@a.example>;tag=1"},
	{"From", "<sip:alice@", K_HOST, "a.example", ":5060>;tag=1"},
	{"From", "<sip:alice@a.example:", K_PORT, "5060", ">;tag=1"},
	{"From", "<sip:alice@a.example", K_FIXED, ">", ";tag=1"},
	{"From", "<sip:alice@a.example>", K_FIXED, ";", "tag=1"},
	{"From", "<sip:alice@a.example>;tag=", K_TOKEN, "1", ""},
	{"From", "<sip:alice@a.example>;tag=1;", K_TOKEN, "x", "=y"},
	{"To", "", K_WHOLE, "<sip:bob@b.example>", ""},
	{"To", "<sip:", K_USER, "bob", "@b.example>"},
	{"To", "<sip:bob@", K_HOST, "b.example", ">"},
	{"To", "<sip:", K_HOST, "b.example", ">"},
	{"To", "<sip:bob@b.example", K_FIXED, ">", ""},
	{"Call-ID", "", K_CALL_ID, "c1@192.0.2.1", ""},
	{"Call-ID", "c1@", K_CALL_ID, "192.0.2.1", ""},
	{"CSeq", "", K_CSEQ, "1", " INVITE"},
	{"CSeq", "1", K_SPACE, " ", "INVITE"},
	{"CSeq", "1 ", K_FIXED, "INVITE", ""},
	{"Max-Forwards", "", K_BYTE, "70", ""},
	{"Contact", "", K_CONTACT, "<sip:alice@a.example>", ""},
	{"Contact", "<sip:alice@", K_HOST, "a.example", ";x=y>;expires=60"},
	{"Contact", "<sip:alice@a.example>", K_FIXED, ";", "expires=60"},
	{"Contact", "<sip:a@b>", K_FIXED, ",", "<sip:c@d>"},
	{"Route", "", K_WHOLE, "<sip:r.example;lr>", ""},
	{"Route", "<sip:", K_HOST, "r.example", ";lr>"},
	{"Record-Route", "", K_WHOLE, "<sip:r.example;lr>", ""},
	{"Record-Route", "<sip:r.example:", K_PORT, "5060", ";lr>"},
	{"Refer-To", "", K_WHOLE, "<sip:carol@c.example>", ""},
	{"Refer-To", "<sip:carol@", K_HOST, "c.example", ">"},
	{"Expires", "", K_COUNT, "60", ""},
	{"Content-Type", "", K_WHOLE, "application/sdp", ""},
	{"Content-Type", "", K_TOKEN, "application", "/sdp"},
	{"Content-Type", "application", K_FIXED, "/", "sdp"},
	{"Content-Type", "application/", K_TOKEN, "sdp", ""},
	{"Content-Type", "application/sdp;x=", K_TOKEN, "y", ""},
	{"Content-Length", "", K_LENGTH, "0", ""},
};

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define TOKEN   LETTERS DIGITS "-.!%*_+`'~"
#define WORD    TOKEN "()<>:\\\"/[]?{}"

struct anomaly {
	char octets[3100];
	size_t size;
};

static bool is_all(const struct anomaly *a, const char *set)
{
	return a->size && strspn(a->octets, set) == a->size;
}

static bool is_number(const struct anomaly *a, uint64_t most)
{
	/* More than 19 digits are read as none, zeros or not. */
	return is_all(a, DIGITS) && a->size < 20 && strtoull(a->octets, NULL, 10) <= most;
}

static bool is_host(const struct anomaly *a)
{
	char text[sizeof(a->octets) + 2], *dot = text, address[16];
	size_t size = a->size;

	if (size > 2 && a->octets[0] == '[' && a->octets[size - 1] == ']') {
		snprintf(text, size - 1, "%s", a->octets + 1);
		return inet_pton(AF_INET6, text, address) == 1;
	}
	if (inet_pton(AF_INET, a->octets, address) == 1)
		return true;
	if (!is_all(a, LETTERS DIGITS "-._"))
		return false;
	snprintf(text, sizeof(text), ".%s", a->octets);
	if (text[size] == '.')
		text[size] = '\0';
	for (char *label = text; (label = strchr(label, '.')); dot = label++)
		if (!label[1] || strchr(".-", label[1]) || (label > text && label[-1] == '-'))
			return false;
	return !isdigit((uint8_t)dot[1]) && dot[strlen(dot) - 1] != '-';
}

static bool is_user(const struct anomaly *a)
{
	bool password = false;

	for (size_t i = 0; i < a->size; i++) {
		const char *at = a->octets + i;

		if (*at == '%' && isxdigit((uint8_t)at[1]) && isxdigit((uint8_t)at[2]))
			i += 2;
		else if (*at == ':' && !password && i)
			password = true;
		else if (!*at || !strchr(LETTERS DIGITS "-_.!~*'()&=+$,", *at))
			if (!*at || password || !strchr(";?/#", *at))
				return false;
	}
	return a->size;
}

/* In quotes; UTF-8 is told by its first octet, for what replaces has no more than a few. */
static bool is_quoted(const struct anomaly *a)
{
	for (size_t i = 0; i < a->size; i++) {
		unsigned char c = a->octets[i];

		if (c == '\\' && ++i == a->size)
			return false;
		if (c == '\r' && a->octets[i + 1] == '\n' && a->octets[i + 2] == ' ') {
			i += 2;
			continue;
		}
		if (c == '"' || (c < ' ' && c != '\t') || c == 0x7f || c == 0xc0 || c == 0xff)
			return false;
	}
	return true;
}

/* Of a parameter: a token or a host, and in a Via an address without brackets. */
static bool is_value(const struct field *f, const struct anomaly *a)
{
	char address[16];

	return is_all(a, TOKEN) ||
	       (strcmp(f->header, "Content-Type") && f->before[strlen(f->before) - 1] == '=' &&
		(is_host(a) ||
		 (!strcmp(f->header, "Via") && inet_pton(AF_INET6, a->octets, address) == 1)));
}

static bool is_call_id(const struct anomaly *a, const char *before)
{
	const char *at = memchr(a->octets, '@', a->size);

	if (!at)
		return is_all(a, WORD);
	return !*before && at > a->octets && at[1] && is_all(a, WORD "@") && !strchr(at + 1, '@');
}

static bool is_legal(const struct field *f, const struct anomaly *a)
{
	switch (f->kind) {
	case K_TOKEN:
		return is_value(f, a);
	case K_TRANSPORT:
		return is_all(a, LETTERS DIGITS "-._+");
	case K_HOST:
		return is_host(a);
	case K_PORT:
		return is_all(a, DIGITS) && strtoull(a->octets, NULL, 10) <= 65535;
	case K_USER:
		return is_user(a);
	case K_QUOTED:
		return is_quoted(a);
	case K_FIXED:
		return !strcmp(a->octets, f->value) && a->size == strlen(f->value);
	case K_WHOLE:
		return false;
	case K_CALL_ID:
		return is_call_id(a, f->before);
	case K_CONTACT:
		return !strcmp(a->octets, "*") && a->size == 1;
	case K_CSEQ:
		return is_number(a, INT32_MAX);
	case K_SPACE:
		return is_all(a, " \t\r\n") && a->octets[0] != '\n' &&
		       !strchr("\r\n", a->octets[a->size - 1]);
	case K_BYTE:
		return is_number(a, 255);
	case K_COUNT:
		return is_number(a, UINT32_MAX);
	case K_LENGTH:
		return is_number(a, 0);
	}
	return false;
}

/* Gives the n-th text that replaces a field, or returns false. */
static bool nth_anomaly(size_t n, struct anomaly *a)
{
	/* clang-format off */
	static const char *const words[] = {
		"", "-1", "-0", "+1", "0", "00", "256", "-2147483649", "2147483647", "2147483648",
		"4294967295", "4294967296", "18446744073709551616", "65535", "65536", "0x41", "1e9",
		"1.5", "1,5", "256.1.1.1", "1.1.1.256", "999.999.999.999", "1.1.1", "1.1.1.1.1",
		"1.1.1.1", "-1.0.0.1", "1..1.1", "1.1.1.", "h..h", ".h", "h.", "-h", "h-", "h-h",
		"[::1", "::1]", "::1", "[::1]", "[:::1]", "[1::2::3]", "[12345::]", "[g::1]", "[]",
		"[1:2:3:4:5:6:7:8:9]", "[::1.2.3.4]", "[::1.2.3]", "%s%n%x%d", "%.9999d", "%00",
		"%0", "%zz", "\xc3\xa4", "\xff", "\xc0\xaf", "\xe2\x82\xac\xe2\x82\xac",
		"<<>>", "<>", "(())", "a b", "a\tb", "%d%d", "......", "SIP/2......0/UDP", "UDP",
		"a,b", "a;;b", "a@b@c", "a@", "=", "&&", "a=b=c", "?a", "<sip:>", "<sip:a@>",
		"<sip:@a>", "sip:a@b c", "<sip:a@b", "a:b@c>", "\"a <sip:b>", "<sip:[::1>",
		"--", "' or 1=1 --", "../../../../etc/passwd", "$(reboot)", "`reboot`", "|reboot|",
		"\\", "\\\\", "\\\"", "\"", "*", "**", "INVITE", "invite", "sip:", "://",
	};
	/* clang-format on */
	static const char *const bits[] = {
		"a",  "1",  "%s",   "%n",  "%x", "\xc3\xa4", "a.",   ".a", "a;;", "a,",
		"1.", "a@", "a b ", "../", "::", "\r\n ",    "\\\"", " ;", "<a>", "%41",
	};
	static const uint16_t counts[] = {3, 16, 128, 1024};
	const char *bit = bits[n / 4 % 20];

	memset(a, 0, sizeof(*a));
	if (n < sizeof(words) / sizeof(words[0])) {
		a->size = strlen(words[n]);
		memcpy(a->octets, words[n], a->size);
		return true;
	}
	n -= sizeof(words) / sizeof(words[0]);
	if (n < 4 * 128) { /* each octet of ASCII, and many of them */
		a->size = n % 4 ? counts[n % 4] : 1;
		memset(a->octets, n / 4, a->size);
		return true;
	}
	n -= 4 * 128;
	bit = bits[n / 4 % 20];
	for (uint32_t i = 0; n < 4 * 20 && i < counts[n % 4] && a->size < 3000; i++) {
		memcpy(a->octets + a->size, bit, strlen(bit));
		a->size += strlen(bit);
	}
	return n < 4 * 20;
}

static size_t put_field(char *text, const struct field *f, const struct anomaly *a)
{
	size_t size = sprintf(text, "%s%s%s", f->header, *f->header ? ": " : "", f->before);

	memcpy(text + size, a->octets, a->size);
	size += a->size;
	return size + sprintf(text + size, "%s\r\n", f->after);
}

/* An INVITE with one field replaced. */
static size_t put_invite(char *text, const struct field *f, const struct anomaly *a)
{
	static const char *const others[][2] = {
		{"Via", "SIP/2.0/UDP h;branch=z9hG4bK1"},
		{"From", "<sip:alice@a.example>;tag=1"},
		{"To", "<sip:bob@b.example>"},
		{"Call-ID", "1"},
		{"CSeq", "1 INVITE"},
		{"Max-Forwards", "70"},
		{"Contact", "<sip:alice@a.example>"},
		{"Content-Length", "0"},
	};
	size_t size;

	size = *f->header ? (size_t)sprintf(text, "INVITE sip:bob@b.example SIP/2.0\r\n") : 0;
	size += put_field(text + size, f, a);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i][0], f->header))
			size += sprintf(text + size, "%s: %s\r\n", others[i][0], others[i][1]);
	return size + sprintf(text + size, "\r\n");
}

static void say_missed(const struct field *f, const struct anomaly *a, const char *what)
{
	print_message("# %s: %s%s%.60s%s\n", what, f->header, f->before, a->octets, f->after);
}

/* Bounds on sizes are no grammar. */
#define BOUNDS                                                                             \
	(SW_SANITY_BIT(HEADER_LENGTH) | SW_SANITY_BIT(URI_LENGTH) | SW_SANITY_BIT(REACH) | \
	 SW_SANITY_BIT(MESSAGE_LENGTH) | SW_SANITY_BIT(METHOD_LENGTH))

static void test_malformed_invites(void **state)
{
	unsigned int breaking = 0, refused = 0, legal = 0, wrong = 0;
	static char text[8192];
	static struct anomaly a;

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field *f = &fields[i];

		for (size_t n = 0; nth_anomaly(n, &a); n++) {
			struct sip_msg msg = scan(text, put_invite(text, f, &a), 0);
			bool is_refused = msg.violations & ~BOUNDS;

			if (f->kind == K_SPACE && a.size > SIP_LONG / 2)
				continue; /* more than is read */
			if (is_legal(f, &a)) {
				legal++;
				wrong += is_refused;
				if (is_refused)
					say_missed(f, &a, "legal, and refused");
				continue;
			}
			breaking++;
			refused += is_refused;
			if (!is_refused)
				say_missed(f, &a, "breaks the grammar, and passes");
		}
	}
	print_message("# %u malformed INVITEs, %u refused (%.2f %%); %u legal ones\n", breaking,
		      refused, refused * 100.0 / breaking, legal);
	assert_true(breaking > 20000 && legal > 1000);
	assert_int_equal(wrong, 0);
	assert_true(refused * 1000ull >= breaking * 990ull);
}

/* --- values that are told by words --- */

static const struct {
	uint32_t id, rule;
	const char *text;
} plain[] = {
	{SIP_VIA, SIP_SYNTAX_VIA, "SIP/2.0/UDP 203.0.113.7:5060;rport;branch=z9hG4bKPj7f-1.0"},
	{SIP_VIA, SIP_SYNTAX_VIA, "SIP/2.0/TLS pc33.a-b.com:65535;received=192.0.2.255"},
	{SIP_FROM, SIP_SYNTAX_FROM_TO, "\"A. Bell\" <sip:100@sip.example.com>;tag=8e5a4c72f01b"},
	{SIP_TO, SIP_SYNTAX_FROM_TO, "Bob <sip:+49301@example.com:5060;user=phone>"},
	{SIP_CONTACT, SIP_SYNTAX_CONTACT, "<sip:100@203.0.113.7:5060;ob>;expires=3600;q=0.7"},
	{SIP_ROUTE, SIP_SYNTAX_ROUTE, "<sip:p1.example.com;lr>"},
	{SIP_CALL_ID, SIP_SYNTAX_CALL_ID, "4f2d9c8b-7a6e.1@203.0.113.7"},
	{SIP_CONTENT_TYPE, SIP_SYNTAX_CONTENT_TYPE, "application/sdp"},
};

/* Whether the value is told to be plain, on a heap block of exactly it and the pad. */
static int is_plain(size_t row, const char *text, size_t size, char pad)
{
	char *block = malloc(8 + size + SIP_PAD);
	const struct sip_buf *buf = (const struct sip_buf *)block;
	int found;

	memset(block, pad, 8 + size + SIP_PAD);
	memcpy(block + 8, text, size);
	found = sip_is_plain(buf, 8, 8 + size, plain[row].id);
	if (found && !sip_syntax_is(buf, 8, 8 + size, plain[row].rule))
		fail_msg("plain, and breaks the grammar: %.*s", (int)size, text);
	free(block);
	return found;
}

/* What is told to be plain keeps the grammar, whatever stands behind it. */
static void test_plain_values(void **state)
{
	static const char octets[] = "<>@:;=.-,\" \\+%0259aZ_/[]\t\x7f\x80\xff", pads[] = "7;a\r>";
	uint64_t seed = 88172645463325252ull;
	unsigned int found = 0;

	(void)state;
	for (size_t row = 0; row < sizeof(plain) / sizeof(*plain); row++) {
		size_t size = strlen(plain[row].text);

		assert_true(is_plain(row, plain[row].text, size, '\r'));
		for (int i = 0; i < 20000; i++) {
			char text[128];

			memcpy(text, plain[row].text, size);
			for (int n = 0; n < 1 + i % 3; n++) {
				seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
				text[seed % size] = octets[(seed >> 32) % (sizeof(octets) - 1)];
			}
			found += is_plain(row, text, size - i % 7, pads[i % 5]);
		}
	}
	assert_true(found > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),       cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_names),        cmocka_unit_test(test_malformed_invites),
		cmocka_unit_test(test_plain_values),
	};

	return cmocka_run_group_tests_name("syntax", tests, NULL, NULL);
}
