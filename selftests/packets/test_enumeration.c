/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Requests for users that do not exist, from the packets to the ban: the proof of the sender, and
 * callers that only dial a wrong number now and then.
 */
#include <bpf/bpf.h>

#include "agent/behaviour.h"
#include "agent/conduct.h"
#include "phone.h"

#define THRESHOLD 5

static const char *const watched =
	YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1000/s, probe: off}, "
		   "bans: {enumeration: 5/60s}}]\n";

static void quiet(const char *text)
{
	(void)text;
}

/* Lets the agent judge the offences that were told. */
static void judges(struct rig *rig, struct behaviour *behaviour)
{
	behaviour->state = &rig->test_run.state;
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
	rig->test_run.now = monotonic_ns();
}

/* One INVITE without credentials and its refusal. */
static struct phone calls(struct rig *rig, const char *callee, unsigned int status, const char *tag)
{
	struct phone phone = {"INVITE", "alice", callee, NULL, new_branch(), NULL};

	rig->test_run.now += 10 * MS;
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
	rig.test_run.now = monotonic_ns();
	sends_method(&rig, "INVITE", 1, SW_REASON_GREYLIST);
}

static void test_without_proof_no_ban(void **state)
{
	(void)state;
	without_proof_no_ban(false);
	without_proof_no_ban(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_proof_no_ban),
	};

	return cmocka_run_group_tests_name("enumeration", tests, NULL, NULL);
}
