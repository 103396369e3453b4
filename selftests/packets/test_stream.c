/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Emergency calls over TCP from a source that behaviour banned: the segments of a connection that
 * pass, each beside some that do not; the use that the source can make of them; and the use that a
 * spoofer of its address can make of them.
 */
#include <bpf/bpf.h>

#include "banned.h"
#include "connection.h"
#include "kernel/walk.h"

#define SOS  "INVITE urn:service:sos SIP/2.0"
#define LIFE (3600 * SECOND)

static const char *const watched =
	YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1000/s, probe: off}, "
		   "bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 30/60s}}]\n"
		   "emergency: {numbers: [\"112\"]}\n";

static const struct message help = {SOS, "<urn:service:sos>", NULL, "INVITE"};

/* Messages of such a call, and the same messages of another call. */
static const struct message inside[] = {
	{"ACK sip:psap@192.0.2.9 SIP/2.0", "<urn:service:sos>;tag=t", NULL, "ACK"},
	{"PRACK sip:psap@192.0.2.9 SIP/2.0", "<sip:112@example.com>;tag=t", NULL, "PRACK"},
	{"CANCEL urn:service:sos SIP/2.0", "<urn:service:sos>", NULL, "CANCEL"},
	{"UPDATE sip:psap@192.0.2.9 SIP/2.0", "<sip:112@example.com>;tag=t", NULL, "UPDATE"},
	{"INVITE sip:psap@192.0.2.9 SIP/2.0", "<urn:service:sos>;tag=t", NULL, "INVITE"},
	{"SIP/2.0 200 OK", "<sip:bob@example.com>;tag=f", "<urn:service:sos>;tag=t", "BYE"},
	{"BYE sip:psap@192.0.2.9 SIP/2.0", "<urn:service:sos>;tag=t", NULL, "BYE"},
};

static const struct message others[] = {
	{"INVITE sip:alice@example.com SIP/2.0", NULL, NULL, "INVITE"},
	{"INVITE sip:1120@example.com SIP/2.0", "<urn:service:sos>", NULL, "INVITE"},
	{"REGISTER sip:example.com SIP/2.0", "<urn:service:sos>", NULL, "REGISTER"},
	{"OPTIONS urn:service:sos SIP/2.0", "<urn:service:sos>;tag=t", NULL, "OPTIONS"},
	{"BYE sip:bob@example.com SIP/2.0", "<sip:bob@example.com>;tag=t", NULL, "BYE"},
	{"UPDATE sip:psap@192.0.2.9 SIP/2.0", "<urn:service:sos>", NULL, "UPDATE"},
};

/* --- sending, and the result --- */

/* One segment at the client's number. It is refused for what the ban is for, and is a hit of it; or
 * it passes. The kernel learns nothing of it. */
static void offers(struct rig *rig, const struct connection *c, const char *text, size_t size,
		   enum sw_reason reason)
{
	uint64_t before = hits(rig);

	lay_data(rig, c->seq, c->ack, text, size);
	sends_frame(rig, reason);
	assert_int_equal(hits(rig) - before, reason != SW_REASON_NONE);
}

/* Likewise, and the server's kernel takes segments that pass. */
static void says(struct rig *rig, struct connection *c, const char *text, enum sw_reason reason)
{
	offers(rig, c, text, strlen(text), reason);
	if (reason == SW_REASON_NONE)
		client_sends(c, text, strlen(text));
}

static void says_message(struct rig *rig, struct connection *c, const struct message *m,
			 enum sw_reason reason)
{
	char text[2048];

	message_of(text, sizeof(text), m);
	says(rig, c, text, reason);
}

static bool count_entry(const void *key, void *value, void *context)
{
	(void)key;
	(void)value;
	++*(size_t *)context;
	return true;
}

static size_t entries(const struct rig *rig, enum state_map map)
{
	struct error e = {};
	size_t count = 0;

	assert_int_equal(map_walk(rig->test_run.state.fds[map], count_entry, &count, &e), 0);
	return count;
}

