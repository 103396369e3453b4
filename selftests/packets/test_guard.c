/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The rules that remember: teardown by a stranger, the digest leak, loops. Each drops or reports,
 * and lets its nearest legal neighbour pass.
 */
#include "rig.h"

static const char *const zones = YAML_PLAIN
	"emergency: {numbers: [\"112\"]}\n"
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24], teardown: strict, digest_leak: report}\n"
	"  - {name: office, sources: [198.51.100.0/24], teardown: report, digest_leak: deny,\n"
	"     loop: deny}\n"
	"  - {name: public, teardown: strict, digest_leak: deny}\n";

#define ALICE    "198.51.100.7" /* of the office */
#define CARRIER  "203.0.113.5"
#define STRANGER "192.0.2.66"

/* One message of a dialog with Call-ID made from `n`; the caller's tag is "a", the callee's "b". */
static size_t message(char *text, size_t size, const char *start, const char *cseq, unsigned int n,
		      const char *from, const char *to, const char *branch)
{
	char call[64];

	snprintf(call, sizeof(call), "call-%u@198.51.100.7", n);
	return dialog_message(text, size, start, cseq, call, from, to, branch);
}

/* How what follows leaves: over UDP; from a port of a service, to the one a phone connected from;
 * on a connection that the server opened, to a port of SIP, or to one that its peer chose. */
static enum { UDP, TCP, TCP_OPENED, TCP_ELSEWHERE } way;

/* The server sends this to an address. */
static void leaves(struct rig *rig, const char *to, const char *text, size_t size)
{
	struct endpoint peer = {.addr = address(to), .port = 5060}, server = rig->to;

	if (way == TCP || way == TCP_ELSEWHERE)
		peer.port = 40123;
	if (way == TCP_OPENED || way == TCP_ELSEWHERE)
		server.port = 41234;
	assert_true(frame_message(&rig->frame, &server, &peer, way != UDP, text, size));
	sends_out_frame(rig);
}

static void answers(struct rig *rig, const char *to, const char *status, const char *cseq,
		    unsigned int n)
{
	char text[1024], line[64];

	snprintf(line, sizeof(line), "SIP/2.0 %s", status);
	leaves(rig, to, text, message(text, sizeof(text), line, cseq, n, "a", "b", "invite"));
}

static void asks(struct rig *rig, const char *to, const char *method, unsigned int n,
		 const char *tag, const char *branch)
{
	char text[1024], line[64];

	snprintf(line, sizeof(line), "%s sip:alice@198.51.100.7 SIP/2.0", method);
	leaves(rig, to, text, message(text, sizeof(text), line, method, n, "a", tag, branch));
}

enum wanted { PASSES, REPORTED, DROPPED };

static void arrives(struct rig *rig, const char *source, const char *text, size_t size,
		    enum wanted wanted, enum sw_reason reason)
{
	rig->from.addr = address(source);
	if (wanted == REPORTED) {
		sends_shadowed(rig, text, size, reason);
		assert_int_equal(outcome.verdict, SW_TEST_RUN_PASS);
	} else {
		sends(rig, text, size, wanted == DROPPED ? reason : SW_REASON_NONE);
		assert_int_equal(outcome.shadow_count, 0);
	}
}

/* A request inside the dialog `n`, by the caller or the callee. */
static void requests(struct rig *rig, const char *source, const char *method, unsigned int n,
		     bool callee, enum wanted wanted)
{
	char text[1024], line[64];
	size_t size;

	snprintf(line, sizeof(line), "%s sip:alice@192.0.2.1 SIP/2.0", method);
	size = message(text, sizeof(text), line, method, n, callee ? "b" : "a", callee ? "a" : "b",
		       "inside");
	arrives(rig, source, text, size, wanted, SW_REASON_TEARDOWN);
}

