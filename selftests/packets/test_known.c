/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The use of a proof: a spent budget, and a server that falls behind, do not keep known endpoints
 * out. test_proofs.c tests which values are a proof.
 */
#include <linux/ip.h>

#include "kernel/state_values.h"
#include "newcomers.h"

static void test_probe_proves(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	becomes_known(&rig);
	spend_budget(&rig);
	for (unsigned int i = 100; i < 150; i++)
		sends_method(&rig, "INVITE", i, SW_REASON_NONE);
	/* Its endpoint is known, its address is not: another port is another sender. */
	rig.from.port = 5062;
	sends_method(&rig, "INVITE", 200, SW_REASON_GREYLIST);
}

/* The known caller's own address, by another path: a newcomer, and it cannot spend what the
 * caller has. */
static void test_spoofed_known_source(void **state)
{
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig, YAML_PLAIN "zones: [{name: public, newcomers: {rate: 5/s burst 5}, "
				  "rates: {source: {any: 10/s burst 10}}}]\n");
	becomes_known(&rig);
	spend_budget(&rig);
	for (unsigned int i = 0; i < 50; i++) {
		size_t size = request(text, sizeof(text), "INVITE", 500 + i, NULL);

		assert_true(frame_message(&rig.frame, &rig.from, &rig.to, false, text, size));
		((struct iphdr *)(rig.frame.octets + rig.frame.ip))->ttl = 57;
		sends_frame(&rig, SW_REASON_GREYLIST);
	}
	for (unsigned int i = 0; i < 10; i++)
		sends_method(&rig, "INVITE", 600 + i, SW_REASON_NONE);
	sends_method(&rig, "INVITE", 700, SW_REASON_RATE_SOURCE);
}

static void test_known_is_forgotten(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, "known: {for: 1h}\n" BUDGET_OF_5);
	becomes_known(&rig);
	rig.test_run.now += 3599 * SECOND;
	spend_budget(&rig);
	sends_method(&rig, "INVITE", 2, SW_REASON_NONE); /* and is not idle any more */
	rig.test_run.now += 3599 * SECOND;
	spend_budget(&rig);
	sends_method(&rig, "INVITE", 3, SW_REASON_NONE);
	rig.test_run.now += 3601 * SECOND;
	spend_budget(&rig);
	sends_method(&rig, "INVITE", 4, SW_REASON_GREYLIST);
}

/* Another CPU may have seen the endpoint by a clock that is a little ahead. */
static void test_clock_skew(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	rig.test_run.now = 100 * SECOND;
	becomes_known(&rig);
	spend_budget(&rig);
	rig.test_run.now -= MS;
	sends_method(&rig, "INVITE", 2, SW_REASON_NONE);
}

static void test_server_falls_behind(void **state)
{
	auto_rig struct rig rig;
	struct sw_health health = {};

	(void)state;
	rig_open(&rig, BUDGET_OF_5);
	sends_method(&rig, "INVITE", 1, SW_REASON_NONE);
	health.pressure_until = rig.test_run.now + 3 * SECOND;
	state_health_write(&rig.test_run.state, &health);
	/* The budget is not spent, and yet newcomers wait; a known endpoint does not. */
	sends_method(&rig, "INVITE", 2, SW_REASON_GREYLIST);
	rig.test_run.now += 600 * MS;
	sends_method(&rig, "INVITE", 2, SW_REASON_NONE);
	becomes_known(&rig);
	sends_method(&rig, "INVITE", 3, SW_REASON_NONE);
	rig.test_run.now += 3 * SECOND;
	rig.from.port = 5099;
	sends_method(&rig, "INVITE", 4, SW_REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probe_proves),
		cmocka_unit_test(test_spoofed_known_source),
		cmocka_unit_test(test_known_is_forgotten),
		cmocka_unit_test(test_clock_skew),
		cmocka_unit_test(test_server_falls_behind),
	};

	return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