/* --- calls --- */

static void test_whole_call(void **state)
{
	static const enum sw_reason reasons[] = {SW_REASON_AUTH_FAILURES, SW_REASON_ENUMERATION};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	for (size_t r = 0; r < array_size(reasons); r++) {
		auto_connection struct connection c = NO_CONNECTION;

		connect_ends(&rig, &c, r); /* IPv4, IPv6 */
		is_banned(&rig, reasons[r]);
		lay_syn(&rig, c.seq - 1, "", 0);
		sends_frame(&rig, SW_REASON_NONE);
		for (size_t i = 0; i < array_size(others); i++)
			says_message(&rig, &c, &others[i], reasons[r]);
		says_message(&rig, &c, &help, SW_REASON_NONE);
		assert_true(outcome.emergency);
		assert_int_equal(entries(&rig, STATE_SPARED_STREAMS), r + 1);
		for (size_t i = 0; i < array_size(inside); i++)
			says_message(&rig, &c, &inside[i], SW_REASON_NONE);
		says(&rig, &c, "\r\n\r\n", SW_REASON_NONE);
		says_message(&rig, &c, &help, SW_REASON_NONE); /* the next call */
		rig.test_run.now += 10 * SECOND;
		for (size_t i = 0; i < array_size(others); i++)
			says_message(&rig, &c, &others[i], reasons[r]);
	}
}

/* An INVITE with a body, in many segments; the answers to what the server asks; and segments
 * without payload, which on another connection are dropped. */
static void test_segments(void **state)
{
	static const struct message answer = {"SIP/2.0 200 OK", "<sip:bob@example.com>;tag=f",
					      "<sip:keepalive@example.com>;tag=t", "OPTIONS"};
	static const char body[] =
		"v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
		"m=audio 49170 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\ns=sip/2.0/udp 9\r\n";
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;
	char text[4096], piece[4096];
	size_t size;

	(void)state;
	rig_open(&rig, watched);
	connect_ends(&rig, &c, false);
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	offers(&rig, &c, "", 0, SW_REASON_AUTH_FAILURES);
	size = message_of(text, sizeof(text), &help);
	size += snprintf(text + size, sizeof(text) - size, "%s", body);
	for (size_t at = 0, cut = 60; at < size; at += cut, cut = 1 + at % 37) {
		snprintf(piece, cut + 1, "%s", text + at);
		says(&rig, &c, piece, SW_REASON_NONE);
		rig.test_run.now += 200 * MS;
	}
	offers(&rig, &c, "", 0, SW_REASON_NONE);
	says_message(&rig, &c, &answer, SW_REASON_NONE);
	rig.from.port ^= 1;
	offers(&rig, &c, "", 0, SW_REASON_AUTH_FAILURES);
	offers(&rig, &c, "x", 1, SW_REASON_AUTH_FAILURES);
}

/* It was open before the ban, and a call is under way on it; or nothing yet. */
static void test_opened_before_the_ban(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	for (size_t i = 0; i < array_size(inside); i++) {
		auto_connection struct connection c = NO_CONNECTION;

		connect_ends(&rig, &c, false);
		client_sends(&c, "what was said before", 20);
		if (i == 0)
			is_banned(&rig, SW_REASON_ENUMERATION);
		rig.test_run.now += 10 * SECOND;
		says(&rig, &c, "\r\n\r\n", SW_REASON_NONE);
		says(&rig, &c, "\r\n", SW_REASON_NONE);
		says(&rig, &c, "\r\n\n\n", SW_REASON_ENUMERATION);
		says(&rig, &c, "\r\n\r\n\r\n", SW_REASON_ENUMERATION);
		assert_int_equal(entries(&rig, STATE_SPARED_STREAMS), i);
		says_message(&rig, &c, &others[i % array_size(others)], SW_REASON_ENUMERATION);
		says(&rig, &c, "goes on with what is none\r\n", SW_REASON_ENUMERATION);
		says_message(&rig, &c, &inside[i], SW_REASON_NONE);
		says(&rig, &c, "goes on with it\r\n", SW_REASON_NONE);
	}
}

