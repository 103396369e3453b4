/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Values given in place of the policy's own: the keys, their effect on the model, and the messages
 * for values that are refused. Also the differences between two policies.
 */
#include "policy_asserts.h"

#include "policy/diff.h"
#include "policy/parse.h"
#include "policy/text.h"
#include "policy/tune.h"

static const char base[] = "version: 1\n"
			   "mode: enforce\n"
			   "services: [{transport: udp, port: 5060}]\n"
			   "zones:\n"
			   "  - name: carrier.a\n"
			   "    sources: [192.0.2.0/24]\n"
			   "    rates: {zone: 100/s, source: {INVITE: 10/s}}\n"
			   "    methods: [INVITE]\n"
			   "  - name: carrier\n"
			   "    sources: [198.51.100.0/24]\n"
			   "  - name: mode\n"
			   "    sources: [203.0.113.0/24]\n";

static int make_base(void **state)
{
	struct policy_text *text = xcalloc(1, sizeof(*text));

	policy_text_copy("base.yaml", base, strlen(base), text);
	*state = text;
	return 0;
}

static int drop_base(void **state)
{
	policy_text_free(*state);
	free(*state);
	return 0;
}

static const struct zone *zone_of(const struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->zone_count; i++) {
		if (strcmp(p->zones[i].name, name) == 0)
			return &p->zones[i];
	}
	fail_msg("no zone %s", name);
	return NULL;
}

/* Reads the policy with one override; the key in its one form must be `form`. */
static void read_tuned(struct policy_text *text, const char *key, const char *value,
		       const char *form, struct policy *p)
{
	auto_override struct override override = {0};
	struct error e = {0};

	if (override_make(text, key, value, &override, &e) < 0 ||
	    policy_text_parse(text, &override, 1, p, &e) < 0)
		fail_msg("%s: %s", key, e.text);
	assert_string_equal(override.key, form);
	assert_sound(p);
}

static void test_top_level(void **state)
{
	auto_policy struct policy monitor = {0}, events = {0};

	read_tuned(*state, "mode", "monitor", "mode", &monitor);
	assert_int_equal(monitor.mode, SW_MODE_MONITOR);
	assert_int_equal(zone_of(&monitor, "carrier")->mode, SW_MODE_MONITOR);
	read_tuned(*state, "events.rate", "7/s burst 9", "events.rate", &events);
	assert_rate(&events.events, 7, SW_NS_PER_SEC, 9);
}

/* The longest name that fits is meant, and only that zone changes. */
static void test_zones(void **state)
{
	auto_policy struct policy a = {0}, b = {0}, c = {0};

	read_tuned(*state, "carrier.a.mode", "monitor", "carrier.a.mode", &a);
	assert_int_equal(zone_of(&a, "carrier.a")->mode, SW_MODE_MONITOR);
	assert_int_equal(zone_of(&a, "carrier")->mode, SW_MODE_ENFORCE);
	read_tuned(*state, "carrier.mode", "monitor", "carrier.mode", &b);
	assert_int_equal(zone_of(&b, "carrier.a")->mode, SW_MODE_ENFORCE);
	assert_int_equal(zone_of(&b, "carrier")->mode, SW_MODE_MONITOR);
	read_tuned(*state, "zones.carrier.a.rates.source.INVITE", "20/s",
		   "carrier.a.rates.source.INVITE", &c);
	assert_rate(&zone_of(&c, "carrier.a")->source_rates[SW_RATE_INVITE], 20, SW_NS_PER_SEC, 20);
	assert_true(zone_of(&c, "carrier.a")->zone_rate.set);
	assert_false(zone_of(&c, "carrier")->source_rates[SW_RATE_INVITE].set);
}

/* A zone with the name of a key of the top level is reached behind "zones.". */
static void test_ambiguous(void **state)
{
	auto_policy struct policy p = {0};

	read_tuned(*state, "zones.mode.mode", "monitor", "zones.mode.mode", &p);
	assert_int_equal(p.mode, SW_MODE_ENFORCE);
	assert_int_equal(zone_of(&p, "mode")->mode, SW_MODE_MONITOR);
}

/* Public needs not be written, nor what lies between a zone and its key. */
static void test_not_written(void **state)
{
	auto_policy struct policy a = {0}, b = {0}, c = {0};

	read_tuned(*state, "public.rates.source.INVITE", "20/s", "public.rates.source.INVITE", &a);
	assert_rate(&a.zones[0].source_rates[SW_RATE_INVITE], 20, SW_NS_PER_SEC, 20);
	assert_int_equal(a.zone_count, 4);
	read_tuned(*state, "public.newcomers.rate", "1000/s", "public.newcomers.rate", &b);
	assert_rate(&b.zones[0].newcomers, 1000, SW_NS_PER_SEC, 1000);
	assert_true(b.zones[0].probe);
	read_tuned(*state, "carrier.sanity.profile", "strict", "carrier.sanity.profile", &c);
	assert_int_equal(zone_of(&c, "carrier")->profile, SW_PROFILE_STRICT);
	assert_int_equal(zone_of(&c, "carrier.a")->profile, SW_PROFILE_DEFAULT);
}

