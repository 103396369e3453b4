/* SPDX-License-Identifier: GPL-2.0-only
 *
 * An account that is guessed at from many sources, each of which stays below its own threshold:
 * what strangers to it may send from then on, and who goes on as before.
 */
#include <bpf/bpf.h>

#include "logins.h"
#include "newcomers.h"

#define ZONE(bans)                                                                     \
	YAML_PLAIN "emergency: {numbers: [\"112\"]}\n"                                 \
		   "zones: [{name: public, newcomers: {rate: 1000/s, greylist: off}, " \
		   "bans: {auth_failures: 10/60s, " bans "for: 10m, escalate: 4}}]\n"

static const char *const guarded = ZONE("account: 30/10m, ");
static const char *const unguarded = ZONE("");

/* One wrong password from each of so many addresses. */
static void attacks(struct rig *rig, struct behaviour *behaviour, const char *user,
		    unsigned int sources)
{
	for (unsigned int i = 0; i < sources; i++) {
		auto_line struct line line = NO_LINE;

		dials_from(rig, &line, 10 + i);
		tries(rig, &line, "REGISTER", user, 401);
	}
	judges(rig, behaviour);
}

static void test_strangers(void **state)
{
	static const struct ask passes[] = {
		{.method = "REGISTER", .user = "bob"}, /* it gets a challenge */
		{.method = "REGISTER", .user = "bobb", .nonce = 1},
		{.method = "REGISTER", .user = "bo", .nonce = 1},
		{.method = "INVITE", .user = "bob", .nonce = 1, .tag = "t"},
		{.method = "BYE", .user = "bob", .nonce = 1, .tag = "t"},
		{.method = "INVITE", .user = "bob", .nonce = 1, .callee = "112"},
	};
	static const struct ask drops[] = {
		{.method = "REGISTER", .user = "bob", .nonce = 1},
		{.method = "REGISTER", .user = "BOB", .nonce = 1},
		{.method = "REGISTER", .user = "bob", .nonce = 1, .tag = "t"},
		{.method = "INVITE", .user = "bob", .nonce = 1},
		{.method = "INVITE",
		 .user = "alice",
		 .nonce = 1,
		 .rest = "Proxy-Authorization: Digest username=\"bob\", realm=\"lab\", "
			 "nonce=\"n\", uri=\"sip:a\", response=\"0\"\r\n"},
	};
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_line struct line line = NO_LINE;
	auto_rig struct rig rig;

	(void)state;
	logins_open(&rig, guarded);
	dials_from(&rig, &line, 200);
	attacks(&rig, &behaviour, "bob", 29);
	assert_int_equal(behaviour.counts.accounts, 0);
	logs_in(&rig, &line, "bob", SW_REASON_NONE);
	attacks(&rig, &behaviour, "bob", 30);
	assert_int_equal(behaviour.counts.accounts, 1);
	assert_int_equal(behaviour.counts.refused, 0);
	assert_int_equal(counts_of(&rig).accounts, 1);
	/* Three at once, then one every 20 s. */
	for (int i = 0; i < 3; i++)
		logs_in(&rig, &line, "bob", SW_REASON_NONE);
	for (size_t i = 0; i < array_size(drops); i++)
		sends_ask(&rig, &line, &drops[i], SW_REASON_ACCOUNT_ATTACKED);
	for (size_t i = 0; i < array_size(passes); i++)
		sends_ask(&rig, &line, &passes[i], SW_REASON_NONE);
	rig.test_run.now += 20 * SECOND;
	logs_in(&rig, &line, "bob", SW_REASON_NONE);
	logs_in(&rig, &line, "bob", SW_REASON_ACCOUNT_ATTACKED);
	rig.test_run.now += 581 * SECOND;
	for (int i = 0; i < 10; i++)
		logs_in(&rig, &line, "bob", SW_REASON_NONE);
}