/* --- what a banned source can make of it --- */

/* Requests that are to stand behind a call, cut in every way. */
static void test_nothing_hides(void **state)
{
	static const struct {
		const char *pieces[4];
		bool passes; /* the last one */
	} tries[] = {
		{{"REGISTER sip:example.com SIP/2.0\r\n"}, false},
		{{"rest of a body\r\n\r\nREGISTER sip:example.com SIP/2.0\r\n"}, false},
		{{"rest\r\n\r\nREGISTER sip:example.com sIp/2.0 \t \r\nVia: x\r\n"}, false},
		{{"rest\r\n\r\nREGISTER sip:example.com SIP/2.0\n"}, false},
		{{"rest of a header: SIP/2.0/TCP 198.51.100.7\r\n"}, true},
		{{"rest: SIP/2.0 / TCP 198.51.100.7\r\n"}, true},
		{{"rest: SIP/2.1\r\n"}, true},
		{{"SIP/2.0 200 All right\r\n\r\n"}, true},
		{{"REGISTER sip:example.com", " SIP/2.0\r\n"}, false},
		{{"REGISTER sip:example.com S", "IP/2.0\r\n"}, false},
		{{"REGISTER sip:example.com SIP/", "2.0\r\n"}, false},
		{{"REGISTER sip:example.com SIP/2.0", "\r\n"}, false},
		{{"REGISTER sip:example.com S", "I", "P", "/2.0\r\n"}, false},
		{{"REGISTER sip:example.com SIP/2.0", " ", "\t", "\r\n"}, false},
		{{"REGISTER sip:example.com SIP/2.0", " ", "/TCP", "\r\n"}, true},
		/* Kamailio compares no more than the beginning of the last word. */
		{{"REGISTER sip:example.com SIP/2.0/TCP\r\n"}, false},
		{{"REGISTER sip:example.com SIP/2.00\r\n"}, false},
		{{"REGISTER sip:example.com SIP/2.0/TCP \t\n"}, false},
		{{"REGISTER sip:example.com SIP/2.0", "/", "x", "\r\n"}, false},
		{{"REGISTER sip:example.com SIP/2.0", "0", " ", "\n"}, false},
		{{"rest: SIP/2.0/", "TCP", " ", "198.51.100.7\r\n"}, true},
		{{"SIP/2.0 200\r\nVia: x\r\n\r\n"}, true},
		/* Sofia-SIP takes white space there. */
		{{"REGISTER sip:example.com SIP / 2.0\r\n"}, false},
		{{"REGISTER sip:example.com SIP ", "\t/", " ", "2.0\r\n"}, false},
		{{"rest: SIP / 2.0 / TCP 198.51.100.7\r\n"}, true},
		/* Text inside a WebSocket stands behind a mask. */
		{{"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"}, false},
		{{"GET / HT", "TP/1", ".0\r\n"}, false},
		{{"rest: http://example.com/\r\n"}, true},
	};
	auto_rig struct rig rig;
	char text[4096];

	(void)state;
	rig_open(&rig, "sanity: {profile: off}\n" YAML_PLAIN);
	for (size_t i = 0; i < array_size(tries); i++) {
		auto_connection struct connection c = NO_CONNECTION;

		connect_ends(&rig, &c, false);
		if (i == 0)
			is_banned(&rig, SW_REASON_AUTH_FAILURES);
		rig.test_run.now += 10 * SECOND;
		says_message(&rig, &c, &help, SW_REASON_NONE);
		for (size_t j = 0; j < 4 && tries[i].pieces[j]; j++) {
			bool last = j == 3 || !tries[i].pieces[j + 1];

			says(&rig, &c, tries[i].pieces[j],
			     last && !tries[i].passes ? SW_REASON_AUTH_FAILURES : SW_REASON_NONE);
		}
		/* Behind a message that may pass, in one segment with it. */
		message_of(text, sizeof(text), &inside[i % array_size(inside)]);
		strcat(text, "REGISTER sip:example.com SIP/2.0\r\n\r\n");
		says(&rig, &c, text, SW_REASON_AUTH_FAILURES);
	}
}

