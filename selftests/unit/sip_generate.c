/* SPDX-License-Identifier: GPL-2.0-only */
#include "sip_generate.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* splitmix64 */
static uint64_t next(struct sip_random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint32_t sip_random(struct sip_random *random, uint32_t n)
{
	return next(random) % n;
}

struct writer {
	struct sip_random *random;
	char *out;
	size_t length;
	const char *method;
	bool response;
	uint32_t body;
	uint32_t cseq;
};

static bool one_in(struct writer *w, uint32_t n)
{
	return sip_random(w->random, n) == 0;
}

static void put_octets(struct writer *w, const void *octets, size_t length)
{
	if (w->length + length > SIP_GENERATE_MAX)
		length = SIP_GENERATE_MAX - w->length;
	memcpy(w->out + w->length, octets, length);
	w->length += length;
}

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put_octets(w, text, strlen(text));
}

#define pick(w, list) ((list)[sip_random((w)->random, COUNT(list))])

/* LWS that has to be there, and white space that may. */
static void put_lws(struct writer *w)
{
	static const char *const forms[] = { " ", " ", " ", "  ", "\t", "\r\n ", " \r\n\t", "\r\n   " };

	put(w, "%s", one_in(w, 4) ? pick(w, forms) : " ");
}

static void put_sws(struct writer *w)
{
	if (one_in(w, 6))
		put_lws(w);
}

/* A name as written, in its compact form, or in any case. */
static void put_name(struct writer *w, const char *name, const char *compact)
{
	size_t begin = w->length;

	put(w, "%s", compact && one_in(w, 3) ? compact : name);
	if (one_in(w, 6)) {
		for (size_t i = begin; i < w->length; i++)
			w->out[i] = one_in(w, 2) ? toupper(w->out[i]) : tolower(w->out[i]);
	}
	if (one_in(w, 12))
		put(w, one_in(w, 2) ? " " : "\t ");
	put(w, ":");
	if (one_in(w, 10))
		put(w, "\r\n ");
	else if (!one_in(w, 12))
		put(w, one_in(w, 8) ? "   " : " ");
}