/* Every kind of value that a file may have behind the key: a list, a mapping. */
static void test_whole_values(void **state)
{
	auto_policy struct policy a = {0}, b = {0};

	read_tuned(*state, "carrier.a.methods", "[OPTIONS, other]", "carrier.a.methods", &a);
	assert_int_equal(zone_of(&a, "carrier.a")->methods,
			 SW_METHODS_ALWAYS | SW_MESSAGE_BIT(OPTIONS) | SW_MESSAGE_BIT(OTHER));
	read_tuned(*state, "carrier.a.rates", "{zone: 5/s}", "carrier.a.rates", &b);
	assert_int_equal(zone_of(&b, "carrier.a")->zone_rate.count, 5);
	assert_false(zone_of(&b, "carrier.a")->source_rates[SW_RATE_INVITE].set);
}

static void test_value_in_file(void **state)
{
	auto_override struct override rate = {0}, list = {0}, none = {0};

	assert_int_equal(override_make(*state, "carrier.a.rates.zone", "1/s", &rate, NULL), 0);
	assert_string_equal(rate.in_file, "100/s");
	assert_int_equal(override_make(*state, "carrier.a.methods", "[]", &list, NULL), 0);
	assert_string_equal(list.in_file, "[INVITE]");
	assert_int_equal(override_make(*state, "public.mode", "monitor", &none, NULL), 0);
	assert_null(none.in_file);
}

