/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What a zone or a service must speak: plain SIP where TLS or IPsec is required, what IMS sends in
 * the clear all the same, and the first payload of TCP connections.
 */
#include <arpa/inet.h>
#include <linux/in.h>

#include "rig.h"

#define ACK 0x10
#define SYN 0x02

static const char *const zones =
	YAML_PLAIN
	"zones:\n"
	"  - {name: ims, sources: [198.51.100.0/24], require: ipsec, cleartext: 5/s burst 5}\n"
	"  - {name: trunk, sources: [203.0.113.0/24], require: tls}\n"
	"  - {name: public}\n"
	"emergency: {numbers: [\"112\"], rate: 1/s burst 1}\n";

static uint32_t sequence;

/* One TCP segment at the client's sequence number, which moves on only when `moves`. */
static void segment(struct rig *rig, uint8_t flags, const void *payload, size_t size,
		    enum sw_reason reason)
{
	struct frame *f = &rig->frame;

	memset(f, 0, sizeof(*f));
	frame_ethernet(f, addr_is_ipv4(&rig->from.addr) ? 0x0800 : 0x86dd);
	frame_ip(f, &rig->from.addr, &rig->to.addr, IPPROTO_TCP);
	frame_tcp(f, rig->from.port, rig->to.port, flags);
	for (int i = 0; i < 4; i++)
		f->octets[f->transport + 4 + i] = sequence >> (24 - 8 * i);
	assert_true(frame_append(f, payload, size));
	frame_finish(f);
	sends_frame(rig, reason);
}

/* A new connection, SYN and ACK. */
static void connects(struct rig *rig)
{
	rig->from.port++;
	sequence = 0xfffffff0 + rig->from.port % 64; /* it may wrap around */
	segment(rig, SYN, "", 0, SW_REASON_NONE);
	sequence++;
	segment(rig, ACK, "", 0, SW_REASON_NONE);
}

static void says(struct rig *rig, const void *payload, size_t size, enum sw_reason reason)
{
	segment(rig, ACK, payload, size, reason);
	if (reason == SW_REASON_NONE)
		sequence += size;
}

/* The first payload of a connection, again as its retransmission, and what comes behind it. */
static void opens(struct rig *rig, const void *payload, size_t size, enum sw_reason reason)
{
	connects(rig);
	says(rig, payload, size, reason);
	if (reason != SW_REASON_NONE)
		says(rig, payload, size, reason);
	sequence += reason != SW_REASON_NONE ? size : 0;
	says(rig, "whatever follows, it is nothing for this stage\r\n", 48, SW_REASON_NONE);
}

/* A ClientHello of this legacy_version, with supported_versions when `newest`. */
static size_t hello(uint8_t *to, unsigned int record, unsigned int legacy, unsigned int newest)
{
	static const uint8_t extension[] = {0, 0, 0, 4, 'a', 'b', 'c', 'd'};
	size_t at = 0, length;

	memset(to, 0, 512);
	to[at++] = 22;
	to[at++] = record >> 8;
	to[at++] = record;
	at += 2;
	to[at++] = 1;
	at += 3;
	to[at++] = legacy >> 8;
	to[at++] = legacy;
	at += 32;
	to[at++] = 32; /* session id */
	at += 32;
	to[at++] = 0;
	to[at++] = 4; /* cipher suites */
	at += 4;
	to[at++] = 1; /* compression */
	at++;
	length = sizeof(extension) + (newest ? 9 : 0);
	to[at++] = length >> 8;
	to[at++] = length;
	memcpy(to + at, extension, sizeof(extension));
	at += sizeof(extension);
	if (newest) {
		const uint8_t versions[] = {0, 43, 0, 5, 4, 0x7a, 0x7a, newest >> 8, newest};

		memcpy(to + at, versions, sizeof(versions)); /* one is GREASE */
		at += sizeof(versions);
	}
	to[3] = (at - 5) >> 8;
	to[4] = at - 5;
	to[7] = (at - 9) >> 8;
	to[8] = at - 9;
	return at;
}

static void opens_hello(struct rig *rig, unsigned int record, unsigned int legacy,
			unsigned int newest, enum sw_reason reason)
{
	uint8_t text[512];

	opens(rig, text, hello(text, record, legacy, newest), reason);
}

