/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Wrong passwords, from the packets to what the agent makes of them: which usernames are refused to
 * a source, and which requests that drops; when the source is banned; and who goes on beside a
 * guesser. Evidence comes on real TCP connections, over the loopback of a network namespace.
 */
#include <bpf/bpf.h>

#include "kernel/health.h"
#include "logins.h"

static const char *const watched =
	YAML_PLAIN "emergency: {numbers: [\"112\"]}\n"
		   "zones: [{name: public, newcomers: {rate: 1000/s, probe: off}, "
		   "bans: {auth_failures: 10/60s, enumeration: 20/60s, for: 10m, escalate: 4}}]\n";

/* One phone with a wrong password: it alone is refused, on any connection and over UDP; and its
 * neighbour goes on, whom the server has not seen yet. */
static void test_one_phone(void **state)
{
	static const struct ask passes[] = {
		{.method = "REGISTER", .user = "bob"}, /* it gets a challenge */
		{.method = "REGISTER", .user = "bo", .nonce = 1},
		{.method = "REGISTER", .user = "bobb", .nonce = 1},
		{.method = "REGISTER", .user = "alice", .nonce = 1, .callee = "bob"},
		{.method = "INVITE", .user = "alice", .nonce = 1},
		{.method = "INVITE", .user = "bob", .nonce = 1, .tag = "t"},
		{.method = "BYE", .user = "bob", .nonce = 1, .tag = "t"},
		{.method = "ACK", .user = "bob", .nonce = 1},
		{.method = "INVITE", .user = "bob", .nonce = 1, .callee = "112"},
	};
	static const struct ask drops[] = {
		{.method = "REGISTER", .user = "bob", .nonce = 1},
		{.method = "REGISTER", .user = "bob", .nonce = 1, .callee = "x"},
		{.method = "REGISTER", .user = "bob", .nonce = 1, .tag = "t"},
		{.method = "INVITE", .user = "bob", .nonce = 1},
		{.method = "SUBSCRIBE", .user = "bob", .nonce = 1},
		{.method = "OPTIONS", .user = "bob", .nonce = 1},
		/* Of two headers the server may read either. */
		{.method = "INVITE",
		 .user = "alice",
		 .nonce = 1,
		 .rest = "Proxy-Authorization: Digest username=\"bob\", realm=\"lab\", "
			 "nonce=\"n\", uri=\"sip:a\", response=\"0\"\r\n"},
	};

	(void)state;
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		cleanup(behaviour_close) struct behaviour behaviour = {};
		auto_line struct line first = NO_LINE, second = NO_LINE;
		struct phone udp = {"REGISTER", "bob", "bob", "n00000001", new_branch(), NULL};
		auto_rig struct rig rig;

		logins_open(&rig, watched);
		dials(&rig, &first, ipv6);
		dials(&rig, &second, ipv6);
		guesses(&rig, &behaviour, &first, "bob", 10);
		expect_counts(&rig, 0, 0);
		guesses(&rig, &behaviour, &first, "bob", 1); /* the first may be an old nonce */
		expect_counts(&rig, 0, 1);
		assert_int_equal(behaviour.counts.refused, 1);
		assert_int_equal(behaviour.counts.bans[SW_OFFENCE_AUTH], 0);
		for (size_t i = 0; i < array_size(passes); i++)
			sends_ask(&rig, i % 2 ? &first : &second, &passes[i], SW_REASON_NONE);
		for (size_t i = 0; i < array_size(drops); i++)
			sends_ask(&rig, i % 2 ? &first : &second, &drops[i],
				  SW_REASON_LOGIN_REFUSED);
		asks(&rig, &udp, SW_REASON_LOGIN_REFUSED);
		/* Elsewhere it is another login. */
		rig.from.addr = address(ipv6 ? "2001:db8:5::1" : "198.51.100.7");
		udp.branch = new_branch();
		asks(&rig, &udp, SW_REASON_NONE);
	}
}

