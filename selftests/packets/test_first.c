/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The first payload of a TCP connection: a ClientHello of a version that is wanted, SIP, or octets
 * that may stand before either. Later payload is let be.
 */
#include <arpa/inet.h>

#include "client.h"

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
	/* A hello in pieces. */
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
	/* So a load balancer may begin; nothing else does. */
	connects(&rig);
	says(&rig, "\r\n\r\n", 4, SW_REASON_NONE);
	says(&rig, "\r\n\r\r", 4, SW_REASON_NONE);
	says(&rig, "GET / HTTP/1.1\r\n\r\n", 18, SW_REASON_TLS_FIRST);
	size = request(sip, sizeof(sip), "OPTIONS", 1, NULL);
	opens(&rig, sip, size, SW_REASON_CLEARTEXT);
	/* Without its SYN it is no first payload: sipward may have come later than it. */
	rig.from.port++;
	says(&rig, sip, size, SW_REASON_NONE);
	/* However long its client waited. */
	connects(&rig);
	rig.test_run.now += 3599 * SECOND;
	says(&rig, sip, size, SW_REASON_CLEARTEXT);
	rig.test_run.now += 2 * SECOND;
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
		size = hello(text, 0x0301, 0x0303, 0x0304);
		/* Cut before what tells: it may be a new one, and then it is, or not. */
		for (size_t cut = 1; cut < size; cut++) {
			size = hello(text, 0x0301, 0x0303, 0x0304);
			connects(&rig);
			says(&rig, text, cut, SW_REASON_NONE);
			says(&rig, text + cut, size - cut, SW_REASON_NONE);
			if (cut >= 11) /* so much tells the version */
				continue;
			size = hello(text, 0x0301, 0x0302, 0);
			connects(&rig);
			says(&rig, text, cut, SW_REASON_NONE);
			says(&rig, text + cut, size - cut, SW_REASON_TLS_VERSION);
		}
		/* Of a hello that wants nothing newer, its last octet tells. */
		size = hello(text, 0x0301, 0x0303, 0);
		connects(&rig);
		says(&rig, text, size - 1, SW_REASON_NONE);
		says(&rig, text + size - 1, 1, only_1_3);
		/* Divided among two records: the version stands in the second. */
		text[4] = 1;
		text[3] = 0;
		opens(&rig, text, size, SW_REASON_TLS_VERSION);
	}
}

/* TCP Fast Open (RFC 7413): the first payload comes with the SYN. And IPv6. */
static void test_fast_open_and_ipv6(void **state)
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
	segment(&rig, SYN, sip, sip_size, SW_REASON_TCP_ORDER);
	rig.from.port++;
	segment(&rig, SYN, sip, sip_size, SW_REASON_CLEARTEXT);
	/* The server did not take it with the SYN: it comes again behind it. */
	sequence++;
	segment(&rig, ACK, sip, sip_size, SW_REASON_CLEARTEXT);
	rig.from.addr = address("2001:db8:9::7");
	rig.to.addr = address("2001:db8::1");
	opens(&rig, text, size, SW_REASON_NONE);
	opens(&rig, sip, sip_size, SW_REASON_CLEARTEXT);
	/* Later payload is not looked at, whatever it looks like. */
	connects(&rig);
	says(&rig, text, size, SW_REASON_NONE);
	says(&rig, sip, sip_size, SW_REASON_NONE);
}

/* Begins a connection whose first segment is the first octets of a hello, in one of four ways. */
static void begins_hello(struct rig *rig, int way, const uint8_t *text, size_t cut,
			 enum sw_reason reason)
{
	uint8_t early[64] = {'x'};

	memcpy(early + 1, text, cut);
	if (way == 1) {
		rig->from.port++;
		sequence = 99;
		segment(rig, SYN, text, cut, reason);
		return;
	}
	connects(rig);
	if (way == 2) { /* one octet early */
		sequence--;
		segment(rig, ACK, early, cut + 1, reason);
		sequence++;
	} else if (way == 3) { /* a second SYN */
		sequence += 0x40000000;
		segment(rig, SYN, "", 0, SW_REASON_NONE);
		sequence -= 0x40000000;
		says(rig, text, cut, reason);
	} else {
		says(rig, text, cut, reason);
	}
}