/* Whoever registered before goes on, on the same connection and from the same address. */
static void test_owner(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_line struct line his = NO_LINE, anew = NO_LINE, neighbour = NO_LINE;
	auto_rig struct rig rig;

	(void)state;
	logins_open(&rig, guarded);
	dials_from(&rig, &his, 200);
	tries(&rig, &his, "REGISTER", "bob", 200);
	attacks(&rig, &behaviour, "bob", 30);
	assert_int_equal(behaviour.counts.accounts, 1);
	dials_from(&rig, &anew, 200);
	dials_from(&rig, &neighbour, 201);
	for (int i = 0; i < 20; i++) {
		logs_in(&rig, &his, "bob", SW_REASON_NONE);
		logs_in(&rig, &anew, "bob", SW_REASON_NONE);
	}
	/* None of these took a part of what is left to strangers. */
	for (int i = 0; i < 4; i++)
		logs_in(&rig, &neighbour, "bob",
			i < 3 ? SW_REASON_NONE : SW_REASON_ACCOUNT_ATTACKED);
}

/* Over UDP, who has proved no address takes nothing of the limit. */
static void test_udp(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	struct phone udp = {"REGISTER", "bob", "bob", "n00000001", 0, NULL};
	auto_line struct line line = NO_LINE;
	auto_rig struct rig rig;

	(void)state;
	logins_open(&rig, guarded);
	attacks(&rig, &behaviour, "bob", 30);
	rig.from = (struct endpoint){.addr = address("198.51.100.7"), .port = 5060};
	for (int i = 0; i < 10; i++) {
		udp.branch = new_branch();
		asks(&rig, &udp, SW_REASON_ACCOUNT_ATTACKED);
	}
	becomes_known(&rig);
	for (int i = 0; i < 4; i++) {
		udp.branch = new_branch();
		asks(&rig, &udp, i < 3 ? SW_REASON_NONE : SW_REASON_ACCOUNT_ATTACKED);
	}
}

/* Where nobody is asked for a proof, nobody has one. */
static void test_no_probes(void **state)
{
	auto_free char *yaml = xasprintf("%s", guarded);
	cleanup(behaviour_close) struct behaviour behaviour = {};
	struct phone udp = {"REGISTER", "bob", "bob", "n00000001", 0, NULL};
	auto_rig struct rig rig;

	(void)state;
	memcpy(strstr(yaml, "greylist: off"), "probe: off   ", 13);
	logins_open(&rig, yaml);
	attacks(&rig, &behaviour, "bob", 30);
	rig.from = (struct endpoint){.addr = address("198.51.100.7"), .port = 5060};
	for (int i = 0; i < 4; i++) {
		udp.branch = new_branch();
		asks(&rig, &udp, i < 3 ? SW_REASON_NONE : SW_REASON_ACCOUNT_ATTACKED);
	}
}

/* A guesser hides the name behind others of his choice: all such requests are one account. */
static void test_several(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	struct ask ask = {.method = "REGISTER",
			  .rest = "Authorization: Digest username=\"bob\", realm=\"lab\", "
				  "nonce=\"n\", uri=\"sip:a\", response=\"0\"\r\n"};
	auto_line struct line line = NO_LINE;
	auto_rig struct rig rig;
	char user[16];

	(void)state;
	logins_open(&rig, guarded);
	for (unsigned int i = 0; i < 30; i++) {
		auto_line struct line one = NO_LINE;

		snprintf(user, sizeof(user), "mine%u", i);
		ask.user = user;
		ask.nonce = 0;
		dials_from(&rig, &one, 10 + i);
		sends_ask(&rig, &one, &(struct ask){.method = "REGISTER", .user = user},
			  SW_REASON_NONE);
		answers_ask(&rig, &ask, 401, 0x7000 + i);
		ask.nonce = 0x7000 + i;
		sends_ask(&rig, &one, &ask, SW_REASON_NONE);
		answers_ask(&rig, &ask, 401, 0);
	}
	judges(&rig, &behaviour);
	assert_int_equal(behaviour.counts.accounts, 1);
	dials_from(&rig, &line, 200);
	ask.user = "other";
	for (int i = 0; i < 4; i++)
		sends_ask(&rig, &line, &ask, i < 3 ? SW_REASON_NONE : SW_REASON_ACCOUNT_ATTACKED);
	/* The nearest legal one: a single username. */
	logs_in(&rig, &line, "bob", SW_REASON_NONE);
	logs_in(&rig, &line, "other", SW_REASON_NONE);
}

