/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tables that a host has no memory for: refused where they are written, with the number that
 * fits, which then fits.
 */
#include "policy_asserts.h"

#include "kernel/memory.h"
#include "policy/text.h"

static void load_tables(const char *tables, struct policy *p)
{
	auto_free char *text = xasprintf("version: 1\n%s%s\n", *tables ? "tables: " : "", tables);
	struct error e = {0};

	if (policy_parse("tables.yaml", text, strlen(text), p, &e) < 0)
		fail_msg("%s", e.text);
}

static void test_sum_of_tables(void **state)
{
	auto_policy struct policy small = {0}, large = {0};
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

/* The number that the message names does fit, and one more does not. */
static void test_number_that_fits(void **state)
{
	static const char *const names[] = {"bans", "sources", "fragments", "known", "proofs"};
	auto_policy struct policy usual = {0};
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
		struct error e = {0};
		const char *fits;

		for (unsigned int more = 0; more < 2; more++) {
			auto_policy struct policy p = {0};
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
	auto_policy struct policy p = {0};
	struct error e = {0};

	(void)state;
	load_tables("{greylist: 16777216}", &p);
	assert_int_equal(memory_check(&p, 545000000, &e), -1);
	assert_non_null(strstr(e.text, "'greylist' of 16777216 entries takes 1074 MB"));
	assert_non_null(strstr(e.text, "write at most 2097152"));
}

static void test_default_tables_do_not_fit(void **state)
{
	auto_policy struct policy p = {0};
	struct error e = {0};

	(void)state;
	load_tables("", &p);
	assert_int_equal(memory_check(&p, 1000000, &e), -1);
	assert_int_equal(strncmp(e.text, "tables.yaml: tables: 'known'", 28), 0);
	assert_non_null(strstr(e.text, "the other tables alone take"));
}

/* A policy of one kind of list. */
static void load_list(const char *before, const char *format, unsigned int count,
		      const char *behind, struct policy *p)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	struct error e = {0};

	assert_non_null(f);
	fputs(before, f);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	for (unsigned int i = 0; i < count; i++)
		fprintf(f, format, i >> 8, i & 255);
#pragma GCC diagnostic pop
	fputs(behind, f);
	fclose(f);
	if (policy_parse("lists.yaml", text, size, p, &e) < 0)
		fail_msg("%s", e.text);
	free(text);
}

#define ZONE "version: 1\nzones: [{name: a, sources: [192.0.2.0/24], "

static const struct {
	const char *before, *format, *behind;
	unsigned int entry; /* octets in the kernel, once */
} kinds[] = {
	{"version: 1\nlists: {deny: [", "10.0.%u.%u,", "]}\n", 128},
	{"version: 1\nlists: {allow: [", "10.%u.%u.0/24,", "]}\n", 160},
	{"version: 1\nzones: [{name: a, sources: [", "10.%u.%u.0/24,", "]}]\n", 160},
	{"version: 1\nservices: [{transport: udp, port: 5060, addresses: [", "10.0.%u.%u,", "]}]\n",
	 128},
	{ZONE "caller: {deny: [", "+49%03u%03u,", "]}}]\n", 160},
	{ZONE "callee: {high_risk: deny, allow: [", "+49%03u%03u,", "]}}]\n", 160},
};

/* Each kind of list is counted, twice in the kernel and as text and model in the agent. */
static void test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(kinds); i++) {
		auto_policy struct policy few = {0}, many = {0};
		struct memory less, more;

		load_list(kinds[i].before, kinds[i].format, 1000, kinds[i].behind, &few);
		load_list(kinds[i].before, kinds[i].format, 21000, kinds[i].behind, &many);
		assert_int_equal(memory_measure(&few, &less, NULL), 0);
		assert_int_equal(memory_measure(&many, &more, NULL), 0);
		assert_int_equal(more.entries - less.entries, 20000);
		assert_int_equal(more.tables, less.tables);
		assert_int_equal(more.lists - less.lists, 2 * 20000 * kinds[i].entry);
		/* More than the text once and less than fifty times. */
		assert_in_range(more.agent - less.agent, many.text_octets - few.text_octets,
				50 * (many.text_octets - few.text_octets));
		assert_int_equal(more.sum, more.tables + more.lists + more.agent);
	}
}

/* The number that the message names does fit, and a hundredth more does not. */
static void test_list_that_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(kinds); i++) {
		auto_policy struct policy many = {0}, fitting = {0}, above = {0};
		struct error e = {0};
		struct memory whole;
		uint64_t allowed;
		const char *fits;
		unsigned long fit;

		load_list(kinds[i].before, kinds[i].format, 60000, kinds[i].behind, &many);
		/* With next to no tables the lists take most. */
		many.tables =
			(struct tables){.entries = {[TABLE_BANS] = 16, [TABLE_GREYLIST] = 16}};
		assert_int_equal(memory_measure(&many, &whole, NULL), 0);
		allowed = whole.sum - whole.lists / 2;
		assert_int_equal(memory_check(&many, allowed, &e), -1);
		assert_int_equal(strncmp(e.text, "lists.yaml: lists: the 60", 25), 0);
		fits = strstr(e.text, "write lists of at most ");
		assert_non_null(fits);
		fit = strtoul(fits + strlen("write lists of at most "), NULL, 10);
		/* The zone's prefix and the numbers of high risk are entries, too. */
		fit -= whole.entries - 60000;
		load_list(kinds[i].before, kinds[i].format, fit, kinds[i].behind, &fitting);
		fitting.tables = many.tables;
		assert_int_equal(memory_check(&fitting, allowed, NULL), 0);
		load_list(kinds[i].before, kinds[i].format, fit + fit / 100, kinds[i].behind,
			  &above);
		above.tables = many.tables;
		assert_int_equal(memory_check(&above, allowed, NULL), -1);
	}
}

static void test_memory_allowed(void **state)
{
	auto_policy struct policy usual = {0}, written = {0};

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
		cmocka_unit_test(test_sum_of_tables),
		cmocka_unit_test(test_number_that_fits),
		cmocka_unit_test(test_greylist),
		cmocka_unit_test(test_default_tables_do_not_fit),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_list_that_fits),
		cmocka_unit_test(test_memory_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