static void test_teardown(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	/* Nobody knows this dialog: it is not judged. */
	requests(&rig, STRANGER, "BYE", 1, false, PASSES);
	answers(&rig, ALICE, "180 Ringing", "INVITE", 1);
	requests(&rig, STRANGER, "BYE", 1, false, PASSES);
	answers(&rig, ALICE, "200 OK", "INVITE", 1);
	requests(&rig, ALICE, "BYE", 1, false, PASSES);
	requests(&rig, ALICE, "INVITE", 1, false, PASSES);
	requests(&rig, STRANGER, "BYE", 1, false, DROPPED);
	requests(&rig, STRANGER, "INVITE", 1, false, DROPPED);
	/* A phone that moved, inside an office that knows that phones move. */
	requests(&rig, "198.51.100.99", "BYE", 1, false, PASSES);
	requests(&rig, CARRIER, "BYE", 1, false, DROPPED);
	/* Other requests inside the dialog are nobody's business here. */
	requests(&rig, STRANGER, "INFO", 1, false, PASSES);
	requests(&rig, STRANGER, "ACK", 1, false, PASSES);
	assert_int_equal(counted_in(&rig, "public", SW_MODE_ENFORCE, SW_REASON_TEARDOWN), 2);
	assert_int_equal(counted_in(&rig, "carrier", SW_MODE_ENFORCE, SW_REASON_TEARDOWN), 1);
	/* The call is over; the server may answer retransmissions as it likes. */
	answers(&rig, ALICE, "200 OK", "BYE", 1);
	requests(&rig, STRANGER, "BYE", 1, false, PASSES);
}

/* The other side of the call is known by what the server sends to it. */
static void test_teardown_other_side(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	answers(&rig, ALICE, "200 OK", "INVITE", 2);
	requests(&rig, CARRIER, "BYE", 2, true, DROPPED); /* not yet known */
	asks(&rig, CARRIER, "ACK", 2, "b", "ack");
	requests(&rig, CARRIER, "BYE", 2, true, PASSES);
	requests(&rig, ALICE, "BYE", 2, false, PASSES);
	/* Carriers answer from many addresses. */
	requests(&rig, "203.0.113.77", "BYE", 2, true, PASSES);
	requests(&rig, STRANGER, "BYE", 2, true, DROPPED);
	/* The zone of the office reports. */
	answers(&rig, STRANGER, "200 OK", "INVITE", 3);
	requests(&rig, ALICE, "BYE", 3, true, REPORTED);
	/* A refusal says nothing about who asked, a 2xx does: the server took it. */
	answers(&rig, ALICE, "403 Forbidden", "INVITE", 3);
	requests(&rig, ALICE, "BYE", 3, true, REPORTED);
	answers(&rig, ALICE, "200 OK", "INVITE", 3);
	requests(&rig, ALICE, "BYE", 3, true, PASSES);
	/* A dialog that nobody heard of for hours is forgotten. */
	requests(&rig, "192.0.2.67", "BYE", 3, true, DROPPED);
	rig.test_run.now += 5 * 3600 * SECOND;
	requests(&rig, "192.0.2.67", "BYE", 3, true, PASSES);
}

/* Over TCP it is counted, whatever the zone says, and never carried out. */
static void arrives_tcp(struct rig *rig, const char *source, const char *text, size_t size,
			enum wanted wanted, enum sw_reason reason)
{
	rig->from.addr = address(source);
	rig->from.port = 40999;
	assert_true(frame_message(&rig->frame, &rig->from, &rig->to, true, text, size));
	if (wanted == REPORTED)
		sends_frame_shadowed(rig, reason);
	else
		sends_frame(rig, SW_REASON_NONE);
	assert_int_equal(outcome.verdict, SW_TEST_RUN_PASS);
	assert_int_equal(outcome.shadow_count, wanted == REPORTED);
	rig->from.port = 5060;
}

static void requests_tcp(struct rig *rig, const char *source, const char *method, unsigned int n,
			 bool callee, enum wanted wanted)
{
	char text[1024], line[64];
	size_t size;

	snprintf(line, sizeof(line), "%s sip:alice@192.0.2.1 SIP/2.0", method);
	size = message(text, sizeof(text), line, method, n, callee ? "b" : "a", callee ? "a" : "b",
		       "inside");
	arrives_tcp(rig, source, text, size, wanted, SW_REASON_TEARDOWN);
}

