/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tables that a host has no memory for: refused where they are written, with the number that
 * fits, which then fits.
 */
#include "policy_asserts.h"

#include "kernel/memory.h"

static void load_tables(const char *tables, struct policy *p)
{
	auto_free char *text = xasprintf("version: 1\n%s%s\n", *tables ? "tables: " : "", tables);
	struct error e = { 0 };

	if (policy_parse("tables.yaml", text, strlen(text), p, &e) < 0)
		fail_msg("%s", e.text);
}

static void test_sum(void **state)
{
	auto_policy struct policy small = { 0 }, large = { 0 };
	uint64_t before, after;

	(void)state;
	load_tables("{bans: 1000}", &small);
	load_tables("{bans: 2000}", &large);
	before = policy_memory(&small, NULL);
	after = policy_memory(&large, NULL);
	/* Key and value, and what the kernel adds. */
	assert_int_equal(after - before, 1000 * (24 + sizeof(struct sw_ban) + 64));
	assert_int_equal(memory_check(&small, before, NULL), 0);
	assert_int_equal(memory_check(&small, before - 1, NULL), -1);
}

/* What the message says fits does fit, and one more does not. */
static void test_number_that_fits(void **state)
{
	static const char *const names[] = { "bans", "sources", "fragments", "known", "proofs" };
	auto_policy struct policy usual = { 0 };
	uint64_t allowed;

	(void)state;
	load_tables("", &usual);
	allowed = policy_memory(&usual, NULL) + 1000000;
	for (size_t i = 0; i < array_size(names); i++) {
		auto_free char *most = xasprintf("{%s: 16777216}", names[i]);
		auto_free char *place =
			xasprintf("tables.yaml:2:%zu: tables: '%s' of 16777216 "
				  "entries",
				  strlen("tables: {: ") + strlen(names[i]) + 1, names[i]);
		struct error e = { 0 };
		const char *fits;

		for (unsigned int more = 0; more < 2; more++) {
			auto_policy struct policy p = { 0 };
			auto_free char *text = NULL;

			if (!e.code) {
				load_tables(most, &p);
				assert_int_equal(memory_check(&p, allowed, &e), -1);
				assert_int_equal(e.code, EXIT_POLICY);
				assert_int_equal(strncmp(e.text, place, strlen(place)), 0);
				policy_free(&p);
			}
			fits = strstr(e.text, "write at most ");
			assert_non_null(fits);
			text = xasprintf("{%s: %lu}", names[i],
					 strtoul(fits + strlen("write at most "), NULL, 10) + more);
			load_tables(text, &p);
			assert_int_equal(memory_check(&p, allowed, NULL), more ? -1 : 0);
		}
	}
}

static void test_greylist(void **state)
{
	auto_policy struct policy p = { 0 };
	struct error e = { 0 };

	(void)state;
	load_tables("{sights: 16777216}", &p);
	assert_int_equal(memory_check(&p, 480000000, &e), -1);
	assert_non_null(strstr(e.text, "'sights' of 16777216 entries takes 1074 MB"));
	assert_non_null(strstr(e.text, "write at most 2097152"));
}

static void test_nothing_written(void **state)
{
	auto_policy struct policy p = { 0 };
	struct error e = { 0 };

	(void)state;
	load_tables("", &p);
	assert_int_equal(memory_check(&p, 1000000, &e), -1);
	assert_int_equal(strncmp(e.text, "tables.yaml: tables: 'known'", 28), 0);
	assert_non_null(strstr(e.text, "the others alone take"));
}

static void test_allowed(void **state)
{
	auto_policy struct policy usual = { 0 }, written = { 0 };

	(void)state;
	load_tables("", &usual);
	load_tables("{bans: 1000}", &written);
	assert_in_range(memory_allowed(NULL), 1 << 20, UINT64_MAX - 1);
	assert_int_equal(memory_allowed(&written), memory_allowed(NULL));
	assert_true(memory_allowed(&usual) >= memory_allowed(&written));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_number_that_fits),
		cmocka_unit_test(test_greylist),
		cmocka_unit_test(test_nothing_written),
		cmocka_unit_test(test_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
