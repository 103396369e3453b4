/* SPDX-License-Identifier: GPL-2.0-only
 *
 * TCP data and its connection: a segment that fits an established connection is a proof, and may
 * earn the end of the connection. A segment that only has the right addresses is no proof, and
 * earns nothing. The connections are real ones, over the loopback of a network namespace.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "connection.h"
#include "kernel/walk.h"
#include "phone.h"

static const char *const with_admission =
	YAML_PLAIN "zones: [{name: public, newcomers: {rate: 100/s}}]\n";
static const char *const closing =
	YAML_PLAIN "emergency: {numbers: [\"112\"]}\nshadow: [nul]\n"
		   "zones: [{name: public, tcp: close, methods: [INVITE]}]\n";

static uint8_t grade_of(struct rig *rig, uint32_t seq, uint32_t ack)
{
	char text[1024];

	lay_data(rig, seq, ack, text, request(text, sizeof(text), "INVITE", 1, NULL));
	sends_frame(rig, SW_REASON_NONE);
	return outcome.grade;
}

static void test_connection_is_a_proof(void **state)
{
	(void)state;
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		auto_connection struct connection c = NO_CONNECTION;
		auto_rig struct rig rig;

		rig_open(&rig, with_admission);
		connect_ends(&rig, &c, ipv6);
		assert_int_equal(grade_of(&rig, c.seq, c.ack), SW_GRADE_PROVED);
		assert_int_equal(grade_of(&rig, c.seq + 1400, c.ack), SW_GRADE_PROVED);
		assert_int_equal(grade_of(&rig, c.seq + 65536, c.ack), SW_GRADE_NONE);
		assert_int_equal(grade_of(&rig, c.seq - 1, c.ack), SW_GRADE_NONE);
		assert_int_equal(grade_of(&rig, c.seq, c.ack + 1), SW_GRADE_NONE);
		assert_int_equal(grade_of(&rig, c.seq, c.ack - 1), SW_GRADE_NONE);
		rig.from.port ^= 1;
		assert_int_equal(grade_of(&rig, c.seq, c.ack), SW_GRADE_NONE);
		rig.from.port ^= 1;
		/* The server has sent what is not yet acknowledged. */
		assert_int_equal(send(c.server, "x", 1, 0), 1);
		assert_int_equal(grade_of(&rig, c.seq, c.ack + 1), SW_GRADE_PROVED);
		/* It is over: later segments have no connection. */
		shutdown(c.server, SHUT_RDWR);
		assert_int_equal(grade_of(&rig, c.seq, c.ack + 1), SW_GRADE_NONE);
	}
}

/* The segment that ends the handshake may carry the first request: a guesser has a connection for
 * each guess, and the kernel has none of it yet when the request is judged. With SYN cookies, too.
 */
static void test_handshake_is_a_proof(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		auto_connection struct connection c = {
			.listener = -1, .client = -1, .server = -1, .half = i < 2};
		auto_rig struct rig rig;

		rig_open(&rig, with_admission);
		set_syncookies(i < 2 ? "1" : "2");
		connect_ends(&rig, &c, i % 2);
		set_syncookies("1");
		if (i >= 2)
			connection_abort(&c);
		assert_int_equal(grade_of(&rig, c.seq, c.ack ^ 1 << 20), SW_GRADE_NONE);
		assert_int_equal(grade_of(&rig, c.seq + 65536, c.ack), SW_GRADE_NONE);
		assert_int_equal(grade_of(&rig, c.seq - 1, c.ack), SW_GRADE_NONE);
		assert_int_equal(grade_of(&rig, c.seq, c.ack), SW_GRADE_PROVED);
		rig.from.port ^= 1;
		assert_int_equal(grade_of(&rig, c.seq, c.ack), SW_GRADE_NONE);
	}
}

static bool forget(const void *key, void *value, void *context)
{
	(void)value;
	bpf_map_delete_elem(*(const int *)context, key);
	return true;
}

/* A flood of SYNs pushed out the note of this one. Its first payload is judged all the same, as
 * long as the kernel has read nothing of it. Later payload is let be. */
