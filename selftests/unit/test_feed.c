/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Files of prefixes: their lines, what is left out, what is no list at all, and when a file that
 * shrank is rather a mistake.
 */
#include "policy_asserts.h"

/* Behind it: cmocka's fail(). */
#include "agent/feeds.h"
#include "agent/say.h"
#include "policy/feed.h"
#include "policy/where.h"

static const struct {
	const char *text;
	const char *prefix; /* NULL: none */
	const char *wrong;  /* behind "FILE:1:"; NULL: nothing is */
} lines[] = {
	{"192.0.2.1", "192.0.2.1", NULL},
	{" \t192.0.2.1 \t\r", "192.0.2.1", NULL},
	{"192.0.2.0/24", "192.0.2.0/24", NULL},
	{"2001:db8::/32", "2001:db8::/32", NULL},
	{"1.10.16.0/20 ; SBL256894", "1.10.16.0/20", NULL},
	{"192.0.2.1#x", "192.0.2.1", NULL},
	{"192.0.2.1 until 2499-01-01T00:00Z", "192.0.2.1", NULL},
	{"192.0.2.1\tuntil  2499-01-01T00:00:00Z # x", "192.0.2.1", NULL},
	{"192.0.2.1 until 2001-01-01T00:00Z", NULL, NULL},
	{"; a comment", NULL, NULL},
	{"# caf\xe9", NULL, NULL},
	{"\r", NULL, NULL},
	{"192.0.2.1 until", NULL, "1: '' is no time: it does not have the form; write it like"},
	{"192.0.2.1 until tomorrow", NULL, "1: 'tomorrow' is no time: it does not have the form"},
	{"192.0.2.1 until 2999-02-30T00:00Z", NULL, "1: '2999-02-30T00:00Z' is no time: there is"},
	{"192.0.2.1 untilnow", NULL, "1: '192.0.2.1 untilnow' is not a prefix"},
	{"  192.0.2.1/24", NULL,
	 "3: '192.0.2.1/24' is not a prefix: it has bits set after its length"},
	{"192.0.2.1,192.0.2.2", NULL, "1: '192.0.2.1,192.0.2.2' is not a prefix"},
	{"example.com", NULL, "1: 'example.com' is not a prefix"},
	{"caf\xe9", NULL, "1: octet 0xe9 is no text"},
	{"\x1b[31m", NULL, "1: octet 0x1b is no text"},
	{"0.0.0.0/0", NULL, "1: '0.0.0.0/0' means everybody, which no file may say"},
	{"0.0.0.0/1", NULL,
	 "1: '0.0.0.0/1' is too many addresses for a file, whose prefixes are /8"},
	{"128.0.0.0/1", NULL, "1: '128.0.0.0/1' is too many"},
	{"10.0.0.0/7", NULL, "1: '10.0.0.0/7' is too many"},
	{"10.0.0.0/8", "10.0.0.0/8", NULL},
	{"2000::/3", NULL, "1: '2000::/3' is too many"},
	{"2000::/15", NULL, "1: '2000::/15' is too many"},
	{"2001::/16", "2001::/16", NULL},
	{"::/0", NULL, "1: '::/0' means everybody, which no file may say"},
};

static int note(struct parse_context *d, const struct source *s, struct position at,
		const struct prefix *prefix, const void *context)
{
	char *to = (char *)context;

	(void)d, (void)s, (void)at;
	prefix_text(prefix, to, 64);
	return 0;
}

static int read_text(const char *text, size_t size, bool strict, char found[64], struct feed *feed,
		     struct error *e)
{
	struct policy_file file = {.path = "FILE", .text = (char *)text, .size = size};
	struct parse_context d = {.strict = strict};
	const struct feed_reader reader = {note, found};

	*found = '\0';
	return feed_read(&d, &file, &reader, feed, e);
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(lines); i++) {
		/* A good line behind it: one wrong one is left out then. */
		auto_free char *text = xasprintf("%s\n#", lines[i].text);
		auto_free char *wrong = xasprintf("FILE:1:%s", lines[i].wrong);
		auto_free char *two = xasprintf("%s\n198.51.100.1", lines[i].text);
		auto_feed struct feed feed = {}, beside = {};
		struct error e = {};
		char found[64];

		read_text(text, strlen(text), false, found, &feed, &e);
		assert_string_equal(found, lines[i].prefix ?: "");
		assert_int_equal(feed.bad, lines[i].wrong != NULL);
		assert_int_equal(e.code, lines[i].wrong ? EXIT_POLICY : EXIT_OK);
		if (lines[i].wrong && strncmp(feed.wrong[0], wrong, strlen(wrong)) != 0)
			fail_msg("%s: %s", lines[i].text, feed.wrong[0]);
		e = (struct error){};
		assert_int_equal(read_text(two, strlen(two), false, found, &beside, &e), 0);
		assert_string_equal(found, "198.51.100.1");
		feed_free(&beside);
		assert_int_equal(read_text(two, strlen(two), true, found, &beside, &e),
				 lines[i].wrong ? -1 : 0);
	}
}

