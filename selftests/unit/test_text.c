/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Text that others wrote is printed without an octet that a terminal obeys, and as valid UTF-8.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "export/json.h"

#include <cmocka.h>

#undef fail /* cmocka's, in place of base.h's */

static const struct {
	const char *text, *shown;
} cases[] = {
	{"", NULL},
	{"a phone in the hall \xc3\xa4\xe2\x82\xac\xf0\x9f\x93\x9e", NULL},
	{"C:\\x1b", NULL},
	{"\x1b[31mred", "\\x1b[31mred"},
	{"two\nlines\r", "two\\x0alines\\x0d"},
	{"a\tb", "a\\x09b"},
	{"\x7f", "\\x7f"},
	{"\xc2\x9b"
	 "31m",
	 "\\xc2\\x9b31m"},
	{"\xc2\xa0", NULL},
	{"\xff", "\\xff"},
	{"\xc3", "\\xc3"},
	{"\xc3(", "\\xc3("},
	{"\xc0\xaf", "\\xc0\\xaf"},
	{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
	{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
	{"\xe2\x80\xae"
	 "abc",
	 "\\xe2\\x80\\xaeabc"},
	{"\xe2\x81\xa7", "\\xe2\\x81\\xa7"},
	{"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},
	{"\xe2\x80\xa7", NULL},
	{"\xe2\x80\xaf", NULL},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		const char *expect = cases[i].shown ? cases[i].shown : cases[i].text;
		auto_free char *text = printable_text(cases[i].text);

		assert_string_equal(text, expect);
		assert_string_equal(printable(cases[i].text).text, expect);
		assert_int_equal(is_printable(cases[i].text), !cases[i].shown);
	}
}

/* No text, whatever its octets, brings one through that a terminal obeys. */
static void test_random(void **state)
{
	(void)state;
	srandom(3);
	for (int round = 0; round < 20000; round++) {
		char text[40] = "";
		auto_free char *shown = NULL;
		size_t size = random() % (sizeof(text) - 1);

		for (size_t i = 0; i < size; i++)
			text[i] = random() % 3 ? 0x80 | random() : 1 + random() % 127;
		shown = printable_text(text);
		assert_true(is_printable(shown));
		for (const uint8_t *c = (uint8_t *)shown; *c; c++)
			assert_true(*c >= 0x20 && *c != 0x7f);
	}
}

static void test_lines(void **state)
{
	auto_free char *text = printable_lines("refused\n\tindented\nline \x1b\n");

	(void)state;
	assert_string_equal(text, "refused\n\tindented\n\tline \\x1b\n");
}

static void test_cut(void **state)
{
	char text[1000];
	struct printable shown;

	(void)state;
	memset(text, '\x1b', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	shown = printable(text);
	assert_int_equal(strlen(shown.text) % 4, 3);
	assert_string_equal(shown.text + strlen(shown.text) - 7, "\\x1b...");
}

static void test_json(void **state)
{
	auto_json struct json_object *o = json_object_new_object();

	(void)state;
	json_text(o, "note", "\xff\x1b[2J \xc2\x9b \xc3\xa4");
	json_text(o, "none", NULL);
	assert_string_equal(json_object_to_json_string_ext(o, JSON_STYLE),
			    "{\"note\":\"\\\\xff\\\\x1b[2J \\\\xc2\\\\x9b \xc3\xa4\","
			    "\"none\":null}");
}

/* An error that is too long ends with a whole character. */
static void test_long_error(void **state)
{
	struct error e = {0};
	char long_text[2000] = "";

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(long_text); i += 2)
		memcpy(long_text + i, "\xc3\xa4", 2);
	for (int shift = 0; shift < 2; shift++) {
		memset(&e, 0, sizeof(e));
		fail(&e, EXIT_FAILED, "%.*s%s", shift, "x", long_text);
		assert_true(strlen(e.text) >= sizeof(e.text) - 3);
		assert_true(is_printable(e.text));
	}
}

static void test_nearest(void **state)
{
	static const char *const words[] = {"status", "stats", "detach", "ban", NULL};

	(void)state;
	assert_string_equal(nearest_word("stauts", words), "status");
	assert_string_equal(nearest_word("stat", words), "stats");
	assert_string_equal(nearest_word("DETACHE", words), "detach");
	assert_string_equal(nearest_word("bna", words), "ban");
	assert_null(nearest_word("frobnicate", words));
	assert_null(nearest_word("", words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),   cmocka_unit_test(test_random),
		cmocka_unit_test(test_lines),   cmocka_unit_test(test_cut),
		cmocka_unit_test(test_json),    cmocka_unit_test(test_long_error),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