static void test_forgotten_syn(void **state)
{
	static const char garbage[] = "POST / HTTP/1.1\r\nHost: a\r\n\r\n";
	char text[1024];
	size_t size = request(text, sizeof(text), "OPTIONS", 1, NULL);
	struct error e = {};

	(void)state;
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		auto_connection struct connection c = NO_CONNECTION;
		auto_rig struct rig rig;
		struct tcphdr *tcp;
		char octet;

		rig_open(&rig, YAML_PLAIN);
		connect_ends(&rig, &c, ipv6);
		for (uint32_t i = 1; i < 3; i++) { /* its hint says that there are many */
			lay_data(&rig, c.seq + (i << 24), 0, "", 0);
			tcp = (struct tcphdr *)(rig.frame.octets + rig.frame.transport);
			tcp->syn = 1;
			tcp->ack = 0;
			assert_true(gets_in_frame(&rig));
		}
		assert_int_equal(map_walk(rig.test_run.state.fds[STATE_OPENINGS], forget,
					  &rig.test_run.state.fds[STATE_OPENINGS], &e),
				 0);
		lay_data(&rig, c.seq, c.ack, garbage, sizeof(garbage) - 1);
		sends_frame(&rig, SW_REASON_TCP_FIRST);
		lay_data(&rig, c.seq - 1, c.ack, garbage, sizeof(garbage) - 1);
		assert_false(gets_in_frame(&rig)); /* an octet early */
		lay_data(&rig, c.seq, c.ack, text, size);
		sends_frame(&rig, SW_REASON_NONE);
		assert_int_equal(map_walk(rig.test_run.state.fds[STATE_OPENINGS], forget,
					  &rig.test_run.state.fds[STATE_OPENINGS], &e),
				 0);
		assert_int_equal(send(c.client, "x", 1, 0), 1);
		assert_int_equal(recv(c.server, &octet, 1, 0), 1);
		lay_data(&rig, c.seq + 1, c.ack, garbage, sizeof(garbage) - 1);
		assert_true(gets_in_frame(&rig));
	}
}

/* It said nothing for longer than its SYN is remembered. */
static void test_silent_for_hours(void **state)
{
	static const char garbage[] = "POST / HTTP/1.1\r\nHost: a\r\n\r\n";
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	connect_ends(&rig, &c, false);
	lay_syn(&rig, c.seq - 1, "", 0);
	sends_frame(&rig, SW_REASON_NONE);
	rig.test_run.now += 7200 * SECOND;
	lay_data(&rig, c.seq, c.ack, garbage, sizeof(garbage) - 1);
	sends_frame(&rig, SW_REASON_TCP_FIRST);
}

/* Above the ceiling for segments a connection goes on, whatever it sends; segments without a
 * connection do not. */
static void test_ceiling_spares_connections(void **state)
{
	(void)state;
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		auto_connection struct connection c = NO_CONNECTION;
		auto_rig struct rig rig;
		char text[1024];
		size_t size = request(text, sizeof(text), "INVITE", 1, NULL);

		rig_open(&rig, YAML_PLAIN
			 "zones: [{name: public, unproven: {segment: 10/s burst 10}}]\n");
		connect_ends(&rig, &c, ipv6);
		for (int i = 0; i < 20; i++) {
			lay_data(&rig, c.seq, c.ack, text, size);
			sends_frame(&rig, SW_REASON_NONE);
		}
		/* A keepalive of TCP stands one octet before the window. */
		lay_data(&rig, c.seq - 1, c.ack, text, 0);
		sends_frame(&rig, SW_REASON_NONE);
		rig.from.port ^= 1;
		lay_data(&rig, c.seq, c.ack, text, size);
		sends_frame(&rig, SW_REASON_UNPROVEN_SEGMENT);
		lay_data(&rig, c.seq, c.ack, text, 0);
		sends_frame(&rig, SW_REASON_UNPROVEN_SEGMENT);
		rig.test_run.now += SECOND / 10;
		sends_frame(&rig, SW_REASON_NONE);
		sends_frame(&rig, SW_REASON_UNPROVEN_SEGMENT);
		/* Nobody listens there: it may be another host's, or another namespace's. */
		rig.to.addr = address(ipv6 ? "2001:db8::1" : "192.0.2.1");
		close_fd(&c.listener);
		lay_data(&rig, c.seq, c.ack, text, size);
		sends_frame(&rig, SW_REASON_NONE);
	}
}