static void test_next_end(void **state)
{
	static const char text[] = "192.0.2.1 until 2499-01-01T00:00Z\n"
				   "192.0.2.2 until 2400-01-01T00:00Z\n"
				   "192.0.2.3 until 2001-01-01T00:00Z\n192.0.2.4\n";
	auto_feed struct feed feed = {};
	struct error e = {};
	char found[64];

	(void)state;
	assert_int_equal(read_text(text, strlen(text), false, found, &feed, &e), 0);
	assert_int_equal(feed.entries, 4);
	assert_int_equal(feed.ended, 1);
	assert_int_equal(feed.next_end, 13569465600ull * SW_NS_PER_SEC); /* 2400-01-01 */
}

static void assert_no_list(const char *text, size_t size, const char *expect)
{
	auto_feed struct feed feed = {};
	struct error e = {};
	char found[64];

	assert_int_equal(read_text(text, size, false, found, &feed, &e), -1);
	assert_int_equal(e.code, EXIT_POLICY);
	if (!strstr(e.text, expect))
		fail_msg("'%s' is not in: %s", expect, e.text);
}

static void test_no_list(void **state)
{
	static const char nul[] = "192.0.2.1\n192.0\0.2.2\n",
			  page[] = "<html>\n192.0.2.1\n</html>\n";
	auto_free char *line = xcalloc(1, 1000001), *comment = xcalloc(1, 1000020);
	auto_feed struct feed feed = {};
	struct error e = {};
	char found[64];

	(void)state;
	assert_no_list(nul, sizeof(nul) - 1, "FILE:2:6: octet 0x00 is a control character");
	assert_no_list(page, strlen(page), "FILE:1:1: '<html>' is not a prefix");
	assert_no_list(page, strlen(page),
		       "(2 of 3 lines are wrong, so this is no list of prefixes)");
	memset(line, '1', 1000000);
	assert_no_list(line, 1000000, "FILE:1:1: a line of 1000000 octets; at most 4096 are read");
	memset(comment, '#', 1000000);
	strcpy(comment + 1000000, "\n192.0.2.1");
	assert_int_equal(read_text(comment, strlen(comment), true, found, &feed, &e), 0);
	assert_string_equal(found, "192.0.2.1");
	feed_free(&feed);
	assert_int_equal(read_text("", 0, true, found, &feed, &e), 0);
	assert_int_equal(feed.entries, 0);
}

/* Only the first wrong lines are kept, of however many. */
static void test_many(void **state)
{
	auto_free char *text = NULL;
	auto_feed struct feed feed = {};
	struct error e = {};
	char found[64];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	for (unsigned int i = 0; i < 1000000; i++)
		fprintf(out, i % 4 ? "10.%u.%u.%u\n" : "host %u %u %u\n", i >> 16, i >> 8 & 255,
			i & 255);
	fclose(out);
	assert_int_equal(read_text(text, size, false, found, &feed, &e), 0);
	assert_int_equal(feed.entries, 750000);
	assert_int_equal(feed.bad, 250000);
	assert_int_equal(feed.wrong_count, FEED_WRONG_KEPT);
	assert_string_equal(found, "10.15.66.63");
}

static void test_shrank(void **state)
{
	static const struct {
		size_t before, now;
		bool shrank;
	} cases[] = {
		{0, 0, false},      {1, 0, true},      {9, 1, false},    {9, 0, true},
		{10, 5, false},     {10, 4, true},     {11, 6, false},   {11, 5, true},
		{1000, 500, false}, {1000, 499, true}, {10, 100, false},
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		const struct feed before = {.entries = cases[i].before};
		const struct feed now = {.entries = cases[i].now};

		assert_int_equal(feed_shrank(&before, &now), cases[i].shrank);
	}
}

/* --- in a policy --- */

