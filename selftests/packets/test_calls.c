/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Calls at a time: what begins one and what ends it, for a source and for its zone; what passes at
 * the limit; and calls whose end nobody saw.
 */
#include "kernel/calls.h"
#include "kernel/state_values.h"
#include "rig.h"

#include <bpf/bpf.h>
#include <errno.h>

#define HOUR (3600 * SECOND)

static const char *const zones =
	YAML_PLAIN "emergency: {numbers: [\"112\"]}\n"
		   "zones:\n"
		   "  - {name: carrier, sources: [203.0.113.0/24], trust: peer}\n"
		   "  - {name: public, calls: {source: 2, zone: 4}}\n";

static void is_healthy(struct rig *rig)
{
	struct sw_health health = {
		.heartbeat = rig->test_run.now,
		.observed_from = rig->test_run.now - 4 * HOUR,
	};

	state_health_write(&rig->test_run.state, &health);
}

static void opens_calls(struct rig *rig, const char *yaml)
{
	rig_open(rig, yaml);
	rig->test_run.now = 100000 * SECOND;
	is_healthy(rig);
}

static void phone_is(struct rig *rig, const char *addr, uint16_t port)
{
	rig->from = (struct endpoint){.addr = address(addr), .port = port};
}

static void asks_for(struct rig *rig, const char *method, const char *callee, const char *call,
		     const char *to, enum sw_reason reason)
{
	char text[1024], start[64];

	snprintf(start, sizeof(start), "%s sip:%s@example.com SIP/2.0", method, callee);
	sends(rig, text, dialog_message(text, sizeof(text), start, method, call, "a", to, call),
	      reason);
}

static void invites(struct rig *rig, const char *call, enum sw_reason reason)
{
	asks_for(rig, "INVITE", "bob", call, NULL, reason);
}

static void invites_with(struct rig *rig, const char *call, const char *branch,
			 enum sw_reason reason)
{
	char text[1024];

	sends(rig, text,
	      dialog_message(text, sizeof(text), "INVITE sip:b@x SIP/2.0", "INVITE", call, "a",
			     NULL, branch),
	      reason);
}

/* A message of the server; `tag` NULL: without a To-tag. */
static void leaves(struct rig *rig, const char *start, const char *cseq, const char *call,
		   const char *from, const char *to)
{
	char text[1024];
	size_t size = dialog_message(text, sizeof(text), start, cseq, call, from, to, call);

	assert_true(frame_message(&rig->frame, &rig->to, &rig->from, false, text, size));
	sends_out_frame(rig);
}

static void calls_up(struct rig *rig, const char *call)
{
	invites(rig, call, SW_REASON_NONE);
	leaves(rig, "SIP/2.0 200 OK", "INVITE", call, "a", "b");
}

static uint32_t zone_calls(const struct rig *rig)
{
	return calls_live(&rig->test_run.state, &(struct sw_source){});
}

static void test_source_limit(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	opens_calls(&rig, zones);
	phone_is(&rig, "198.51.100.7", 5060);
	calls_up(&rig, "1");
	calls_up(&rig, "2");
	assert_int_equal(zone_calls(&rig), 2);
	invites(&rig, "3", SW_REASON_CALLS_SOURCE);
	/* Inside a dialog; another method; for help; from another port. */
	asks_for(&rig, "INVITE", "bob", "2", "b", SW_REASON_NONE);
	asks_for(&rig, "REGISTER", "bob", "9", NULL, SW_REASON_NONE);
	asks_for(&rig, "INVITE", "112", "3", NULL, SW_REASON_NONE);
	phone_is(&rig, "198.51.100.7", 5061);
	invites(&rig, "3", SW_REASON_CALLS_SOURCE);
	/* A neighbour has calls of its own, and so has a zone without a limit. */
	phone_is(&rig, "198.51.100.8", 5060);
	calls_up(&rig, "4");
	phone_is(&rig, "203.0.113.5", 5060);
	for (int i = 0; i < 5; i++)
		calls_up(&rig, (char[]){'p', (char)('0' + i), 0});
	assert_int_equal(zone_calls(&rig), 3);
}