/* The kernel keeps nothing of a connection that it began with a SYN cookie, until the segment comes
 * that ends the handshake. */
static void test_ceiling_spares_cookies(void **state)
{
	(void)state;
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		auto_connection struct connection c = NO_CONNECTION;
		auto_rig struct rig rig;

		rig_open(&rig,
			 YAML_PLAIN "zones: [{name: public, unproven: {segment: 1/s burst 1}}]\n");
		set_syncookies("2");
		connect_ends(&rig, &c, ipv6);
		set_syncookies("1");
		connection_abort(&c);
		for (int i = 0; i < 5; i++) {
			lay_data(&rig, c.seq, c.ack, "", 0);
			sends_frame(&rig, SW_REASON_NONE);
		}
		lay_data(&rig, c.seq, c.ack ^ 1 << 20, "", 0);
		sends_frame(&rig, SW_REASON_UNPROVEN_SEGMENT);
		rig.from.port ^= 1;
		lay_data(&rig, c.seq, c.ack, "", 0);
		sends_frame(&rig, SW_REASON_UNPROVEN_SEGMENT);
	}
}

static void test_costs_nothing_unless_needed(void **state)
{
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	connect_ends(&rig, &c, false);
	assert_int_equal(grade_of(&rig, c.seq, c.ack), SW_GRADE_NONE);
}

/* A spoofed segment cannot spend what the connection's source has. */
static void test_spoofer_spends_no_limit(void **state)
{
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;
	char text[1024];
	size_t size;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 100/s}, "
				  "rates: {source: {any: 1/s burst 2}}}]\n");
	connect_ends(&rig, &c, false);
	size = request(text, sizeof(text), "INVITE", 1, NULL);
	for (int i = 0; i < 5; i++) {
		lay_data(&rig, c.seq + 1000000, c.ack, text, size);
		gets_in_frame(&rig);
	}
	assert_int_equal(outcome.shadow_count, 1);
	assert_int_equal(outcome.shadows[0], SW_REASON_RATE_SOURCE);
	assert_int_equal(grade_of(&rig, c.seq, c.ack), SW_GRADE_PROVED);
	assert_int_equal(outcome.shadow_count, 0);
}

static void sends_flags(struct rig *rig, uint8_t flags, enum sw_reason reason)
{
	frame_ethernet(&rig->frame, ETH_P_IP);
	frame_ip(&rig->frame, &rig->from.addr, &rig->to.addr, IPPROTO_TCP);
	frame_tcp(&rig->frame, rig->from.port, rig->to.port, flags);
	frame_finish(&rig->frame);
	sends_frame(rig, reason);
}

struct closed {
	int closings;
	enum sw_reason reason;
};

static int on_event(void *context, void *data, size_t size)
{
	const struct sw_event *event = data;
	struct closed *closed = context;

	(void)size;
	closed->closings++;
	closed->reason = event->reason;
	return 0;
}

/* Sends the text in one segment. Returns the reason for which the agent is told to close the
 * connection. */
static enum sw_reason closed_for(struct rig *rig, uint32_t seq, uint32_t ack, const char *text,
				 size_t size)
{
	struct ring_buffer *ring;
	struct closed closed = {};

	lay_data(rig, seq, ack, text, size);
	assert_true(gets_in_frame(rig));
	ring = ring_buffer__new(rig->test_run.state.fds[STATE_CLOSINGS], on_event, &closed, NULL);
	assert_non_null(ring);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	assert_true(closed.closings <= 1);
	return closed.reason;
}