/* A handshake counts by its first octet, however it comes, and again when that is sent again. */
static void test_tls_rate(void **state)
{
	auto_rig struct rig rig;
	uint8_t text[512];
	size_t size = hello(text, 0x0301, 0x0303, 0x0304);

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, rates: {source: {tls: 5/s burst 5}}}]\n");
	rig.to.port = 5061;
	for (size_t cut = 1; cut < 48; cut++) {
		rig.from.addr.octets[15]++;
		for (int i = 0; i < 5; i++)
			begins_hello(&rig, cut % 4, text, cut, SW_REASON_NONE);
		begins_hello(&rig, cut % 4, text, cut, SW_REASON_RATE_TLS);
		begins_hello(&rig, 0, text, cut, SW_REASON_RATE_TLS);
		says(&rig, text, cut, SW_REASON_RATE_TLS);
		rig.test_run.now += SECOND / 5;
		says(&rig, text, cut, SW_REASON_NONE);
		says(&rig, text + cut, size - cut, SW_REASON_NONE);
		says(&rig, "application data", 16, SW_REASON_NONE);
		rig.test_run.now += 2 * SECOND;
	}
}

/* Each way that was seen to bring a first payload past its judge, beside what a client does. */
static void test_evasions(void **state)
{
	static const char ssh[] = "?SSH-2.0-OpenSSH_9.2p1\r\n";
	auto_rig struct rig rig;
	char sip[1024];
	size_t size = request(sip, sizeof(sip), "OPTIONS", 1, NULL);

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	rig.to.port = 5060;
	/* One octet early: it overlaps the SYN. */
	connects(&rig);
	sequence--;
	segment(&rig, ACK, ssh, sizeof(ssh) - 1, SW_REASON_TCP_FIRST);
	segment(&rig, ACK, ssh, 1, SW_REASON_NONE); /* a keepalive of TCP */
	sequence++;
	says(&rig, sip, size, SW_REASON_NONE);
	/* Behind a second SYN, close or far. */
	connects(&rig);
	sequence += 4; /* another port has each client here */
	segment(&rig, SYN, "", 0, SW_REASON_TCP_ORDER);
	sequence += 1 << 20;
	segment(&rig, SYN, "", 0, SW_REASON_NONE);
	sequence++;
	segment(&rig, ACK, ssh + 1, sizeof(ssh) - 2, SW_REASON_TCP_FIRST);
	sequence -= 5 + (1 << 20);
	segment(&rig, ACK, ssh + 1, sizeof(ssh) - 2, SW_REASON_TCP_FIRST);
	says(&rig, sip, size, SW_REASON_NONE);
	/* Again, and longer, behind line ends. */
	connects(&rig);
	segment(&rig, ACK, "\r\n", 2, SW_REASON_NONE);
	segment(&rig, ACK, "\r\nSSH-2.0-x\r\n", 13, SW_REASON_TCP_FIRST);
	segment(&rig, ACK, "\r\n\r\n", 4, SW_REASON_NONE);
	sequence += 4;
	says(&rig, sip, size, SW_REASON_NONE);
	/* Another text in its place: Linux may not have taken the first one. */
	connects(&rig);
	segment(&rig, ACK, sip, size, SW_REASON_NONE);
	segment(&rig, ACK, ssh + 1, sizeof(ssh) - 2, SW_REASON_TCP_ORDER);
	segment(&rig, ACK, sip, size / 2, SW_REASON_NONE);
	sequence += 3;
	segment(&rig, ACK, sip + 3, size - 3, SW_REASON_NONE);
	segment(&rig, ACK, sip, size - 3, SW_REASON_TCP_ORDER);
	/* Its end before its beginning. */
	connects(&rig);
	sequence += 8;
	segment(&rig, ACK, sip + 8, size - 8, SW_REASON_TCP_ORDER);
	sequence -= 8;
	says(&rig, sip, 8, SW_REASON_NONE);
	says(&rig, sip + 8, size - 8, SW_REASON_NONE);
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
	static const char proxy[] = "PROXY TCP4 192.0.2.3 192.0.2.1 9 9\r\n";
	static const char cut[] = "OPTIONS sip:alice@exam";
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
	connects(&rig);
	says(&rig, cut, sizeof(cut) - 1, SW_REASON_NONE);
	says(&rig, "ple.com SIP/2.0\r\n", 17, SW_REASON_NONE);
	connects(&rig);
	says(&rig, cut, sizeof(cut) - 1, SW_REASON_NONE);
	says(&rig, "ple.com HTTP/1.0\r\n", 18, SW_REASON_TCP_FIRST);
	opens(&rig, proxy, sizeof(proxy) - 1, SW_REASON_NONE);
	opens(&rig, text, size, SW_REASON_NONE);
	opens(&rig, "GET / HTTP/1.1\r\n\r\n", 18, SW_REASON_NONE);
	connects(&rig);
	says(&rig, "\r\n\r\n", 4, SW_REASON_NONE);
	says(&rig, ssh, sizeof(ssh) - 1, SW_REASON_TCP_FIRST);
	says(&rig, sip, sip_size, SW_REASON_NONE);
	/* A line without end is none of SIP, and nor are keepalives without end. */
	for (int i = 0; i < 2; i++) {
		char endless[1024];

		memset(endless, i ? 'a' : '\r', sizeof(endless));
		if (i)
			memcpy(endless, "OPTIONS sip:", 12);
		connects(&rig);
		for (int j = 0; j < 2 + i; j++) /* of line ends 2048 octets are skipped */
			says(&rig, endless, sizeof(endless), SW_REASON_NONE);
		says(&rig, endless, sizeof(endless), SW_REASON_TCP_FIRST);
	}
	/* A connection whose beginning was not seen is let be. */
	rig.from.port++;
	says(&rig, ssh, sizeof(ssh) - 1, SW_REASON_NONE);
}

