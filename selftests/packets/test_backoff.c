/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Newcomers beside a flood that sends again, as they do: a client that doubles its pause goes
 * first, and the rate holds for all together.
 */
#include "newcomers.h"
#include "rig.h"

/* Which part of the burst is there for whom: a third for who came again once. */
static void test_repeating_flood_has_a_budget(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 7/s burst 7}}]\n");
	spend_budget(&rig);
	for (unsigned int i = 0; i < 50; i++)
		sends_method(&rig, "INVITE", i, SW_REASON_GREYLIST);
	rig.test_run.now += 600 * MS;
	spend_budget(&rig);
	for (unsigned int i = 0; i < 3; i++)
		sends_method(&rig, "INVITE", i, SW_REASON_NONE);
	for (unsigned int i = 3; i < 50; i++)
		sends_method(&rig, "INVITE", i, SW_REASON_NEWCOMERS);
}

/* A step of one second in a flood whose every packet comes twice, 600 ms apart, and in which a
 * phone retransmits: what becomes of it. */
static void floods_a_second(struct rig *rig, unsigned int second)
{
	struct endpoint phone = rig->from;
	char text[1024];

	rig->from.addr = address("203.0.113.98");
	for (unsigned int i = 0; i < 1000; i++) {
		/* In turn new ones, and those of 600 ms ago. */
		unsigned int n = 100000 * (1 + i % 2) + 1000 * second + i / 2;
		size_t size;

		if (i % 2)
			n -= 100000 + 300;
		size = request(text, sizeof(text), "INVITE", n, NULL);
		rig->test_run.now += MS;
		gets_in(rig, text, size);
	}
	rig->from = phone;
}

/* When repeats exceed the budget, who doubles its pause goes before who came again once. */
static void test_backoff_goes_first(void **state)
{
	auto_rig struct rig rig;
	unsigned int phone;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 20/s}}]\n");
	floods_a_second(&rig, 0);
	floods_a_second(&rig, 1);
	assert_true(counted(&rig, SW_MODE_ENFORCE, SW_REASON_NEWCOMERS) > 100);
	for (phone = 1; phone <= 13; phone++)
		sends_method(&rig, "INVITE", phone, SW_REASON_GREYLIST);
	floods_a_second(&rig, 2);
	for (phone = 1; phone <= 13; phone++)
		sends_method(&rig, "INVITE", phone, SW_REASON_NEWCOMERS);
	floods_a_second(&rig, 3);
	/* All that a third of the burst and a second's rate hold, and not one less. */
	for (phone = 1; phone <= 6; phone++)
		sends_method(&rig, "INVITE", phone, SW_REASON_NONE);
	for (; phone <= 13; phone++)
		sends_method(&rig, "INVITE", phone, SW_REASON_NEWCOMERS);
	floods_a_second(&rig, 4);
	floods_a_second(&rig, 5);
	/* And who was still kept out has another third before it. */
	for (phone = 7; phone <= 13; phone++)
		sends_method(&rig, "INVITE", phone, SW_REASON_NONE);
}

/* A client that doubled its pause is probed although the budget keeps it out; a client that came
 * again only once is not. */
static void test_patient_clients_are_probed(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 1/s burst 1}}]\n");
	for (unsigned int round = 0; round < 3; round++) {
		spend_budget(&rig);
		sends_method(&rig, "INVITE", 2, round ? SW_REASON_NONE : SW_REASON_GREYLIST);
		newcomers_told(&rig);
		sends_method(&rig, "INVITE", 1, round ? SW_REASON_NEWCOMERS : SW_REASON_GREYLIST);
		assert_int_equal(newcomers_told(&rig), round == 2);
		rig.test_run.now += 500 * MS << round;
	}
	assert_int_equal(told_backoff, 2);
}

/* A flood that is let in spends a part of the probes, which is a third of 200 at one moment. */
static void test_flood_leaves_probes(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 300/s}}]\n");
	for (unsigned int i = 0; i < 300; i++)
		sends_method(&rig, "INVITE", i, SW_REASON_NONE);
	assert_int_equal(newcomers_told(&rig), 200 / 3 + 1);
}

/* Of some seconds of flood no more is let in than the rate allows, patient or not. */
static void test_backoff_is_within_the_rate(void **state)
{
	auto_rig struct rig rig;
	unsigned int let_in = 0;
	char text[1024];
	size_t size;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 20/s}}]\n");
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 500; i++) {
			size = request(text, sizeof(text), "INVITE", i, NULL);
			let_in += gets_in(&rig, text, size);
		}
		rig.test_run.now += 500 * MS << round;
	}
	/* 20 at first sight; a third of 20 when seen again; 20 more a second later at first sight,
	 * as the greylist is not asked while there is budget, and the rest of the burst. */
	print_message("# %u let in\n", let_in);
	assert_in_range(let_in, 40, 80);
}

/* An INVITE's pauses double without a cap (RFC 3261 17.1.1.2): also the last ones are
 * retransmissions, even when one before was lost; a packet after half a minute is none. */
static void test_last_retransmissions(void **state)
{
	static const unsigned int pauses[] = {500, 1000, 2000, 4000, 8000, 16000};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig,
		 YAML_PLAIN "zones: [{name: public, newcomers: {rate: 20/s, greylist: always}}]\n");
	sends_method(&rig, "INVITE", 1, SW_REASON_GREYLIST);
	sends_method(&rig, "INVITE", 2, SW_REASON_GREYLIST);
	for (unsigned int i = 0; i < array_size(pauses); i++) {
		rig.test_run.now += pauses[i] * MS;
		sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
		if (i != 2 && i < 5)
			sends_method(&rig, "INVITE", 2, SW_REASON_NONE);
	}
	rig.test_run.now += 20 * SECOND;
	sends_method(&rig, "INVITE", 1, SW_REASON_GREYLIST);
	/* Seen once, and again after 8 s, it is at its first sight. */
	sends_method(&rig, "INVITE", 3, SW_REASON_GREYLIST);
	rig.test_run.now += 8 * SECOND;
	sends_method(&rig, "INVITE", 3, SW_REASON_GREYLIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repeating_flood_has_a_budget),
		cmocka_unit_test(test_backoff_goes_first),
		cmocka_unit_test(test_patient_clients_are_probed),
		cmocka_unit_test(test_flood_leaves_probes),
		cmocka_unit_test(test_last_retransmissions),
		cmocka_unit_test(test_backoff_is_within_the_rate),
	};

	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