/* Caller and callee on TCP, on UDP, and on one of each. */
static void test_teardown_tcp(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	requests_tcp(&rig, STRANGER, "BYE", 1, false, PASSES);
	way = TCP;
	answers(&rig, ALICE, "200 OK", "INVITE", 1);
	requests_tcp(&rig, ALICE, "BYE", 1, false, PASSES);
	requests_tcp(&rig, ALICE, "INVITE", 1, false, PASSES);
	requests_tcp(&rig, STRANGER, "BYE", 1, false, REPORTED);
	requests_tcp(&rig, STRANGER, "INVITE", 1, false, REPORTED);
	requests_tcp(&rig, STRANGER, "INFO", 1, false, PASSES);
	requests_tcp(&rig, "198.51.100.99", "BYE", 1, false, PASSES);
	/* A dialog that was learned over TCP is known over UDP, and the other way round. */
	requests(&rig, ALICE, "BYE", 1, false, PASSES);
	requests(&rig, STRANGER, "BYE", 1, false, DROPPED);
	way = UDP;
	answers(&rig, ALICE, "200 OK", "INVITE", 2);
	requests_tcp(&rig, ALICE, "BYE", 2, false, PASSES);
	requests_tcp(&rig, STRANGER, "BYE", 2, false, REPORTED);
	assert_int_equal(counted_in(&rig, "public", SW_MODE_MONITOR, SW_REASON_TEARDOWN), 3);
	way = TCP;
	answers(&rig, ALICE, "200 OK", "BYE", 1);
	requests_tcp(&rig, STRANGER, "BYE", 1, false, PASSES);
	way = UDP;
}

/* The callee, on a connection that the server opened. Where nobody saw it, it may be anybody. */
static void test_teardown_tcp_other_side(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	answers(&rig, ALICE, "200 OK", "INVITE", 1);
	way = TCP_ELSEWHERE;
	asks(&rig, STRANGER, "ACK", 1, "b", "ack");
	requests_tcp(&rig, STRANGER, "BYE", 1, true, PASSES);
	requests_tcp(&rig, STRANGER, "BYE", 1, false, REPORTED);
	way = TCP_OPENED;
	asks(&rig, CARRIER, "ACK", 1, "b", "ack");
	requests_tcp(&rig, CARRIER, "BYE", 1, true, PASSES);
	requests_tcp(&rig, ALICE, "BYE", 1, false, PASSES);
	requests_tcp(&rig, STRANGER, "BYE", 1, true, REPORTED);
	way = UDP;
}

/* Several messages in what is still to be cut into segments: the first is read. */
static void test_teardown_tcp_bundle(void **state)
{
	auto_rig struct rig rig;
	char text[2048];
	size_t size;

	(void)state;
	rig_open(&rig, zones);
	way = TCP;
	size = message(text, sizeof(text), "SIP/2.0 200 OK", "INVITE", 1, "a", "b", "i");
	size += message(text + size, sizeof(text) - size, "SIP/2.0 200 OK", "INVITE", 2, "a", "b",
			"i");
	leaves(&rig, ALICE, text, size);
	requests_tcp(&rig, STRANGER, "BYE", 1, false, REPORTED);
	requests_tcp(&rig, STRANGER, "BYE", 2, false, PASSES);
	/* A segment that goes on with a message says nothing. */
	size = message(text, sizeof(text), "x\r\nSIP/2.0 200 OK", "INVITE", 3, "a", "b", "i");
	leaves(&rig, ALICE, text, size);
	requests_tcp(&rig, STRANGER, "BYE", 3, false, PASSES);
	way = UDP;
}

static void cancels(struct rig *rig, const char *source, const char *branch, enum wanted wanted)
{
	char text[1024];
	size_t size = message(text, sizeof(text), "CANCEL sip:alice@example.com SIP/2.0", "CANCEL",
			      4, "a", NULL, branch);

	arrives(rig, source, text, size, wanted, SW_REASON_TEARDOWN);
}

/* A phone in an emergency call that moved: nothing of that call is refused. */
static void test_teardown_emergency(void **state)
{
	static const char *const callees[] = {"<urn:service:sos>", "<sip:112@example.com>"};
	auto_rig struct rig rig;
	char text[1024];
	size_t size;

	(void)state;
	rig_open(&rig, zones);
	for (unsigned int i = 0; i < array_size(callees); i++) {
		size = snprintf(text, sizeof(text),
				"SIP/2.0 200 OK\r\n"
				"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKe\r\n"
				"From: <sip:bob@example.com>;tag=a\r\n"
				"To: %s;tag=b\r\n"
				"Call-ID: call-%u@198.51.100.7\r\n"
				"CSeq: 1 INVITE\r\n"
				"Content-Length: 0\r\n\r\n",
				callees[i], 20 + i);
		leaves(&rig, ALICE, text, size);
		requests(&rig, STRANGER, "INVITE", 20 + i, false, REPORTED);
		requests(&rig, STRANGER, "BYE", 20 + i, true, REPORTED);
	}
}