/* The addresses of one /64 are one source. */
static void test_ipv6(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	struct phone udp = {"REGISTER", "bob", "bob", "n00000001", new_branch(), NULL};
	auto_line struct line line = NO_LINE;
	auto_rig struct rig rig;

	(void)state;
	logins_open(&rig, watched);
	dials(&rig, &line, true);
	guesses(&rig, &behaviour, &line, "bob", 11);
	rig.from.addr = rig.to.addr = address("::77");
	asks(&rig, &udp, SW_REASON_LOGIN_REFUSED);
	rig.from.addr = address("0:0:0:1::77");
	udp.branch = new_branch();
	asks(&rig, &udp, SW_REASON_NONE);
}

/* It ends by itself, and by hand: for one username, or for all of an address. */
static void test_refusal_ends(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	struct prefix source = {.addr = address("127.0.0.1"), .length = 32};
	auto_line struct line line = NO_LINE;
	auto_rig struct rig rig;
	struct error e = {};
	bool found;

	(void)state;
	logins_open(&rig, watched);
	dials(&rig, &line, false);
	guesses(&rig, &behaviour, &line, "bob", 11);
	guesses(&rig, &behaviour, &line, "carol", 11);
	expect_counts(&rig, 0, 2);
	assert_int_equal(ban_del_user(&rig.test_run.state, &source, "bo", &found, &e), 0);
	assert_false(found);
	assert_int_equal(ban_del_user(&rig.test_run.state, &source, "bob", &found, &e), 0);
	assert_true(found);
	logs_in(&rig, &line, "bob", SW_REASON_NONE);
	logs_in(&rig, &line, "carol", SW_REASON_LOGIN_REFUSED);
	assert_int_equal(ban_del(&rig.test_run.state, &source, BAN_DENIES, &found, &e), 0);
	assert_true(found);
	expect_counts(&rig, 0, 0);
	guesses(&rig, &behaviour, &line, "bob", 11);
	rig.test_run.now += 601 * SECOND;
	logs_in(&rig, &line, "bob", SW_REASON_NONE);
}

/* A guesser of several names is banned: of three where nobody else is known, of ten where somebody
 * registered or called. The usernames that his own endpoint registered with do not spare him.
 * A good name is one bit of 64, and a guessed name may have the same: there are eight good ones, so
 * that one is left. */
static void test_guesser(void **state)
{
	static const char *const others[] = {NULL, "REGISTER", "INVITE"};

	(void)state;
	for (size_t other = 0; other < array_size(others); other++) {
		cleanup(behaviour_close) struct behaviour behaviour = {};
		unsigned int last = others[other] ? 10 : 3;
		auto_line struct line line = NO_LINE;
		auto_rig struct rig rig;
		char user[16];

		logins_open(&rig, watched);
		dials(&rig, &line, false);
		for (int i = 0; i < 8 && others[other]; i++) {
			snprintf(user, sizeof(user), "good%d", i);
			tries(&rig, &line, others[other], user, 200);
		}
		for (unsigned int i = 1; i <= last; i++) {
			snprintf(user, sizeof(user), "guess%u", i);
			guesses(&rig, &behaviour, &line, user, 11);
			expect_counts(&rig, i == last, i);
		}
		logs_in(&rig, &line, "alice", SW_REASON_AUTH_FAILURES);
	}
}

/* One password on each of many names is counted in the first round, however old the nonces are that
 * the guesser lets grow old; but not where the right password follows. */
static void test_spray(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_line struct line line = NO_LINE;
	auto_rig struct rig rig;
	char user[16];

	(void)state;
	logins_open(&rig, watched);
	dials(&rig, &line, false);
	for (int i = 0; i < 19; i++) {
		snprintf(user, sizeof(user), "user%d", i);
		guesses(&rig, &behaviour, &line, user, 1);
	}
	expect_counts(&rig, 0, 0);
	guesses(&rig, &behaviour, &line, "user0", 1); /* no new one */
	expect_counts(&rig, 0, 0);
	guesses(&rig, &behaviour, &line, "user19", 1);
	expect_counts(&rig, 1, 0);
	assert_int_equal(behaviour.counts.bans[SW_OFFENCE_AUTH], 1);
}

