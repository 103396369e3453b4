/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The content rules of a zone as they are written.
 */
#include "policy_asserts.h"

static void test_content(void **state)
{
	auto_policy struct policy p = {0};
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
	assert_int_equal(carrier->routing.routes, 10);
	assert_int_equal(carrier->routing.record_routes, 0);
	assert_int_equal(carrier->routing.max_breadth, 60);
	assert_true(carrier->routing.own_via);
	assert_int_equal(carrier->routing.action, SW_ACTION_REPORT);
	assert_int_equal(public->routing.action, SW_ACTION_PASS);
	/* Names are the same in any case (RFC 2045 5.1), and one list serves all zones. */
	assert_in_range(p.agent_count, 20, 100);
	assert_string_equal(p.agents[0].name, "friendly-scanner");
	assert_int_equal(p.agents[0].action, SW_ACTION_DENY);
	assert_int_equal(p.structure, SW_ACTION_REPORT);
	assert_int_equal(p.injection, SW_ACTION_REPORT);
	assert_int_equal(p.content_type_count, 2);
	assert_int_equal(public->types[SW_ACTION_REPORT], carrier->types[SW_ACTION_DENY]);
	assert_int_not_equal(public->types[SW_ACTION_DENY], carrier->types[SW_ACTION_DENY]);
}

static void test_egress(void **state)
{
	auto_policy struct policy p = {0};
	const struct egress_rules *machines, *carrier, *public;

	(void)state;
	load_good(GOOD "/egress.yaml", &p);
	assert_sound(&p);
	public = &p.zones[0].egress;
	machines = &p.zones[1].egress;
	carrier = &p.zones[2].egress;
	assert_int_equal(machines->methods,
			 SW_METHODS_ALWAYS | SW_MESSAGE_BIT(INVITE) | SW_MESSAGE_BIT(OTHER));
	assert_int_equal(machines->unlisted, SW_ACTION_DENY);
	assert_int_equal(machines->content.statuses[SW_ACTION_REPORT], 1u << 4 | 1u << 5);
	assert_int_equal(machines->content.statuses[SW_ACTION_DENY], 1u << 3);
	assert_int_equal(machines->content.headers[SW_ACTION_REPORT], 1u << SW_HEADER_ROUTE);
	assert_int_equal(machines->content.headers[SW_ACTION_DENY], 1u << SW_HEADER_DIVERSION);
	/* Both directions share one list of types. */
	assert_int_equal(p.content_type_count, 2);
	assert_int_equal(machines->content.types[SW_ACTION_DENY], 3);
	assert_int_equal(p.zones[1].content.types[SW_ACTION_REPORT], 1);
	/* And are apart otherwise. */
	assert_int_equal(p.zones[1].content.statuses[SW_ACTION_DENY], 0);
	assert_true(p.zones[1].methods & SW_MESSAGE_BIT(OPTIONS));
	assert_int_equal(carrier->methods, SW_METHODS_ALWAYS | SW_MESSAGE_BIT(OPTIONS));
	assert_int_equal(carrier->unlisted, SW_ACTION_REPORT);
	assert_int_equal(public->methods, 0);
	/* Dialogs are kept where a response may be refused. */
	assert_int_equal(p.tables.entries[TABLE_DIALOGS], 65536);
}

/* As it would be dialled, '+' before E.164: "deny +4366" and the like. */
static const char *rule_text(const struct number_rule *rule, char *text)
{
	static const char *const actions[] = {"allow", "report", "deny"};
	size_t used =
		sprintf(text, "%u %s%s %s %s", rule->zone,
			rule->direction == SW_CALLER ? "from" : "to", rule->high_risk ? "!" : "",
			actions[rule->action], rule->prefix.international ? "+" : "");

	for (int i = 0; i < rule->prefix.length; i++)
		text[used++] = "0123456789*#"[rule->prefix.digits[i]];
	text[used] = '\0';
	return text;
}

static void test_numbers(void **state)
{
	static const char *const expect[] = {
		"0 to allow *31",
		"0 to! deny +1876",
		"0 to! deny +882",
		"1 from deny +43",
		"1 from allow +43664",
		"1 from allow +43676",
		"1 from allow +43699",
		/* The whole world is denied: to report some of it makes no gap. */
		"1 to deny ",
		"1 to deny +",
		"1 to report +1",
		"1 to! report +1876",
	};
	auto_policy struct policy p = {0};
	char text[80];

	(void)state;
	load_good(GOOD "/numbers.yaml", &p);
	assert_sound(&p);
	assert_int_equal(p.dial_prefix_count, 5);
	assert_int_equal(p.dial_prefixes[0].length, 5);
	assert_int_equal(p.dial_prefixes[4].length, 0);
	assert_int_equal(p.country.length, 2);
	assert_int_equal(p.number_count, array_size(expect));
	for (size_t i = 0; i < array_size(expect); i++)
		assert_string_equal(rule_text(&p.numbers[i], text), expect[i]);
}

static void test_defaults(void **state)
{
	auto_policy struct policy p = {0};

	(void)state;
	load_good(GOOD "/minimal.yaml", &p);
	assert_int_equal(p.dial_prefix_count, 1);
	assert_int_equal(p.dial_prefixes[0].length, 2);
	assert_true(p.dial_prefixes[0].international);
	assert_int_equal(p.country.length, 0);
	assert_int_equal(p.number_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_egress),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