static void test_close(void **state)
{
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;
	char text[1024];
	size_t size;

	(void)state;
	rig_open(&rig, closing);
	connect_ends(&rig, &c, false);
	size = request(text, sizeof(text), "INVITE", 1, NULL);
	assert_int_equal(closed_for(&rig, c.seq, c.ack, text, size), SW_REASON_NONE);
	size = request(text, sizeof(text), "MESSAGE", 1, NULL);
	assert_int_equal(closed_for(&rig, c.seq, c.ack, text, size), SW_REASON_METHOD);
	/* Somebody else's, who guessed the addresses. */
	assert_int_equal(closed_for(&rig, c.seq, c.ack + 7, text, size), SW_REASON_NONE);
	/* It would end a call. */
	size = request(text, sizeof(text), "MESSAGE", 1, "tag");
	strstr(text, "Max-Forwards: 70")[14] = 'x';
	assert_int_equal(closed_for(&rig, c.seq, c.ack, text, size), SW_REASON_NONE);
	assert_int_equal(outcome.shadows[0], SW_REASON_MAX_FORWARDS);
	size = response(text, sizeof(text), 200, "INVITE", 1);
	strstr(text, "CSeq: 1")[6] = 'x';
	assert_int_equal(closed_for(&rig, c.seq, c.ack, text, size), SW_REASON_NONE);
	assert_int_equal(outcome.shadows[0], SW_REASON_CSEQ_NUMBER);
	/* A rule in shadow closes nothing, beside one that does. */
	size = request(text, sizeof(text), "INVITE", 1, NULL);
	strstr(text, "Contact")[3] = '\0';
	assert_int_equal(closed_for(&rig, c.seq, c.ack, text, size), SW_REASON_NONE);
	assert_int_equal(outcome.shadows[0], SW_REASON_NUL);
}

static void test_close_spares_emergency_calls(void **state)
{
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;
	char text[1024], rest[1024];
	size_t size;

	(void)state;
	rig_open(&rig, closing);
	connect_ends(&rig, &c, false);
	request(rest, sizeof(rest), "INVITE", 1, NULL);
	strstr(rest, "Max-Forwards: 70")[14] = 'x';
	size = snprintf(text, sizeof(text), "INVITE sip:112@example.com SIP/2.0%s",
			strstr(rest, "\r\n"));
	assert_int_equal(closed_for(&rig, c.seq, c.ack, text, size), SW_REASON_NONE);
	text[strlen("INVITE sip:")] = '9';
	assert_int_equal(closed_for(&rig, c.seq, c.ack, text, size), SW_REASON_MAX_FORWARDS);
}

/* The agent counted; a SYN from another source of the zone, and data of this one, pass. */
static void test_connection_counts(void **state)
{
	struct sw_source source = {.addr = address("198.51.100.7"), .length = 32};
	struct sw_connection_count crowd = {.connections = 20};
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, connections: 20}]\n");
	crowd.expires = rig.test_run.now + SECOND;
	bpf_map_update_elem(rig.test_run.state.fds[STATE_CONNECTION_COUNTS], &source, &crowd,
			    BPF_ANY);
	sends_flags(&rig, 0x02, SW_REASON_CONNECTIONS);
	sends_tcp(&rig, text, request(text, sizeof(text), "INVITE", 1, NULL), SW_REASON_NONE);
	rig.from.addr = address("198.51.100.8");
	sends_flags(&rig, 0x02, SW_REASON_NONE);
	rig.from.addr = source.addr;
	crowd.connections = 19;
	bpf_map_update_elem(rig.test_run.state.fds[STATE_CONNECTION_COUNTS], &source, &crowd,
			    BPF_ANY);
	sends_flags(&rig, 0x02, SW_REASON_NONE);
	crowd.connections = 20; /* counted long ago: the agent is gone */
	crowd.expires = rig.test_run.now;
	bpf_map_update_elem(rig.test_run.state.fds[STATE_CONNECTION_COUNTS], &source, &crowd,
			    BPF_ANY);
	sends_flags(&rig, 0x02, SW_REASON_NONE);
}