/* Many connections, so that a third of them share their hints: each first payload is found, those
 * behind a keepalive too. */
static void test_many_connections(void **state)
{
	static const char ssh[] = "SSH-2.0-OpenSSH_9.2p1\r\n";
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, unproven: {syn: 100000/s}}]\n");
	rig.from.port = 0;
	connects(&rig);
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, "", 0));
	rig.frame.octets[rig.frame.transport + 13] = SYN;
	for (unsigned int i = 0; i < 32768; i++) {
		uint8_t *tcp = rig.frame.octets + rig.frame.transport;

		tcp[0] = (1024 + i) >> 8;
		tcp[1] = 1024 + i;
		tcp[4] = i;
		gets_in_frame(&rig);
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

	(void)state;
	rig_open(&rig, "shadow: [cleartext]\n" YAML_PLAIN);
	rig.to.port = 5061;
	connects(&rig);
	lay_segment(&rig, ACK, text, size);
	assert_true(gets_in_frame(&rig));
	assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_CLEARTEXT), 1);
	/* Later payload begins nothing new. */
	sequence += size;
	says(&rig, text, size, SW_REASON_NONE);
}

static void test_monitor(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, "mode: monitor\n" YAML_PLAIN);
	rig.to.port = 5060;
	connects(&rig);
	lay_segment(&rig, ACK, "HEAD / HTTP/1.0\r\n", 17);
	assert_true(gets_in_frame(&rig));
	assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_TCP_FIRST), 1);
	sequence += 17;
	says(&rig, "Host: a\r\n", 9, SW_REASON_NONE);
	/* Out of order, once. */
	connects(&rig);
	sequence += 9;
	lay_segment(&rig, ACK, "Host: a\r\n", 9);
	assert_true(gets_in_frame(&rig));
	assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_TCP_ORDER), 1);
	sequence += 9;
	says(&rig, "Host: a\r\n", 9, SW_REASON_NONE);
}

