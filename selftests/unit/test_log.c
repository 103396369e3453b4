/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Messages of the agent: for people, and for the journal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "base/log.h"

#include <cmocka.h>

static void gives(const char *text, const char *plain, const char *journal)
{
	auto_free char *a = log_line(text, false), *b = log_line(text, true);

	assert_string_equal(a, plain);
	assert_string_equal(b, journal);
}

static void test_lines(void **state)
{
	(void)state;
	gives("ready", "sipward: ready", "<6>ready");
	gives(SAY_ERROR "no disk", "sipward: no disk", "<3>no disk");
	gives(SAY_NOTICE "a is banned" SAY_FIELDS "event=ban source=192.0.2.1",
	      "sipward: a is banned", "<5>a is banned event=ban source=192.0.2.1");
	gives("a" SAY_FIELDS "", "sipward: a", "<6>a");
	gives("", "sipward: ", "<6>");
	gives("<", "sipward: <", "<6><");
	gives("<x>y", "sipward: <x>y", "<6><x>y");
}

/* Nobody's name begins a message of its own, or has a priority of its own. */
static void test_hostile_texts(void **state)
{
	(void)state;
	gives("user 'a\n<0>b' is\x1b[2J refused", "sipward: user 'a\n\t<0>b' is\\x1b[2J refused",
	      "<6>user 'a <0>b' is\\x1b[2J refused");
	gives("a" SAY_FIELDS "b=\nc", "sipward: a", "<6>a b=\\x0ac");
}

/* What is written to stderr when JOURNAL_STREAM names this file. */
static void written(const char *stream, const char *wanted)
{
	char path[] = "/tmp/sipward-log.XXXXXX", got[64] = "";
	int fd = mkstemp(path), before = dup(STDERR_FILENO);
	auto_free char *same = NULL;
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	same = xasprintf("%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	if (stream)
		setenv("JOURNAL_STREAM", *stream ? stream : same, 1);
	else
		unsetenv("JOURNAL_STREAM");
	dup2(fd, STDERR_FILENO);
	log_write(SAY_WARNING "hello");
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	close(before);
	assert_true(pread(fd, got, sizeof(got) - 1, 0) > 0);
	assert_string_equal(got, wanted);
	close(fd);
	unlink(path);
}

static void test_where_it_goes(void **state)
{
	(void)state;
	written(NULL, "sipward: hello\n");
	written("1:2", "sipward: hello\n");
	written("rubbish", "sipward: hello\n");
	written("", "<4>hello\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_hostile_texts),
		cmocka_unit_test(test_where_it_goes),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
