/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which events `sipward events` shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "export/event_filter.h"
#include "export/json.h"

#include <cmocka.h>

#undef fail /* cmocka's, in place of base.h's */

static struct json_object *event(const char *source)
{
	struct json_object *o = json_object_new_object();

	json_text(o, "time", "2026-11-30T12:00:00.500Z");
	json_text(o, "zone", "public");
	json_text(o, "reason", "scanner");
	json_text(o, "source", source);
	return o;
}

static void test_source(void **state)
{
	static const struct {
		const char *prefix, *source;
		bool within;
	} cases[] = {
		{"198.51.100.66", "198.51.100.66", true},
		{"198.51.100.66", "198.51.100.67", false},
		{"198.51.100.0/23", "198.51.101.7", true},
		{"198.51.100.0/23", "198.51.102.7", false},
		{"0.0.0.0/0", "203.0.113.1", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
		{"::/0", "2001:db8::1", true},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		auto_json struct json_object *o = event(cases[i].source);
		struct event_filter filter = {};
		struct error e = {};

		assert_int_equal(event_filter_source(&filter, cases[i].prefix, &e), 0);
		assert_int_equal(event_matches(&filter, o), cases[i].within);
	}
}

static void test_words(void **state)
{
	auto_json struct json_object *o = event("198.51.100.66"),
				     *repair = json_object_new_object();
	struct event_filter all = {}, filter = {.zone = "public", .reason = "scanner"};

	(void)state;
	json_text(repair, "time", "2026-11-30T12:00:00.500Z");
	assert_true(event_matches(&all, o));
	assert_true(event_matches(&all, repair));
	assert_true(event_matches(&filter, o));
	assert_false(event_matches(&filter, repair));
	filter.zone = "publi";
	assert_false(event_matches(&filter, o));
	filter.zone = NULL;
	filter.reason = "ban";
	assert_false(event_matches(&filter, o));
}

static void test_since(void **state)
{
	static const struct {
		const char *since;
		int wanted; /* -1: refused */
	} cases[] = {
		{"2026-11-30T12:00:00Z", 1},
		{"2026-11-30T12:00:00.500Z", 1},
		{"2026-11-30T12:00:00.501Z", 0},
		{"2026-11-30T12:00:01Z", 0},
		{"2026-11-30T12:00:00", -1},
		{"2026-9-1T0:0:0Z", 1},
		{"2026-9-1T0:0:0.500Z", 1},
		{"2026-12-1T0:0:0Z", 0},
		{"2024-02-29T00:00:00Z", 1},
		{"2026-02-31T00:00:00Z", -1},
		{"2026-02-29T00:00:00Z", -1},
		{"2026-11-30T12:00:60Z", -1},
		{"9999-01-01T00:00:00Z", -1},
		{"2026-11-30", -1},
		{"2026-11-30T12:00:00.5000Z", -1},
		{"10", -1},
		{"-5m", -1},
		{"now", -1},
		{"", -1},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		auto_json struct json_object *o = event("198.51.100.66");
		/* As long as it is: a sanitizer sees what is read behind it. */
		auto_free char *since = xstrdup(cases[i].since);
		struct event_filter filter = {};
		struct error e = {};
		int done = event_filter_since(&filter, since, &e);

		assert_int_equal(done < 0 ? -1 : event_matches(&filter, o), cases[i].wanted);
	}
}

static void test_since_duration(void **state)
{
	auto_json struct json_object *o = json_object_new_object();
	struct event_filter now = {}, before = {};
	struct error e = {};

	(void)state;
	assert_int_equal(event_filter_since(&now, "1ms", &e), 0);
	assert_int_equal(event_filter_since(&before, "1h", &e), 0);
	json_text(o, "time", now.since);
	assert_true(event_matches(&before, o));
	json_object_object_del(o, "time");
	json_text(o, "time", before.since);
	assert_false(event_matches(&now, o));
}

static void test_reason(void **state)
{
	struct event_filter filter = {};
	struct error e = {}, f = {};

	(void)state;
	assert_int_equal(event_filter_reason(&filter, "scanner", &e), 0);
	assert_int_equal(event_filter_reason(&filter, "scaner", &e), -1);
	assert_non_null(strstr(e.text, "did you mean 'scanner'"));
	assert_int_equal(e.code, EXIT_USAGE);
	assert_int_equal(event_filter_reason(&filter, "none", &f), -1);
}

static void test_last(void **state)
{
	(void)state;
	for (size_t room = 0; room < 5; room++) {
		struct last_events last = {.room = room};

		for (int i = 0; i < 3; i++) {
			auto_json struct json_object *o = json_object_new_int(i);

			last_events_put(&last, o);
		}
		for (int i = room < 3 ? 3 - (int)room : 0; i < 3; i++) {
			auto_json struct json_object *o = last_events_take(&last);

			assert_int_equal(json_object_get_int(o), i);
		}
		assert_null(last_events_take(&last));
		last_events_free(&last);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source), cmocka_unit_test(test_words),
		cmocka_unit_test(test_since),  cmocka_unit_test(test_since_duration),
		cmocka_unit_test(test_reason), cmocka_unit_test(test_last),
	};

	return cmocka_run_group_tests_name("event filter", tests, NULL, NULL);
}