/* A malformed message on TCP passes, and is evidence when it fits the connection. */
static void test_malformed_message_is_evidence(void **state)
{
	static const char broken[] = "OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n"
				     "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 100/s}, "
				  "bans: {sanity: 30/60s}}]\n");
	connect_ends(&rig, &c, false);
	lay_data(&rig, c.seq + 65536, c.ack, broken, sizeof(broken) - 1);
	gets_in_frame(&rig);
	assert_int_equal(heard(&rig, SW_OFFENCE_SANITY, true), 0);
	lay_data(&rig, c.seq, c.ack, broken, sizeof(broken) - 1);
	gets_in_frame(&rig);
	assert_int_equal(outcome.verdict, SW_TEST_RUN_PASS);
	assert_int_equal(heard(&rig, SW_OFFENCE_SANITY, true), 1);
	grade_of(&rig, c.seq, c.ack);
	assert_int_equal(overhear(&rig), 0);
}

static void logs_in(struct rig *rig, const struct connection *c, unsigned int branch,
		    const char *nonce)
{
	char text[1024];
	size_t size = snprintf(
		text, sizeof(text),
		"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK%u\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:100@example.com>;tag=1\r\n"
		"To: <sip:100@example.com>\r\n"
		"Call-ID: login\r\nCSeq: %u REGISTER\r\nAuthorization: Digest username=\"100\", "
		"realm=\"lab\", nonce=\"%s\", uri=\"sip:example.com\", response=\"0\"\r\n"
		"Content-Length: 0\r\n\r\n",
		branch, branch, nonce);

	rig->test_run.now += SECOND / 4;
	lay_data(rig, c->seq, c->ack, text, size);
	sends_frame(rig, SW_REASON_NONE);
}

static void is_refused(struct rig *rig, unsigned int branch, const char *nonce)
{
	char text[1024];
	size_t size = snprintf(
		text, sizeof(text),
		"SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK%u\r\n"
		"From: <sip:100@example.com>;tag=1\r\nTo: <sip:100@example.com>;tag=2\r\n"
		"Call-ID: login\r\nCSeq: %u REGISTER\r\nWWW-Authenticate: Digest realm=\"lab\", "
		"nonce=\"%s\"\r\nContent-Length: 0\r\n\r\n",
		branch, branch, nonce);

	rig->test_run.now += SECOND / 4;
	assert_true(frame_message(&rig->frame, &rig->to, &rig->from, true, text, size));
	sends_out_frame(rig);
}

/* Wrong passwords on a connection are evidence, each with a nonce that was fresh; the same segments
 * outside of it are nothing. */
static void test_wrong_passwords(void **state)
{
	static const char *const nonces[] = {"none", "n1", "n2", "n3", "n4", "n5"};
	char nonce[32];
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 100/s}, "
				  "bans: {auth_failures: 10/60s}}]\n");
	connect_ends(&rig, &c, false);
	for (unsigned int i = 0; i < 5; i++) {
		logs_in(&rig, &c, i, nonces[i]);
		is_refused(&rig, i, nonces[i + 1]);
	}
	assert_int_equal(heard(&rig, SW_OFFENCE_AUTH, true), 4);
	for (unsigned int i = 20; i < 25; i++) { /* nonces that the observer never saw */
		snprintf(nonce, sizeof(nonce), "unseen%u", i);
		logs_in(&rig, &c, i, nonce);
		is_refused(&rig, i, "n9");
	}
	assert_int_equal(heard(&rig, SW_OFFENCE_AUTH, true), 5);
	c.seq += 65536;
	for (unsigned int i = 10; i < 15; i++) {
		logs_in(&rig, &c, i, nonces[i - 10]);
		is_refused(&rig, i, nonces[i - 9]);
	}
	assert_int_equal(heard(&rig, SW_OFFENCE_AUTH, true), 0);
}