static void test_zones(void **state)
{
	const struct scratch *s = *state;
	auto_policy struct policy p = {};
	struct error e = {};

	write_file(s->list, "192.0.2.1\n192.0.2.2\n198.51.100.0/24\n");
	write_file(s->policy, "version: 1\nzones:\n"
			      "  - {name: a, sources: [./list.txt, 192.0.2.9]}\n"
			      "  - {name: b, sources: [192.0.2.1]}\n"
			      "  - {name: c, sources: [./list.txt]}\n");
	load_good(s->policy, &p);
	/* What is written wins, and of two files the first. */
	assert_int_equal(p.zones[1].source_count, 3);
	assert_int_equal(p.zones[2].source_count, 1);
	assert_int_equal(p.zones[3].source_count, 0);
	assert_int_equal(p.contested, 4);
	assert_string_equal(p.contest, "192.0.2.1 of zone 'a' is in zone 'b' already, which keeps "
				       "it");
	assert_true(p.zones_watched && !p.lists_watched);
	policy_free(&p);
	write_file(s->policy, "version: 1\nlists: {strict: true}\nzones:\n"
			      "  - {name: a, sources: [./list.txt]}\n"
			      "  - {name: b, sources: [192.0.2.1]}\n");
	assert_int_equal(policy_load(s->policy, &p, &e), -1);
	if (!strstr(e.text, ":4:25: 192.0.2.1 is already in zone 'b' at 5:25; a prefix "
			    "belongs to one zone"))
		fail_msg("%s", e.text);
	write_file(s->policy, "version: 1\nzones: [{name: public, sources: [./list.txt]}]\n");
	e = (struct error){};
	assert_int_equal(policy_load(s->policy, &p, &e), -1);
	assert_non_null(strstr(e.text, "zone 'public' has all sources that no other zone names"));
}

/* The limit is one for all lists, and no wrong line. */
static void test_where(void **state)
{
	auto_loaded_policy struct loaded_policy loaded = {};
	const struct scratch *s = *state;
	auto_free char *expect = xasprintf("%s/./list.txt:2:3", s->directory);
	auto_where struct where where = {};
	struct error e = {};
	struct sw_addr addr;

	write_file(s->list, "nonsense ; x\n  192.0.2.0/24 until 2400-01-01T00:00Z\n192.0.0.0/16\n");
	write_file(s->policy, "version: 1\nzones: [{name: a, sources: [./list.txt]}]\n");
	assert_int_equal(loaded_policy_load(s->policy, &loaded, &e), 0);
	assert_int_equal(addr_parse("192.0.2.7", &addr), 0);
	assert_int_equal(where_zoned(&loaded.text, "a", &addr, &where, &e), 0);
	assert_string_equal(where.place, expect);
}

/* --- at the start of the agent --- */

static const struct {
	const char *list; /* NULL: there is no file */
	const char *rest; /* of the policy */
	const char *why;
} bad[] = {
	{NULL, "lists: {deny: [./list.txt]}\n", "/./list.txt: cannot be read: No such file"},
	{NULL, "zones: [{name: a, sources: [./list.txt]}]\n", "/./list.txt: cannot be read: No "},
	{"<html>\n192.0.2.7\n</html>\n", "lists: {allow: [./list.txt]}\n",
	 "(2 of 3 lines are wrong, so this is no list of prefixes)"},
	{"192.0.2.7\n<p>\n<p>\n", "zones: [{name: a, sources: [./list.txt]}]\n",
	 "(2 of 3 lines are wrong, so this is no list of prefixes)"},
	{NULL, "geo: {country: list.txt}\nlists: {deny: [country:DE]}\n",
	 "/list.txt: cannot be read: No such file"},
	{"<html>", "geo: {country: list.txt}\nzones: [{name: a, sources: [country:DE]}]\n",
	 "/list.txt: is no MaxMind DB file that can be read"},
};

/* What is no good counts as empty, with the reason; and again when its text is read again. */
static void test_start(void **state)
{
	const struct scratch *s = *state;

	for (size_t i = 0; i < array_size(bad); i++) {
		auto_free char *text = xasprintf("version: 1\n%s", bad[i].rest);
		auto_loaded_policy struct loaded_policy loaded = {};
		auto_policy struct policy p = {};
		struct error e = {};

		write_file(s->policy, text);
		unlink(s->list);
		if (bad[i].list)
			write_file(s->list, bad[i].list);
		assert_int_equal(policy_load(s->policy, &p, &e), -1);
		assert_int_equal(e.code, EXIT_POLICY);
		e = (struct error){};
		if (loaded_policy_start(s->policy, &loaded, &e) < 0)
			fail_msg("%s", e.text);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(loaded.policy.feed_count, 1);
			assert_int_equal(loaded.policy.feeds[0].entries, 0);
			assert_non_null(loaded.policy.feeds[0].missing);
			if (!strstr(loaded.policy.feeds[0].missing, bad[i].why))
				fail_msg("%zu: %s", i, loaded.policy.feeds[0].missing);
			assert_int_equal(loaded.policy.list_count, 0);
			for (size_t j = 0; j < loaded.policy.zone_count; j++)
				assert_int_equal(loaded.policy.zones[j].source_count, 0);
			assert_int_equal(loaded_policy_parse(&loaded, &e), 0);
		}
	}
}