/* Nor in the first segment. */
static void test_nothing_hides_at_once(void **state)
{
	static const struct message both = {
		SOS, "<urn:service:sos>\r\n\r\nREGISTER sip:a SIP/2.0\r\nTo: <sip:a>", NULL,
		"INVITE"};
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	connect_ends(&rig, &c, false);
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	says_message(&rig, &c, &both, SW_REASON_AUTH_FAILURES);
	assert_int_equal(entries(&rig, STATE_SPARED_STREAMS), 0);
	says(&rig, &c, "INVITE sip:112@example.com", SW_REASON_AUTH_FAILURES);
	says_message(&rig, &c, &help, SW_REASON_NONE);
}

/* Neither behind a gap, nor over what the kernel has. */
static void test_order(void **state)
{
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;
	char text[2048];
	size_t size = message_of(text, sizeof(text), &help);

	(void)state;
	rig_open(&rig, watched);
	connect_ends(&rig, &c, false);
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	c.seq += 10; /* what stands before it would be read first */
	offers(&rig, &c, text, size, SW_REASON_AUTH_FAILURES);
	c.seq -= 10;
	offers(&rig, &c, text, size, SW_REASON_NONE);
	offers(&rig, &c, text, size, SW_REASON_NONE); /* it was lost behind us */
	offers(&rig, &c, text, size - 1, SW_REASON_NONE);
	offers(&rig, &c, text, size + 1, SW_REASON_AUTH_FAILURES);
	/* Nor then in what is sent again. */
	offers(&rig, &c, "REGISTER sip:a SI", 17, SW_REASON_AUTH_FAILURES);
	offers(&rig, &c, "REGISTER sip:a ", 15, SW_REASON_NONE);
	offers(&rig, &c, "P/2.0\r\nVia: SIP/2.0/TCP a\r\n", 27, SW_REASON_AUTH_FAILURES);
	offers(&rig, &c, "SIP/2.0\r\n", 9, SW_REASON_AUTH_FAILURES);
	offers(&rig, &c, "\r\nVia: SIP/2.0/TCP a\r\n", 22, SW_REASON_AUTH_FAILURES);
	offers(&rig, &c, "       ", 7, SW_REASON_AUTH_FAILURES);
	offers(&rig, &c, "/TCP a\r\n", 8, SW_REASON_NONE);
	c.seq += size;
	offers(&rig, &c, "REGISTER sip:a ", 15, SW_REASON_NONE); /* the kernel is not so far yet */
	c.seq += 16;
	offers(&rig, &c, "/2.0\r\n", 6, SW_REASON_AUTH_FAILURES);
	c.seq -= 16 + size;
	client_sends(&c, text, size);
	c.seq -= size; /* the kernel has it, but the client does not know */
	offers(&rig, &c, text, size, SW_REASON_NONE);
	lay_data(&rig, c.seq - 1, c.ack, "x", 1); /* a keepalive of TCP */
	sends_frame(&rig, SW_REASON_NONE);
	strcpy(text + size, "REGISTER sip:a SIP/2.0\r\n\r\n");
	offers(&rig, &c, text, size + 26, SW_REASON_AUTH_FAILURES);
	strcpy(text + size, "goes on\r\n");
	offers(&rig, &c, text, size + 9, SW_REASON_NONE);
}

/* Nor does what is sent again end a line where a segment may have ended in a word with a version;
 * elsewhere it may. */