static void old_nonce(struct rig *rig, const struct line *line, const char *user, bool succeeds)
{
	struct ask ask = {.method = "REGISTER", .user = user, .nonce = 0x777};

	sends_ask(rig, line, &ask, SW_REASON_NONE);
	answers_ask(rig, &ask, 401, 0x778);
	ask.nonce = 0x778;
	if (!succeeds)
		return;
	sends_ask(rig, line, &ask, SW_REASON_NONE);
	answers_ask(rig, &ask, 200, 0);
}

static void test_old_nonces(void **state)
{
	char user[16];

	(void)state;
	for (int succeeds = 0; succeeds < 2; succeeds++) {
		cleanup(behaviour_close) struct behaviour behaviour = {};
		auto_line struct line line = NO_LINE;
		auto_rig struct rig rig;

		logins_open(&rig, watched);
		dials(&rig, &line, false);
		/* Forty phones after a restart of their server. */
		for (int i = 0; i < 40; i++) {
			snprintf(user, sizeof(user), "user%d", i);
			old_nonce(&rig, &line, user, succeeds);
			judges(&rig, &behaviour);
		}
		expect_counts(&rig, 0, 0);
		rig.test_run.now += 6 * SECOND;
		guesses(&rig, &behaviour, &line, "user40", 1);
		expect_counts(&rig, !succeeds, 0);
	}
}

static uint64_t good_logins(const struct rig *rig)
{
	struct sw_source source = {.addr = rig->from.addr, .length = 32};
	struct sw_authenticated good = {};

	bpf_map_lookup_elem(rig->test_run.state.fds[STATE_AUTHENTICATED], &source, &good);
	return good.logins;
}

/* Where more log in than are searched for, as many may be wrong. */
static void test_large_office(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_line struct line line = NO_LINE;
	auto_rig struct rig rig;
	unsigned int good, wrong = 0;
	char user[16];

	(void)state;
	logins_open(&rig, watched);
	dials(&rig, &line, false);
	for (int i = 0; i < 60; i++) {
		snprintf(user, sizeof(user), "good%d", i);
		tries(&rig, &line, "REGISTER", user, 200);
	}
	judges(&rig, &behaviour);
	while (!counts_of(&rig).source && wrong < 100) {
		snprintf(user, sizeof(user), "wrong%u", wrong++);
		guesses(&rig, &behaviour, &line, user, 1);
	}
	good = __builtin_popcountll(good_logins(&rig));
	assert_true(good > 25);
	assert_in_range(wrong, good - 1, good);
}

/* A neighbour guesses at somebody who has registered: that one's connection goes on, another one
 * does not, and it lasts no longer the next time. */
static void test_neighbour(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_line struct line his = NO_LINE, neighbour = NO_LINE, another = NO_LINE;
	struct prefix source = {.addr = address("127.0.0.1"), .length = 32};
	auto_rig struct rig rig;
	struct error e = {};
	bool found;

	(void)state;
	logins_open(&rig, watched);
	dials(&rig, &his, false);
	dials(&rig, &neighbour, false);
	dials(&rig, &another, false);
	tries(&rig, &his, "REGISTER", "bob", 200);
	for (int round = 0; round < 2; round++) {
		guesses(&rig, &behaviour, &neighbour, "bob", 11);
		expect_counts(&rig, 0, 1);
		assert_int_equal(counts_of(&rig).seconds, 600);
		logs_in(&rig, &his, "bob", SW_REASON_NONE);
		logs_in(&rig, &neighbour, "bob", SW_REASON_LOGIN_REFUSED);
		logs_in(&rig, &another, "bob", SW_REASON_LOGIN_REFUSED);
		assert_int_equal(ban_del_user(&rig.test_run.state, &source, "bob", &found, &e), 0);
	}
	/* From his own connection wrong passwords come: it is his no longer. */
	guesses(&rig, &behaviour, &his, "bob", 12);
	logs_in(&rig, &his, "bob", SW_REASON_LOGIN_REFUSED);
}