static void test_tls_service(void **state)
{
	static const uint8_t ssl2[] = {0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 16};
	static const uint8_t proxy[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11";
	auto_rig struct rig rig;
	uint8_t text[512];
	char sip[1024];
	size_t size;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	rig.to.port = 5061;
	opens_hello(&rig, 0x0301, 0x0303, 0x0304, SW_REASON_NONE); /* an ordinary TLS 1.3 client */
	opens_hello(&rig, 0x0301, 0x0303, 0, SW_REASON_NONE);
	opens_hello(&rig, 0x0303, 0x0303, 0, SW_REASON_NONE);
	opens_hello(&rig, 0x0301, 0x0301, 0, SW_REASON_NONE); /* old, but no min_version */
	opens_hello(&rig, 0x0300, 0x0300, 0, SW_REASON_TLS_VERSION);
	opens(&rig, ssl2, sizeof(ssl2), SW_REASON_TLS_VERSION);
	opens(&rig, proxy, sizeof(proxy), SW_REASON_NONE);
	opens(&rig, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", 36, SW_REASON_NONE);
	/* A hello in pieces: only what is there is judged. */
	size = hello(text, 0x0301, 0x0303, 0x0304);
	for (size_t cut = 1; cut < size; cut++) {
		connects(&rig);
		says(&rig, text, cut, SW_REASON_NONE);
		says(&rig, text + cut, size - cut, SW_REASON_NONE);
	}
	text[5] = 2; /* a ServerHello */
	opens(&rig, text, size, SW_REASON_TLS_FIRST);
	text[0] = 23; /* application data */
	opens(&rig, text, size, SW_REASON_TLS_FIRST);
	opens(&rig, "GET / HTTP/1.1\r\n\r\n", 18, SW_REASON_TLS_FIRST);
	opens(&rig, "\r\n\r\n", 4, SW_REASON_TLS_FIRST);
	size = request(sip, sizeof(sip), "OPTIONS", 1, NULL);
	opens(&rig, sip, size, SW_REASON_CLEARTEXT);
	/* Without its SYN it is no first payload: sipward may have come later than it. */
	rig.from.port++;
	says(&rig, sip, size, SW_REASON_NONE);
	/* Nor is it after two minutes. */
	connects(&rig);
	rig.trial.now += 121 * SECOND;
	says(&rig, sip, size, SW_REASON_NONE);
}

static void test_tls_minimum(void **state)
{
	static const char *const policies[] = {
		"version: 1\nservices: [{transport: tls, port: 5061, tls: {min_version: 1.2}}]\n",
		"version: 1\nservices: [{transport: tls, port: 5061, tls: {min_version: 1.3}}]\n",
	};
	uint8_t text[512];
	size_t size;

	(void)state;
	for (size_t i = 0; i < array_size(policies); i++) {
		enum sw_reason only_1_3 = i ? SW_REASON_TLS_VERSION : SW_REASON_NONE;
		auto_rig struct rig rig;

		rig_open(&rig, policies[i]);
		rig.to.port = 5061;
		opens_hello(&rig, 0x0301, 0x0303, 0x0304, SW_REASON_NONE);
		opens_hello(&rig, 0x0301, 0x0303, 0, only_1_3);
		opens_hello(&rig, 0x0301, 0x0303, 0x0303, only_1_3);
		opens_hello(&rig, 0x0301, 0x0302, 0, SW_REASON_TLS_VERSION);
		opens_hello(&rig, 0x0301, 0x0301, 0, SW_REASON_TLS_VERSION);
		/* Cut before what tells: it may be a new one. */
		size = hello(text, 0x0301, 0x0303, 0x0304);
		for (size_t cut = 1; cut < size; cut++)
			opens(&rig, text, cut, SW_REASON_NONE);
	}
}

static size_t registers(char *text, size_t size, const char *credentials)
{
	return snprintf(text, size,
		"REGISTER sip:ims.example.net SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKr1\r\n"
		"From: <sip:001010123456789@ims.example.net>;tag=1\r\n"
		"To: <sip:001010123456789@ims.example.net>\r\n"
		"Call-ID: r1@198.51.100.7\r\n"
		"CSeq: 1 REGISTER\r\n"
		"%s"
		"Security-Client: ipsec-3gpp;alg=hmac-sha-1-96;spi-c=1;spi-s=2;port-c=3;port-s=4\r\n"
		"Content-Length: 0\r\n\r\n", credentials);
}

/* TS 24.229 5.1.1.2: the initial REGISTER carries credentials with an empty nonce, or none. */
#define EMPTY_NONCE \
	"Authorization: Digest username=\"001010123456789@ims.example.net\", realm=\"ims.example.net\"," \
	" nonce=\"\", uri=\"sip:ims.example.net\", response=\"\"\r\n"
#define REAL_NONCE \
	"Authorization: Digest username=\"001010123456789@ims.example.net\", realm=\"ims.example.net\"," \
	" nonce=\"c2VjcmV0\", uri=\"sip:ims.example.net\", response=\"6629fae49393a05397450978507c4ef1\"\r\n"

static void test_ipsec(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size;

	(void)state;
	rig_open(&rig, zones);
	sends_method(&rig, "INVITE", 1, SW_REASON_CLEARTEXT);
	sends_method(&rig, "OPTIONS", 2, SW_REASON_CLEARTEXT);
	size = registers(text, sizeof(text), REAL_NONCE);
	sends(&rig, text, size, SW_REASON_CLEARTEXT);
	for (int i = 0; i < 4; i++) {
		size = registers(text, sizeof(text), i % 2 ? EMPTY_NONCE : "");
		sends(&rig, text, size, SW_REASON_NONE);
	}
	sends(&rig, text, size, SW_REASON_NONE);
	sends(&rig, text, size, SW_REASON_CLEARTEXT); /* over its rate */
	rig.trial.now += SECOND / 5;
	sends(&rig, text, size, SW_REASON_NONE);
	/* What may belong to an emergency call, or to one that stands, is only counted. */
	size = request(text, sizeof(text), "BYE", 3, "abc");
	sends_shadowed(&rig, text, size, SW_REASON_CLEARTEXT);
	size = response(text, sizeof(text), 200, "INVITE", 4);
	sends_shadowed(&rig, text, size, SW_REASON_CLEARTEXT);
	sends(&rig, "\r\n\r\n", 4, SW_REASON_NONE);
	/* Others may. */
	rig.from.addr = address("192.0.2.77");
	sends_method(&rig, "INVITE", 5, SW_REASON_NONE);
}

static void test_tls_zone(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size;

	(void)state;
	rig_open(&rig, zones);
	rig.from.addr = address("203.0.113.5");
	sends_method(&rig, "INVITE", 1, SW_REASON_CLEARTEXT);
	size = registers(text, sizeof(text), "");
	sends(&rig, text, size, SW_REASON_CLEARTEXT);
	opens(&rig, text, size, SW_REASON_CLEARTEXT);
	/* TCP: nothing gets in before the first message, and only that is ever dropped. */
	size = request(text, sizeof(text), "INVITE", 2, NULL);
	opens(&rig, text, size, SW_REASON_CLEARTEXT);
	opens(&rig, text, 10, SW_REASON_CLEARTEXT);
	opens(&rig, "GET / HTTP/1.1\r\n\r\n", 18, SW_REASON_CLEARTEXT);
	connects(&rig);
	says(&rig, "\r\n\r\n", 4, SW_REASON_NONE);
	says(&rig, text, size, SW_REASON_CLEARTEXT);
	/* On TLS it is right. */
	rig.to.port = 5061;
	opens_hello(&rig, 0x0301, 0x0303, 0x0304, SW_REASON_NONE);
	rig.to.port = 5060;
	/* A peer without the requirement. */
	rig.from.addr = address("192.0.2.77");
	opens(&rig, text, size, SW_REASON_NONE);
}

/* TCP Fast Open (RFC 7413): the first payload comes with the SYN. And IPv6. */
static void test_ways_to_open(void **state)
{
	auto_rig struct rig rig;
	uint8_t text[512];
	char sip[1024];
	size_t size = hello(text, 0x0301, 0x0303, 0x0304);
	size_t sip_size = request(sip, sizeof(sip), "OPTIONS", 1, NULL);

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	rig.to.port = 5061;
	sequence = 7;
	segment(&rig, SYN, text, size, SW_REASON_NONE);
	segment(&rig, SYN, sip, sip_size, SW_REASON_CLEARTEXT);
	/* The server did not take it with the SYN: it comes again behind it. */
	sequence++;
	segment(&rig, ACK, sip, sip_size, SW_REASON_CLEARTEXT);
	rig.from.addr = address("2001:db8:9::7");
	rig.to.addr = address("2001:db8::1");
	opens(&rig, text, size, SW_REASON_NONE);
	opens(&rig, sip, sip_size, SW_REASON_CLEARTEXT);
	/* What is behind the first payload is not looked at, whatever it looks like. */
	connects(&rig);
	says(&rig, text, size, SW_REASON_NONE);
	says(&rig, sip, sip_size, SW_REASON_NONE);
}

/* A running connection is not touched: sipward came later than it. */
static void test_running_connection(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size = request(text, sizeof(text), "INVITE", 2, NULL);

	(void)state;
	rig_open(&rig, zones);
	rig.from.addr = address("203.0.113.5");
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
	for (uint64_t i = 1; i < 3; i++) {
		struct error e = {};

		assert_int_equal(trial_run(&rig.trial, rig.frame.octets, rig.frame.size, &outcome, &e), 2);
		assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_CLEARTEXT), i);
	}
	assert_int_equal(counted(&rig, SW_MODE_ENFORCE, SW_REASON_CLEARTEXT), 0);
}

