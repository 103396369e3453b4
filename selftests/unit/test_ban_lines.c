/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Lines of files with bans: what is read, what is refused and why, and that what is written is read
 * again as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "export/ban_lines.h"
#include "policy/prefix.h"

#include <cmocka.h>

#define MINUTE (60 * SW_NS_PER_SEC)

static const struct {
	const char *line, *source, *note;
	uint64_t length; /* 0: no end */
} good[] = {
	{"198.51.100.1", "198.51.100.1", "usual", 5 * MINUTE},
	{" \t198.51.100.1 \r", "198.51.100.1", "usual", 5 * MINUTE},
	{"198.51.100.1 # a comment", "198.51.100.1", "usual", 5 * MINUTE},
	{"198.51.100.1 ; SBL1", "198.51.100.1", "usual", 5 * MINUTE},
	{"198.51.100.1/32 10m", "198.51.100.1/32", "usual", 10 * MINUTE},
	{"2001:db8::1 - scans # all night ", "2001:db8::1", "scans # all night", 0},
	{"2001:db8::/64\t1h  a  b", "2001:db8::/64", "a  b", 60 * MINUTE},
};

static const struct {
	const char *line, *why;
} bad[] = {
	{"nonsense", "nonsense: "},
	{"198.51.100.300", "198.51.100.300: "},
	{"198.51.100.1 scans", "'scans' is no time"},
	{"198.51.100.1 0s", "'0s' is no time: a duration must be within 1ms..10 years"},
	{"198.51.100.1 2026-02-31T00:00:00Z", "there is no such day"},
	{"198.51.100.1 9999-01-01T00:00:00Z", "within the years 1970..2500"},
	{"198.51.100.1 1969-12-31T23:59:59Z", "within the years 1970..2500"},
	{"198.51.100.1 2026-02-30", "'2026-02-30' is no time"},
	{"198.51.100.0/24", "lists: {deny: [...]}"},
	{"2001:db8::/48", "lists: {deny: [...]}"},
	{"198.51.100.1 \x1b[31m", "'\\x1b[31m' is no time"},
};

static struct ban_lines five_minutes(void)
{
	struct ban_lines lines = {.usual = {.kind = BAN_DENIES, .note = "usual"}};

	lines.usual.end = ban_end(5 * MINUTE);
	return lines;
}

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(good); i++) {
		auto_ban_lines struct ban_lines lines = five_minutes();
		auto_free char *line = xstrdup(good[i].line);
		uint64_t left, end = ban_end(good[i].length);
		struct error why = {};
		struct prefix source;
		const char *what;

		assert_int_equal(ban_line_parse(&lines, line, &why), 0);
		assert_int_equal(lines.count, 1);
		prefix_parse(good[i].source, &source, &what);
		assert_int_equal(prefix_compare(&lines.items[0].source, &source), 0);
		assert_string_equal(lines.items[0].note, good[i].note);
		if (!good[i].length)
			assert_true(lines.items[0].end == BAN_FOREVER);
		left = lines.items[0].end > end ? lines.items[0].end - end :
						  end - lines.items[0].end;
		if (good[i].length)
			assert_true(left < SW_NS_PER_SEC);
	}
}

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(bad); i++) {
		auto_ban_lines struct ban_lines lines = five_minutes();
		auto_free char *line = xstrdup(bad[i].line);
		struct error why = {};

		assert_int_equal(ban_line_parse(&lines, line, &why), -1);
		if (!strstr(why.text, bad[i].why))
			fail_msg("'%s' is not in '%s'", bad[i].why, why.text);
		assert_int_equal(lines.count, 0);
	}
}

static void test_nothing(void **state)
{
	static const char *const texts[] = {"", " \t\r", "# x", "  ; x"};

	(void)state;
	for (size_t i = 0; i < array_size(texts); i++) {
		auto_ban_lines struct ban_lines lines = five_minutes();
		auto_free char *line = xstrdup(texts[i]);
		struct error why = {};

		assert_int_equal(ban_line_parse(&lines, line, &why), 0);
		assert_int_equal(lines.count, 0);
	}
}

static void test_ended(void **state)
{
	auto_ban_lines struct ban_lines lines = five_minutes();
	char past[] = "198.51.100.1 2001-01-01T00:00:00Z x";
	struct error why = {};

	(void)state;
	assert_int_equal(ban_line_parse(&lines, past, &why), 0);
	assert_int_equal(lines.count, 0);
	assert_int_equal(lines.ended, 1);
}

/* What is written is read as it was, and written again the same. */
static void test_round_trip(void **state)
{
	struct ban_entry entry = {.ban = {.note = "scans  all night"}};
	const uint64_t lengths[] = {90 * SW_NS_PER_SEC, 1000 * 24 * 60 * MINUTE, BAN_FOREVER};
	const char *why;

	(void)state;
	assert_int_equal(prefix_parse("2001:db8::/64", &entry.source, &why), 0);
	for (size_t i = 0; i < array_size(lengths); i++) {
		auto_ban_lines struct ban_lines lines = five_minutes();
		char first[512], cut[512], again[512];
		struct error e = {};

		entry.ban.end = ban_end(lengths[i]);
		ban_line_text(&entry, first, sizeof(first));
		memcpy(cut, first, sizeof(cut));
		assert_int_equal(ban_line_parse(&lines, cut, &e), 0);
		assert_int_equal(lines.count, 1);
		assert_string_equal(lines.items[0].note, entry.ban.note);
		entry.ban.end = lines.items[0].end;
		ban_line_text(&entry, again, sizeof(again));
		assert_string_equal(again, first);
	}
}