static void test_retransmission_ends_no_version(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	for (int tail = 0; tail < 2; tail++) {
		const char *word = tail ? "REGISTER sip:a SIP/2.0/x" : "of a body, and more of it";
		auto_connection struct connection c = NO_CONNECTION;

		connect_ends(&rig, &c, false);
		if (!tail)
			is_banned(&rig, SW_REASON_AUTH_FAILURES);
		says_message(&rig, &c, &help, SW_REASON_NONE);
		says(&rig, &c, word, SW_REASON_NONE);
		offers(&rig, &c, "y of more words\r\n", 17, SW_REASON_NONE);
		offers(&rig, &c, "y\r\n", 3, tail ? SW_REASON_AUTH_FAILURES : SW_REASON_NONE);
		offers(&rig, &c, "y  \t\r\n", 7, tail ? SW_REASON_AUTH_FAILURES : SW_REASON_NONE);
		offers(&rig, &c, "\r\n", 2, SW_REASON_AUTH_FAILURES);
	}
}

/* Its first octets stand before what the kernel reads: they do not say what it is. */
static void test_old_octets_first(void **state)
{
	static const char old[] = "BYE sip:psap@192.0.2.9 SIP/2.0";
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;
	char text[2048];
	size_t size;

	(void)state;
	rig_open(&rig, watched);
	connect_ends(&rig, &c, false);
	client_sends(&c, old, strlen(old));
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	c.seq -= strlen(old);
	for (size_t i = 0; i < array_size(others); i++) {
		strcpy(text, old);
		size = strlen(old);
		size += message_of(text + size, sizeof(text) - size, &others[i]);
		offers(&rig, &c, text, size, SW_REASON_AUTH_FAILURES);
	}
	strcpy(text, old);
	size = strlen(old);
	size += message_of(text + size, sizeof(text) - size, &inside[0]);
	offers(&rig, &c, text, size, SW_REASON_NONE);
}

/* All octets have a ceiling, and no connection is remembered beyond it. */
static void test_ceiling(void **state)
{
	static char octets[1025];
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;

	(void)state;
	memset(octets, 'x', sizeof(octets) - 1);
	rig_open(&rig, watched);
	connect_ends(&rig, &c, false);
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	says_message(&rig, &c, &help, SW_REASON_NONE);
	for (int i = 0; i < 84; i++) /* three units each, and a call two */
		says(&rig, &c, octets, SW_REASON_NONE);
	says(&rig, &c, octets, SW_REASON_AUTH_FAILURES);
	says_message(&rig, &c, &help, SW_REASON_NONE);
	says_message(&rig, &c, &inside[6], SW_REASON_AUTH_FAILURES);
	says(&rig, &c, "\r\n\r\n", SW_REASON_AUTH_FAILURES);
	rig.test_run.now += SECOND / 16;
	says_message(&rig, &c, &inside[6], SW_REASON_NONE);
	says(&rig, &c, "\r\n\r\n", SW_REASON_AUTH_FAILURES);
	rig.test_run.now += 3 * SECOND;
	says(&rig, &c, octets, SW_REASON_NONE);
	/* Nobody asks how many there are once it is over. */
	rig.test_run.now += LIFE + SECOND;
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	offers(&rig, &c, "", 0, SW_REASON_AUTH_FAILURES);
	says(&rig, &c, octets, SW_REASON_AUTH_FAILURES);
}

/* The budget of `emergency:`, of which banned sources have half of the burst. */
static void test_budget(void **state)
{
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "emergency: {numbers: [\"112\"], rate: 1/s burst 11}\n");
	connect_ends(&rig, &c, false);
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	for (int i = 0; i < 6; i++)
		says_message(&rig, &c, &help, SW_REASON_NONE);
	says_message(&rig, &c, &help, SW_REASON_AUTH_FAILURES);
	says_message(&rig, &c, &inside[0], SW_REASON_NONE);
	rig.test_run.now += SECOND;
	says_message(&rig, &c, &help, SW_REASON_NONE);
}

/* --- the handshake, and spoofed addresses --- */