/* Emergency calls come in the clear (TS 24.229 5.1.6), over their budget too, and so does what
 * belongs to them. */
static void test_emergency(void **state)
{
	static const char *const sources[] = {"198.51.100.7", "203.0.113.5"};
	static const char *const uris[] = {"urn:service:sos", "urn:service:sos.fire",
					   "sip:112@ims.example.net", "tel:112"};
	auto_rig struct rig rig;
	char text[2048];

	(void)state;
	rig_open(&rig, zones);
	for (size_t i = 0; i < array_size(sources) * array_size(uris) * 2; i++) {
		size_t size = snprintf(text, sizeof(text),
			"INVITE %s SIP/2.0\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKe%zu\r\n"
			"From: <sip:anonymous@anonymous.invalid>;tag=1\r\n"
			"To: <urn:service:sos>\r\n"
			"Call-ID: e%zu@198.51.100.7\r\n"
			"CSeq: 1 INVITE\r\n"
			"Content-Length: 0\r\n\r\n", uris[i % array_size(uris)], i, i);

		rig.from.addr = address(sources[i / array_size(uris) % 2]);
		sends(&rig, text, size, SW_REASON_NONE);
		opens(&rig, text, size, SW_REASON_NONE);
	}
}

/* What brings SIP under IPsec: ESP, IKE, and ESP in UDP. */
static void test_ipsec_itself(void **state)
{
	static const uint8_t esp[64] = {0x12, 0x34, 0x56, 0x78};
	auto_rig struct rig rig;
	struct frame *f = &rig.frame;

	(void)state;
	rig_open(&rig, zones);
	frame_ethernet(f, 0x0800);
	frame_ip(f, &rig.from.addr, &rig.to.addr, IPPROTO_ESP);
	assert_true(frame_append(f, esp, sizeof(esp)));
	frame_finish(f);
	ignores_frame(&rig);
	for (int i = 0; i < 2; i++) {
		rig.from.port = rig.to.port = i ? 4500 : 500;
		assert_true(frame_message(f, &rig.from, &rig.to, false, esp, sizeof(esp)));
		ignores_frame(&rig);
	}
}

