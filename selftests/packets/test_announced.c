/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Bans that a hook was told of: their ends are noticed once, whoever ended them.
 */
#include "agent/announced.h"
#include "newcomers.h"

static unsigned int ended;
static unsigned int room = ~0u; /* for so many ends of one look */

static bool count_end(void *context, const struct announced_ban *ban)
{
	(void)context;
	assert_int_equal(ban->reason, SW_REASON_AUTH_FAILURES);
	if (ended >= room)
		return false;
	ended++;
	return true;
}

static unsigned int looks(struct announced *announced, struct rig *rig)
{
	ended = 0;
	announced_look(announced, &rig->test_run.state, count_end, NULL);
	return ended;
}

static struct sw_source source_of(unsigned int n)
{
	struct sw_source source;
	char text[32];
	struct sw_addr addr;

	snprintf(text, sizeof(text), "198.51.%u.%u", 100 + n / 256, n % 256);
	addr = address(text);
	ban_source(&addr, &source);
	return source;
}

/* Earned, for so many nanoseconds. */
static void is_sentenced(struct rig *rig, unsigned int n, uint64_t duration)
{
	struct bans bans = {.set = true, .duration = duration, .escalate = 1, .max = duration};
	struct ban_order order = {
		.source = source_of(n),
		.reason = SW_REASON_AUTH_FAILURES,
		.evidence = 10,
		.bans = &bans,
	};
	struct sw_ban made;

	assert_int_equal(ban_sentence(&rig->test_run.state, &order, monotonic_ns(), &made),
			 BAN_MADE);
}

static void test_ends(void **state)
{
	cleanup(announced_free) struct announced announced = {};
	struct prefix prefix = {.length = 32};
	auto_rig struct rig rig;
	struct error e = {};
	bool found;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	for (unsigned int n = 0; n < 3; n++) {
		struct sw_source source = source_of(n);

		is_sentenced(&rig, n, n == 2 ? SECOND / 10 : 3600 * SECOND);
		assert_true(announced_add(&announced, &source, SW_REASON_AUTH_FAILURES));
		assert_true(announced_add(&announced, &source, SW_REASON_AUTH_FAILURES));
	}
	assert_int_equal(announced.count, 3);
	prefix.addr = source_of(0).addr;
	assert_int_equal(ban_del(&rig.test_run.state, &prefix, BAN_DENIES, &found, &e), 0);
	assert_int_equal(looks(&announced, &rig), 1);
	usleep(150000); /* the kernel's clock counts for bans */
	assert_int_equal(looks(&announced, &rig), 1);
	assert_int_equal(looks(&announced, &rig), 0);
	/* An allow by hand takes the place of the ban. */
	prefix.addr = source_of(1).addr;
	assert_int_equal(allow_add(&rig.test_run.state, &prefix, BAN_FOREVER, "", NULL, &e), 0);
	assert_int_equal(looks(&announced, &rig), 1);
	assert_int_equal(announced.count, 0);
	assert_int_equal(looks(&announced, &rig), 0);
}

/* A long list is looked at in parts, all of it in the end. */
static void test_parts(void **state)
{
	cleanup(announced_free) struct announced announced = {};
	auto_rig struct rig rig;
	unsigned int all = 0, most = 0;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	for (unsigned int n = 0; n < 3 * ANNOUNCED_A_LOOK; n++) {
		struct sw_source source = source_of(n);

		if (n % 2)
			is_sentenced(&rig, n, 3600 * SECOND);
		assert_true(announced_add(&announced, &source, SW_REASON_AUTH_FAILURES));
	}
	for (int i = 0; i < 6; i++) {
		unsigned int now = looks(&announced, &rig);

		all += now;
		most = now > most ? now : most;
	}
	assert_int_equal(all, 3 * ANNOUNCED_A_LOOK / 2);
	assert_true(most <= ANNOUNCED_A_LOOK);
	assert_int_equal(announced.count, 3 * ANNOUNCED_A_LOOK / 2);
}

/* Those for which the hook has no room stay, and each is told of once. */
static void test_no_room(void **state)
{
	cleanup(announced_free) struct announced announced = {};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	for (unsigned int n = 0; n < 100; n++) {
		struct sw_source source = source_of(n);

		if (n % 10 == 0)
			is_sentenced(&rig, n, 3600 * SECOND);
		assert_true(announced_add(&announced, &source, SW_REASON_AUTH_FAILURES));
	}
	room = 0;
	assert_int_equal(looks(&announced, &rig), 0);
	assert_int_equal(announced.count, 100);
	room = 40;
	assert_int_equal(looks(&announced, &rig), 40);
	assert_int_equal(looks(&announced, &rig), 40);
	assert_int_equal(announced.count, 20);
	room = ~0u;
	/* A look that began in the middle ends at the end of the list. */
	assert_int_equal(looks(&announced, &rig) + looks(&announced, &rig), 10);
	assert_int_equal(announced.count, 10);
}

/* The table has usernames, too, which may be empty, as in username="": an account that is attacked,
 * and one that is refused to a source. */
static void is_named(struct rig *rig, enum sw_reason reason, const char *user)
{
	const uint64_t hour = 3600 * SECOND;
	struct bans bans = {.set = true, .duration = hour, .escalate = 1, .max = hour};
	struct ban_order order = {
		.source = source_of(2),
		.reason = reason,
		.user = user,
		.bans = &bans,
	};
	struct sw_ban made;

	if (reason == SW_REASON_ACCOUNT_ATTACKED)
		sw_account_key(&order.source, 1 + strlen(user), 1);
	else
		sw_login_key(&order.source, 1 + strlen(user) * 2);
	assert_int_equal(ban_sentence(&rig->test_run.state, &order, monotonic_ns(), &made),
			 BAN_MADE);
}

/* After a restart: bans of sources that were earned, and none by hand. */
static void test_bans_of_before(void **state)
{
	cleanup(announced_free) struct announced announced = {};
	struct prefix by_hand = {.addr = source_of(7).addr, .length = 32};
	auto_rig struct rig rig;
	struct error e = {};

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	is_sentenced(&rig, 1, 3600 * SECOND);
	is_named(&rig, SW_REASON_ACCOUNT_ATTACKED, "");
	is_named(&rig, SW_REASON_ACCOUNT_ATTACKED, "alice");
	is_named(&rig, SW_REASON_LOGIN_REFUSED, "");
	is_named(&rig, SW_REASON_LOGIN_REFUSED, "alice");
	assert_int_equal(ban_add(&rig.test_run.state, &by_hand, BAN_FOREVER, "", NULL, &e), 0);
	assert_int_equal(announced_read(&announced, &rig.test_run.state, &e), 0);
	assert_int_equal(announced.count, 1);
	assert_memory_equal(&announced.bans[0].source, &(struct sw_source[]){source_of(1)},
			    sizeof(struct sw_source));
	assert_int_equal(looks(&announced, &rig), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_bans_of_before),
	};

	return cmocka_run_group_tests_name("announced", tests, NULL, NULL);
}