/* The kernel waits for the end of the handshake, or remembers nothing of it (a SYN cookie): the
 * INVITE ends it, and no other segment does. */
static void test_handshake(void **state)
{
	char text[2048];
	size_t size = message_of(text, sizeof(text), &help);

	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	for (int i = 0; i < 4; i++) {
		auto_connection struct connection c = {
			.listener = -1, .client = -1, .server = -1, .half = i < 2};

		set_syncookies(i < 2 ? "1" : "2");
		connect_ends(&rig, &c, i % 2);
		set_syncookies("1");
		if (i >= 2)
			connection_abort(&c);
		if (i < 2)
			is_banned(&rig, SW_REASON_AUTH_FAILURES);
		offers(&rig, &c, "", 0, SW_REASON_AUTH_FAILURES);
		offers(&rig, &c, "\r\n\r\n", 4, SW_REASON_AUTH_FAILURES);
		offers(&rig, &c, "REGISTER sip:example.com SIP/2.0\r\n\r\n", 36,
		       SW_REASON_AUTH_FAILURES);
		c.ack ^= 1 << 20;
		offers(&rig, &c, text, size, SW_REASON_AUTH_FAILURES);
		c.ack ^= 1 << 20;
		assert_int_equal(entries(&rig, STATE_SPARED_STREAMS), i);
		offers(&rig, &c, text, size, SW_REASON_NONE);
		assert_int_equal(entries(&rig, STATE_SPARED_STREAMS), i + 1);
	}
}

/* Two segments that end the handshake, judged before the kernel takes the first: it would go on
 * with the rest of the second. The same again passes. */
static void test_handshake_twice(void **state)
{
	auto_rig struct rig rig;
	char first[2048], second[2048];
	size_t size;

	(void)state;
	rig_open(&rig, watched);
	for (int i = 0; i < 2; i++) {
		auto_connection struct connection c = {
			.listener = -1, .client = -1, .server = -1, .half = i == 0};

		set_syncookies(i ? "2" : "1");
		connect_ends(&rig, &c, false);
		set_syncookies("1");
		if (i)
			connection_abort(&c);
		else
			is_banned(&rig, SW_REASON_AUTH_FAILURES);
		size = message_of(first, sizeof(first), &help);
		memset(second, 'x', sizeof(second));
		memcpy(second, first, size);
		strcpy(first + size, "REGISTER sip:example.com SI");
		size = strlen(first);
		offers(&rig, &c, first, size, SW_REASON_NONE);
		offers(&rig, &c, first, size - 2, SW_REASON_NONE);
		strcpy(second + size, "P/2.0\r\n"); /* behind x it is nothing */
		offers(&rig, &c, second, strlen(second), SW_REASON_AUTH_FAILURES);
		c.seq += size;
		if (i) /* only the first segment has the cookie's number */
			continue;
		offers(&rig, &c, "P/2.0\r\n", 7, SW_REASON_AUTH_FAILURES);
		offers(&rig, &c, "de of a body\r\n", 14, SW_REASON_NONE);
	}
}

/* How many of so many SYNs pass, from this port on. */
static int syns(struct rig *rig, uint16_t port, int count, uint64_t pause)
{
	int passed = 0;

	for (int i = 0; i < count; i++) {
		rig->test_run.now += pause;
		rig->from.port = port + i;
		lay_syn(rig, (uint32_t)rig->from.port << 16, "", 0);
		passed += gets_in_frame(rig);
		assert_true(passed || outcome.reason == SW_REASON_AUTH_FAILURES);
	}
	return passed;
}

/* Of SYNs at first sight a quarter of the burst passes, and those that are sent again have more,
 * beside a flood too. One that is dropped is remembered nowhere. */
