/* SPDX-License-Identifier: GPL-2.0-only
 *
 * To-tags that nobody gave. Some methods are never inside a dialog; of the others a zone with
 * `to_tag: proven` believes those whose dialog the server was seen in, and in doubt all.
 */
#include "kernel/state_values.h"
#include "rig.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>

#define HOUR     (3600 * SECOND)
#define STRANGER "192.0.2.66"
#define CARRIER  "203.0.113.5"

static const char *const zones = YAML_PLAIN
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24], trust: peer, callee: {deny: [\"+882\"]}}\n"
	"  - {name: public, to_tag: proven, callee: {deny: [\"+882\"]},\n"
	"     methods: [INVITE, ACK, BYE, CANCEL, PRACK, REFER, UPDATE, NOTIFY, SUBSCRIBE]}\n";

static void open_watched(struct rig *rig, const char *yaml)
{
	struct sw_health health = {};

	rig_open(rig, yaml);
	rig->test_run.now = 100000 * SECOND;
	health.heartbeat = rig->test_run.now;
	health.observed_from = rig->test_run.now - 4 * HOUR;
	state_health_write(&rig->test_run.state, &health);
}

static size_t message(char *text, size_t size, const char *start, const char *cseq,
		      const char *call, const char *from, const char *to)
{
	return dialog_message(text, size, start, cseq, call, from, to, call);
}

static void leaves(struct rig *rig, bool tcp, const char *text, size_t size)
{
	assert_true(frame_message(&rig->frame, &rig->to, &rig->from, tcp, text, size));
	sends_out_frame(rig);
}

/* The server answers a request; it came before, with the same branch, and without a tag. */
static void answers(struct rig *rig, const char *status, const char *cseq, const char *call)
{
	char text[1024], start[64];

	snprintf(start, sizeof(start), "%s sip:bob@example.com SIP/2.0", cseq);
	gets_in(rig, text, message(text, sizeof(text), start, cseq, call, "a", NULL));
	snprintf(start, sizeof(start), "SIP/2.0 %s", status);
	leaves(rig, false, text, message(text, sizeof(text), start, cseq, call, "a", "b"));
}

static void server_asks(struct rig *rig, const char *method, const char *call, const char *from,
			const char *to)
{
	char text[1024], start[64];

	snprintf(start, sizeof(start), "%s sip:x@198.51.100.7 SIP/2.0", method);
	leaves(rig, false, text, message(text, sizeof(text), start, method, call, from, to));
}

static size_t premium(char *text, size_t size, const char *method, const char *call,
		      const char *from, const char *to)
{
	char start[64];

	snprintf(start, sizeof(start), "%s sip:+882123456@example.com SIP/2.0", method);
	return message(text, size, start, method, call, from, to);
}

/* A call to a denied number that says it is inside a dialog, where the Request-URI is a contact:
 * refused, or believed. */
static void is_refused(struct rig *rig, const char *call, const char *from, const char *to)
{
	char text[1024];

	sends(rig, text, premium(text, sizeof(text), "INVITE", call, from, to),
	      SW_REASON_CALLEE_DENIED);
	assert_false(outcome.in_dialog);
}

static void is_believed(struct rig *rig, const char *call, const char *from, const char *to)
{
	char text[1024];

	sends(rig, text, premium(text, sizeof(text), "INVITE", call, from, to), SW_REASON_NONE);
	assert_true(outcome.in_dialog);
}

static void test_forged_to_tag(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size;

	(void)state;
	open_watched(&rig, zones);
	is_refused(&rig, "1", "a", NULL);
	is_refused(&rig, "1", "a", "x");
	/* A refusal has a tag, too, and is no dialog. */
	answers(&rig, "404 Not Found", "INVITE", "1");
	answers(&rig, "100 Trying", "INVITE", "1");
	is_refused(&rig, "1", "a", "b");
	/* The method list, likewise. */
	size = premium(text, sizeof(text), "MESSAGE", "1", "a", "x");
	sends(&rig, text, size, SW_REASON_METHOD);
	/* Messages that end calls are spared as ever. */
	size = premium(text, sizeof(text), "BYE", "1", "a", "x");
	sends(&rig, text, size, SW_REASON_NONE);
	size = premium(text, sizeof(text), "ACK", "1", "a", "x");
	sends(&rig, text, size, SW_REASON_NONE);
	/* A zone that does not ask believes everybody. */
	rig.from.addr = address(CARRIER);
	is_believed(&rig, "1", "a", "x");
	is_refused(&rig, "1", "a", NULL);
}

/* An answer to a request that brought a tag repeats it: no dialog begins, whatever it says. Nor
 * when the same branch came without a tag before. */
static void test_echoed_tag(void **state)
{
	static const char *const methods[] = {"SUBSCRIBE", "UPDATE", "INVITE", "REFER"};
	auto_rig struct rig rig;
	char text[1024], start[64];

	(void)state;
	open_watched(&rig, zones);
	for (size_t i = 0; i < array_size(methods); i++) {
		for (int first = 0; first < 2; first++) {
			const char *call = first ? "plain" : "echo";

			snprintf(start, sizeof(start), "%s sip:bob@example.com SIP/2.0",
				 methods[i]);
			if (first)
				gets_in(&rig, text,
					message(text, sizeof(text), start, methods[i], call, "a",
						NULL));
			gets_in(&rig, text,
				message(text, sizeof(text), start, methods[i], call, "a", "b"));
			leaves(&rig, false, text,
			       message(text, sizeof(text), "SIP/2.0 200 OK", methods[i], call, "a",
				       "b"));
			is_refused(&rig, call, "a", "b");
		}
	}
	answers(&rig, "200 OK", "INVITE", "good");
	is_believed(&rig, "good", "a", "b");
}

/* Each way in which a dialog begins, from either side. */
static void test_dialogs(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	open_watched(&rig, zones);
	answers(&rig, "183 Session Progress", "INVITE", "early");
	is_believed(&rig, "early", "a", "b");
	is_believed(&rig, "early", "b", "a");
	is_refused(&rig, "early", "a", "c");
	is_refused(&rig, "late", "a", "b");
	answers(&rig, "200 OK", "INVITE", "late");
	is_believed(&rig, "late", "a", "b");
	answers(&rig, "202 Accepted", "SUBSCRIBE", "watch");
	is_believed(&rig, "watch", "a", "b");
	answers(&rig, "200 OK", "NOTIFY", "told");
	is_believed(&rig, "told", "a", "b");
	answers(&rig, "200 OK", "OPTIONS", "asked");
	is_refused(&rig, "asked", "a", "b");
	/* A call of the server's: the callee names it by its From-tag, whatever its own is. */
	server_asks(&rig, "INVITE", "out", "s", NULL);
	is_believed(&rig, "out", "phone", "s");
	is_refused(&rig, "out", "phone", "t");
	answers(&rig, "202 Accepted", "REFER", "referred");
	is_believed(&rig, "referred", "a", "b");
	server_asks(&rig, "INVITE", "acked", "s", NULL);
	server_asks(&rig, "ACK", "acked", "s", "phone");
	is_believed(&rig, "acked", "phone", "s");
	/* The call ends. */
	answers(&rig, "200 OK", "BYE", "late");
	is_refused(&rig, "late", "a", "b");
	/* A phone that moved takes its dialog along. */
	rig.from.addr = address(STRANGER);
	is_believed(&rig, "acked", "phone", "s");
	/* A dialog that was silent for long is not forgotten for that. */
	rig.test_run.now += 1;
	{
		struct sw_health health = {
			.heartbeat = rig.test_run.now + 5 * HOUR,
			.observed_from = rig.test_run.now - 4 * HOUR,
		};

		rig.test_run.now += 5 * HOUR;
		state_health_write(&rig.test_run.state, &health);
	}
	is_believed(&rig, "acked", "phone", "s");
	is_refused(&rig, "1", "a", "x");
}

/* A proxy passes on an ACK, or a request with a Route, whatever its tags say, and that begins no
 * dialog. A request in a dialog in which the proxy was seen keeps the dialog alive. */
static void test_requests_that_a_proxy_passes_on(void **state)
{
	static const char *const methods[] = {"ACK", "BYE", "INVITE", "UPDATE", "NOTIFY"};
	auto_rig struct rig rig;

	(void)state;
	open_watched(&rig, zones);
	for (size_t i = 0; i < array_size(methods); i++) {
		server_asks(&rig, methods[i], "forged", "a", "b");
		is_refused(&rig, "forged", "a", "b");
		is_refused(&rig, "forged", "b", "a");
	}
	server_asks(&rig, "INVITE", "call", "a", NULL);
	server_asks(&rig, "ACK", "call", "a", "b");
	is_believed(&rig, "call", "b", "a");
	is_believed(&rig, "call", "a", "b");
	is_refused(&rig, "call", "a", "c");
}

/* A large INVITE goes over TCP, what follows over UDP; and on TCP nobody is asked. */
static void test_tcp(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size;

	(void)state;
	open_watched(&rig, zones);
	size = message(text, sizeof(text), "INVITE sip:bob@example.com SIP/2.0", "INVITE", "tcp",
		       "a", NULL);
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
	sends_frame(&rig, SW_REASON_NONE);
	size = message(text, sizeof(text), "SIP/2.0 200 OK", "INVITE", "tcp", "a", "b");
	leaves(&rig, true, text, size);
	is_believed(&rig, "tcp", "a", "b");
	size = premium(text, sizeof(text), "INVITE", "1", "a", "x");
	assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
	sends_frame(&rig, SW_REASON_NONE);
	assert_true(outcome.in_dialog);
}

/* In doubt a good call lives. */
static void test_observer_in_doubt(void **state)
{
	auto_rig struct rig rig;
	struct sw_health good, doubtful[6];

	(void)state;
	open_watched(&rig, zones);
	good = (struct sw_health){
		.heartbeat = rig.test_run.now,
		.observed_from = rig.test_run.now - 4 * HOUR,
	};
	for (size_t i = 0; i < array_size(doubtful); i++)
		doubtful[i] = good;
	doubtful[0].heartbeat = 0;
	doubtful[1].heartbeat -= 6 * SECOND;
	doubtful[2].observed_from += 1;
	doubtful[3].observed_from = 0;
	doubtful[4].overflowed_until = rig.test_run.now + 1;
	doubtful[5].unanswered_from = rig.test_run.now - SECOND;
	for (size_t i = 0; i < array_size(doubtful); i++) {
		state_health_write(&rig.test_run.state, &doubtful[i]);
		is_believed(&rig, "1", "a", "x");
		state_health_write(&rig.test_run.state, &good);
		is_refused(&rig, "1", "a", "x");
	}
}

/* More dialogs than the table is good for: some may be forgotten, until all of them are old. */
static void test_dialogs_full(void **state)
{
	auto_free char *yaml = xasprintf("tables: {dialogs: 4096}\n%s", zones);
	auto_rig struct rig rig;
	struct sw_health health = {};
	char call[16];

	(void)state;
	open_watched(&rig, yaml);
	for (unsigned int n = 0; n < 1024; n++) {
		snprintf(call, sizeof(call), "c%u", n);
		answers(&rig, "200 OK", "INVITE", call);
		answers(&rig, "200 OK", "INVITE", call); /* again: it is no other */
	}
	is_refused(&rig, "1", "a", "x");
	answers(&rig, "200 OK", "INVITE", "more");
	is_believed(&rig, "1", "a", "x");
	rig.test_run.now += 4 * HOUR - 1;
	health.heartbeat = rig.test_run.now;
	health.observed_from = 1;
	state_health_write(&rig.test_run.state, &health);
	is_believed(&rig, "1", "a", "x");
	rig.test_run.now += 1;
	is_refused(&rig, "1", "a", "x");
	answers(&rig, "200 OK", "INVITE", "later");
	is_refused(&rig, "1", "a", "x");
}

/* Pings of phones, and calls that are tried, are no dialogs, and push none out. */
static void test_messages_that_begin_no_dialog(void **state)
{
	auto_free char *yaml = xasprintf("tables: {dialogs: 4096}\n%s", zones);
	auto_rig struct rig rig;
	char call[16];

	(void)state;
	open_watched(&rig, yaml);
	answers(&rig, "183 Session Progress", "INVITE", "early");
	server_asks(&rig, "INVITE", "out", "s", NULL);
	for (unsigned int n = 0; n < 8192; n++) {
		snprintf(call, sizeof(call), "p%u", n);
		server_asks(&rig, n % 2 ? "OPTIONS" : "MESSAGE", call, "s", NULL);
		answers(&rig, "100 Trying", "INVITE", call);
	}
	is_believed(&rig, "early", "a", "b");
	is_believed(&rig, "out", "phone", "s");
}

/* A source that the server serves, by the path of its proof. One that is only known is a stranger:
 * any refusal makes it so. */
static void test_served_source(void **state)
{
	auto_rig struct rig rig;
	struct sw_known known = {.ttl = 64, .grade = SW_GRADE_PROVED};
	struct sw_source key = {.port = htons(5060), .length = 32};
	int fd;

	(void)state;
	open_watched(&rig, YAML_PLAIN "zones: [{name: public, to_tag: proven, callee: {deny: "
				      "[\"+882\"]}, newcomers: {rate: 1000/s}}]\n");
	fd = rig.test_run.state.fds[STATE_KNOWN];
	key.addr = rig.from.addr;
	known.seen = known.since = rig.test_run.now;
	is_refused(&rig, "1", "a", "x");
	assert_int_equal(bpf_map_update_elem(fd, &key, &known, 0), 0);
	is_refused(&rig, "1", "a", "x");
	assert_int_equal(outcome.grade, SW_GRADE_PROVED);
	known.grade = SW_GRADE_GOOD;
	assert_int_equal(bpf_map_update_elem(fd, &key, &known, 0), 0);
	is_believed(&rig, "1", "a", "x");
}

/* Registrations and publications are no dialogs (RFC 3261 10.2, RFC 3903 3), in any zone. */
static void test_never_inside(void **state)
{
	static const char *const outside[] = {"REGISTER", "PUBLISH"};
	static const char *const inside[] = {"OPTIONS", "MESSAGE", "SUBSCRIBE", "INVITE"};
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, methods: [INFO]}]\n");
	for (size_t i = 0; i < array_size(outside); i++)
		sends(&rig, text, request(text, sizeof(text), outside[i], i, "x"),
		      SW_REASON_METHOD);
	for (size_t i = 0; i < array_size(inside); i++)
		sends(&rig, text, request(text, sizeof(text), inside[i], i, "x"), SW_REASON_NONE);
}

/* Rates of requests outside a dialog hold for them, too. */
static void test_rates_of_registrations(void **state)
{
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, rates: {source: {REGISTER: 1/h}}}]\n");
	sends(&rig, text, request(text, sizeof(text), "REGISTER", 1, "x"), SW_REASON_NONE);
	sends(&rig, text, request(text, sizeof(text), "REGISTER", 2, "x"),
	      SW_REASON_RATE_SOURCE_METHOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forged_to_tag),
		cmocka_unit_test(test_echoed_tag),
		cmocka_unit_test(test_dialogs),
		cmocka_unit_test(test_requests_that_a_proxy_passes_on),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_observer_in_doubt),
		cmocka_unit_test(test_dialogs_full),
		cmocka_unit_test(test_messages_that_begin_no_dialog),
		cmocka_unit_test(test_served_source),
		cmocka_unit_test(test_never_inside),
		cmocka_unit_test(test_rates_of_registrations),
	};

	return cmocka_run_group_tests_name("inside", tests, NULL, NULL);
}
