/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The first line of `status`, its exit code, how much of a limit is spent, and durations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "export/json.h"
#include "export/verdict.h"
#include "kernel/limits_now.h"

#include <cmocka.h>

#undef fail /* cmocka's, in place of base.h's */

#define IFACE(name, mode)                                                               \
	"{\"name\":\"" name "\",\"attach\":\"native\",\"pinned\":true,\"services\":[]," \
	"\"mode\":\"" mode "\"}"
#define BARE(name) "{\"name\":\"" name "\",\"attach\":\"none\",\"pinned\":true}"
#define AGENT      "\"agent\":{\"missing\":[]}"
#define ENFORCES   "\"interfaces\":[" IFACE("eth0", "enforce") "]"

static const struct {
	const char *status, *line;
	enum exit_code code;
} cases[] = {
	{"{" AGENT "," ENFORCES "}", "PROTECTED", 0},
	{"{" AGENT "," ENFORCES ",\"zones\":2,\"zones_monitored\":[\"public\"]}",
	 "PROTECTED: zone public is in monitor mode", 0},
	{"{" AGENT "," ENFORCES ",\"zones\":1,\"zones_monitored\":[\"public\"]}",
	 "MONITORING: monitor mode drops nothing", 0},
	{"{" AGENT "," ENFORCES ",\"shadow\":[]}", "PROTECTED", 0},
	{"{" AGENT "," ENFORCES ",\"shadow\":[\"ban\"]}",
	 "PROTECTED: 1 reason is only counted (shadow)", 0},
	{"{" AGENT "," ENFORCES ",\"zones\":2,\"zones_monitored\":[\"public\"],"
	 "\"shadow\":[\"ban\",\"scanner\",\"deny_list\",\"rate_zone\"]}",
	 "PROTECTED: zone public is in monitor mode; 4 reasons are only counted (shadow)", 0},
	{"{" AGENT ",\"interfaces\":[" IFACE("eth0", "monitor") "],\"shadow\":[\"ban\"]}",
	 "MONITORING: monitor mode drops nothing", 0},
	{"{" AGENT ",\"interfaces\":[" IFACE("eth0", "monitor") "]}",
	 "MONITORING: monitor mode drops nothing", 0},
	{"{" AGENT ",\"interfaces\":[" IFACE("eth0", "monitor") "," BARE("eth1") "]}",
	 "DEGRADED: interface eth1 is not attached", 1},
	{"{\"agent\":{\"missing\":[\"eth1\"]}," ENFORCES "}",
	 "DEGRADED: interface eth1 is not attached", 1},
	{"{\"agent\":{\"missing\":[\"eth1\"]},\"interfaces\":[" BARE("eth1") "]}",
	 "NOT PROTECTED: interface eth1 is not attached", 6},
	{"{" ENFORCES "}", "DEGRADED: the agent is not running", 1},
	{"{" ENFORCES ",\"agent_trouble\":\"x\"}", "DEGRADED: the agent does not answer", 1},
	{"{" ENFORCES ",\"observer\":{\"state\":\"not_running\"}}",
	 "DEGRADED: the agent is not running", 1},
	{"{" AGENT "," ENFORCES ",\"observer\":{\"state\":\"not_running\"}}",
	 "DEGRADED: the observer is not running", 1},
	{"{" AGENT "," ENFORCES ",\"observer\":{\"state\":\"warming_up\"}}", "PROTECTED", 0},
	{"{" AGENT "," ENFORCES ",\"observer\":{\"state\":\"unanswered\"}}",
	 "DEGRADED: the observer is not good (unanswered)", 1},
	{"{\"agent\":{\"missing\":[],\"reload_error\":\"x\",\"saved\":{\"error\":\"x\"},"
	 "\"exporter\":{\"error\":\"x\"}}," ENFORCES "}",
	 "DEGRADED: the last reload was refused; bans and known endpoints cannot be saved; "
	 "/metrics is not served",
	 1},
	{"{" AGENT "," ENFORCES ",\"tables\":[{\"name\":\"bans\",\"filled\":7,\"capacity\":8}]}",
	 "PROTECTED", 0},
	{"{" AGENT "," ENFORCES ",\"tables\":[{\"name\":\"bans\",\"filled\":8,\"capacity\":8}]}",
	 "DEGRADED: the table 'bans' is full", 1},
	/* A program of another version: its policy cannot be read. */
	{"{" AGENT ",\"interfaces\":[{\"name\":\"eth0\",\"attach\":\"native\",\"pinned\":true,"
	 "\"trouble\":\"eth0: another version\"}]}",
	 "DEGRADED: eth0: another version", 1},
	{"{" AGENT ",\"interfaces\":[]}",
	 "NOT PROTECTED: nothing of sipward is attached to an interface", 6},
	{"{\"interfaces\":[],\"state_trouble\":\"no pin\"}",
	 "NOT PROTECTED: nothing of sipward is attached to an interface; the agent is not running",
	 6},
	/* Another version of the agent may leave out what it likes. */
	{"{}",
	 "NOT PROTECTED: nothing of sipward is attached to an interface; the agent is not running",
	 6},
	{"{\"agent\":{\"missing\":[\"e\\u001b[31m\"]}," ENFORCES "}",
	 "DEGRADED: interface e\\x1b[31m is not attached", 1},
};

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		auto_json struct json_object *o = json_tokener_parse(cases[i].status);
		auto_free char *line = NULL;
		enum exit_code code;

		assert_non_null(o);
		code = verdict_code(verdict_add(o));
		line = verdict_line(o);
		assert_string_equal(line, cases[i].line);
		assert_int_equal(code, cases[i].code);
	}
}

static void test_percent(void **state)
{
	struct sw_limit limit = {.interval = 10, .tolerance = 90}, none = {};
	uint64_t now = 1000000;
	bool refuses;

	(void)state;
	assert_int_equal(limit_percent(&limit, 0, now, &refuses), 0);
	assert_int_equal(limit_percent(&limit, now + 80, now, &refuses), 80);
	assert_false(refuses);
	assert_int_equal(limit_percent(&limit, now + 90, now, &refuses), 90);
	assert_false(refuses);
	assert_int_equal(limit_percent(&limit, now + 91, now, &refuses), 91);
	assert_true(refuses);
	assert_int_equal(limit_percent(&limit, now + 110, now, &refuses), 100);
	assert_true(refuses);
	/* Written under another limit; no limit. */
	assert_int_equal(limit_percent(&limit, now + 101 + SW_NS_PER_SEC, now, &refuses), 0);
	assert_false(refuses);
	assert_int_equal(limit_percent(&none, now + 50, now, &refuses), 0);
	assert_false(refuses);
}

static void test_durations(void **state)
{
	static const struct {
		unsigned long long seconds;
		const char *said;
	} durations[] = {
		{0, "0 s"},
		{59, "59 s"},
		{60, "1 min"},
		{200, "3 min 20 s"},
		{600, "10 min"},
		{754, "12 min"},
		{3599, "59 min"},
		{3600, "1 h"},
		{7500, "2 h 5 min"},
		{86399, "23 h 59 min"},
		{86400, "1 d"},
		{273600, "3 d 4 h"},
		{~0ull, "213503982334601 d 7 h"},
	};

	(void)state;
	for (size_t i = 0; i < array_size(durations); i++)
		assert_string_equal(spoken(durations[i].seconds).text, durations[i].said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