static void test_zone_limit(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	opens_calls(&rig, zones);
	for (char host = '1'; host <= '4'; host++) {
		phone_is(&rig, (char[]){'1', '9', '2', '.', '0', '.', '2', '.', host, 0}, 5060);
		calls_up(&rig, (char[]){host, 0});
	}
	phone_is(&rig, "192.0.2.9", 5060);
	invites(&rig, "9", SW_REASON_CALLS_ZONE);
	phone_is(&rig, "192.0.2.1", 5060);
	leaves(&rig, "SIP/2.0 200 OK", "BYE", "1", "a", "b");
	phone_is(&rig, "192.0.2.9", 5060);
	calls_up(&rig, "9");
	invites(&rig, "x", SW_REASON_CALLS_ZONE);
}

/* Each begins with one call of two, and ends with none, or with one. */
static void test_begins_and_ends(void **state)
{
	static const struct {
		const char *start;
		const char *cseq;
		const char *from, *to;
		unsigned int live;  /* behind it, of a call that was answered by 200 */
		unsigned int rings; /* likewise of one that was answered by 180 */
	} rows[] = {
		{"SIP/2.0 200 OK", "BYE", "a", "b", 0, 1},
		{"SIP/2.0 200 OK", "BYE", "b", "a", 0, 1},
		{"BYE sip:a@x SIP/2.0", "BYE", "b", "a", 0, 1},
		{"BYE sip:b@x SIP/2.0", "BYE", "a", "b", 0, 1},
		{"SIP/2.0 481 No Such Call", "BYE", "a", "b", 0, 1}, /* the server began anew */
		{"SIP/2.0 486 Busy Here", "INVITE", "a", "b", 1, 0},
		{"SIP/2.0 487 Request Terminated", "INVITE", "a", "b", 1, 0},
		/* A re-INVITE that is refused; a BYE that is; and what is not the call's. */
		{"SIP/2.0 491 Request Pending", "INVITE", "a", "b", 1, 0},
		{"SIP/2.0 481 No Such Call", "BYE", "a", "x", 1, 1},
		{"SIP/2.0 401 Unauthorized", "BYE", "a", "b", 1, 1},
		{"SIP/2.0 200 OK", "BYE", "x", "y", 1, 1},
		{"SIP/2.0 200 OK", "UPDATE", "a", "b", 1, 1},
		{"SIP/2.0 200 OK", "CANCEL", "a", "b", 1, 1},
		{"SIP/2.0 180 Ringing", "INVITE", "a", "c", 1, 1},
		{"SIP/2.0 200 OK", "INVITE", "a", "b", 1, 1},
		{"SIP/2.0 200 OK", "INVITE", "b", "a", 1, 1}, /* the callee's re-INVITE */
	};

	(void)state;
	for (size_t i = 0; i < 2 * array_size(rows); i++) {
		bool rings = i >= array_size(rows);
		size_t row = i % array_size(rows);
		auto_rig struct rig rig;

		opens_calls(&rig, zones);
		phone_is(&rig, "198.51.100.7", 5060);
		invites(&rig, "1", SW_REASON_NONE);
		leaves(&rig, "SIP/2.0 100 Trying", "INVITE", "1", "a", NULL);
		leaves(&rig, "SIP/2.0 407 Who Are You", "INVITE", "1", "a", "b");
		assert_int_equal(zone_calls(&rig), 0);
		leaves(&rig, rings ? "SIP/2.0 180 Ringing" : "SIP/2.0 200 OK", "INVITE", "1", "a",
		       "b");
		assert_int_equal(zone_calls(&rig), 1);
		leaves(&rig, rows[row].start, rows[row].cseq, "1", rows[row].from, rows[row].to);
		if (zone_calls(&rig) != (rings ? rows[row].rings : rows[row].live))
			fail_msg("row %zu, %s: %u calls", row, rows[row].start, zone_calls(&rig));
		/* Once is enough. */
		leaves(&rig, rows[row].start, rows[row].cseq, "1", rows[row].from, rows[row].to);
		assert_int_equal(zone_calls(&rig), rings ? rows[row].rings : rows[row].live);
	}
}