static void test_syns(void **state)
{
	auto_rig struct rig rig;
	uint64_t before;

	(void)state;
	rig_open(&rig, watched);
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	before = hits(&rig);
	assert_int_equal(syns(&rig, 20000, 1000, 0), 10);
	assert_int_equal(hits(&rig) - before, 990);
	assert_int_equal(entries(&rig, STATE_OPENINGS), 10);
	/* A client waits a second, then two. */
	assert_int_equal(syns(&rig, 30000, 1000, MS), 10);
	assert_int_equal(syns(&rig, 20900, 40, 0), 10);
	assert_int_equal(syns(&rig, 31000, 2000, MS), 10);
	assert_int_equal(syns(&rig, 20900, 40, 0), 20);
	assert_int_equal(syns(&rig, 20900, 40, 0), 0); /* no client is in such a hurry */
	rig.test_run.now += 60 * SECOND;
	assert_int_equal(syns(&rig, 40000, 100, 0), 10);
	/* With payload it is TCP Fast Open, and waits for nothing. */
	rig.test_run.now += 60 * SECOND;
	lay_syn(&rig, 1, SOS "\r\n", sizeof(SOS) + 1);
	sends_frame(&rig, SW_REASON_AUTH_FAILURES);
	lay_syn(&rig, 1, "", 0);
	sends_frame(&rig, SW_REASON_NONE);
}

/* A packet with a spoofed address spends nothing of a connection's budget, and is not
 * remembered. */
static void test_spoofed(void **state)
{
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;
	char text[2048];
	size_t size = message_of(text, sizeof(text), &help);

	(void)state;
	rig_open(&rig, watched);
	connect_ends(&rig, &c, false);
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	for (uint32_t i = 1; i < 1000; i++) {
		lay_data(&rig, c.seq, c.ack + i, text, size);
		sends_frame(&rig, SW_REASON_AUTH_FAILURES);
		lay_data(&rig, c.seq + (i << 20), c.ack, text, size);
		sends_frame(&rig, SW_REASON_AUTH_FAILURES);
	}
	assert_int_equal(entries(&rig, STATE_SPARED_STREAMS), 0);
	says_message(&rig, &c, &help, SW_REASON_NONE);
	for (uint32_t i = 1; i < 1000; i++) {
		lay_data(&rig, c.seq, c.ack + i, text, size);
		sends_frame(&rig, SW_REASON_AUTH_FAILURES);
		lay_syn(&rig, i << 16, "", 0); /* the port is not used again */
		gets_in_frame(&rig);
	}
	/* Nor does it help to be right about what the kernel has read. */
	for (uint32_t i = 1; i < 1000; i++) {
		lay_data(&rig, c.seq - size, c.ack + (i << 20), text, size);
		sends_frame(&rig, SW_REASON_AUTH_FAILURES);
	}
	says_message(&rig, &c, &inside[0], SW_REASON_NONE);
	says(&rig, &c, "goes on\r\n", SW_REASON_NONE);
}

/* The port of a call is used again: nothing goes on there. */
static void test_port_is_used_again(void **state)
{
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	connect_ends(&rig, &c, false);
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	says_message(&rig, &c, &help, SW_REASON_NONE);
	client_sends(&c, "of another connection", 21); /* that the ban did not see */
	says(&rig, &c, "goes on\r\n", SW_REASON_AUTH_FAILURES);
	says_message(&rig, &c, &inside[0], SW_REASON_NONE);
	says(&rig, &c, "goes on\r\n", SW_REASON_NONE);
}

/* --- always dropped, or only counted --- */

