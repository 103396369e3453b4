/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Who asks for users that do not exist, from the packets to the ban: what proves who asked, and
 * who only dials a wrong number now and then.
 */
#include <bpf/bpf.h>

#include "agent/behaviour.h"
#include "agent/conduct.h"
#include "phone.h"

#define THRESHOLD 5

static const char *const watched =
	YAML_PLAIN YAML_NONCES
	"zones: [{name: public, newcomers: {rate: 1000/s, probe: off}, "
		   "bans: {enumeration: 5/60s}}]\n";

static void quiet(const char *text)
{
	(void)text;
}

/* What the agent does with what was told. */
static void judges(struct rig *rig, struct behaviour *behaviour)
{
	behaviour->state = &rig->trial.state;
	behaviour->policy = &rig->policy;
	behaviour->say = quiet;
	if (!behaviour->evidence)
		behaviour->evidence = conduct_new();
	if (!behaviour->hints)
		behaviour->hints = conduct_new();
	overhear(rig);
	for (unsigned int i = 0; i < told_count; i++)
		behaviour_judge(behaviour, &told[i]);
}

/* Bans are made by the agent's clock. */
static void rig_open_now(struct rig *rig, const char *yaml)
{
	rig_open(rig, yaml);
	rig->trial.now = monotonic_ns();
}

/* One INVITE without credentials and its refusal. */
static struct phone calls(struct rig *rig, const char *callee, unsigned int status, const char *tag)
{
	struct phone phone = {"INVITE", "alice", callee, NULL, new_branch(), NULL};

	rig->trial.now += 10 * MS;
	asks(rig, &phone, SW_REASON_NONE);
	answers(rig, &phone, status, NULL, tag);
	phone.method = "ACK";
	return phone;
}

static void acks(struct rig *rig, struct phone ack, const char *tag)
{
	ack.tag = tag;
	asks(rig, &ack, SW_REASON_NONE);
}

/* A request with credentials whose nonce was sent to that address. */
static void with_nonce(struct rig *rig, const char *method, const char *callee, unsigned int status)
{
	struct phone phone = {method, "alice", callee, "n00000001", new_branch(), NULL};

	rig->trial.now += 10 * MS;
	asks(rig, &phone, SW_REASON_NONE);
	answers(rig, &phone, status, NULL, "t");
}

static void logs_in(struct rig *rig)
{
	registers(rig, 0, 401, 1);
	registers(rig, 1, 200, 0);
}

/* Asks for `count` users of whom none is there, and acknowledges each 404 or not. */
static void searches(struct rig *rig, unsigned int count, bool acknowledges)
{
	char callee[16], tag[32];

	for (unsigned int i = 0; i < count; i++) {
		struct phone ack;

		snprintf(callee, sizeof(callee), "%u", 200 + i);
		snprintf(tag, sizeof(tag), "%08x3b9d0c5e", new_branch() * 2654435761u);
		ack = calls(rig, callee, 404, tag);
		if (acknowledges)
			acks(rig, ack, tag);
	}
}

/* An ACK with the To-tag of a 404 proves nothing: a phone behind the server may have chosen that
 * tag, and told it to the one who sends the ACK in another's name. A penalty at most. */
static void without_proof_no_ban(bool acknowledges)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_rig struct rig rig;

	rig_open_now(&rig, watched);
	searches(&rig, 4 * THRESHOLD, acknowledges);
	judges(&rig, &behaviour);
	assert_int_equal(behaviour.counts.bans[SW_OFFENCE_ENUMERATION], 0);
	assert_true(behaviour.counts.penalties >= 1);
	rig.trial.now = monotonic_ns();
	sends_method(&rig, "INVITE", 1, SW_REASON_GREYLIST);
}

static void test_without_proof_no_ban(void **state)
{
	(void)state;
	without_proof_no_ban(false);
	without_proof_no_ban(true);
}