/* The server sends its 2xx again until the ACK comes, which may be behind the BYE. */
static void test_answer_again(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	opens_calls(&rig, zones);
	phone_is(&rig, "198.51.100.7", 5060);
	calls_up(&rig, "1");
	leaves(&rig, "SIP/2.0 180 Ringing", "INVITE", "1", "a", "b");
	assert_int_equal(zone_calls(&rig), 1);
	leaves(&rig, "SIP/2.0 200 OK", "BYE", "1", "a", "b");
	leaves(&rig, "SIP/2.0 200 OK", "INVITE", "1", "a", "b");
	leaves(&rig, "SIP/2.0 180 Ringing", "INVITE", "1", "a", "b");
	assert_int_equal(zone_calls(&rig), 0);
	/* A fork that answers, too: its caller ends each. */
	calls_up(&rig, "2");
	leaves(&rig, "SIP/2.0 200 OK", "INVITE", "2", "a", "c");
	assert_int_equal(zone_calls(&rig), 2);
	leaves(&rig, "SIP/2.0 200 OK", "BYE", "2", "a", "b");
	assert_int_equal(zone_calls(&rig), 1);
	leaves(&rig, "SIP/2.0 200 OK", "BYE", "2", "a", "c");
	assert_int_equal(zone_calls(&rig), 0);
}

/* What rang is one call when it is answered, and none when it is refused. */
static void test_ring_and_answer(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	opens_calls(&rig, zones);
	phone_is(&rig, "198.51.100.7", 5060);
	invites(&rig, "1", SW_REASON_NONE);
	leaves(&rig, "SIP/2.0 180 Ringing", "INVITE", "1", "a", "b");
	leaves(&rig, "SIP/2.0 200 OK", "INVITE", "1", "a", "b");
	assert_int_equal(zone_calls(&rig), 1);
	leaves(&rig, "SIP/2.0 486 Busy", "INVITE", "1", "a", "b");
	assert_int_equal(zone_calls(&rig), 1);
	leaves(&rig, "BYE sip:a@x SIP/2.0", "BYE", "1", "b", "a");
	assert_int_equal(zone_calls(&rig), 0);
}

/* All calls with one Call-ID and one tag, each under a branch of its own: they are many. */
static void test_one_call_id(void **state)
{
	static const char *const branches[] = {"b1", "b2", "b3"};
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	opens_calls(&rig, zones);
	phone_is(&rig, "198.51.100.7", 5060);
	for (size_t i = 0; i < array_size(branches); i++) {
		size_t size = dialog_message(text, sizeof(text), "INVITE sip:b@x SIP/2.0", "INVITE",
					     "1", "a", NULL, branches[i]);

		sends(&rig, text, size, i < 2 ? SW_REASON_NONE : SW_REASON_CALLS_SOURCE);
		size = dialog_message(text, sizeof(text), "SIP/2.0 180 Ringing", "INVITE", "1", "a",
				      branches[i], branches[i]);
		assert_true(frame_message(&rig.frame, &rig.to, &rig.from, false, text, size));
		sends_out_frame(&rig);
	}
	/* Of one that rings, again, and not later with its old branch. */
	invites_with(&rig, "1", "b1", SW_REASON_NONE);
	rig.test_run.now += 33 * SECOND;
	is_healthy(&rig);
	invites_with(&rig, "1", "b1", SW_REASON_CALLS_SOURCE);
}

/* The source that sent the INVITE has the call, wherever its answer goes (maddr, RFC 3261 18.2.2).
 */
static void test_answer_elsewhere(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	opens_calls(&rig, zones);
	for (const char *call = "12"; *call; call++) {
		phone_is(&rig, "198.51.100.66", 5060);
		invites(&rig, (char[]){*call, 0}, SW_REASON_NONE);
		phone_is(&rig, "198.51.100.7", 5060);
		leaves(&rig, "SIP/2.0 180 Ringing", "INVITE", (char[]){*call, 0}, "a", "b");
	}
	invites(&rig, "3", SW_REASON_NONE);
	phone_is(&rig, "198.51.100.66", 5060);
	invites(&rig, "4", SW_REASON_CALLS_SOURCE);
}

