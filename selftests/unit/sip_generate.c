/* SPDX-License-Identifier: GPL-2.0-only */
#include "sip_grammar.h"

#include <string.h>

#include <sipward/methods.h>

static void put_name(struct message *m, const char *name, char compact)
{
	bool shout = one_in(m, 8), whisper = one_in(m, 8), mix = one_in(m, 20);
	char letter_form[] = {compact, '\0'};

	if (compact && one_in(m, 4))
		name = letter_form;
	for (; *name; name++) {
		uint8_t c = *name;
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

		if (letter && (shout || (mix && one_in(m, 2))))
			c &= ~0x20;
		else if (letter && (whisper || mix))
			c |= 0x20;
		put_octet(m, c);
	}
	if (one_in(m, 15))
		put(m, one_in(m, 2) ? " " : " \t  ");
	put_octet(m, ':');
	if (one_in(m, 15))
		put_sws(m);
	else
		put_lws(m);
}

static void put_end(struct message *m)
{
	put(m, "\r\n");
}

static void put_branch(struct message *m)
{
	put_between_sws(m, ';');
	put(m, one_in(m, 8) ? "BRANCH" : "branch");
	put_between_sws(m, '=');
	if (!one_in(m, 15)) /* RFC 2543 had no magic cookie */
		put(m, "z9hG4bK");
	put_token(m);
}

static void put_via(struct message *m)
{
	static const char *const protocols[] = {"UDP", "TCP", "TLS", "SCTP", "WSS", "udp", "X-1"};
	static const char *const params[] = {
		"rport",
		"rport=5060",
		"received=192.0.2.9",
		"received=2001:db8::1",
		"received=[2001:db8::1]",
		"ttl=1",
		"maddr=239.255.255.1",
		"alias",
		"keep=30",
	};
	bool branch = !one_in(m, 25), first = one_in(m, 2);

	put(m, one_in(m, 10) ? "sip" : "SIP");
	put_between_sws(m, '/');
	put(m, "2.0");
	put_between_sws(m, '/');
	put(m, PICK(m, protocols));
	put_lws(m);
	put_host(m);
	if (one_in(m, 2)) {
		put_between_sws(m, ':');
		putf(m, "%u", 1 + below(m, 65535));
	}
	if (branch && first)
		put_branch(m);
	for (uint32_t i = below(m, 3); i; i--) {
		put_between_sws(m, ';');
		put(m, PICK(m, params));
	}
	if (one_in(m, 8))
		put_generic_param(m);
	if (branch && !first)
		put_branch(m);
}

static void put_vias(struct message *m)
{
	uint32_t count = 1 + below(m, 3), a_line = one_in(m, 2) ? 1 : 1 + below(m, 12);

	if (m->bulk == BULK_VIA)
		count = 1 + below(m, 60);
	for (uint32_t i = 0; i < count; i++) {
		if (i % a_line == 0)
			put_name(m, "Via", 'v');
		put_via(m);
		if (i % a_line == a_line - 1 || i == count - 1)
			put_end(m);
		else
			put_between_sws(m, ',');
	}
}

static void put_tag(struct message *m)
{
	put_between_sws(m, ';');
	put(m, one_in(m, 10) ? "Tag" : "tag");
	put_between_sws(m, '=');
	put_token(m);
}

static void put_from_header(struct message *m)
{
	put_name(m, "From", 'f');
	put_address(m);
	if (one_in(m, 4))
		put_generic_param(m);
	put_tag(m);
	put_params(m);
	put_end(m);
}

static void put_to_header(struct message *m)
{
	put_name(m, "To", 't');
	put_address(m);
	if (one_in(m, 2))
		put_tag(m);
	put_params(m);
	put_end(m);
}

static void put_call_id(struct message *m)
{
	put_name(m, "Call-ID", 'i');
	put_from(m, one_in(m, 5) ? WORD : LETTERS DIGITS "-.", 1 + below(m, 40));
	if (one_in(m, 2)) {
		put_octet(m, '@');
		put_from(m, one_in(m, 5) ? WORD : LETTERS DIGITS "-.", 1 + below(m, 20));
	}
	put_end(m);
}