/* --- files --- */

static int read_file(struct ban_lines *lines, const char *text, size_t size, struct error *e)
{
	char path[] = "/tmp/sipward-lines.XXXXXX";
	auto_fd int fd = mkstemp(path);
	int done;

	assert_true(fd >= 0 && write(fd, text, size) == (ssize_t)size);
	done = ban_lines_read(lines, path, e);
	unlink(path);
	return done;
}

/* A first line of `size` octets and a second one, without a line end, that is right. */
static int read_long(struct ban_lines *lines, size_t size, char filler, struct error *e)
{
	static const char first[] = "198.51.100.1 - ", next[] = "\n198.51.100.2";
	auto_free char *text = xcalloc(1, size + sizeof(next));

	memset(text, filler, size);
	memcpy(text, first, strlen(first));
	strcpy(text + size, next);
	return read_file(lines, text, size + strlen(next), e);
}

static void test_long_lines(void **state)
{
	static const struct {
		size_t size;
		char filler;
		size_t bad;
	} cases[] = {
		{4096, 'x', 0},     {4097, 'x', 1}, {1 << 20, 'x', 1},
		{64 << 20, 'x', 1}, {40, '\0', 1},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		auto_ban_lines struct ban_lines lines = five_minutes();
		struct error e = {};

		lines.most = 10;
		assert_int_equal(read_long(&lines, cases[i].size, cases[i].filler, &e), 0);
		assert_int_equal(lines.bad_all, cases[i].bad);
		assert_int_equal(lines.count, 2 - cases[i].bad);
	}
}

/* It may have no end, as /dev/zero on standard input. */
static void test_longest_line(void **state)
{
	auto_ban_lines struct ban_lines lines = five_minutes();
	struct error e = {};

	(void)state;
	lines.most = 10;
	assert_int_equal(read_long(&lines, (64 << 20) + 1, 'x', &e), -1);
	assert_non_null(strstr(e.text, "line 1 is longer than"));
}

static void test_mark(void **state)
{
	static const char text[] = "\xef\xbb\xbf"
				   "198.51.100.1\n\xef\xbb\xbf"
				   "198.51.100.2\n";
	auto_ban_lines struct ban_lines lines = five_minutes();
	struct error e = {};

	(void)state;
	lines.most = 10;
	assert_int_equal(read_file(&lines, text, strlen(text), &e), 0);
	assert_int_equal(lines.count, 1);
	assert_int_equal(lines.bad_all, 1);
}

static void test_no_files(void **state)
{
	static const struct {
		const char *path, *why;
	} cases[] = {
		{"/dev/null", "is a device; name a file"},
		{"/dev/zero", "is a device; name a file"},
		{"/tmp", "is a directory; name a file"},
		{"/tmp/sipward-none", "cannot be read: No such file"},
		{"/proc/self/mem", "cannot be read: "},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		auto_ban_lines struct ban_lines lines = five_minutes();
		struct error e = {};

		assert_int_equal(ban_lines_read(&lines, cases[i].path, &e), -1);
		if (!strstr(e.text, cases[i].why))
			fail_msg("'%s' is not in '%s'", cases[i].why, e.text);
	}
}

static void test_unique(void **state)
{
	static const char *const texts[] = {"198.51.100.2 - a", "198.51.100.1 - b",
					    "198.51.100.2 - c", "198.51.100.2 - d"};
	auto_ban_lines struct ban_lines lines = five_minutes();

	(void)state;
	ban_lines_unique(&lines);
	assert_int_equal(lines.count, 0);
	for (size_t i = 0; i < array_size(texts); i++) {
		auto_free char *line = xstrdup(texts[i]);
		struct error why = {};

		assert_int_equal(ban_line_parse(&lines, line, &why), 0);
	}
	ban_lines_unique(&lines);
	assert_int_equal(lines.count, 2);
	assert_string_equal(lines.items[0].note, "b");
	assert_string_equal(lines.items[1].note, "d");
}

static void test_room(void **state)
{
	(void)state;
	assert_int_equal(ban_lines_room(65536, 0), 58983);
	assert_int_equal(ban_lines_room(65536, 58983), 0);
	assert_int_equal(ban_lines_room(65536, 65536), 0);
	assert_int_equal(ban_lines_room(65536, 58982), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),         cmocka_unit_test(test_bad),
		cmocka_unit_test(test_nothing),      cmocka_unit_test(test_ended),
		cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_longest_line), cmocka_unit_test(test_mark),
		cmocka_unit_test(test_no_files),     cmocka_unit_test(test_unique),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests_name("ban lines", tests, NULL, NULL);
}
