/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where an address stands in a policy and its list files: the entry that decides, with its line.
 */
#include "policy/where.h"
#include "policy_asserts.h"

static char *directory;

static void put(const char *name, const char *text)
{
	auto_free char *path = xasprintf("%s/%s", directory, name);

	write_file(path, text);
}

static const char policy[] = "version: 1\n"
			     "services: [{transport: udp, port: 5060}]\n"
			     "lists:\n"
			     "  deny:\n"
			     "    - 198.51.100.0/24\n"
			     "    - ./feed.txt\n"
			     "    - \"2001:db8::/32\"\n"
			     "  allow: [198.51.100.7, ./feed.txt]\n"
			     "zones:\n"
			     "  - name: near\n"
			     "    sources: [10.0.0.0/8, \"2001:db8:1::/48\"]\n"
			     "  - name: office\n"
			     "    sources: [10.1.0.0/16]\n";

/* The line and the column, behind the name of the file; "" when it stands nowhere. */
static void assert_where(bool zone, const char *name, const char *address, enum sw_list list,
			 const char *prefix, const char *place)
{
	auto_free char *path = xasprintf("%s/policy.yaml", directory);
	auto_free char *expected = xasprintf("%s/%s", directory, place);
	auto_loaded_policy struct loaded_policy loaded = {};
	auto_where struct where where = {};
	struct sw_addr addr;
	struct error e = {};

	assert_int_equal(addr_parse(address, &addr), 0);
	if (loaded_policy_load(path, &loaded, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(zone ? where_zoned(&loaded.text, name, &addr, &where, &e) :
				where_listed(&loaded.text, &addr, &where, &e),
			 0);
	if (!*place) {
		assert_null(where.place);
		return;
	}
	assert_non_null(where.place);
	assert_string_equal(where.place, expected);
	assert_prefix(&where.prefix, prefix);
	assert_int_equal(where.list, list);
}

static void test_lists(void **state)
{
	(void)state;
	put("policy.yaml", policy);
	put("feed.txt", "# a feed\r\n\n  203.0.113.0/24   # /24\n203.0.113.9\n");
	assert_where(false, NULL, "198.51.100.8", SW_LIST_DENY, "198.51.100.0/24",
		     "policy.yaml:5:7");
	/* The longest decides, */
	assert_where(false, NULL, "198.51.100.7", SW_LIST_ALLOW, "198.51.100.7",
		     "policy.yaml:8:11");
	assert_where(false, NULL, "2001:db8::1", SW_LIST_DENY, "2001:db8::/32", "policy.yaml:7:7");
	/* and of two that are the same, the one that allows. */
	assert_where(false, NULL, "203.0.113.8", SW_LIST_ALLOW, "203.0.113.0/24", "./feed.txt:3:3");
	assert_where(false, NULL, "203.0.113.9", SW_LIST_ALLOW, "203.0.113.9", "./feed.txt:4:1");
	assert_where(false, NULL, "192.0.2.1", SW_LIST_NONE, "", "");
	assert_where(false, NULL, "2001:db9::1", SW_LIST_NONE, "", "");
}

static void test_zones(void **state)
{
	(void)state;
	assert_where(true, "near", "10.2.0.1", SW_LIST_NONE, "10.0.0.0/8", "policy.yaml:11:15");
	assert_where(true, "near", "2001:db8:1::1", SW_LIST_NONE, "2001:db8:1::/48",
		     "policy.yaml:11:27");
	assert_where(true, "office", "10.1.2.3", SW_LIST_NONE, "10.1.0.0/16", "policy.yaml:13:15");
	assert_where(true, "public", "10.1.2.3", SW_LIST_NONE, "", "");
}

static void test_prefix_holds(void **state)
{
	static const struct {
		const char *prefix, *address;
		bool holds;
	} rows[] = {
		{"0.0.0.0/0", "255.1.2.3", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "1.2.3.4", false},
		{"::/0", "::1", true},
		{"10.1.2.0/23", "10.1.3.255", true},
		{"10.1.2.0/23", "10.1.4.0", false},
		{"10.1.2.3", "10.1.2.3", true},
		{"10.1.2.3", "10.1.2.2", false},
		{"2001:db8::/33", "2001:db8::1", true},
		{"2001:db8::/33", "2001:db8:8000::", false},
		{"2001:db8::1", "2001:db8::1", true},
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct prefix prefix;
		struct sw_addr addr;
		const char *why;

		assert_int_equal(prefix_parse(rows[i].prefix, &prefix, &why), 0);
		assert_int_equal(addr_parse(rows[i].address, &addr), 0);
		assert_int_equal(prefix_holds(&prefix, &addr), rows[i].holds);
	}
}

static int make_directory(void **state)
{
	(void)state;
	directory = mkdtemp(xstrdup("/tmp/sipward-where.XXXXXX"));
	return directory ? 0 : -1;
}

static int remove_directory(void **state)
{
	auto_free char *one = xasprintf("%s/policy.yaml", directory);
	auto_free char *other = xasprintf("%s/feed.txt", directory);

	(void)state;
	unlink(one);
	unlink(other);
	rmdir(directory);
	free(directory);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_prefix_holds),
	};

	return cmocka_run_group_tests_name("where", tests, make_directory, remove_directory);
}