static void test_order(void **state)
{
	struct override both[] = {
		{.key = "carrier.a.rates", .value = "{zone: 5/s}"},
		{.key = "carrier.a.rates.source.INVITE", .value = "3/s"},
	};
	auto_policy struct policy p = {0};
	struct error e = {0};

	if (policy_text_parse(*state, both, 2, &p, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(zone_of(&p, "carrier.a")->zone_rate.count, 5);
	assert_int_equal(zone_of(&p, "carrier.a")->source_rates[SW_RATE_INVITE].count, 3);
	assert_true(key_is_below(both[1].key, both[0].key));
	assert_true(key_is_below(both[0].key, both[0].key));
	assert_false(key_is_below(both[0].key, both[1].key));
	assert_false(key_is_below("carrier.a", "carr"));
}

static void test_refused(void **state)
{
	static const struct {
		const char *key, *value, *message;
	} cases[] = {
		{"carier.mode", "monitor",
		 "command line: there is no key or zone 'carier', "
		 "did you mean 'carrier'?"},
		{"zones.carier.mode", "monitor",
		 "command line: there is no zone 'carier', "
		 "did you mean 'carrier'?"},
		{"evnts.rate", "1/s",
		 "command line: there is no key or zone 'evnts', "
		 "did you mean 'events'?"},
		{"carrier.rats.zone", "1/s",
		 "command line: unknown key 'rats', did you mean 'rates'?"},
		{"events.rat", "1/s", "command line: unknown key 'rat', did you mean 'rate'?"},
		{"carrier.rates.source.INVTE", "1/s",
		 "command line: unknown key 'INVTE', "
		 "did you mean 'INVITE'?"},
		{"carrier.mode", "monitr",
		 "command line: 'mode' cannot be 'monitr', "
		 "did you mean 'monitor'?"},
		{"carrier.rates.zone", "0/s",
		 "command line: 'zone' cannot be '0/s': the count "
		 "must be within 1..1000000000"},
		{"carrier.a.rates.zone", "9/s",
		 "base.yaml:7:43: source INVITE 10/s is more than "
		 "the whole zone's 9/s; lower it, or raise the zone's at the command line"},
		{"carrier.a.rates.source.INVITE", "101/s",
		 "command line: source INVITE 101/s is "
		 "more than the whole zone's 100/s; lower it, or raise the zone's at 7:19"},
		{"carrier", "monitor",
		 "command line: 'carrier' is not one value; name a key of "
		 "the zone, as in public.mode"},
		{"zones", "[]",
		 "command line: 'zones' is not one value; name a key of the zone, "
		 "as in public.mode"},
		{"carrier.sources", "[]",
		 "command line: 'carrier.sources' cannot be tuned, only "
		 "limits and modes can; change it in the file, then run: sipward apply FILE"},
		{"version", "2",
		 "command line: 'version' cannot be tuned, only limits and modes "
		 "can; change it in the file, then run: sipward apply FILE"},
		{"carrier.a.methods.INVITE", "on",
		 "command line: 'methods' is a list, so it has "
		 "no 'INVITE'; write 'methods' as a whole"},
		{"mode.x", "on",
		 "command line: 'mode' is a single value, so it has no 'x'; write "
		 "'mode' as a whole"},
		{"carrier..mode", "monitor",
		 "command line: 'carrier..mode' is not a key; keys "
		 "are words with dots between, as in public.rates.source.INVITE"},
		{"", "monitor",
		 "command line: '' is not a key; keys are words with dots between, "
		 "as in public.rates.source.INVITE"},
		{"mode", " ", "command line: 'mode' needs a value"},
		{"mode", "[enforce",
		 "command line:2:1: not valid YAML: did not find expected ',' "
		 "or ']' while parsing a flow sequence from 1:1 on; check indentation, brackets "
		 "and quotes here and above"},
		{"mode", "mon\x01",
		 "command line:1:4: octet 0x01 is a control character; only "
		 "plain text is read"},
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		auto_override struct override override = {0};
		struct policy p = {0};
		struct error e = {0};
		int made = override_make(*state, cases[i].key, cases[i].value, &override, &e);

		assert_int_equal(made < 0 ? -1 : policy_text_parse(*state, &override, 1, &p, &e),
				 -1);
		assert_string_equal(e.text, cases[i].message);
		assert_int_equal(e.code, EXIT_POLICY);
		assert_memory_equal(&p, &nothing, sizeof(p));
	}
}

/* The list files that belong to a policy are those that were read with it. */
static void test_files_are_kept(void **state)
{
	struct scratch *s = *state;
	auto_loaded_policy struct loaded_policy loaded = {0};
	struct error e = {0};

	write_file(s->list, "192.0.2.1\n");
	write_file(s->policy, "version: 1\nlists: {deny: [./list.txt]}\n");
	if (loaded_policy_load(s->policy, &loaded, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(loaded.policy.list_count, 1);
	write_file(s->list, "192.0.2.1\n192.0.2.2\n");
	assert_int_equal(loaded_policy_parse(&loaded, &e), 0);
	assert_int_equal(loaded.policy.list_count, 1);
	unlink(s->list);
	assert_int_equal(loaded_policy_parse(&loaded, &e), 0);
	assert_int_equal(loaded.policy.list_count, 1);
}

static void assert_change(const struct change *change, const char *key, const char *from,
			  const char *to)
{
	assert_string_equal(change->key, key);
	assert_string_equal(change->from ? change->from : "-", from);
	assert_string_equal(change->to ? change->to : "-", to);
}

static void test_diff(void **state)
{
	struct scratch *s = *state;
	auto_loaded_policy struct loaded_policy from = {0}, to = {0};
	struct change *changes;
	struct error e = {0};
	size_t count;

	write_file(s->list, "192.0.2.1\n192.0.2.2\n");
	write_file(s->policy, "version: 1\nlists: {deny: [./list.txt]}\n"
			      "zones: [{name: a, sources: [192.0.2.0/24], mode: monitor}]\n");
	assert_int_equal(loaded_policy_load(s->policy, &from, &e), 0);
	assert_int_equal(loaded_policy_diff(&from, &from, &changes, &count, &e), 0);
	assert_int_equal(count, 0);
	changes_free(changes, count);
	write_file(s->list, "192.0.2.2\n192.0.2.3\n192.0.2.4\n");
	write_file(s->policy, "version: 1\nevents: {rate: 1/s}\nlists: {deny: [./list.txt]}\n"
			      "zones: [{name: b, sources: [192.0.2.0/24]}, {name: a, "
			      "sources: [10.0.0.0/8]}]\n");
	assert_int_equal(loaded_policy_load(s->policy, &to, &e), 0);
	assert_int_equal(loaded_policy_diff(&from, &to, &changes, &count, &e), 0);
	assert_int_equal(count, 6);
	assert_change(&changes[0], "a.sources", "[192.0.2.0/24]", "[10.0.0.0/8]");
	assert_change(&changes[1], "a.mode", "monitor", "-");
	assert_change(&changes[2], "events.rate", "-", "1/s");
	assert_change(&changes[3], "b.name", "-", "b");
	assert_change(&changes[4], "b.sources", "-", "[192.0.2.0/24]");
	assert_change(&changes[5], "lists", "2 entries", "3 entries: 2 added, 1 removed");
	changes_free(changes, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_top_level, make_base, drop_base),
		cmocka_unit_test_setup_teardown(test_zones, make_base, drop_base),
		cmocka_unit_test_setup_teardown(test_ambiguous, make_base, drop_base),
		cmocka_unit_test_setup_teardown(test_not_written, make_base, drop_base),
		cmocka_unit_test_setup_teardown(test_whole_values, make_base, drop_base),
		cmocka_unit_test_setup_teardown(test_value_in_file, make_base, drop_base),
		cmocka_unit_test_setup_teardown(test_order, make_base, drop_base),
		cmocka_unit_test_setup_teardown(test_refused, make_base, drop_base),
		cmocka_unit_test_setup_teardown(test_files_are_kept, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_diff, make_scratch, drop_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