/* A CANCEL is of whoever sent the INVITE, as its branch tells. */
static void test_cancel(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	cancels(&rig, STRANGER, "invite", PASSES);
	answers(&rig, ALICE, "100 Trying", "INVITE", 4);
	cancels(&rig, ALICE, "invite", PASSES);
	cancels(&rig, STRANGER, "invite", DROPPED);
	cancels(&rig, STRANGER, "another", PASSES);
	rig.test_run.now += 201 * SECOND;
	cancels(&rig, STRANGER, "invite", PASSES);
	/* Two have this branch: nobody knows whose it is. */
	answers(&rig, ALICE, "100 Trying", "INVITE", 4);
	answers(&rig, CARRIER, "100 Trying", "INVITE", 4);
	cancels(&rig, STRANGER, "invite", PASSES);
}

static void challenges(struct rig *rig, const char *source, const char *status, const char *cseq,
		       const char *branch, enum wanted wanted)
{
	char text[1024], line[64];
	size_t size;

	snprintf(line, sizeof(line), "SIP/2.0 %s", status);
	size = message(text, sizeof(text), line, cseq, 5, "a", "b", branch);
	arrives(rig, source, text, size, wanted, SW_REASON_DIGEST_LEAK);
}

static void test_digest_leak(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, zones);
	/* The callee hangs up, its BYE is passed on, and the caller challenges it. */
	challenges(&rig, ALICE, "407 Proxy Authentication Required", "BYE", "b1", DROPPED);
	challenges(&rig, ALICE, "401 Unauthorized", "BYE", "b1", DROPPED);
	challenges(&rig, ALICE, "403 Forbidden", "BYE", "b1", PASSES);
	challenges(&rig, ALICE, "200 OK", "BYE", "b1", PASSES);
	challenges(&rig, ALICE, "401 Unauthorized", "UPDATE", "u1", REPORTED);
	/* A gateway may. */
	challenges(&rig, CARRIER, "401 Unauthorized", "BYE", "b1", REPORTED);
	/* A request that begins a dialog may be challenged, and so may a REGISTER to a trunk's
	 * registrar. */
	challenges(&rig, ALICE, "401 Unauthorized", "REGISTER", "r1", PASSES);
	asks(&rig, ALICE, "INVITE", 5, NULL, "i1");
	challenges(&rig, ALICE, "407 Proxy Authentication Required", "INVITE", "i1", PASSES);
	/* A re-INVITE may not, but the call would end with the answer. */
	asks(&rig, ALICE, "INVITE", 5, "b", "i2");
	challenges(&rig, ALICE, "407 Proxy Authentication Required", "INVITE", "i2", REPORTED);
	challenges(&rig, ALICE, "486 Busy Here", "INVITE", "i2", PASSES);
}

static void test_tcp_cancel_and_leak(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size;

	(void)state;
	rig_open(&rig, zones);
	way = TCP;
	answers(&rig, ALICE, "100 Trying", "INVITE", 4);
	size = message(text, sizeof(text), "CANCEL sip:alice@example.com SIP/2.0", "CANCEL", 4, "a",
		       NULL, "invite");
	arrives_tcp(&rig, ALICE, text, size, PASSES, SW_REASON_NONE);
	arrives_tcp(&rig, STRANGER, text, size, REPORTED, SW_REASON_TEARDOWN);
	asks(&rig, ALICE, "INVITE", 5, "b", "i2");
	size = message(text, sizeof(text), "SIP/2.0 401 Unauthorized", "INVITE", 5, "a", "b", "i2");
	arrives_tcp(&rig, ALICE, text, size, REPORTED, SW_REASON_DIGEST_LEAK);
	size = message(text, sizeof(text), "SIP/2.0 401 Unauthorized", "INVITE", 5, "a", "b", "i1");
	arrives_tcp(&rig, ALICE, text, size, PASSES, SW_REASON_NONE);
	size = message(text, sizeof(text), "SIP/2.0 401 Unauthorized", "BYE", 5, "a", "b", "b1");
	arrives_tcp(&rig, ALICE, text, size, REPORTED, SW_REASON_DIGEST_LEAK);
	way = UDP;
}