static void test_always_dropped(void **state)
{
	struct prefix source = {.addr = address("127.0.0.1"), .length = 32};
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig, tls, listed;
	struct error e = {};
	char text[2048];
	size_t size = message_of(text, sizeof(text), &help);

	(void)state;
	rig_open(&rig, watched);
	rig.test_run.now = monotonic_ns();
	connect_ends(&rig, &c, false);
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	says_message(&rig, &c, &help, SW_REASON_NONE);
	assert_int_equal(ban_add(&rig.test_run.state, &source, 60 * SECOND, "x", NULL, &e), 0);
	says_message(&rig, &c, &help, SW_REASON_BAN);
	says_message(&rig, &c, &inside[0], SW_REASON_BAN);
	lay_syn(&rig, 1, "", 0);
	sends_frame(&rig, SW_REASON_BAN);
	rig_open(&listed, "lists: {deny: [127.0.0.1]}\n" YAML_PLAIN);
	listed.from = rig.from;
	listed.to = rig.to;
	lay_data(&listed, c.seq, c.ack, text, size);
	sends_frame(&listed, SW_REASON_DENY_LIST);
	/* Inside TLS nothing can be told: the first port is one here. */
	rig_open(&tls, "version: 1\nservices: [{transport: tls, port: 5060}]\n");
	tls.from = rig.from;
	tls.to = rig.to;
	is_banned(&tls, SW_REASON_AUTH_FAILURES);
	offers(&tls, &c, text, size, SW_REASON_AUTH_FAILURES);
	lay_syn(&tls, 1, "", 0);
	sends_frame(&tls, SW_REASON_AUTH_FAILURES);
}

/* Where the ban's reason is in shadow, or in monitor mode: each refusal is counted once, and the
 * segment is judged as anybody's. */
static void test_counted_only(void **state)
{
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig, monitor;
	char text[2048];

	(void)state;
	rig_open(&rig, YAML_PLAIN "shadow: [auth_failures]\n");
	connect_ends(&rig, &c, false);
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	says_message(&rig, &c, &help, SW_REASON_NONE);
	for (size_t i = 0; i < array_size(others); i++) {
		lay_data(&rig, c.seq, c.ack, text, message_of(text, sizeof(text), &others[i]));
		sends_frame_shadowed(&rig, SW_REASON_AUTH_FAILURES);
	}
	lay_data(&rig, c.seq, c.ack, "a SIP/2.0\r\n", 11);
	sends_frame_shadowed(&rig, SW_REASON_AUTH_FAILURES);
	rig_open(&monitor, "mode: monitor\n" YAML_PLAIN);
	monitor.from = rig.from;
	monitor.to = rig.to;
	is_banned(&monitor, SW_REASON_AUTH_FAILURES);
	says_message(&monitor, &c, &help, SW_REASON_NONE);
	lay_data(&monitor, c.seq, c.ack, text, message_of(text, sizeof(text), &others[0]));
	assert_true(gets_in_frame(&monitor));
	assert_int_equal(counted(&monitor, SW_MODE_MONITOR, SW_REASON_AUTH_FAILURES), 1);
}

/* A flood of a banned source is as cheap as any while no call is under way: nothing is looked
 * up. */
static void test_no_lookup_without_a_call(void **state)
{
	auto_rig struct rig rig;
	char text[2048];

	(void)state;
	rig_open(&rig, watched);
	is_banned(&rig, SW_REASON_AUTH_FAILURES);
	for (size_t i = 0; i < array_size(others); i++) {
		sends_tcp(&rig, text, message_of(text, sizeof(text), &others[i]),
			  SW_REASON_AUTH_FAILURES);
		assert_false(outcome.scanned);
	}
	sends_tcp(&rig, "", 0, SW_REASON_AUTH_FAILURES);
	sends_tcp(&rig, text, message_of(text, sizeof(text), &help), SW_REASON_AUTH_FAILURES);
	assert_false(outcome.scanned); /* it has no connection */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_call),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_opened_before_the_ban),
		cmocka_unit_test(test_nothing_hides),
		cmocka_unit_test(test_nothing_hides_at_once),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_retransmission_ends_no_version),
		cmocka_unit_test(test_old_octets_first),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_handshake_twice),
		cmocka_unit_test(test_syns),
		cmocka_unit_test(test_spoofed),
		cmocka_unit_test(test_port_is_used_again),
		cmocka_unit_test(test_always_dropped),
		cmocka_unit_test(test_counted_only),
		cmocka_unit_test(test_no_lookup_without_a_call),
	};

	return cmocka_run_group_tests_name("stream", tests, own_network, NULL);
}
