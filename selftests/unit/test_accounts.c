/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Counting wrong passwords of a username over all sources: who makes an attack and who does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include "agent/accounts.h"

#include <cmocka.h>

#define SECOND SW_NS_PER_SEC

static const struct threshold thirty = {.count = 30, .period = 600 * SECOND};

static void free_it(struct accounts **accounts)
{
	accounts_free(accounts);
}

/* `source` stands for the token of the source and the username. */
static struct sw_offence failure(const char *name, uint64_t source, uint64_t seconds)
{
	struct sw_offence o = {.kind = SW_OFFENCE_AUTH,
			       .who = source ^ 0x5555,
			       .login = source,
			       .time = (1000 + seconds) * SECOND,
			       .proved = 1,
			       .zone = 1};

	strncpy(o.name, name, sizeof(o.name));
	return o;
}

static bool all_stand(void *context, uint64_t who)
{
	(void)context;
	(void)who;
	return true;
}

static bool odd_ones_stand(void *context, uint64_t who)
{
	(void)context;
	return (who ^ 0x5555) % 2;
}

static bool notes(struct accounts *accounts, struct sw_offence o, struct account_attack *attack)
{
	struct account_attack any;

	return accounts_note(accounts, &o, &thirty, all_stand, NULL, attack ?: &any);
}

static void test_many_sources(void **state)
{
	cleanup(free_it) struct accounts *accounts = accounts_new();
	struct account_attack attack = {};

	(void)state;
	for (unsigned int i = 0; i < 29; i++)
		assert_false(notes(accounts, failure("bob", i, i), NULL));
	assert_true(notes(accounts, failure("bob", 29, 29), &attack));
	assert_int_equal(attack.failures, 30);
	assert_int_equal(attack.sources, 30);
	/* It begins anew. */
	for (unsigned int i = 0; i < 29; i++)
		assert_false(notes(accounts, failure("bob", i, 30 + i), NULL));
	assert_true(notes(accounts, failure("bob", 29, 60), NULL));
}

/* A phone, and an office with four of them, that all have an old password. */
static void test_few_sources(void **state)
{
	cleanup(free_it) struct accounts *accounts = accounts_new();
	struct account_attack attack = {};

	(void)state;
	for (unsigned int i = 0; i < 500; i++)
		assert_false(notes(accounts, failure("bob", i % 4, i), NULL));
	/* The nearest attack: a fifth source. */
	for (unsigned int i = 0; i < 5; i++)
		assert_false(notes(accounts, failure("bob", 4, 500), NULL));
	assert_true(notes(accounts, failure("bob", 4, 500), &attack));
	assert_int_equal(attack.failures, 30);
	assert_int_equal(attack.sources, 5);
}

/* One address that fails by six methods is one source. */
static void test_methods(void **state)
{
	cleanup(free_it) struct accounts *accounts = accounts_new();
	struct sw_offence o;

	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		o = failure("bob", 7, i);
		o.who ^= i % 6 << 8;
		assert_false(notes(accounts, o, NULL));
	}
}

static void test_window(void **state)
{
	cleanup(free_it) struct accounts *accounts = accounts_new();

	(void)state;
	/* One every 21 s is never 30 in ten minutes, one every 20 s is. */
	for (unsigned int i = 0; i < 200; i++)
		assert_false(notes(accounts, failure("bob", i, 21 * i), NULL));
	for (unsigned int i = 0; i < 29; i++)
		assert_false(notes(accounts, failure("eve", i, 20 * i), NULL));
	assert_true(notes(accounts, failure("eve", 29, 20 * 29), NULL));
}

/* Names differ by case, zone and length; only case makes no difference. */
static void test_names(void **state)
{
	cleanup(free_it) struct accounts *accounts = accounts_new();
	struct sw_offence o;

	(void)state;
	for (unsigned int i = 0; i < 29; i++)
		notes(accounts, failure(i % 2 ? "BoB" : "bob", i, 0), NULL);
	assert_false(notes(accounts, failure("bobb", 29, 0), NULL));
	assert_false(notes(accounts, failure("bo", 29, 0), NULL));
	assert_false(notes(accounts, failure("", 29, 0), NULL));
	o = failure("bob", 29, 0);
	o.zone = 2;
	assert_false(notes(accounts, o, NULL));
	assert_true(notes(accounts, failure("BOB", 29, 0), NULL));
	/* What stands behind an at sign is the guesser's choice. */
	for (unsigned int i = 0; i < 29; i++) {
		char name[24];

		snprintf(name, sizeof(name), "user123456@%u", 1u << i);
		assert_false(notes(accounts, failure(name, i, 0), NULL));
	}
	assert_false(notes(accounts, failure("user12345", 29, 0), NULL));
	assert_false(notes(accounts, failure("@user123456", 29, 0), NULL));
	assert_true(notes(accounts, failure("user123456", 29, 0), NULL));
	/* As long as there is room for: nothing is read behind it. */
	for (unsigned int i = 0; i < 29; i++)
		notes(accounts, failure("abcdefghijklmnopqrstuvwx", i, 0), NULL);
	assert_true(notes(accounts, failure("abcdefghijklmnopqrstuvwx", 29, 0), NULL));
}

/* Phones whose nonce expired: their first refusal is followed by a success. */
static void test_stale(void **state)
{
	cleanup(free_it) struct accounts *accounts = accounts_new();
	struct account_attack attack = {};
	struct sw_offence o, even;

	(void)state;
	for (unsigned int i = 0; i < 59; i++) {
		o = failure("bob", i, 0);
		o.first = SW_FIRST_STALE;
		assert_false(accounts_note(accounts, &o, &thirty, odd_ones_stand, NULL, &attack));
	}
	/* Of 59 there are 29 that stand. */
	even = failure("bob", 2, 6);
	assert_false(accounts_note(accounts, &even, &thirty, odd_ones_stand, NULL, &attack));
	o = failure("bob", 101, 7);
	assert_true(accounts_note(accounts, &o, &thirty, odd_ones_stand, NULL, &attack));
	assert_int_equal(attack.failures, 30);
	/* An attacker waits until the nonce is old: it counts all the same, five seconds later. */
	for (unsigned int i = 0; i < 40; i++) {
		o = failure("eve", i, 0);
		o.first = SW_FIRST_STALE;
		assert_false(notes(accounts, o, NULL));
	}
	assert_false(notes(accounts, failure("eve", 50, 4), NULL));
	assert_true(notes(accounts, failure("eve", 51, 5), NULL));
}

/* A flood of names pushes out other names, and nobody is said to be attacked. */
static void test_flood(void **state)
{
	cleanup(free_it) struct accounts *accounts = accounts_new();
	char name[16];

	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "u%u", i);
		assert_false(notes(accounts, failure(name, i, i / 1000), NULL));
	}
	for (unsigned int i = 0; i < 29; i++)
		assert_false(notes(accounts, failure("bob", i, 200), NULL));
	assert_true(notes(accounts, failure("bob", 29, 200), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_sources), cmocka_unit_test(test_few_sources),
		cmocka_unit_test(test_methods),      cmocka_unit_test(test_window),
		cmocka_unit_test(test_names),        cmocka_unit_test(test_stale),
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