static void test_by_hand(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_free struct ban_entry *bans = NULL;
	auto_line struct line line = NO_LINE;
	auto_rig struct rig rig;
	struct error e = {};
	size_t count;
	bool found;

	(void)state;
	logins_open(&rig, guarded);
	attacks(&rig, &behaviour, "abcdefghijklmnopqrstuvwxyz", 30);
	dials_from(&rig, &line, 200);
	/* The limit stands behind the name, which has all the room there is. */
	for (int i = 0; i < 4; i++)
		logs_in(&rig, &line, "abcdefghijklmnopqrstuvwxyz",
			i < 3 ? SW_REASON_NONE : SW_REASON_ACCOUNT_ATTACKED);
	assert_int_equal(ban_list(&rig.test_run.state, BAN_DENIES, &bans, &count, &e), 0);
	assert_int_equal(count, 1);
	assert_string_equal(bans[0].user, "abcdefghijklmnopqrstuvwx");
	assert_true(bans[0].account);
	assert_int_equal(bans[0].ban.hits, 1);
	assert_int_equal(bans[0].ban.evidence, 30);
	assert_int_equal(ban_del_account(&rig.test_run.state, "abc", &found, &e), 0);
	assert_false(found);
	assert_int_equal(ban_del_account(&rig.test_run.state, bans[0].user, &found, &e), 0);
	assert_true(found);
	logs_in(&rig, &line, "abcdefghijklmnopqrstuvwxyz", SW_REASON_NONE);
}

/* Nothing is carried out without the key, or where somebody only watches. */
static void test_only_said(void **state)
{
	auto_free char *shadowed = xasprintf("shadow: [account_attacked]\n%s", guarded);
	const char *const yaml[] = {unguarded, shadowed};

	(void)state;
	for (size_t i = 0; i < array_size(yaml); i++) {
		cleanup(behaviour_close) struct behaviour behaviour = {};
		auto_line struct line line = NO_LINE;
		auto_rig struct rig rig;

		logins_open(&rig, yaml[i]);
		attacks(&rig, &behaviour, "bob", 30);
		assert_int_equal(behaviour.counts.accounts, 0);
		assert_int_equal(behaviour.counts.accounts_watched, 1);
		assert_int_equal(counts_of(&rig).accounts, 0);
		dials_from(&rig, &line, 200);
		for (int j = 0; j < 5; j++)
			logs_in(&rig, &line, "bob", SW_REASON_NONE);
	}
}

/* What may be spoofed takes little room in the table of bans, whatever names it has. */
static void test_hints(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	struct sw_refusal refusal = {.failures = 1};
	auto_rig struct rig rig;

	(void)state;
	logins_open(&rig, guarded);
	judges(&rig, &behaviour);
	for (unsigned int name = 0; name < 100; name++)
		for (__u64 who = 1; who <= 30; who++) {
			struct sw_offence o = {.kind = SW_OFFENCE_AUTH,
					       .who = name * 100 + who,
					       .login = name * 100 + who,
					       .time = monotonic_ns(),
					       .source.length = 32};

			snprintf(o.name, sizeof(o.name), "user%u", name);
			assert_int_equal(
				bpf_map_update_elem(rig.test_run.state.fds[STATE_UNPROVEN_REFUSALS],
						    &o.who, &refusal, BPF_ANY),
				0);
			behaviour_judge(&behaviour, &o);
		}
	assert_int_equal(counts_of(&rig).accounts, ACCOUNTS_HINTED);
	assert_int_equal(behaviour.counts.accounts_watched, 100 - ACCOUNTS_HINTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strangers), cmocka_unit_test(test_owner),
		cmocka_unit_test(test_udp),       cmocka_unit_test(test_no_probes),
		cmocka_unit_test(test_several),   cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_only_said), cmocka_unit_test(test_hints),
	};

	return cmocka_run_group_tests_name("accounts", tests, own_network, NULL);
}