/* One request on the connection, and the server's answer to it. */
static void asks_and_gets(struct rig *rig, const struct connection *c, const char *method,
			  const char *callee, unsigned int status, const char *credentials)
{
	static unsigned int branch = 1000;
	char text[1024];
	size_t size;

	branch++;
	size = snprintf(text, sizeof(text),
			"%s sip:%s@example.com SIP/2.0\r\n"
			"Via: SIP/2.0/TCP h;branch=z9hG4bK%u\r\nMax-Forwards: 70\r\n"
			"From: <sip:100@example.com>;tag=1\r\nTo: <sip:%s@example.com>\r\n"
			"Call-ID: ask%u\r\nCSeq: 1 %s\r\n%sContent-Length: 0\r\n\r\n",
			method, callee, branch, callee, branch, method, credentials);
	rig->test_run.now += 10 * MS;
	lay_data(rig, c->seq, c->ack, text, size);
	sends_frame(rig, SW_REASON_NONE);
	size = snprintf(text, sizeof(text),
			"SIP/2.0 %u Whatever\r\n"
			"Via: SIP/2.0/TCP h;branch=z9hG4bK%u\r\n"
			"From: <sip:100@example.com>;tag=1\r\n"
			"To: <sip:%s@example.com>;tag=2\r\n"
			"Call-ID: ask%u\r\nCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n",
			status, branch, callee, branch, method);
	assert_true(frame_message(&rig->frame, &rig->to, &rig->from, true, text, size));
	sends_out_frame(rig);
}

static void asks_for_many(struct rig *rig, const struct connection *c, unsigned int first,
			  unsigned int count, unsigned int status)
{
	char callee[16];

	for (unsigned int i = 0; i < count; i++) {
		snprintf(callee, sizeof(callee), "%u", first + i);
		asks_and_gets(rig, c, "OPTIONS", callee, status, "");
	}
}

#define LOGIN "Authorization: Digest username=\"100\", realm=\"x\", nonce=\"n\"\r\n"

/* A client that finds more than it misses dials, and does not search: the balance of what the
 * server said, of this minute and the one before. A challenge finds nobody. */
static void test_enumeration(void **state)
{
	static const struct {
		unsigned int seconds, found;
	} later[] = {{1, 10}, {59, 10}, {61, 10}, {121, 0}};
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1000/s}, "
				  "bans: {enumeration: 5/60s}}]\n");
	connect_ends(&rig, &c, false);
	asks_for_many(&rig, &c, 200, 4, 404); /* never served: it has no balance */
	assert_int_equal(heard(&rig, SW_OFFENCE_ENUMERATION, true), 4);
	assert_int_equal(told[3].found, 0);
	for (unsigned int i = 0; i < array_size(later); i++) {
		rig.test_run.now = (i + 1) * 1000 * SECOND;
		asks_and_gets(&rig, &c, "REGISTER", "100", 200, LOGIN);
		asks_for_many(&rig, &c, 100, 9, 200);
		asks_for_many(&rig, &c, 100, 9, 401);
		rig.test_run.now = ((i + 1) * 1000 + later[i].seconds) * SECOND;
		asks_for_many(&rig, &c, 200, 1, 404);
		assert_int_equal(heard(&rig, SW_OFFENCE_ENUMERATION, true), 1);
		assert_int_equal(told[0].found, later[i].found ? later[i].found - 1 : 0);
	}
}

/* Somebody else, who writes the client's address into datagrams, moves its balance by nothing. */
static void test_spoofer_changes_no_balance(void **state)
{
	auto_connection struct connection c = NO_CONNECTION;
	struct phone phone = {"OPTIONS", "100", "999", NULL, 0, NULL};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1000/s}, "
				  "bans: {enumeration: 5/60s}}]\n");
	connect_ends(&rig, &c, false);
	asks_and_gets(&rig, &c, "REGISTER", "100", 200, LOGIN);
	asks_for_many(&rig, &c, 100, 20, 200);
	for (int i = 0; i < 50; i++) {
		phone.branch = new_branch();
		asks(&rig, &phone, SW_REASON_NONE);
		answers(&rig, &phone, 404, NULL, "t");
	}
	overhear(&rig);
	asks_for_many(&rig, &c, 200, 1, 404);
	assert_int_equal(heard(&rig, SW_OFFENCE_ENUMERATION, true), 1);
	assert_int_equal(told[0].found, 20);
}

