/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The numbers of reasons, which stand in pinned tables, never change: reasons.def has what
 * reasons.list has, and each number that was ever given is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Before cmocka.h, whose macro fail() would change the function of this name in base.h. */
#include "policy/model.h"
#include "policy/names.h"

#include <cmocka.h>

#define LIST "selftests/unit/reasons.list"

/* Reads the next line that is no comment; false at the end. */
static bool next_line(FILE *list, char line[128], unsigned int *number, char name[64])
{
	while (fgets(line, 128, list))
		if (line[0] != '#') {
			if (sscanf(line, "%u %63s", number, name) != 2)
				fail_msg("%s: what is '%s'?", LIST, line);
			return true;
		}
	return false;
}

static void test_list(void **state)
{
	auto_file FILE *list = fopen(LIST, "r");
	unsigned int count = 0, number;
	char line[128], name[64];

	(void)state;
	assert_non_null(list);
	while (next_line(list, line, &number, name)) {
		if (number != count++)
			fail_msg("%s: '%s' stands where %u belongs", LIST, line, count - 1);
		if (number >= SW_REASON_COUNT)
			fail_msg("%s: %u, %s, is not in reasons.def, not even as RETIRED", LIST,
				 number, name);
		if (strcmp(reason_name(number), name) != 0)
			fail_msg("reasons.def: %u is %s, and was %s", number, reason_name(number),
				 name);
	}
	if (count != SW_REASON_COUNT)
		fail_msg("%s: %u %s is missing: add it at the end", LIST, count,
			 reason_name(count));
}

/* Some, so that a mistake that both files have shows, too. */
static void test_numbers(void **state)
{
	(void)state;
	assert_int_equal(SW_REASON_NONE, 0);
	assert_int_equal(SW_REASON_BAN, 11);
	assert_int_equal(SW_REASON_AUTH_FAILURES, 12);
	assert_int_equal(SW_REASON_ENUMERATION, 13);
	assert_int_equal(SW_REASON_SANITY_VIOLATIONS, 14);
	assert_int_equal(SW_REASON_START_LINE, 40);
	assert_int_equal(SW_REASON_TCP_ORDER, 125);
}

static void test_labels(void **state)
{
	(void)state;
	for (int i = 0; i < SW_REASON_COUNT; i++)
		assert_int_equal(reason_by_label(reason_label(i).text), i);
	/* given by a later version */
	assert_string_equal(reason_label(250).text, "#250");
	assert_int_equal(reason_by_label("#250"), 250);
	assert_int_equal(reason_by_label("#255"), SW_REASONS_MAX - 1);
	assert_int_equal(reason_by_label("#256"), -1);
	assert_int_equal(reason_by_label("#2500"), -1);
	assert_int_equal(reason_by_label("#25x"), -1);
	assert_int_equal(reason_by_label("#"), -1);
	assert_int_equal(reason_by_label("no such"), -1);
}

/* Each check of the scanner has the reason of its own name, wherever its row stands. */
static void test_sanity(void **state)
{
	static const char *const names[] = {
#define REASON(number, ...)
#define SANITY(number, id, name, ...) [SW_SANITY_##id] = name,
#include <sipward/reasons.def>
#undef REASON
#undef SANITY
	};

	(void)state;
	for (int i = 0; i < SW_SANITY_COUNT; i++)
		assert_string_equal(reason_name(SW_REASON_OF_SANITY[i]), names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_sanity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