/* A call with a made-up password of another one, to where no password is asked: a proxy relays the
 * challenge of a callee. That makes nobody the owner of the username. */
static void test_call_makes_no_owner(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_line struct line line = NO_LINE;
	auto_rig struct rig rig;

	(void)state;
	logins_open(&rig, watched);
	dials(&rig, &line, false);
	tries(&rig, &line, "INVITE", "bob", 200);
	guesses(&rig, &behaviour, &line, "bob", 11);
	expect_counts(&rig, 0, 1);
	logs_in(&rig, &line, "bob", SW_REASON_LOGIN_REFUSED);
}

/* In another one's name: over UDP, and in segments of no connection. */
static void test_spoofed(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_line struct line his = NO_LINE, forged = NO_LINE;
	auto_rig struct rig rig;

	(void)state;
	logins_open(&rig, watched);
	dials(&rig, &his, false);
	forged.connection.seq = his.connection.seq + 100000;
	forged.connection.ack = his.connection.ack;
	forged.end = his.end;
	tries(&rig, &his, "REGISTER", "bob", 200);
	guesses(&rig, &behaviour, &forged, "bob", 30);
	for (unsigned int i = 0; i < 30; i++)
		registers_as(&rig, "bob", 5000 + i, 401, 0);
	judges(&rig, &behaviour);
	expect_counts(&rig, 0, 0);
	assert_int_equal(behaviour.counts.refused, 0);
	logs_in(&rig, &his, "bob", SW_REASON_NONE);
}

/* A nonce that all get in the same second is as good: nothing rests on who else has it. */
static void test_shared_nonces(void **state)
{
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_line struct line line = NO_LINE;
	auto_rig struct rig rig;

	(void)state;
	logins_open(&rig, watched);
	dials(&rig, &line, false);
	shares_nonces = true;
	guesses(&rig, &behaviour, &line, "bob", 10);
	expect_counts(&rig, 0, 0);
	guesses(&rig, &behaviour, &line, "bob", 1);
	shares_nonces = false;
	expect_counts(&rig, 0, 1);
}

/* A guess, however it is spelled, and what a guesser with an account of his own sends between
 * two. */
struct trick {
	const char *what;
	const char *guess;   /* credentials */
	const char *success; /* likewise; NULL: of his own account */
	bool same_branch;
	bool old_nonces; /* fetched before, and used in turns */
	const char *cseq;
	bool pipelined; /* behind a good login with the same branch, before that is answered */
};

#define DIGEST(user, realm, nonce)                                          \
	"Digest username=\"" user "\", realm=\"" realm "\", nonce=\"" nonce \
	"\", uri=\"sip:a\", response=\"00000000000000000000000000000000\""
#define EIGHT "a=1, a=1, a=1, a=1, a=1, a=1, a=1, a=1, "