static void put_cseq(struct message *m)
{
	static const char *const zeros[] = {"", "", "", "0", "000000000"};

	put_name(m, "CSeq", 0);
	putf(m, "%s%u", PICK(m, zeros), one_in(m, 3) ? below(m, 1u << 31) : below(m, 100));
	put_lws(m);
	put(m, m->method);
	put_end(m);
}

static void put_max_forwards(struct message *m)
{
	if (!m->request && !one_in(m, 10))
		return;
	put_name(m, "Max-Forwards", 0);
	putf(m, "%s%u", one_in(m, 8) ? "00" : "", one_in(m, 2) ? 70 : below(m, 256));
	put_end(m);
}

static void put_expires(struct message *m)
{
	if (!one_in(m, 4))
		return;
	put_name(m, "Expires", 0);
	putf(m, "%u", one_in(m, 3) ? below(m, ~0u) : below(m, 7200));
	put_end(m);
}

static void put_contact(struct message *m)
{
	uint32_t count = one_in(m, 6) ? 1 + below(m, 5) : 1;

	if (strcmp(m->method, "INVITE") && strcmp(m->method, "SUBSCRIBE") &&
	    strcmp(m->method, "REFER") && one_in(m, 2))
		return;
	put_name(m, "Contact", 'm');
	if (!strcmp(m->method, "REGISTER") && m->request && one_in(m, 4)) {
		put_octet(m, '*');
		count = 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			put_between_sws(m, ',');
		put_address(m);
		if (one_in(m, 4))
			putf(m, ";expires=%u;q=0.%u", below(m, 3600), below(m, 1000));
		put_params(m);
	}
	put_end(m);
}

static void put_route_set(struct message *m, const char *name)
{
	uint32_t count = one_in(m, 3) ? 1 + below(m, 3) : 0, a_line = 1 + below(m, 5);

	if (m->bulk == BULK_ROUTE)
		count = below(m, 20);
	for (uint32_t i = 0; i < count; i++) {
		if (i % a_line == 0)
			put_name(m, name, 0);
		put_name_addr(m);
		put_params(m);
		if (i % a_line == a_line - 1 || i == count - 1)
			put_end(m);
		else
			put_between_sws(m, ',');
	}
}

static void put_routes(struct message *m)
{
	if (m->request)
		put_route_set(m, "Route");
	put_route_set(m, "Record-Route");
}

static void put_agent(struct message *m)
{
	if (!one_in(m, 2))
		return;
	put_name(m, m->request ? "User-Agent" : "Server", 0);
	put_token(m);
	for (uint32_t i = below(m, 3); i; i--) {
		put_lws(m);
		if (one_in(m, 2)) {
			put_comment(m, 0);
		} else {
			put_token(m);
			put_octet(m, '/');
			put_token(m);
		}
	}
	put_end(m);
}

/* Free text: a quote or a bracket in it opens nothing. */
static void put_subject(struct message *m)
{
	if (!one_in(m, 4))
		return;
	put_name(m, "Subject", 's');
	for (uint32_t i = 1 + below(m, 20); i; i--) {
		if (one_in(m, 6))
			put_utf8(m);
		else
			put_from(m, TOKEN "\"\\<>;,:@?()[]{}|^#$&=/", 1);
		if (one_in(m, 10))
			put_lws(m);
	}
	put_octet(m, '.');
	put_end(m);
}

static void put_credentials(struct message *m)
{
	static const char *const names[] = {"Authorization", "Proxy-Authorization"};

	if (!m->request || !one_in(m, 3))
		return;
	for (uint32_t i = 1 + below(m, 3); i; i--) {
		put_name(m, PICK(m, names), 0);
		put(m, "Digest");
		put_lws(m);
		if (!one_in(m, 4)) {
			put(m, "username");
			put_between_sws(m, '=');
			put_quoted(m);
			put_between_sws(m, ',');
		}
		put(m, "realm=\"example.com\"");
		put_between_sws(m, ',');
		put(m, "nonce");
		put_between_sws(m, '=');
		put_octet(m, '"');
		put_from(m, LETTERS DIGITS "+/=", 8 + below(m, 60));
		put_octet(m, '"');
		put_between_sws(m, ',');
		putf(m, "uri=\"sip:example.com\", response=\"%032x\",algorithm=MD5",
		     below(m, 9999));
		put_end(m);
	}
}