static void test_websocket(void **state)
{
	static const char upgrade[] =
		"GET / HTTP/1.1\r\nHost: sip.example.com\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	sends_tcp(&rig, upgrade, sizeof(upgrade) - 1, SW_REASON_NONE);
	assert_int_equal(counted_message(&rig, "public", SW_MESSAGE_WEBSOCKET), 1);
	sends_tcp(&rig, "GETX / HTTP/1.1\r\n", 17, SW_REASON_NONE);
	assert_int_equal(counted_message(&rig, "public", SW_MESSAGE_WEBSOCKET), 1);
}

/* On a TCP service a connection begins with SIP, or with what may stand before it. */
static void test_tcp_service(void **state)
{
	static const char ssh[] = "SSH-2.0-OpenSSH_9.2p1\r\n", http[] = "HEAD / HTTP/1.0\r\n\r\n";
	static const char cut[] = "OPTIONS sip:alice@exam", proxy[] = "PROXY TCP4 192.0.2.3 192.0.2.1 9 9\r\n";
	auto_rig struct rig rig;
	uint8_t text[512];
	char sip[1024];
	size_t size = hello(text, 0x0301, 0x0303, 0x0304);
	size_t sip_size = request(sip, sizeof(sip), "OPTIONS", 1, NULL);

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	rig.to.port = 5060;
	opens(&rig, ssh, sizeof(ssh) - 1, SW_REASON_TCP_FIRST);
	opens(&rig, http, sizeof(http) - 1, SW_REASON_TCP_FIRST);
	opens(&rig, sip, sip_size, SW_REASON_NONE);
	opens(&rig, cut, sizeof(cut) - 1, SW_REASON_NONE);
	opens(&rig, proxy, sizeof(proxy) - 1, SW_REASON_NONE);
	opens(&rig, text, size, SW_REASON_NONE);
	opens(&rig, "GET / HTTP/1.1\r\n\r\n", 18, SW_REASON_NONE);
	connects(&rig);
	says(&rig, "\r\n\r\n", 4, SW_REASON_NONE);
	says(&rig, ssh, sizeof(ssh) - 1, SW_REASON_TCP_FIRST);
	says(&rig, sip, sip_size, SW_REASON_NONE);
	/* Whose beginning was not seen is let be. */
	rig.from.port++;
	says(&rig, ssh, sizeof(ssh) - 1, SW_REASON_NONE);
}

