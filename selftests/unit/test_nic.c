/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How many queues leave native mode possible, driver by driver, and the command that sets them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka.h, whose macro fail() would change the function of this name in base.h. */
#include "kernel/nic.h"

#include <cmocka.h>

static struct nic nic_of(const char *driver, unsigned int queues_max, unsigned int senders_max,
			 bool combined)
{
	struct nic nic = {
		.name = "eth0",
		.queues = 1,
		.senders = 1,
		.queues_max = queues_max,
		.senders_max = senders_max,
		.combined = combined,
		.may_combine = combined,
	};

	strcpy(nic.driver, driver);
	return nic;
}

static void assert_queues(const char *driver, unsigned int queues_max, unsigned int senders_max,
			  unsigned int expected)
{
	struct nic nic = nic_of(driver, queues_max, senders_max, true);

	assert_int_equal(nic_native(&nic, 4).queues, expected);
}

static void test_drivers_with_half_the_queues(void **state)
{
	(void)state;
	assert_queues("gve", 16, 16, 8);
	assert_queues("ena", 8, 8, 4);
	assert_queues("ena", 1, 1, 0);
	assert_queues("bnxt_en", 8, 8, 4);
	assert_queues("nfp", 8, 8, 4);
	/* More can send than receive: all may receive. */
	assert_queues("bnxt_en", 8, 16, 8);
	assert_queues("gve", 16, 31, 15);
}

static void test_drivers_with_all_queues(void **state)
{
	static const char *const drivers[] = {"virtio_net", "mlx5_core", "ice", "igb", "veth", ""};

	(void)state;
	for (size_t i = 0; i < array_size(drivers); i++)
		assert_queues(drivers[i], 8, 8, 8);
}

static void test_processors(void **state)
{
	struct nic nic = nic_of("ixgbe", 63, 63, true);

	(void)state;
	assert_int_equal(nic_native(&nic, 128).queues, 63);
	assert_int_equal(nic_native(&nic, 129).queues, 0);
	assert_non_null(nic_native(&nic, 129).rule);
}

static void test_further_conditions(void **state)
{
	struct nic gve = nic_of("gve", 16, 16, false), bnxt = nic_of("bnxt_en", 8, 8, false);
	struct nic virtio = nic_of("virtio_net", 8, 8, true), ena = nic_of("ena", 8, 8, true);

	(void)state;
	assert_true(nic_native(&gve, 4).equal);
	assert_int_equal(nic_native(&gve, 4).mtu, 2032);
	assert_true(nic_native(&bnxt, 4).combined);
	assert_false(nic_native(&virtio, 4).equal);
	assert_int_equal(nic_native(&virtio, 4).mtu, 0);
	assert_null(nic_native(&virtio, 4).rule);
	assert_int_equal(nic_native(&ena, 4).mtu, 3498);
}

static void assert_command(const struct nic *nic, const char *expected)
{
	auto_free char *command = nic_queues_command(nic, 4);

	assert_string_equal(command, expected);
}

static void test_commands(void **state)
{
	struct nic ena = nic_of("ena", 8, 8, true), gve = nic_of("gve", 16, 16, false);
	struct nic bnxt = nic_of("bnxt_en", 8, 8, false);

	(void)state;
	bnxt.may_combine = true;
	assert_command(&ena, "ethtool -L eth0 combined 4");
	assert_command(&gve, "ethtool -L eth0 rx 4 tx 4");
	assert_command(&bnxt, "ethtool -L eth0 rx 0 tx 0 combined 4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drivers_with_half_the_queues),
		cmocka_unit_test(test_drivers_with_all_queues),
		cmocka_unit_test(test_processors),
		cmocka_unit_test(test_further_conditions),
		cmocka_unit_test(test_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