static void put_challenges(struct message *m)
{
	static const char *const names[] = {"WWW-Authenticate", "Proxy-Authenticate"};

	if (m->request || !one_in(m, 3))
		return;
	for (uint32_t i = 1 + below(m, 3); i; i--) {
		put_name(m, PICK(m, names), 0);
		put(m, "Digest");
		put_lws(m);
		if (one_in(m, 2)) {
			put(m, "realm=");
			put_quoted(m);
			put_between_sws(m, ',');
		}
		put(m, "nonce");
		put_between_sws(m, '=');
		put_octet(m, '"');
		put_from(m, LETTERS DIGITS "+/=", 8 + below(m, 60));
		put(m, "\",qop=\"auth,auth-int\",algorithm=SHA-256");
		put_end(m);
	}
}

/* Headers that are of no account to the scanner, each with its compact form, and those that
 * it only takes a span of. */
static void put_others(struct message *m)
{
	static const struct {
		const char *name;
		char compact;
		const char *value;
	} others[] = {
		{"Accept-Contact", 'a', "*;mobility=\"fixed\";audio"},
		{"Referred-By", 'b', "<sip:r@example.com>;cid=\"2UWQFN309shb3@ref.example\""},
		{"Request-Disposition", 'd', "proxy, recurse"},
		{"Content-Encoding", 'e', "gzip"},
		{"Reject-Contact", 'j', "*;actor=\"msg-taker\";video"},
		{"Supported", 'k', "100rel, timer,replaces , path"},
		{"Supported", 'k', ""},
		{"Identity-Info", 'n', "<https://example.com/cert.pem>;alg=rsa-sha1"},
		{"Event", 'o', "dialog;id=3"},
		{"Refer-To", 'r', "<sip:t@example.com?Replaces=a%40b%3Bto-tag%3D1>"},
		{"Allow-Events", 'u', "presence, dialog, reg"},
		{"Session-Expires", 'x', "1800;refresher=uac"},
		{"Identity", 'y', "\"KVhPKbfU/pryhVn9Yc6U=\""},
		{"Accept", 0, "application/sdp;level=1, text/*;q=0.5, */*"},
		{"Accept", 0, ""},
		{"Allow", 0, "INVITE,ACK, BYE ,CANCEL"},
		{"Require", 0, "100rel"},
		{"Date", 0, "Sat, 13 Nov 2010 23:29:00 GMT"},
		{"Warning", 0, "399 gw.example.net \"a \\\"quoted\\\" <word>, 1;2\""},
		{"P-Asserted-Identity", 0, "\"A, B\" <sip:a@example.com>, <tel:+15550100>"},
		{"P-Preferred-Identity", 0, "<sip:a@example.com>"},
		{"P-Charging-Vector", 0, "icid-value=\"a;b,c\";icid-generated-at=[2001:db8::1]"},
		{"Remote-Party-ID", 0, "\"A\" <sip:a@example.com>;party=calling;privacy=off"},
		{"Diversion", 0, "<tel:+15550100>;reason=no-answer;counter=1"},
		{"History-Info", 0, "<sip:b@example.com?Reason=SIP%3Bcause%3D302>;index=1.1"},
		{"Privacy", 0, "id;header;critical"},
		{"Max-Breadth", 0, "60"},
		{"P-Charging-Function-Addresses", 0, "ccf=192.0.2.1;ecf=\"a;b\""},
		{"P-Access-Network-Info", 0, "3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=23456"},
		{"P-Visited-Network-ID", 0, "\"Visited network number 1\""},
		{"Alert-Info", 0, "<http://www.example.com/sounds/moo.wav>"},
		{"Server", 0, "gw/1.0 (x)"},
		{"X-Long-Name-That-Nobody-Has-Ever-Seen-Before", 0, "\"not closed, <and> = :: ;;"},
		{"!x.%*_+`'~-", 0, ",,,;;;"},
		{"x", 0, "90"},
	};

	for (uint32_t i = below(m, m->bulk ? 30 : 6); i; i--) {
		uint32_t at = below(m, array_size(others));

		put_name(m, others[at].name, others[at].compact);
		put(m, others[at].value);
		put_end(m);
	}
}