/* `strict`, mistakes of the policy, and files that are no feeds keep the agent from starting. */
static void test_no_start(void **state)
{
	static const struct {
		const char *rest, *why;
	} cases[] = {
		{"lists: {strict: true, deny: [./none]}\n", "/none: cannot be read"},
		{"lists: {deny: [country:DE]}\n", "'country:DE' needs a database"},
		{"geo: {country: none}\nlists: {deny: [country:de]}\n", "is no country or network"},
		{"lists: {deny: [./none, 192.0.2.1/24]}\n", "has bits set after its length"},
		{"signatures: {user_agent: ./none}\n", "/none: cannot be read"},
		{"lists: {deny: [./none]}\nsignatures: {user_agent: ./none}\n",
		 "/none: cannot be read"},
	};
	const struct scratch *s = *state;

	for (size_t i = 0; i < array_size(cases); i++) {
		auto_free char *text = xasprintf("version: 1\n%s", cases[i].rest);
		auto_loaded_policy struct loaded_policy loaded = {};
		struct error e = {};

		write_file(s->policy, text);
		if (loaded_policy_start(s->policy, &loaded, &e) == 0)
			fail_msg("it starts with %s", cases[i].rest);
		assert_int_equal(e.code, EXIT_POLICY);
		if (!strstr(e.text, cases[i].why))
			fail_msg("'%s' is not in: %s", cases[i].why, e.text);
	}
}

static char heard[2048];

static void hear(const char *text)
{
	snprintf(heard, sizeof(heard), "%s", text);
}

/* Beside a good one; and a reason is said, and stands until the file is good. */
static void test_start_beside(void **state)
{
	auto_loaded_policy struct loaded_policy loaded = {};
	const struct scratch *s = *state;
	struct feeds feeds = {FEEDS_CLOSED, .say = hear};
	struct loop loop = {.epoll = -1};
	struct error e = {};

	write_file(s->list, "192.0.2.1\n192.0.2.0/24\n");
	write_file(s->policy, "version: 1\nlists: {deny: [./none, ./list.txt, 198.51.100.1]}\n");
	assert_int_equal(loaded_policy_start(s->policy, &loaded, &e), 0);
	assert_int_equal(loaded.policy.list_count, 3);
	assert_int_equal(loaded.policy.feed_count, 2);
	assert_null(loaded.policy.feeds[1].missing);
	assert_int_equal(loop_open(&loop, &e), 0);
	feeds.loop = &loop;
	*heard = '\0';
	feeds_follow(&feeds, &loaded.policy);
	assert_non_null(strstr(heard, SAY_ERROR "list "));
	assert_non_null(strstr(heard, "/./none counts as empty: "));
	assert_non_null(strstr(heard, "put a good file there, and the agent takes it within 30 s"));
	assert_string_equal(feeds.files[0].kept, loaded.policy.feeds[0].missing);
	assert_null(feeds.files[1].kept);
	feeds_close(&feeds);
	loop_close(&loop);
}

/* A large one that is left out takes no room from others. */
static void test_start_large(void **state)
{
	auto_loaded_policy struct loaded_policy loaded = {};
	const struct scratch *s = *state;
	auto_free char *page = xasprintf("%s/page", s->directory);
	auto_free char *text = xcalloc(1, 40000020);
	struct error e = {};

	memset(text, '1', 40000000);
	write_file(page, text);
	memset(text, '#', 40000000);
	strcpy(text + 40000000, "\n192.0.2.1\n");
	write_file(s->list, text);
	write_file(s->policy, "version: 1\nlists: {deny: [./page, ./list.txt]}\n");
	assert_int_equal(loaded_policy_start(s->policy, &loaded, &e), 0);
	unlink(page);
	assert_non_null(loaded.policy.feeds[0].missing);
	assert_null(loaded.policy.feeds[1].missing);
	assert_int_equal(loaded.policy.list_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_next_end),
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_shrank),
		cmocka_unit_test_setup_teardown(test_zones, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_start, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_no_start, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_start_large, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_start_beside, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_where, make_scratch, drop_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