/* clang-format off */
static const struct trick tricks[] = {
	{"one branch for all guesses",
	 "Authorization: " DIGEST("bob", "lab", "x") "\r\n", NULL, true, false, NULL, false},
	{"a success with the name of the other in another realm",
	 "Authorization: " DIGEST("bob", "lab", "x") "\r\n",
	 "Authorization: " DIGEST("bob", "no", "x") "\r\nAuthorization: " DIGEST("eve", "lab", "y")
	 "\r\n", false, false, NULL, false},
	{"his own name in another realm before the guess",
	 "Authorization: " DIGEST("eve", "no", "x") "\r\nAuthorization: " DIGEST("bob", "lab", "y")
	 "\r\n", NULL, false, false, NULL, false},
	{"two names in one header, the success with the other first",
	 "Authorization: " DIGEST("bob", "lab", "x") "\r\n",
	 "Authorization: Digest username=\"bob\", username=\"eve\", realm=\"lab\", nonce=\"x\", "
	 "uri=\"sip:a\", response=\"0\"\r\n", false, false, NULL, false},
	{"two names in one header, the guess with his own first",
	 "Authorization: Digest username=\"eve\", realm=\"lab\", nonce=\"x\", username=\"bob\", "
	 "uri=\"sip:a\", response=\"0\"\r\n", NULL, false, false, NULL, false},
	{"his own name for a proxy, and the guess for the registrar",
	 "Authorization: " DIGEST("eve", "lab", "x") "\r\nProxy-Authorization: "
	 DIGEST("bob", "lab", "y") "\r\n", NULL, false, false, NULL, false},
	{"a name behind as many parameters as are read",
	 "Authorization: Digest realm=\"lab\", nonce=\"x\", " EIGHT EIGHT EIGHT EIGHT
	 "username=\"bob\", uri=\"sip:a\", response=\"0\"\r\n", NULL, false, false, NULL, false},
	{"a nonce behind as many parameters as are read",
	 "Authorization: Digest realm=\"lab\", username=\"bob\", " EIGHT EIGHT EIGHT EIGHT
	 "nonce=\"x\", uri=\"sip:a\", response=\"0\"\r\n", NULL, false, false, NULL, false},
	{"no name for the registrar, and the guess for a proxy",
	 "Authorization: Digest nonce=\"x\"\r\nProxy-Authorization: " DIGEST("bob", "lab", "y")
	 "\r\n", NULL, false, false, NULL, false},
	{"nonces that were fetched before, in turns", NULL, NULL, false, true, NULL, false},
	{"another method in CSeq", "Authorization: " DIGEST("bob", "lab", "x") "\r\n", NULL, false,
	 false, "OPTIONS", false},
	{"a good login with the same branch, in the same moment",
	 "Authorization: " DIGEST("bob", "lab", "x") "\r\n", NULL, false, false, NULL, true},
};
/* clang-format on */

static bool is_dropped(struct rig *rig, const struct line *line, const struct ask *ask)
{
	lays_ask(rig, line, ask);
	return !gets_in_frame(rig);
}

/* How many of 60 guesses reach the server, with a success of the guesser's own behind each five. */
static unsigned int guesses_by(const struct trick *trick)
{
	struct ask guess = {.method = "REGISTER", .user = "bob", .rest = trick->guess};
	struct ask own = {.method = "REGISTER",
			  .user = "eve",
			  .rest = trick->success ?
					  trick->success :
					  "Authorization: " DIGEST("eve", "lab", "z") "\r\n"};
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_line struct line line = NO_LINE;
	auto_rig struct rig rig;
	unsigned int passed = 0;

	logins_open(&rig, watched);
	dials(&rig, &line, false);
	guess.branch = trick->same_branch ? new_branch() : 0;
	for (unsigned int i = 0; i < 2 && trick->old_nonces; i++) {
		sends_ask(&rig, &line, &guess, SW_REASON_NONE);
		answers_ask(&rig, &guess, 401, 0x4000 + i);
	}
	for (int i = 0; i < 60; i++) {
		guess.nonce = trick->old_nonces ? 0x4000 + i % 2 : 0;
		if (i % 5 == 4 && !is_dropped(&rig, &line, &own))
			answers_ask(&rig, &own, 200, 0);
		guess.cseq = trick->cseq;
		if (trick->pipelined) {
			own.branch = guess.branch = new_branch();
			is_dropped(&rig, &line, &own);
		}
		if (!is_dropped(&rig, &line, &guess)) {
			if (trick->pipelined)
				answers_ask(&rig, &own, 200, 0);
			answers_ask(&rig, &guess, 401, 0x5000 + i);
			passed++;
		}
		judges(&rig, &behaviour);
	}
	return passed;
}

static void test_tricks(void **state)
{
	unsigned int worst = 0;

	(void)state;
	for (size_t i = 0; i < array_size(tricks); i++) {
		unsigned int passed = guesses_by(&tricks[i]);

		assert_true(passed >= 10);
		if (passed > 13)
			print_error("%s: %u of 60 guesses\n", tricks[i].what, passed);
		if (passed > worst)
			worst = passed;
	}
	assert_true(worst <= 13);
}

/* A username that is empty, or is not found, is refused as others are: but not to those who have
 * credentials for a proxy only. */
