/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `teardown: deny`: a BYE, CANCEL or re-INVITE whose sender guesses is refused, and every party of
 * a call that moved is let be. test_guard.c tests `strict`.
 */
#include "kernel/state_values.h"
#include "rig.h"

#include <sipward/health.h>

static const char *const zones =
	YAML_PLAIN "emergency: {numbers: [\"112\"]}\n"
		   "zones:\n"
		   "  - {name: office, sources: [198.51.100.0/24], teardown: deny}\n"
		   "  - {name: calm, sources: [203.0.113.128/25], teardown: report}\n"
		   "  - {name: fixed, sources: [203.0.113.64/26], teardown: strict}\n"
		   "  - {name: public, teardown: deny}\n";

#define ALICE    "198.51.100.7"
#define MOVED    "203.0.113.5" /* the same phone, behind another address of its NAT */
#define CAROL    "192.0.2.33"
#define STRANGER "192.0.2.66"
#define CALM     "203.0.113.200" /* where it is reported */
#define FIXED    "203.0.113.70"  /* where nobody moves */

/* Each test has a call of its own. */
#define CALL __func__

/* One for all tests: to load the program takes long. */
static struct rig shared;

/* The agent finds the observer in place, `since` so long. */
static void is_observed(struct rig *rig, uint64_t since)
{
	struct sw_health health = {};

	health.heartbeat = rig->test_run.now;
	health.observed_from = rig->test_run.now - since;
	state_health_write(&rig->test_run.state, &health);
}

static void open_watched(struct rig *rig, const char *yaml)
{
	rig_open(rig, yaml);
	rig->test_run.now = 100000 * SECOND;
	is_observed(rig, SW_OBSERVED_FOR);
}

static int open_shared(void **state)
{
	*state = &shared;
	open_watched(&shared, zones);
	return 0;
}

static int close_shared(void **state)
{
	(void)state;
	rig_close(&shared);
	return 0;
}

static void wait_for(struct rig *rig, uint64_t time)
{
	rig->test_run.now += time;
	is_observed(rig, SW_OBSERVED_FOR);
}

static void leaves(struct rig *rig, const char *to, const char *start, const char *cseq,
		   const char *call, const char *from, const char *tag, const char *branch)
{
	struct endpoint peer = {.addr = address(to), .port = 5060};
	char text[1024];
	size_t size = dialog_message(text, sizeof(text), start, cseq, call, from, tag, branch);

	assert_true(frame_message(&rig->frame, &rig->to, &peer, false, text, size));
	sends_out_frame(rig);
}

/* The server takes an INVITE of Alice's with tag "a", and the callee answers with `tag`. */
static void is_called(struct rig *rig, const char *call)
{
	leaves(rig, ALICE, "SIP/2.0 100 Trying", "INVITE", call, "a", NULL, "invite");
}

static void is_answered(struct rig *rig, const char *call, const char *tag)
{
	leaves(rig, ALICE, "SIP/2.0 200 OK", "INVITE", call, "a", tag, "invite");
	leaves(rig, CAROL, "ACK sip:carol@192.0.2.33 SIP/2.0", "ACK", call, "a", tag, "ack");
}

enum wanted { PASSES, REPORTED, DROPPED };

static void arrives(struct rig *rig, const char *source, const char *method, const char *call,
		    const char *from, const char *to, const char *branch, enum wanted wanted)
{
	char text[2048], start[64];
	size_t size;

	snprintf(start, sizeof(start), "%s sip:carol@192.0.2.1 SIP/2.0", method);
	size = dialog_message(text, sizeof(text), start, method, call, from, to, branch);
	rig->from.addr = address(source);
	if (wanted == REPORTED)
		sends_shadowed(rig, text, size, SW_REASON_TEARDOWN);
	else
		sends(rig, text, size, wanted == DROPPED ? SW_REASON_TEARDOWN : SW_REASON_NONE);
	assert_int_equal(outcome.shadow_count, wanted == REPORTED);
}

#define byes(rig, source, from, to, wanted) \
	arrives(rig, source, "BYE", CALL, from, to, "bye", wanted)

/* A sender that names the dialog in full is a party that moved, or has read the messages. */
static void test_party_that_moved(void **state)
{
	struct rig *rig = *state;

	is_called(rig, CALL);
	is_answered(rig, CALL, "b");
	byes(rig, ALICE, "a", "b", PASSES);
	byes(rig, CAROL, "b", "a", PASSES);
	byes(rig, MOVED, "a", "b", REPORTED);
	byes(rig, MOVED, "b", "a", REPORTED);
	arrives(rig, MOVED, "INVITE", CALL, "a", "b", "again", REPORTED);
	arrives(rig, MOVED, "INFO", CALL, "a", "b", "info", PASSES);
}