/* In doubt nothing is refused: without an agent, and while an observer warms up. */
static void test_doubt(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	opens_calls(&rig, zones);
	phone_is(&rig, "198.51.100.7", 5060);
	calls_up(&rig, "1");
	calls_up(&rig, "2");
	rig.test_run.now += 10 * SECOND;
	invites(&rig, "3", SW_REASON_NONE);
	is_healthy(&rig);
	invites(&rig, "4", SW_REASON_CALLS_SOURCE);
	state_health_write(&rig.test_run.state,
			   &(struct sw_health){.heartbeat = rig.test_run.now,
					       .observed_from = rig.test_run.now - SECOND});
	invites(&rig, "5", SW_REASON_NONE);
}

static void sweeps(const struct rig *rig, uint64_t before)
{
	struct calls_over over = {};
	struct error e = {};

	over.before[SW_ZONE_PUBLIC] = before;
	assert_int_equal(calls_sweep(&rig->test_run.state, &over, rig->test_run.now, &e), 0);
}

/* A call that never ends counts no longer, and the counts stay right beside it. */
static void test_sweep(void **state)
{
	struct sw_source phone = {.length = 32, .port = SW_CALLS_OTHERS};
	auto_rig struct rig rig;

	(void)state;
	opens_calls(&rig, zones);
	phone_is(&rig, "198.51.100.7", 5060);
	phone.addr = rig.from.addr;
	calls_up(&rig, "1");
	rig.test_run.now += HOUR;
	is_healthy(&rig);
	calls_up(&rig, "2");
	sweeps(&rig, rig.test_run.now - 2 * HOUR);
	assert_int_equal(zone_calls(&rig), 2);
	invites(&rig, "3", SW_REASON_CALLS_SOURCE);
	sweeps(&rig, rig.test_run.now - HOUR + 1);
	assert_int_equal(zone_calls(&rig), 1);
	assert_int_equal(calls_live(&rig.test_run.state, &phone), 1);
	/* Its end comes after all: it is not counted twice. */
	leaves(&rig, "SIP/2.0 200 OK", "BYE", "1", "a", "b");
	assert_int_equal(zone_calls(&rig), 1);
	calls_up(&rig, "3");
	invites(&rig, "4", SW_REASON_CALLS_SOURCE);
	/* A message inside it keeps it. */
	rig.test_run.now += HOUR;
	is_healthy(&rig);
	leaves(&rig, "SIP/2.0 200 OK", "UPDATE", "2", "a", "b");
	sweeps(&rig, rig.test_run.now);
	assert_int_equal(zone_calls(&rig), 1);
	/* What is over is forgotten, and counted once. */
	leaves(&rig, "SIP/2.0 200 OK", "BYE", "2", "a", "b");
	assert_int_equal(zone_calls(&rig), 0);
	rig.test_run.now += 41 * SECOND;
	sweeps(&rig, 0);
	assert_int_equal(zone_calls(&rig), 0);
	is_healthy(&rig);
	calls_up(&rig, "2");
	assert_int_equal(zone_calls(&rig), 1);
	/* Counts without a call go. */
	leaves(&rig, "BYE sip:a@x SIP/2.0", "BYE", "2", "b", "a");
	rig.test_run.now += 2 * HOUR;
	sweeps(&rig, 0);
	assert_int_equal(bpf_map_lookup_elem(rig.test_run.state.fds[STATE_CALL_COUNTS], &phone,
					     &(struct sw_call_count){}),
			 -ENOENT);
	is_healthy(&rig);
	calls_up(&rig, "5");
	assert_int_equal(zone_calls(&rig), 1);
}

static void test_monitor_mode(void **state)
{
	auto_free char *yaml = xasprintf("shadow: [calls_source]\n%s", zones);
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	opens_calls(&rig, yaml);
	phone_is(&rig, "198.51.100.7", 5060);
	calls_up(&rig, "1");
	calls_up(&rig, "2");
	sends_shadowed(&rig, text,
		       dialog_message(text, sizeof(text), "INVITE sip:b@x SIP/2.0", "INVITE", "3",
				      "a", NULL, "3"),
		       SW_REASON_CALLS_SOURCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source_limit),
		cmocka_unit_test(test_zone_limit),
		cmocka_unit_test(test_begins_and_ends),
		cmocka_unit_test(test_answer_again),
		cmocka_unit_test(test_ring_and_answer),
		cmocka_unit_test(test_one_call_id),
		cmocka_unit_test(test_answer_elsewhere),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_monitor_mode),
	};

	return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