static void numbers(struct rig *rig, unsigned int first, unsigned int count, unsigned int status)
{
	char callee[16];

	for (unsigned int i = 0; i < count; i++) {
		snprintf(callee, sizeof(callee), "%u", first + i);
		with_nonce(rig, "OPTIONS", callee, status);
	}
}

/* A registered phone that looks for others. */
static void test_registered_phone_searches(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_rig struct rig rig;

	(void)state;
	rig_open_now(&rig, watched);
	logs_in(&rig);
	numbers(&rig, 200, THRESHOLD - 1, 404);
	judges(&rig, &behaviour);
	assert_int_equal(behaviour.counts.bans[SW_OFFENCE_ENUMERATION], 0);
	numbers(&rig, 200 + THRESHOLD, 1, 404);
	judges(&rig, &behaviour);
	assert_int_equal(behaviour.counts.bans[SW_OFFENCE_ENUMERATION], 1);
	rig.trial.now = monotonic_ns();
	sends_method(&rig, "INVITE", 1, SW_REASON_ENUMERATION);
}

/* Whoever finds more than he misses dials, and does not try: the balance of what the server
 * said, of now and of the minute before. */
static void test_finds_more_than_it_misses(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_rig struct rig rig;

	(void)state;
	rig_open_now(&rig, watched);
	logs_in(&rig); /* that found somebody, too */
	numbers(&rig, 100, 11, 200);
	numbers(&rig, 200, 10, 404);
	judges(&rig, &behaviour);
	assert_int_equal(told_count, 10);
	assert_int_equal(told[0].found, 11);
	assert_int_equal(told[9].found, 2);
	assert_int_equal(behaviour.counts.bans[SW_OFFENCE_ENUMERATION], 0);
	/* Its balance is 2: the first of these is still covered, the last ones are not. */
	numbers(&rig, 300, 1 + THRESHOLD, 404);
	judges(&rig, &behaviour);
	assert_int_equal(told[0].found, 1);
	assert_int_equal(told[1].found, 0);
	assert_int_equal(behaviour.counts.bans[SW_OFFENCE_ENUMERATION], 1);
}

/* What it found counts for this minute and the one before. */
static void test_balance_is_forgotten(void **state)
{
	static const struct {
		unsigned int seconds, found;
	} later[] = {{1, 9}, {59, 9}, {61, 9}, {119, 9}, {121, 0}, {3600, 0}};

	(void)state;
	for (unsigned int i = 0; i < array_size(later); i++) {
		auto_rig struct rig rig;

		rig_open(&rig, watched);
		rig.trial.now = 1000 * SECOND;
		logs_in(&rig);
		numbers(&rig, 100, 9, 200);
		rig.trial.now = (1000 + later[i].seconds) * SECOND;
		numbers(&rig, 200, 1, 404);
		assert_int_equal(overhear(&rig), 1);
		assert_int_equal(told[0].found, later[i].found);
	}
}

/* Those whom the server never served have no balance: what is open to all finds somebody. */
static void test_stranger_has_no_balance(void **state)
{
	struct phone phone = {"OPTIONS", "alice", "100", NULL, 0, NULL};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, watched);
	for (int i = 0; i < 10; i++) {
		phone.branch = new_branch();
		asks(&rig, &phone, SW_REASON_NONE);
		answers(&rig, &phone, 200, NULL, "t");
	}
	phone.callee = "200";
	phone.branch = new_branch();
	asks(&rig, &phone, SW_REASON_NONE);
	answers(&rig, &phone, 404, NULL, "t");
	assert_int_equal(overhear(&rig), 1);
	assert_int_equal(told[0].found, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_proof_no_ban),
		cmocka_unit_test(test_registered_phone_searches),
		cmocka_unit_test(test_finds_more_than_it_misses),
		cmocka_unit_test(test_balance_is_forgotten),
		cmocka_unit_test(test_stranger_has_no_balance),
	};

	return cmocka_run_group_tests_name("enumeration", tests, NULL, NULL);
}
