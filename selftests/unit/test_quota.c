/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shares of the table of known endpoints, by numbers alone: the entries that attackers can hold,
 * and the entries that are left for others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sipward/quota.h>

#include "base/base.h"

#include <cmocka.h>

#define SIZE 262144 /* as `tables: {known: ...}` has it */

/* A table that hosts fill in turn, each from an address of a network of its own, until no one of
 * them gets in. `a_block`: networks of one block; 0: none is counted. */
struct table {
	uint32_t used;
	uint32_t *hosts;
	uint32_t *blocks;
};

static int enters(struct table *table, uint32_t host, uint32_t a_block, int served)
{
	uint32_t *block = a_block ? &table->blocks[host / a_block] : NULL;
	uint32_t count = table->hosts[host];

	if (!sw_quota_admits(SIZE, table->used, served, SW_QUOTA_ADDRESS, count) ||
	    !sw_quota_admits(SIZE, table->used, served, SW_QUOTA_NETWORK, count) ||
	    (block && !sw_quota_admits(SIZE, table->used, served, SW_QUOTA_BLOCK, *block)))
		return 0;
	table->hosts[host]++;
	table->used++;
	if (block)
		++*block;
	return 1;
}

static struct table filled_by(uint32_t hosts, uint32_t a_block, int served)
{
	struct table table = {
		.hosts = xcalloc(hosts + 1, sizeof(uint32_t)),
		.blocks = xcalloc(hosts + 1, sizeof(uint32_t)),
	};
	int in = 1;

	while (in) {
		in = 0;
		for (uint32_t host = 0; host < hosts; host++)
			in |= enters(&table, host, a_block, served);
	}
	print_message("# %u hosts%s%s: %u of %u entries, %u each\n", hosts,
		      a_block ? " in blocks" : "", served ? ", served" : "", table.used, SIZE,
		      table.hosts[0]);
	return table;
}

static void table_free(struct table *table)
{
	free(table->hosts);
	free(table->blocks);
}

/* How many the next host, which is none of them, gets. */
static uint32_t next_gets(struct table *table, uint32_t host, uint32_t a_block, int served)
{
	uint32_t count = 0;

	while (enters(table, host, a_block, served))
		count++;
	return count;
}

/* An office, or many phones behind one address of a carrier. */
static void test_one_address(void **state)
{
	struct table table = filled_by(1, 0, 0);

	(void)state;
	assert_in_range(table.used, 6000, 8000);
	table_free(&table);
}

/* 32 hosts in 32 networks. */
static void test_few_hosts(void **state)
{
	struct table table = filled_by(32, 0, 0);

	(void)state;
	assert_true(table.used < SIZE / 2);
	assert_true(next_gets(&table, 32, 0, 0) >= 3000);
	table_free(&table);
}

/* A botnet: the parts that are kept for others stay free, and so does the part for networks with
 * few endpoints. */
static void test_many_hosts(void **state)
{
	struct table table = filled_by(4096, 0, 0);

	(void)state;
	assert_true(table.used <= SIZE - SIZE / SW_QUOTA_KEPT);
	assert_true(next_gets(&table, 4096, 0, 0) >= SW_QUOTA_FEW);
	table_free(&table);
	/* So many that each is one of few: only the last part is left, for the served. */
	table = filled_by(65536, 0, 0);
	assert_int_equal(table.used, SIZE - SIZE / SW_QUOTA_SERVED);
	assert_int_equal(next_gets(&table, 65536, 0, 0), 0);
	assert_true(next_gets(&table, 65536, 0, 1) > 256);
	table_free(&table);
}

/* The owner of an IPv6 /32 has 65536 networks, and is one block. The owner of eight of them is
 * tested, too. */
static void test_blocks(void **state)
{
	struct table table = filled_by(65536, 65536, 0);

	(void)state;
	assert_true(table.used < SIZE / 4);
	table_free(&table);
	table = filled_by(8 * 65536, 65536, 0);
	assert_true(table.used < SIZE * 3 / 4);
	assert_true(next_gets(&table, 8 * 65536, 65536, 0) > 1000);
	table_free(&table);
}

/* Hosts with an account that the server serves have shares as well. */
static void test_served_hosts(void **state)
{
	struct table table = filled_by(32, 0, 1);

	(void)state;
	assert_true(table.used <= SIZE / 2);
	assert_true(next_gets(&table, 32, 0, 1) >= 3000);
	table_free(&table);
}

/* For each size and each count of entries: an overfull table, which other sizes leave, admits
 * none. */
static void test_every_size_and_fill(void **state)
{
	static const uint64_t used[] = {0, 1, 14, 15, 16, 17, 1000, UINT32_MAX, UINT64_MAX / 2};

	(void)state;
	for (size_t i = 0; i < array_size(used); i++)
		for (uint32_t level = 0; level < SW_QUOTA_LEVELS; level++) {
			assert_int_equal(sw_quota_admits(16, used[i], 1, level, 0), used[i] < 16);
			assert_int_equal(sw_quota_admits(16, used[i], 0, level, 0), used[i] < 15);
			assert_int_equal(sw_quota_admits(16, used[i], 1, level, UINT32_MAX), 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_address),  cmocka_unit_test(test_few_hosts),
		cmocka_unit_test(test_many_hosts),   cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_served_hosts), cmocka_unit_test(test_every_size_and_fill),
	};

	return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