/* More connections than hints: each first payload is found, those behind a keepalive too. */
static void test_many_connections(void **state)
{
	static const char ssh[] = "SSH-2.0-OpenSSH_9.2p1\r\n";
	auto_rig struct rig rig;
	struct error e = {};

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	rig.from.port = 0;
	connects(&rig);
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, "", 0));
	rig.frame.octets[rig.frame.transport + 13] = SYN;
	for (unsigned int i = 0; i < 2 * SW_OPENING_HINTS; i++) {
		uint8_t *tcp = rig.frame.octets + rig.frame.transport;

		tcp[0] = (1024 + i) >> 8;
		tcp[1] = 1024 + i;
		tcp[4] = i;
		trial_run(&rig.trial, rig.frame.octets, rig.frame.size, &outcome, &e);
	}
	memcpy(&sequence, rig.frame.octets + rig.frame.transport + 4, sizeof(sequence));
	sequence = ntohl(sequence) & 0xffffff;
	for (unsigned int i = 0; i < 500; i++) {
		uint32_t base = sequence;

		rig.from.port = 1024 + 64 * i;
		sequence = (64 * i & 0xff) << 24 | (base + 1);
		if (i % 2)
			says(&rig, "\r\n\r\n", 4, SW_REASON_NONE);
		says(&rig, ssh, sizeof(ssh) - 1, SW_REASON_TCP_FIRST);
		sequence = base;
	}
}

static void test_tcp_service_off(void **state)
{
	static const char ssh[] = "SSH-2.0-OpenSSH_9.2p1\r\n";
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, "sanity: {profile: off}\n" YAML_PLAIN);
	rig.to.port = 5060;
	opens(&rig, ssh, sizeof(ssh) - 1, SW_REASON_NONE);
}

/* In shadow, and in monitor mode, the first payload passes and is counted. */
static void test_shadow(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size = request(text, sizeof(text), "OPTIONS", 1, NULL);
	struct error e = {};

	(void)state;
	rig_open(&rig, "shadow: [cleartext]\n" YAML_PLAIN);
	rig.to.port = 5061;
	connects(&rig);
	sequence += 0;
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
	for (int i = 0; i < 4; i++)
		rig.frame.octets[rig.frame.transport + 4 + i] = sequence >> (24 - 8 * i);
	assert_int_equal(trial_run(&rig.trial, rig.frame.octets, rig.frame.size, &outcome, &e), 2);
	assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_CLEARTEXT), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_service),
		cmocka_unit_test(test_tls_minimum),
		cmocka_unit_test(test_ipsec),
		cmocka_unit_test(test_tls_zone),
		cmocka_unit_test(test_ways_to_open),
		cmocka_unit_test(test_running_connection),
		cmocka_unit_test(test_emergency),
		cmocka_unit_test(test_ipsec_itself),
		cmocka_unit_test(test_websocket),
		cmocka_unit_test(test_tcp_service),
		cmocka_unit_test(test_many_connections),
		cmocka_unit_test(test_tcp_service_off),
		cmocka_unit_test(test_shadow),
	};

	return cmocka_run_group_tests_name("require", tests, NULL, NULL);
}