/* A response repeats what its request had, and a request inside a dialog has what the other side
 * gave: no offence of the client's. */
static void test_dictated_messages_are_no_offence(void **state)
{
	static const char *const harmless[] = {
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n"
		"Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK2\r\n"
		"From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\nCall-ID: m\r\n"
		"CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
		"BYE sip:b@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK3\r\n"
		"Max-Forwards: 999\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\n"
		"Call-ID: m\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n",
	};
	static const char offence[] =
		"OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK4\r\n"
		"Max-Forwards: 999\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n"
		"Call-ID: m\r\nCSeq: 3 OPTIONS\r\nContent-Length: 0\r\n\r\n";
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1000/s}, "
				  "bans: {sanity: 5/60s}}]\n");
	connect_ends(&rig, &c, false);
	for (size_t i = 0; i < array_size(harmless); i++) {
		lay_data(&rig, c.seq, c.ack, harmless[i], strlen(harmless[i]));
		gets_in_frame(&rig);
		assert_true(outcome.shadow_count > 0);
	}
	assert_int_equal(overhear(&rig), 0);
	lay_data(&rig, c.seq, c.ack, offence, sizeof(offence) - 1);
	gets_in_frame(&rig);
	assert_int_equal(heard(&rig, SW_OFFENCE_SANITY, true), 1);
}

/* Likewise what is too long: many Vias of a response's request, the Contact of the other side, and
 * the target of a REFER. */
static void test_dictated_lengths_are_no_offence(void **state)
{
	static const char *const starts[] = {
		"BYE sip:%s@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK5%s\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\n"
		"Call-ID: m\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n",
		"INVITE sip:%s@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK6%s\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n"
		"Call-ID: n\r\nCSeq: 1 INVITE\r\nContact: <sip:h>\r\nContent-Length: 0\r\n\r\n",
		"SIP/2.0 200 O%.1s\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK7%s\r\n"
		"From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\nCall-ID: o\r\n"
		"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
	};
	char text[8192], user[2101] = "", vias[2048] = "";
	auto_connection struct connection c = NO_CONNECTION;
	auto_rig struct rig rig;

	(void)state;
	memset(user, 'a', sizeof(user) - 1);
	for (size_t i = 0, size = 0; i < 75; i++)
		size += snprintf(vias + size, sizeof(vias) - size, ", SIP/2.0/TLS h%zu", i);
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1000/s}, "
				  "bans: {sanity: 5/60s}}]\n");
	connect_ends(&rig, &c, false);
	for (size_t i = 0; i < array_size(starts); i++) {
		/* Each is malformed by the default profile, which only counts it on TCP. */
		lay_data(&rig, c.seq, c.ack, text,
			 snprintf(text, sizeof(text), starts[i], user, i == 2 ? vias : ""));
		gets_in_frame(&rig);
		assert_true(outcome.shadow_count > 0);
		assert_int_equal(overhear(&rig), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connection_is_a_proof),
		cmocka_unit_test(test_handshake_is_a_proof),
		cmocka_unit_test(test_ceiling_spares_connections),
		cmocka_unit_test(test_ceiling_spares_cookies),
		cmocka_unit_test(test_costs_nothing_unless_needed),
		cmocka_unit_test(test_spoofer_spends_no_limit),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_close_spares_emergency_calls),
		cmocka_unit_test(test_connection_counts),
		cmocka_unit_test(test_malformed_message_is_evidence),
		cmocka_unit_test(test_wrong_passwords),
		cmocka_unit_test(test_forgotten_syn),
		cmocka_unit_test(test_silent_for_hours),
		cmocka_unit_test(test_enumeration),
		cmocka_unit_test(test_spoofer_changes_no_balance),
		cmocka_unit_test(test_dictated_messages_are_no_offence),
		cmocka_unit_test(test_dictated_lengths_are_no_offence),
	};

	return cmocka_run_group_tests_name("connections", tests, own_network, NULL);
}