static void test_guesses(void **state)
{
	char long_tag[400];
	struct rig *rig = *state;

	memset(long_tag, 'x', sizeof(long_tag) - 1);
	long_tag[sizeof(long_tag) - 1] = '\0';
	is_called(rig, CALL);
	is_answered(rig, CALL, "b");
	/* The sender knows the Call-ID alone; or one tag beside it, as a phone does that the call
	 * was forked to. */
	byes(rig, STRANGER, "x", "y", DROPPED);
	byes(rig, STRANGER, "a", "y", DROPPED);
	byes(rig, STRANGER, "x", "b", DROPPED);
	byes(rig, STRANGER, "x", "a", DROPPED);
	byes(rig, STRANGER, "a", NULL, DROPPED);
	byes(rig, STRANGER, "a", "a", DROPPED);
	byes(rig, STRANGER, "a", "B", DROPPED);
	byes(rig, STRANGER, long_tag, "b", DROPPED);
	arrives(rig, STRANGER, "INVITE", CALL, "a", "y", "again", DROPPED);
	/* The same from the caller, from its office, or for another call: the server's to judge. */
	byes(rig, ALICE, "a", "y", PASSES);
	byes(rig, "198.51.100.99", "a", "y", PASSES);
	arrives(rig, STRANGER, "BYE", "other@198.51.100.7", "a", "y", "bye", PASSES);
	/* A new call with this Call-ID is none of this rule's business. */
	arrives(rig, STRANGER, "INVITE", CALL, "x", NULL, "new", PASSES);
}

/* He who places a call with the Call-ID of another one takes no part in that. */
static void test_same_call_id(void **state)
{
	struct rig *rig = *state;

	is_called(rig, CALL);
	is_answered(rig, CALL, "b");
	leaves(rig, STRANGER, "SIP/2.0 100 Trying", "INVITE", CALL, "x", NULL, "other");
	leaves(rig, STRANGER, "SIP/2.0 200 OK", "INVITE", CALL, "x", "z", "other");
	byes(rig, STRANGER, "a", "y", DROPPED);
	byes(rig, STRANGER, "x", "z", PASSES);
	byes(rig, MOVED, "a", "b", REPORTED);
}

/* Several callees answer one INVITE: each dialog of the call is one. */
static void test_forked(void **state)
{
	struct rig *rig = *state;

	is_called(rig, CALL);
	is_answered(rig, CALL, "b");
	is_answered(rig, CALL, "c");
	byes(rig, MOVED, "a", "b", REPORTED);
	byes(rig, MOVED, "a", "c", REPORTED);
	/* An early dialog, which no table has, is the caller's. */
	byes(rig, ALICE, "a", "early", PASSES);
	byes(rig, STRANGER, "a", "early", DROPPED);
	/* One of them ends. */
	leaves(rig, ALICE, "SIP/2.0 200 OK", "BYE", CALL, "a", "c", "bye");
	byes(rig, MOVED, "a", "b", REPORTED);
	byes(rig, STRANGER, "a", "y", PASSES);
}

/* Of a call that is older than the observer nobody knows all dialogs. */
static void test_call_older_than_the_observer(void **state)
{
	struct rig *rig = *state;

	is_answered(rig, CALL, "b");
	byes(rig, MOVED, "a", "b", REPORTED);
	byes(rig, CAROL, "x", "y", PASSES);
	/* An answer to a re-INVITE has a To-tag from the first one on. */
	leaves(rig, ALICE, "SIP/2.0 100 Trying", "INVITE", CALL, "a", "b", "again");
	is_answered(rig, CALL, "b");
	byes(rig, CAROL, "x", "y", PASSES);
	/* A call that the server began, and one where no answer came for hours. */
	leaves(rig, CAROL, "INVITE sip:c@192.0.2.33 SIP/2.0", "INVITE", "out", "s", NULL, "i");
	leaves(rig, CAROL, "ACK sip:c@192.0.2.33 SIP/2.0", "ACK", "out", "s", "d", "k");
	arrives(rig, STRANGER, "BYE", "out", "d", "x", "bye", DROPPED);
	arrives(rig, CAROL, "BYE", "out", "d", "s", "bye", PASSES);
	wait_for(rig, 5 * 3600 * SECOND);
	arrives(rig, STRANGER, "BYE", "out", "d", "x", "bye", PASSES);
}

static void cancels(struct rig *rig, const char *source, const char *call, const char *branch,
		    enum wanted wanted)
{
	arrives(rig, source, "CANCEL", call, "a", NULL, branch, wanted);
}

