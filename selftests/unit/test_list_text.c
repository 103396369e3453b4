/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `sipward lists`: what strangers wrote into a file, and its name, change nothing on the terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The commands are no part of the library that tests link. */
#include "cli/list_text.c"

#include <cmocka.h>

/* What print_lists() writes to standard output. */
static void printed(const char *json, char *to, size_t size)
{
	auto_json struct json_object *lists = json_tokener_parse(json);
	auto_file FILE *f = tmpfile();
	int out = dup(STDOUT_FILENO);

	assert_non_null(lists);
	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	print_lists(lists);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	rewind(f);
	to[fread(to, 1, size - 1, f)] = '\0';
}

static void test_foreign(void **state)
{
	char text[4096];

	(void)state;
	printed("[{\"file\": \"/a\\u001b[2J\", \"entries\": 1, \"ended\": 0, \"age_seconds\": 5,"
		"\"wrong_lines\": 1, \"wrong\": [\"/a:1:1: '\\u001b]0;x\\u0007\\nb' is wrong\"],"
		"\"kept\": \"\\u202etxt\\n  /b: 9 entries\"}]",
		text, sizeof(text));
	assert_string_equal(text, "  /a\\x1b[2J: 1 entries, taken 5 s ago\n"
				  "    kept as it was: \\xe2\\x80\\xaetxt\\x0a  /b: 9 entries\n"
				  "    1 line is left out:\n"
				  "      /a:1:1: '\\x1b]0;x\\x07\\x0ab' is wrong\n");
}

static void test_whole(void **state)
{
	auto_free char *path = xcalloc(1, 501), *json = NULL;
	char text[4096];

	(void)state;
	memset(path, 'a', 500);
	json = xasprintf("[{\"file\": \"/a\", \"entries\": 0, \"ended\": 0, \"age_seconds\": 5,"
			 "\"wrong_lines\": 0, \"wrong\": [], \"kept\": \"run: %s.txt\"}]",
			 path);
	printed(json, text, sizeof(text));
	assert_non_null(strstr(text, "a.txt\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