static void put_token(struct writer *w, size_t min, size_t max)
{
	static const char octets[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~";
	size_t length = min + sip_random(w->random, max - min + 1);

	for (size_t i = 0; i < length; i++)
		put_octets(w, &octets[sip_random(w->random, one_in(w, 8) ? sizeof(octets) - 1 : 62)], 1);
}

static void put_quoted(struct writer *w)
{
	static const char *const pieces[] = {
		"Alice", " ", "\\\"", "\\\\", "<sip:x@y>", ";tag=no", ",", "\xc3\xa4", "\xe2\x82\xac", "@",
		"\\\x01", "?", ":", "\xf0\x9f\x93\x9e", "van der",
	};
	uint32_t count = sip_random(w->random, one_in(w, 20) ? 60 : 5);

	put(w, "\"");
	for (uint32_t i = 0; i < count; i++)
		put(w, "%s", pick(w, pieces));
	put(w, "\"");
}

static void put_host(struct writer *w)
{
	static const char *const hosts[] = {
		"192.0.2.1", "198.51.100.250", "203.0.113.7", "sip.example.com", "example.com", "a.b",
		"[2001:db8::1]", "[2001:db8:0:1:2:3:4:5]", "[::ffff:192.0.2.1]", "pbx-1.example.org.",
		"255.255.255.254", "localhost", "very.long.host.name.of.a.proxy.in.some.domain.example.net",
	};

	put(w, "%s", pick(w, hosts));
	if (one_in(w, 3))
		put(w, ":%u", 1024 + sip_random(w->random, 60000));
}

static void put_user(struct writer *w, bool enclosed)
{
	static const char *const users[] = {
		"alice", "+4930123456", "100", "a.b-c_d", "%41%00", "it's", "*21*5#", "user:secret", "$&+=/",
		"bob;phone-context=example.com", "j?user", "1000,2",
	};

	/* outside <> the octets of the last ones would belong to the header */
	if (!one_in(w, 8))
		put(w, "%s@", users[sip_random(w->random, COUNT(users) - (enclosed ? 0 : 3))]);
}

static void put_sip_uri(struct writer *w, bool enclosed)
{
	static const char *const tails[] = {
		";transport=udp", ";lr", ";user=phone", ";lr=on;ftag=a'b", ";ob", ";maddr=192.0.2.9;ttl=1",
	};

	put(w, "%s", one_in(w, 8) ? "sips:" : one_in(w, 10) ? "SIP:" : "sip:");
	put_user(w, enclosed);
	put_host(w);
	if (enclosed && one_in(w, 2))
		put(w, "%s", pick(w, tails));
}

static void put_request_uri(struct writer *w)
{
	static const char *const others[] = {
		"tel:+4930123456", "tel:112;phone-context=+49", "urn:service:sos", "urn:service:sos.police",
		"im:alice@example.com", "pres:bob@example.com", "soap.beep://192.0.2.103:3002",
	};

	if (one_in(w, 8))
		put(w, "%s", pick(w, others));
	else
		put_sip_uri(w, true);
}

static void put_params(struct writer *w, bool tag)
{
	static const char *const params[] = {
		"rport", "x=y", "q=0.7", "expires=3600", "+sip.instance=\"<urn:uuid:0-1,2;3>\"", "lr",
		"methods=\"INVITE,ACK\"", "text=\"a\\\"b;tag=c\"", "a=[2001:db8::1]",
	};
	uint32_t count = sip_random(w->random, one_in(w, 15) ? 20 : 3);
	uint32_t where = sip_random(w->random, count + 1);

	for (uint32_t i = 0; i <= count; i++) {
		if (tag && i == where) {
			put_sws(w);
			put(w, ";");
			put_sws(w);
			put(w, "%s", one_in(w, 8) ? "TAG" : "tag");
			put_sws(w);
			put(w, "=");
			put_sws(w);
			put_token(w, 1, 40);
		}
		if (i < count) {
			put_sws(w);
			put(w, ";");
			put_sws(w);
			put(w, "%s", pick(w, params));
		}
	}
}

static void put_address(struct writer *w, bool tag)
{
	switch (sip_random(w->random, 5)) {
	case 0:
		put_sip_uri(w, false);
		break;
	case 1:
		put_quoted(w);
		put_sws(w);
		put(w, "<");
		put_sip_uri(w, true);
		put(w, ">");
		break;
	case 2:
		put_token(w, 1, 10);
		put_lws(w);
		put_token(w, 1, 10);
		put_sws(w);
		put(w, "<tel:+%u>", sip_random(w->random, 1000000000));
		break;
	default:
		put(w, "<");
		put_sip_uri(w, true);
		put(w, ">");
	}
	put_params(w, tag);
	put(w, "\r\n");
}

static void put_via_value(struct writer *w)
{
	static const char *const transports[] = { "UDP", "TCP", "TLS", "SCTP", "WSS", "UNKNOWN-TRANSPORT" };

	if (one_in(w, 10))
		put(w, "SIP  /  2.0\r\n /\t%s", pick(w, transports));
	else
		put(w, "SIP/2.0/%s", pick(w, transports));
	put_lws(w);
	put_host(w);
	if (one_in(w, 3))
		put(w, ";rport=5060;received=192.0.2.8");
	if (one_in(w, 8))
		put(w, ";received=2001:db8::9:255");
	put_sws(w);
	put(w, one_in(w, 10) ? ";Branch = " : ";branch=");
	if (!one_in(w, 8))
		put(w, "z9hG4bK");
	put_token(w, 1, 50);
	if (one_in(w, 4))
		put(w, ";rport");
	if (one_in(w, 12))
		put(w, ";ext=\"a, b\"");
}

static void put_via(struct writer *w)
{
	put_name(w, "Via", "v");
	put_via_value(w);
	while (one_in(w, 5)) {
		put_sws(w);
		put(w, ",");
		put_lws(w);
		put_via_value(w);
	}
	put(w, "\r\n");
}

static void put_from(struct writer *w)
{
	put_name(w, "From", "f");
	put_address(w, true);
}

static void put_to(struct writer *w)
{
	put_name(w, "To", "t");
	put_address(w, one_in(w, 2));
}

static void put_call_id(struct writer *w)
{
	put_name(w, "Call-ID", "i");
	put_token(w, 1, one_in(w, 20) ? 300 : 30);
	put(w, one_in(w, 8) ? "\"(<?{\r\n" : "@192.0.2.1\r\n");
}

static void put_cseq(struct writer *w)
{
	put_name(w, "CSeq", NULL);
	put(w, one_in(w, 8) ? "000%u" : "%u", w->cseq);
	put_lws(w);
	put(w, "%s\r\n", w->method);
}

static void put_max_forwards(struct writer *w)
{
	put_name(w, "Max-Forwards", NULL);
	put(w, one_in(w, 8) ? "00%u\r\n" : "%u\r\n", sip_random(w->random, 256));
}

static void put_content_length(struct writer *w)
{
	put_name(w, "Content-Length", "l");
	put(w, one_in(w, 8) ? "000%u\r\n" : "%u\r\n", w->body);
}

static void put_contact(struct writer *w)
{
	put_name(w, "Contact", "m");
	put_address(w, false);
}

static void put_route(struct writer *w)
{
	uint32_t count = sip_random(w->random, one_in(w, 10) ? 20 : 3);

	put_name(w, one_in(w, 2) ? "Route" : "Record-Route", NULL);
	put(w, "<sip:192.0.2.1;lr>");
	while (count--)
		put(w, "%s<sip:proxy%u.example.com;lr;x=a,b>", one_in(w, 4) ? ",\r\n " : ", ", count);
	put(w, "\r\n");
}

static void put_digest(struct writer *w)
{
	put_name(w, one_in(w, 2) ? "Authorization" : "Proxy-Authorization", NULL);
	put(w, "Digest");
	put_lws(w);
	put(w, "username=\"a, nonce=\\\"x\", realm=\"example.com\",");
	put_lws(w);
	put(w, "nonce=\"%08x%08x\", cnonce=\"0\", uri=\"sip:example.com\", response=\"%032x\"\r\n",
	    sip_random(w->random, ~0u), sip_random(w->random, ~0u), 1u);
}

static void put_other(struct writer *w)
{
	static const char *const others[] = {
		"Allow: INVITE, ACK, BYE, CANCEL\r\n",
		"k: 100rel, timer\r\n",
		"Supported:\r\n",
		"Subject: 5\" disks; 100% (\r\n",
		"User-Agent: Phone/1.0 (\"x\")\r\n",
		"Expires: 4294967295\r\n",
		"P-Asserted-Identity: \"A\" <sip:+4930123456@example.com>, <tel:+4930123456>\r\n",
		"P-Charging-Vector: icid-value=1;icid-generated-at=192.0.2.1\r\n",
		"Diversion: <sip:100@example.com>;reason=unconditional;counter=1\r\n",
		"History-Info: <sip:a@example.com>;index=1,\r\n <sip:b@example.com>;index=1.1\r\n",
		"Privacy: id;critical\r\n",
		"Remote-Party-ID: \"A\" <sip:100@192.0.2.1>;party=calling;privacy=off\r\n",
		"P-Preferred-Identity: <sip:a@example.com>\r\n",
		"r: <sip:b@example.com?Replaces=a%40b%3Bto-tag%3D1>\r\n",
		"c: application/sdp\r\n",
		"UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n",
		"X-Very-Long-Header-Name-That-Is-Not-Known-To-Anybody : v\r\n",
		"Warning: 307 192.0.2.1 \"Session parameter 'foo' not understood\"\r\n",
		"Date: Fri, 01 Jan 2010 16:00:00 EST\r\n",
		"Organization: \xd0\x9f\xd1\x80\r\n \xd0\xb8\r\n",
		"Via-Not: x\r\n", "Tox: y\r\n", "Contacts: z\r\n",
		"X-Tabs: a\tb\tc\td\te\tf\tg\r\n",
	};

	put(w, "%s", pick(w, others));
}

static void put_request_line(struct writer *w)
{
	static const char *const methods[] = {
		"INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "PRACK", "SUBSCRIBE", "NOTIFY",
		"PUBLISH", "INFO", "REFER", "MESSAGE", "UPDATE", "invite", "SUBSCRIBER", "RE%47ISTER",
		"!interesting-Method0123456789_*+`.%indeed'~", "X",
	};

	w->method = pick(w, methods);
	if (w->response) {
		put(w, "SIP/2.0 %u%s\r\n", 100 + sip_random(w->random, 600),
		    one_in(w, 4) ? " " : " OK \xc3\xbc \"'<>");
		return;
	}
	put(w, "%s ", w->method);
	put_request_uri(w);
	put(w, " %s\r\n", one_in(w, 12) ? "sip/2.0" : "SIP/2.0");
}

size_t sip_generate(struct sip_random *random, char out[SIP_GENERATE_MAX])
{
	static void (*const must[])(struct writer *) = {
		put_via, put_from, put_to, put_call_id, put_cseq, put_max_forwards, put_contact,
		put_content_length,
	};
	static void (*const may[])(struct writer *) = { put_via, put_route, put_digest, put_other, put_other };
	struct writer w = { .random = random, .out = out };
	bool done[COUNT(must)] = { false };
	uint32_t left = COUNT(must);

	w.response = one_in(&w, 3);
	w.body = one_in(&w, 3) ? sip_random(random, 300) : 0;
	w.cseq = one_in(&w, 10) ? 0x7fffffff : sip_random(random, 100000);
	for (uint32_t i = one_in(&w, 10) ? sip_random(random, 12) : 0; i; i--)
		put(&w, one_in(&w, 3) ? "\n" : "\r\n");
	put_request_line(&w);
	while (left) {
		uint32_t i = sip_random(random, COUNT(must));

		if (one_in(&w, one_in(&w, 30) ? 20 : 3))
			pick(&w, may)(&w);
		if (done[i])
			continue;
		must[i](&w);
		done[i] = true;
		left--;
	}
	put(&w, "\r\n");
	for (uint32_t i = 0; i < w.body; i++)
		put_octets(&w, &(char){ sip_random(random, 256) }, 1);
	if (one_in(&w, 12))
		put(&w, "octets behind Content-Length");
	return w.length;
}

/* Octets that mean something, and pieces that come twice or not at all in what is broken. */
static const char telling[] = "\r\n \t\"<>@:;,=?[]\\/\0\xff\x80%";

static size_t insert(char *out, size_t length, size_t at, const void *what, size_t size)
{
	if (length + size > SIP_GENERATE_MAX)
		return length;
	memmove(out + at + size, out + at, length - at);
	memcpy(out + at, what, size);
	return length + size;
}

static size_t mutate_once(struct sip_random *random, char *out, size_t length)
{
	static const char *const pieces[] = {
		"\r\n", "\r\n\r\n", "\n", "\r", "\r\n ", "Via: ", "v:", "To: ", "CSeq: 1 INVITE\r\n", "l: 5\r\n",
		";tag=", ";branch=", "z9hG4bK", "255.255.255.255", "SIP/2.0", "SIP/2.0/UDP ", "sip:", "tel:",
		"4294967296", "\"", "\\", "<", ">", "[", "::", ", ", "Digest nonce=", "\xc3", "Max-Forwards: 256\r\n",
	};
	size_t at = length ? sip_random(random, length) : 0, size;
	char copy[256], c;

	if (!length)
		return length;
	switch (sip_random(random, 8)) {
	case 0:
		out[at] ^= 1u << sip_random(random, 8);
		return length;
	case 1:
		out[at] = sip_random(random, 256);
		return length;
	case 2:
		out[at] = telling[sip_random(random, sizeof(telling) - 1)];
		return length;
	case 3:
		c = telling[sip_random(random, sizeof(telling) - 1)];
		return insert(out, length, at, &c, 1);
	case 4: {
		const char *piece = pieces[sip_random(random, COUNT(pieces))];

		return insert(out, length, at, piece, strlen(piece));
	}
	case 5: /* cut */
		return at;
	case 6: /* take out */
		size = 1 + sip_random(random, 40);
		if (size > length - at)
			size = length - at;
		memmove(out + at, out + at + size, length - at - size);
		return length - size;
	default: /* repeat */
		size = 1 + sip_random(random, sizeof(copy) - 1);
		if (size > length - at)
			size = length - at;
		memcpy(copy, out + at, size);
		return insert(out, length, sip_random(random, length), copy, size);
	}
}

size_t sip_mutate(struct sip_random *random, char out[SIP_GENERATE_MAX], size_t length)
{
	for (uint32_t i = 1 + sip_random(random, 4); i; i--)
		length = mutate_once(random, out, length);
	return length;
}