static void comes_by(struct rig *rig, const char *uri, unsigned int cseq, unsigned int branch,
		     unsigned int hops, const char *tag, enum wanted wanted)
{
	char text[1024];
	size_t size = snprintf(text, sizeof(text),
			       "INVITE %s SIP/2.0\r\n"
			       "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK%u\r\n"
			       "Max-Forwards: %u\r\n"
			       "From: <sip:bob@example.com>;tag=1\r\n"
			       "To: <sip:alice@example.com>%s\r\n"
			       "Call-ID: loop@198.51.100.7\r\n"
			       "CSeq: %u INVITE\r\n"
			       "Content-Length: 0\r\n\r\n",
			       uri, branch, hops, tag, cseq);

	arrives(rig, ALICE, text, size, wanted, SW_REASON_LOOP);
}

/* RFC 5393: each time round with another branch and fewer hops left. */
static void test_loop(void **state)
{
	auto_rig struct rig rig;
	unsigned int passed = 0;

	(void)state;
	rig_open(&rig, zones);
	/* Retransmissions, however many. */
	for (unsigned int i = 0; i < 100; i++)
		comes_by(&rig, "sip:alice@example.com", 1, 1, 70, "", PASSES);
	/* A spiral: round a few times, by another Request-URI. */
	for (unsigned int i = 0; i < 8; i++)
		comes_by(&rig, i % 2 ? "sip:a@example.com" : "sip:b@example.com", 2, i, 70 - 2 * i,
			 "", PASSES);
	/* Forked upstream to thirty phones: each branch has a Request-URI of its own. */
	for (unsigned int i = 0; i < 30; i++) {
		char uri[64];

		snprintf(uri, sizeof(uri), "sip:phone%u@192.0.2.%u", i, 10 + i);
		comes_by(&rig, uri, 4, 700 + i, 69, "", PASSES);
	}
	/* A client that authenticates, redirects, and calls again: other CSeqs. */
	for (unsigned int i = 0; i < 30; i++)
		comes_by(&rig, "sip:alice@example.com", 10 + i, 100 + i, 70, "", PASSES);
	for (unsigned int i = 0; i < 14; i++)
		comes_by(&rig, "sip:alice@example.com", 3, 200 + i, 70 - 2 * i, "", PASSES);
	/* From here on two visits may fall on one bit: the count is a little late, never early. */
	for (unsigned int i = 14; i < 34; i++) {
		char text[1024];
		size_t size = snprintf(text, sizeof(text),
				       "INVITE sip:alice@example.com SIP/2.0\r\n"
				       "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK%u\r\n"
				       "Max-Forwards: %u\r\n"
				       "From: <sip:bob@example.com>;tag=1\r\n"
				       "To: <sip:alice@example.com>\r\n"
				       "Call-ID: loop@198.51.100.7\r\n"
				       "CSeq: 3 INVITE\r\n"
				       "Content-Length: 0\r\n\r\n",
				       200 + i, 70 - 2 * i);

		passed += gets_in(&rig, text, size);
	}
	assert_in_range(passed, 2, 16);
	assert_int_equal(counted(&rig, SW_MODE_ENFORCE, SW_REASON_LOOP), 20 - passed);
	/* After a minute it is another request with an old number. */
	rig.test_run.now += 61 * SECOND;
	comes_by(&rig, "sip:alice@example.com", 3, 400, 70, "", PASSES);
	/* Inside a dialog it is counted only. */
	for (unsigned int i = 0; i < 60; i++) {
		char text[1024];
		size_t size = snprintf(text, sizeof(text),
				       "INVITE sip:alice@example.com SIP/2.0\r\n"
				       "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK%u\r\n"
				       "Max-Forwards: 70\r\n"
				       "From: <sip:bob@example.com>;tag=1\r\n"
				       "To: <sip:alice@example.com>;tag=2\r\n"
				       "Call-ID: inside@198.51.100.7\r\n"
				       "CSeq: 3 INVITE\r\n"
				       "Content-Length: 0\r\n\r\n",
				       500 + i);

		assert_true(gets_in(&rig, text, size));
	}
	assert_true(counted(&rig, SW_MODE_MONITOR, SW_REASON_LOOP) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_teardown),
		cmocka_unit_test(test_teardown_other_side),
		cmocka_unit_test(test_teardown_tcp),
		cmocka_unit_test(test_teardown_tcp_other_side),
		cmocka_unit_test(test_teardown_tcp_bundle),
		cmocka_unit_test(test_teardown_emergency),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_digest_leak),
		cmocka_unit_test(test_tcp_cancel_and_leak),
		cmocka_unit_test(test_loop),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