/* --- start line, body, message --- */

static void choose_method(struct message *m)
{
	static const char *const methods[] = {
#define METHOD(id, token) token,
#define KIND(id, name)
#include <sipward/methods.def>
#undef METHOD
#undef KIND
		"invited", "PING",       "INVITEE",
		"REGISTE", "SUBSCRIBES", "!interesting-Method0123456789_*+`.%indeed'~",
	};

	if (one_in(m, 15)) {
		uint32_t size = 1 + below(m, 43);

		for (uint32_t i = 0; i < size; i++)
			m->method[i] = TOKEN[below(m, sizeof(TOKEN) - 1)];
		m->method[size] = '\0';
	} else {
		snprintf(m->method, sizeof(m->method), "%s", PICK(m, methods));
	}
}

static void put_start_line(struct message *m)
{
	static const char *const phrases[] = {
		"OK",    "", "Trying", "Not Here %41; or anywhere?", "\u043d\u0435\u0442 \u2014 no",
		"a\tb ",
	};
	const char *version = one_in(m, 15) ? "sip/2.0" : "SIP/2.0";

	for (uint32_t i = one_in(m, 10) ? 1 + below(m, 4) : 0; i; i--)
		put_end(m);
	if (m->request) {
		put(m, m->method);
		put_octet(m, ' ');
		put_uri(m, URI_REQUEST);
		putf(m, " %s\r\n", version);
	} else {
		putf(m, "%s %u %s\r\n", version, 100 + below(m, 600), PICK(m, phrases));
	}
}

static void put_multipart(struct message *m)
{
	put(m, "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b\n\n\n\r\n");
	for (uint32_t i = below(m, m->bulk == BULK_BODY ? 8000 : 300); i; i--)
		put_octet(m, one_in(m, 20) ? 0 : below(m, 256));
	put(m, "\r\n--b--\r\n");
}

static void put_body(struct message *m)
{
	if (m->bulk == BULK_BODY || one_in(m, 6)) {
		put_multipart(m);
	} else if (one_in(m, 3)) {
		put(m, "v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\n"
		       "t=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\n");
	}
}

static void put_content(struct message *m)
{
	if (m->body_size) {
		put_name(m, "Content-Type", 'c');
		put(m, "multipart/mixed");
		put_between_sws(m, ';');
		put(m, "boundary=b");
		put_end(m);
	}
	if (one_in(m, 6)) /* over UDP it may be missing */
		return;
	put_name(m, "Content-Length", 'l');
	/* The octets behind a shorter length are ignored (RFC 3261 18.3). */
	putf(m, "%s%zu", one_in(m, 10) ? "0000" : "",
	     one_in(m, 6) ? m->body_size / 2 : m->body_size);
	put_end(m);
}

static void put_headers(struct message *m)
{
	void (*order[])(struct message *) = {
		put_vias,         put_from_header, put_to_header,  put_call_id, put_cseq,
		put_max_forwards, put_contact,     put_routes,     put_expires, put_agent,
		put_subject,      put_credentials, put_challenges, put_others,  put_content,
	};

	/* Via is first in most messages, but need not be (RFC 3261 7.3.1). */
	for (uint32_t i = one_in(m, 3) ? 0 : 1; i < array_size(order) && !one_in(m, 30); i++) {
		uint32_t other = i + below(m, array_size(order) - i);
		void (*header)(struct message *) = order[i];

		order[i] = order[other];
		order[other] = header;
	}
	for (uint32_t i = 0; i < array_size(order); i++)
		order[i](m);
	put_end(m);
}

size_t sip_generate(struct sip_random *random, uint8_t *text, size_t room)
{
	static uint8_t body[10000];
	struct message m = {.random = random, .text = body, .room = sizeof(body)};

	m.bulk = one_in(&m, 12) ? BULK_VIA + below(&m, 3) : BULK_NONE;
	m.request = !one_in(&m, 3);
	choose_method(&m);
	put_body(&m);
	m.body_size = m.size;

	m.text = text;
	m.room = room;
	m.size = 0;
	put_start_line(&m);
	put_headers(&m);
	for (size_t i = 0; i < m.body_size; i++)
		put_octet(&m, body[i]);
	return m.size;
}
