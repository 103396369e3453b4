/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The content rules of a zone as they are written.
 */
#include "policy_asserts.h"

static void test_content(void **state)
{
	auto_policy struct policy p = { 0 };
	const struct content_rules *carrier, *public;

	(void)state;
	load_good(GOOD "/content.yaml", &p);
	public = &p.zones[0].content;
	carrier = &p.zones[1].content;
	assert_int_equal(carrier->headers[SW_ACTION_REPORT],
			 1u << SW_HEADER_P_CHARGING_VECTOR | 1u << SW_HEADER_DIVERSION);
	assert_int_equal(carrier->headers[SW_ACTION_DENY], 1u << SW_HEADER_ROUTE);
	assert_int_equal(carrier->statuses[SW_ACTION_REPORT], 1u << 6 | 1u << 1);
	assert_int_equal(carrier->statuses[SW_ACTION_DENY], 1u << 3);
	assert_int_equal(public->headers[SW_ACTION_REPORT], 1u << SW_HEADER_P_ASSERTED_IDENTITY);
	assert_int_equal(public->headers[SW_ACTION_DENY], 0);
	/* Names are the same in any case (RFC 2045 5.1), and one list serves all zones. */
	assert_int_equal(p.content_type_count, 2);
	assert_int_equal(public->types[SW_ACTION_REPORT], carrier->types[SW_ACTION_DENY]);
	assert_int_not_equal(public->types[SW_ACTION_DENY], carrier->types[SW_ACTION_DENY]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
