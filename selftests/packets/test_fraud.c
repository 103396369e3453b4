/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Dialling that looks like toll fraud, and honest dialling that resembles it.
 */
#include "rig.h"

static unsigned int next;

/* An INVITE to this Request-URI; with `tag` it is inside a dialog. */
static size_t invite(char *text, size_t size, const char *uri, const char *tag)
{
	next++;
	return snprintf(text, size,
			"INVITE %s SIP/2.0\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK%u\r\n"
			"From: <sip:bob@example.com>;tag=1\r\n"
			"To: <%s>%s\r\n"
			"Call-ID: %u@198.51.100.7\r\n"
			"CSeq: 1 INVITE\r\n"
			"Content-Length: 0\r\n\r\n",
			uri, next, uri, tag ? ";tag=2" : "", next);
}

static void dials(struct rig *rig, const char *prefix, const char *number, enum sw_reason reason)
{
	char text[1024], uri[128];

	snprintf(uri, sizeof(uri), "sip:%s%s@example.com", prefix, number);
	sends(rig, text, invite(text, sizeof(text), uri, NULL), reason);
}

/* How many different numbers, from `first` on, get through. */
static unsigned int reached(struct rig *rig, unsigned int first, unsigned int count)
{
	unsigned int passed = 0;
	char text[1024], uri[128];

	for (unsigned int i = first; i < first + count; i++) {
		size_t size;

		snprintf(uri, sizeof(uri), "sip:0%u%u@example.com", i * 7919 % 90000 + 10000, i);
		size = invite(text, sizeof(text), uri, NULL);
		passed += gets_in(rig, text, size);
	}
	return passed;
}

#define MINUTE (60 * SECOND)

static void test_destinations(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	unsigned int first;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, fraud: {destinations: 30/10m}}]\n"
				  "emergency: {numbers: [\"112\"], rate: 1/s burst 1}\n");
	/* Within the error of the sketch (two destinations on one bit), and never too early. */
	first = reached(&rig, 1000, 30);
	assert_int_equal(first, 30);
	assert_in_range(reached(&rig, 2000, 100), 0, 20);
	assert_true(counted(&rig, SW_MODE_ENFORCE, SW_REASON_TOLL_FRAUD_DESTINATIONS) >= 80);
	/* A number that was called before can be called again. */
	assert_int_equal(reached(&rig, 1000, 30), 30);
	/* A dialog goes on, so do other methods, and an emergency call over its budget. */
	sends(&rig, text, invite(text, sizeof(text), "sip:0999@example.com", "x"), SW_REASON_NONE);
	sends_method(&rig, "OPTIONS", 1, SW_REASON_NONE);
	for (int i = 0; i < 4; i++)
		dials(&rig, "", "112", SW_REASON_NONE);
	assert_in_range(reached(&rig, 2500, 20), 0, 10);
	/* Another source has its own. */
	rig.from.addr = address("198.51.100.8");
	assert_int_equal(reached(&rig, 3000, 30), 30);
	rig.from.addr = address("198.51.100.7");
	/* It comes back with time: a window later nothing is left. */
	rig.test_run.now += 11 * MINUTE;
	assert_int_equal(reached(&rig, 4000, 30), 30);
}

/* At a steady pace: what a window allows, again and again. */
static void test_destinations_pace(void **state)
{
	auto_rig struct rig rig;
	unsigned int passed = 0;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, fraud: {destinations: 60/10m}}]\n");
	for (unsigned int i = 0; i < 60; i++, rig.test_run.now += 11 * SECOND)
		passed += reached(&rig, 5000 + i, 1);
	assert_int_equal(passed, 60);
	passed = 0;
	for (unsigned int i = 0; i < 600; i++, rig.test_run.now += 2 * SECOND)
		passed += reached(&rig, 10000 + i, 1);
	assert_in_range(passed, 60, 300);
	assert_true(counted(&rig, SW_MODE_ENFORCE, SW_REASON_TOLL_FRAUD_DESTINATIONS) >= 300);
}

static const char *const sweep = YAML_PLAIN "zones: [{name: public, fraud: {sweep: deny}}]\n";