/* A flood of first payloads pushes out the texts of others, and one of SYNs all that is known of
 * them: a client in the middle of its own, or behind it, goes on. */
static void test_full_tables(void **state)
{
	char sip[1024];
	size_t size = request(sip, sizeof(sip), "OPTIONS", 1, NULL);

	(void)state;
	for (int flood = 0; flood < 2; flood++) {
		auto_rig struct rig rig;
		uint32_t at[2];

		rig_open(&rig, "tables: {openings: 4096}\n" YAML_PLAIN);
		rig.to.port = 5060;
		connects(&rig);
		says(&rig, sip, 20, SW_REASON_NONE);
		at[0] = sequence;
		connects(&rig);
		says(&rig, sip, size, SW_REASON_NONE);
		at[1] = sequence;
		for (unsigned int i = 0; i < 16384; i++) {
			rig.from.addr.words[3] = htonl(0x0a000000 + i);
			sequence = i << 16;
			lay_segment(&rig, SYN, sip, flood ? 0 : size);
			assert_true(gets_in_frame(&rig));
		}
		rig.from.addr = address("198.51.100.7");
		sequence = at[1];
		segment(&rig, ACK, sip, size, SW_REASON_NONE);
		sequence -= size;
		segment(&rig, ACK, sip, size, SW_REASON_NONE);
		rig.from.port--;
		sequence = at[0];
		segment(&rig, ACK, sip + 20, size - 20, SW_REASON_NONE);
		sequence -= 20;
		segment(&rig, ACK, sip, size, SW_REASON_NONE);
	}
}

/* A first payload in IP fragments of which the first one is not enough: the text in the others is
 * not seen. */
static void test_fragmented(void **state)
{
	auto_rig struct rig rig;
	char sip[1024];
	size_t size = request(sip, sizeof(sip), "OPTIONS", 1, NULL);

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	rig.to.port = 5060;
	for (size_t cut = 4; cut < 200; cut += 8) {
		connects(&rig);
		lay_segment(&rig, ACK, sip, cut);
		rig.frame.octets[rig.frame.ip + 6] = 0x20; /* more fragments */
		frame_finish(&rig.frame);
		assert_int_equal(gets_in_frame(&rig), cut > 40);
		assert_int_equal(outcome.reason,
				 cut > 40 ? SW_REASON_NONE : SW_REASON_FRAGMENT_TINY);
		says(&rig, sip, size, SW_REASON_NONE);
	}
}

/* No SYN came: no beginning is looked for, not even one at 0, which an unused hint seems to
 * name. */
static void test_unused_hint(void **state)
{
	static const uint32_t numbers[] = {0, 1, 4095, 4096, 0xffffffff, 0xfffffff0, 0x9d3a51c6};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	for (size_t i = 0; i < array_size(numbers); i++) {
		sequence = numbers[i];
		segment(&rig, ACK, "what goes on with a message\r\n", 29, SW_REASON_NONE);
		assert_false(outcome.searched);
	}
	connects(&rig);
	says(&rig, "\r\n", 2, SW_REASON_NONE);
	assert_true(outcome.searched);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_service),
		cmocka_unit_test(test_tls_minimum),
		cmocka_unit_test(test_fast_open_and_ipv6),
		cmocka_unit_test(test_tls_rate),
		cmocka_unit_test(test_evasions),
		cmocka_unit_test(test_websocket),
		cmocka_unit_test(test_tcp_service),
		cmocka_unit_test(test_many_connections),
		cmocka_unit_test(test_tcp_service_off),
		cmocka_unit_test(test_shadow),
		cmocka_unit_test(test_monitor),
		cmocka_unit_test(test_full_tables),
		cmocka_unit_test(test_fragmented),
		cmocka_unit_test(test_unused_hint),
	};

	return cmocka_run_group_tests_name("first", tests, NULL, NULL);
}