static void test_cancel(void **state)
{
	struct rig *rig = *state;

	cancels(rig, STRANGER, CALL, "guess", PASSES);
	is_called(rig, CALL);
	cancels(rig, ALICE, CALL, "invite", PASSES);
	cancels(rig, MOVED, CALL, "invite", REPORTED);
	cancels(rig, STRANGER, CALL, "guess", DROPPED);
	cancels(rig, ALICE, CALL, "guess", PASSES);
	cancels(rig, STRANGER, "other", "guess", PASSES);
	/* The same call comes by another proxy, which may cancel it. */
	leaves(rig, CAROL, "SIP/2.0 100 Trying", "INVITE", CALL, "a", NULL, "second");
	cancels(rig, CAROL, CALL, "second", PASSES);
	cancels(rig, CAROL, CALL, "guess", DROPPED);
	wait_for(rig, 201 * SECOND);
	cancels(rig, STRANGER, CALL, "guess", PASSES);
}

/* A guess is refused while the tables have all that the server sent. */
static void test_observer_in_doubt(void **state)
{
	struct rig *rig = *state;

	is_called(rig, CALL);
	is_answered(rig, CALL, "b");
	is_observed(rig, SW_OBSERVED_FOR - 1);
	byes(rig, STRANGER, "x", "y", REPORTED);
	rig->test_run.now += SECOND;
	byes(rig, STRANGER, "x", "y", DROPPED);
	rig->test_run.now += 6 * SECOND; /* no heartbeat */
	byes(rig, STRANGER, "x", "y", REPORTED);
	is_observed(rig, SW_OBSERVED_FOR);
}

/* More dialogs than the table is good for: it may have forgotten one of this call. */
static void test_dialogs_full(void **state)
{
	auto_rig struct rig rig;
	char call[32];

	(void)state;
	open_watched(&rig, "tables: {dialogs: 1024}\n" YAML_PLAIN
			   "zones: [{name: public, teardown: deny}]\n");
	is_called(&rig, CALL);
	is_answered(&rig, CALL, "b");
	byes(&rig, STRANGER, "x", "y", DROPPED);
	for (int i = 0; i < 260; i++) {
		snprintf(call, sizeof(call), "other-%d", i);
		leaves(&rig, ALICE, "SIP/2.0 200 OK", "INVITE", call, "a", "b", "invite");
	}
	byes(&rig, STRANGER, "x", "y", REPORTED);
}

static void test_emergency(void **state)
{
	struct rig *rig = *state;
	struct endpoint peer;
	char text[1024];
	size_t size;

	peer = (struct endpoint){.addr = address(ALICE), .port = 5060};
	is_called(rig, CALL);
	size = snprintf(text, sizeof(text),
			"SIP/2.0 200 OK\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKinvite\r\n"
			"From: <sip:bob@example.com>;tag=a\r\n"
			"To: <sip:112@example.com>;tag=b\r\n"
			"Call-ID: %s\r\n"
			"CSeq: 1 INVITE\r\n"
			"Content-Length: 0\r\n\r\n",
			CALL);
	assert_true(frame_message(&rig->frame, &rig->to, &peer, false, text, size));
	sends_out_frame(rig);
	byes(rig, STRANGER, "a", "y", REPORTED);
	byes(rig, MOVED, "a", "b", REPORTED);
}

static void test_report_and_strict(void **state)
{
	struct rig *rig = *state;

	is_called(rig, CALL);
	cancels(rig, CALM, CALL, "guess", REPORTED);
	cancels(rig, CALM, CALL, "invite", REPORTED);
	cancels(rig, FIXED, CALL, "guess", DROPPED);
	cancels(rig, FIXED, CALL, "invite", DROPPED);
	is_answered(rig, CALL, "b");
	byes(rig, CALM, "a", "y", REPORTED);
	byes(rig, CALM, "a", "b", REPORTED);
	byes(rig, FIXED, "a", "y", DROPPED);
	byes(rig, FIXED, "a", "b", DROPPED);
	byes(rig, ALICE, "a", "b", PASSES);
}

/* On TCP a guess is counted, and no more. */
static void test_tcp(void **state)
{
	struct rig *rig = *state;
	char text[1024];
	size_t size;

	is_called(rig, CALL);
	is_answered(rig, CALL, "b");
	size = dialog_message(text, sizeof(text), "BYE sip:carol@192.0.2.1 SIP/2.0", "BYE", CALL,
			      "a", "y", "bye");
	rig->from.addr = address(STRANGER);
	rig->from.port = 40999;
	assert_true(frame_message(&rig->frame, &rig->from, &rig->to, true, text, size));
	sends_frame_shadowed(rig, SW_REASON_TEARDOWN);
	assert_int_equal(outcome.verdict, SW_TEST_RUN_PASS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_party_that_moved),
		cmocka_unit_test(test_guesses),
		cmocka_unit_test(test_same_call_id),
		cmocka_unit_test(test_forked),
		cmocka_unit_test(test_call_older_than_the_observer),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_observer_in_doubt),
		cmocka_unit_test(test_dialogs_full),
		cmocka_unit_test(test_emergency),
		cmocka_unit_test(test_report_and_strict),
		cmocka_unit_test(test_tcp),
	};

	return cmocka_run_group_tests_name("teardown", tests, open_shared, close_shared);
}