static void test_empty_name(void **state)
{
	struct ask empty = {.method = "REGISTER", .user = "", .nonce = 1};
	struct ask proxy = {.method = "INVITE",
			    .user = "carol",
			    .rest = "Proxy-Authorization: " DIGEST("carol", "lab", "x") "\r\n"};
	struct ask first = {.method = "REGISTER",
			    .user = "carol",
			    .rest = "Authorization: " DIGEST("carol", "lab", "") "\r\n"};
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_line struct line line = NO_LINE;
	auto_rig struct rig rig;

	(void)state;
	logins_open(&rig, watched);
	dials(&rig, &line, false);
	guesses(&rig, &behaviour, &line, "", 11);
	sends_ask(&rig, &line, &empty, SW_REASON_LOGIN_REFUSED);
	sends_ask(&rig, &line, &proxy, SW_REASON_NONE);
	sends_ask(&rig, &line, &first, SW_REASON_NONE);
}

/* Servers give one nonce to all who ask in the same second. A neighbour guesses with the one that
 * the user has logged in with: that it may have expired excuses a phone, but not for ever. */
static void test_nonce_of_another(void **state)
{
	struct ask ask = {.method = "REGISTER", .user = "bob", .nonce = 0x9000};
	cleanup(behaviour_close) struct behaviour behaviour = {};
	auto_line struct line his = NO_LINE, neighbour = NO_LINE;
	auto_rig struct rig rig;
	unsigned int passed = 0;

	(void)state;
	logins_open(&rig, watched);
	dials(&rig, &his, false);
	dials(&rig, &neighbour, false);
	sends_ask(&rig, &his, &(struct ask){.method = "REGISTER", .user = "bob"}, SW_REASON_NONE);
	answers_ask(&rig, &ask, 401, ask.nonce);
	sends_ask(&rig, &his, &ask, SW_REASON_NONE);
	answers_ask(&rig, &ask, 200, 0);
	while (passed < 60 && !is_dropped(&rig, &neighbour, &ask)) {
		answers_ask(&rig, &ask, 401, 0x9001 + passed++);
		judges(&rig, &behaviour);
	}
	assert_in_range(passed, 11, 14);
	/* His own connection may use it until it expires, and the next one then. */
	sends_ask(&rig, &his, &ask, SW_REASON_NONE);
	answers_ask(&rig, &ask, 401, 0x9100);
	judges(&rig, &behaviour);
	ask.nonce = 0x9100;
	sends_ask(&rig, &his, &ask, SW_REASON_NONE);
}

/* Nothing is carried out where somebody only watches. */
static void test_monitor_mode(void **state)
{
	static const char *const shadows[] = {"auth_failures", "login_refused"};
	char yaml[512];

	(void)state;
	for (size_t i = 0; i < array_size(shadows); i++) {
		cleanup(behaviour_close) struct behaviour behaviour = {};
		auto_line struct line line = NO_LINE;
		auto_rig struct rig rig;

		snprintf(yaml, sizeof(yaml), "shadow: [%s]\n%s", shadows[i], watched);
		logins_open(&rig, yaml);
		dials(&rig, &line, false);
		guesses(&rig, &behaviour, &line, "bob", 11);
		expect_counts(&rig, 0, 0);
		assert_int_equal(behaviour.counts.would_refuse, 1);
		assert_int_equal(behaviour.counts.refused, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_phone),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_refusal_ends),
		cmocka_unit_test(test_guesser),
		cmocka_unit_test(test_spray),
		cmocka_unit_test(test_old_nonces),
		cmocka_unit_test(test_large_office),
		cmocka_unit_test(test_neighbour),
		cmocka_unit_test(test_call_makes_no_owner),
		cmocka_unit_test(test_spoofed),
		cmocka_unit_test(test_shared_nonces),
		cmocka_unit_test(test_tricks),
		cmocka_unit_test(test_empty_name),
		cmocka_unit_test(test_nonce_of_another),
		cmocka_unit_test(test_monitor_mode),
	};

	return cmocka_run_group_tests_name("logins", tests, own_network, NULL);
}