/* Bots of the wild: the same number behind one prefix after the other. */
static void test_sweep(void **state)
{
	static const char *const prefixes[] = {"0",    "00",   "000", "9",    "900",
					       "011",  "9011", "810", "8810", "+",
					       "9900", "0011", "1",   "99011"};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, sweep);
	for (size_t i = 0; i < array_size(prefixes); i++)
		dials(&rig, prefixes[i], "972595144567",
		      i < 8 ? SW_REASON_NONE : SW_REASON_TOLL_FRAUD_SWEEP);
	/* Numbers that it dialled before go on, and so do other numbers. */
	dials(&rig, "00", "972595144567", SW_REASON_NONE);
	dials(&rig, "00", "493012345678", SW_REASON_NONE);
	/* A few minutes later it is forgotten. */
	rig.test_run.now += 11 * MINUTE;
	dials(&rig, "1", "972595144567", SW_REASON_NONE);
}

/* One number as a whole office dials it, and as a contact list has it. */
static void test_habits_of_dialling(void **state)
{
	static const char *const prefixes[] = {"", "0", "0049", "+49", "49", "90", "90049"};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, sweep);
	for (int i = 0; i < 5; i++)
		for (size_t j = 0; j < array_size(prefixes); j++)
			dials(&rig, prefixes[j], "3012345678", SW_REASON_NONE);
	/* A dialler that calls customers in some order. */
	for (unsigned int i = 0; i < 200; i++) {
		char number[32];

		snprintf(number, sizeof(number), "30%08u", i * 7919 % 100000);
		dials(&rig, "0049", number, SW_REASON_NONE);
	}
}

static void test_numbers_in_a_row(void **state)
{
	auto_rig struct rig rig;
	char number[32];

	(void)state;
	rig_open(&rig, sweep);
	/* An office has the first numbers of a block, and redials. */
	for (unsigned int i = 0; i < 45; i++) {
		snprintf(number, sizeof(number), "%u", 55512300 + i / 3);
		dials(&rig, "00881", number, SW_REASON_NONE);
	}
	for (unsigned int i = 15; i < 40; i++) {
		snprintf(number, sizeof(number), "%u", 55512300 + i);
		dials(&rig, "00881", number, i < 16 ? SW_REASON_NONE : SW_REASON_TOLL_FRAUD_SWEEP);
	}
	/* Another number is none of the row. */
	dials(&rig, "00881", "77712345", SW_REASON_NONE);
}

static void test_sweep_reported(void **state)
{
	auto_rig struct rig rig;
	char text[1024], uri[64];
	size_t size;

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, fraud: {sweep: report}}]\n");
	for (int i = 0; i < 8; i++) {
		snprintf(uri, sizeof(uri), "%d", 100 + i);
		dials(&rig, uri, "972595144567", SW_REASON_NONE);
	}
	size = invite(text, sizeof(text), "tel:9972595144567", NULL);
	sends_shadowed(&rig, text, size, SW_REASON_TOLL_FRAUD_SWEEP);
	/* Users that are no numbers make no sweep. */
	for (int i = 0; i < 40; i++) {
		snprintf(uri, sizeof(uri), "sip:room%d-conference@example.com", i);
		sends(&rig, text, invite(text, sizeof(text), uri, NULL), SW_REASON_NONE);
	}
}

/* An attacker who writes another source's address into his packets spends nothing of the shares
 * that this source has over TCP or by a proof. */
static void test_spoofer_spends_no_share(void **state)
{
	auto_rig struct rig rig;
	char text[1024], uri[64];

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, fraud: {destinations: 30/10m}}]\n");
	assert_true(reached(&rig, 1000, 200) < 60);
	for (int i = 0; i < 30; i++) {
		snprintf(uri, sizeof(uri), "sip:0777%d@example.com", i);
		sends_tcp(&rig, text, invite(text, sizeof(text), uri, NULL), SW_REASON_NONE);
	}
	/* On TCP it is counted, and not carried out. */
	for (int i = 30; i < 60; i++) {
		size_t size;

		snprintf(uri, sizeof(uri), "sip:0777%d@example.com", i);
		size = invite(text, sizeof(text), uri, NULL);
		assert_true(frame_message(&rig.frame, &rig.from, &rig.to, true, text, size));
		assert_true(gets_in_frame(&rig));
	}
	assert_in_range(counted(&rig, SW_MODE_MONITOR, SW_REASON_TOLL_FRAUD_DESTINATIONS), 20, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_destinations),
		cmocka_unit_test(test_destinations_pace),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_habits_of_dialling),
		cmocka_unit_test(test_numbers_in_a_row),
		cmocka_unit_test(test_sweep_reported),
		cmocka_unit_test(test_spoofer_spends_no_share),
	};

	return cmocka_run_group_tests_name("fraud", tests, NULL, NULL);
}
