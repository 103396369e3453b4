/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Policies as files: every good one under selftests/policies loads, every bad one fails with
 * exactly the message in its first line. Runs from the root of the tree.
 */
#include "policy/text.h"
#include "policy_asserts.h"

static void load_one(const char *path, void *to)
{
	auto_policy struct policy p = {0};

	(void)to;
	load_good(path, &p);
	assert_sound(&p);
}

static void test_every_good(void **state)
{
	(void)state;
	assert_in_range(each_policy(GOOD, load_one, NULL), 9, SIZE_MAX);
}

/* The message that the first line of a bad policy promises: behind its own name, or behind
 * that of a list file beside it. */
static char *expected_message(const char *path, const char *text)
{
	static const char own[] = "# expect: ", other[] = "# expect in ";
	auto_free char *line = xstrdup(text);
	char *space;

	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, own, strlen(own)) == 0)
		return xasprintf("%s:%s", path, line + strlen(own));
	if (strncmp(line, other, strlen(other)) != 0)
		fail_msg("%s: the first line says nothing", path);
	space = strstr(line, ": ");
	assert_non_null(space);
	*space = '\0';
	return xasprintf("%s/%s:%s", BAD, line + strlen(other), space + 2);
}

/* '*' at its end stands for the rest, such as a list that every new key makes longer. */
static bool as_expected(const char *expect, const char *text)
{
	size_t length = strlen(expect);

	return expect[length - 1] == '*' ? strncmp(text, expect, length - 1) == 0 :
					   strcmp(text, expect) == 0;
}

static void fail_one(const char *path, void *to)
{
	auto_free char *text = read_whole_file(path, 1 << 20, NULL, NULL);
	auto_free char *expect = NULL;
	struct policy p = {0};
	struct error e = {0};
	size_t *wrong = to;

	assert_non_null(text);
	expect = expected_message(path, text);
	if (policy_load(path, &p, &e) < 0) {
		assert_int_equal(e.code, EXIT_POLICY);
		assert_memory_equal(&p, &nothing, sizeof(p));
		if (as_expected(expect, e.text))
			return;
	} else {
		snprintf(e.text, sizeof(e.text), "(it loads)");
		policy_free(&p);
	}
	print_error("expected: %s\n     got: %s\n", expect, e.text);
	(*wrong)++;
}

static void test_every_bad(void **state)
{
	size_t wrong = 0;

	(void)state;
	assert_in_range(each_policy(BAD, fail_one, &wrong), 200, SIZE_MAX);
	assert_int_equal(wrong, 0);
}

static void test_no_file(void **state)
{
	(void)state;
	assert_message(BAD "/absent.yaml",
		       BAD "/absent.yaml: cannot be read: No such file or directory");
	assert_message(BAD, BAD ": is a directory; name a file");
}

/* SHA-256 over the text and its files; feeds, which change by themselves, are not in it. */
static void test_hash(void **state)
{
	static const struct {
		const char *text, *list, *hash;
	} cases[] = {
		/* printf 'version: 1\n' | sha256sum */
		{"version: 1\n", "",
		 "09bfcc6a14b83e2192b8673677725c84883ee9cd0c70e45c9ec09daa8f2b2847"},
		{"version: 1\nlists: {allow: [192.0.2.1], deny: [./list.txt]}\n", "192.0.2.2\n",
		 "32d9a705cb494a906afd8c195708ee82fcbd011feda89174b2d13171ab0ef670"},
		/* the policy and its file, one behind the other */
		{"version: 1\nhigh_risk: ./list.txt\n", "+882\n",
		 "1a87c2ae005be29edc1ebea911fe8c1ee0a557758a00eb1cdde04da0dbe9a9bb"},
	};
	const struct scratch *s = *state;
	char hex[65];

	for (size_t i = 0; i < array_size(cases); i++) {
		auto_policy struct policy p = {0};

		write_file(s->policy, cases[i].text);
		write_file(s->list, cases[i].list);
		load_good(s->policy, &p);
		for (int j = 0; j < 32; j++)
			sprintf(hex + 2 * j, "%02x", p.hash[j]);
		assert_string_equal(hex, cases[i].hash);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_good),
		cmocka_unit_test(test_every_bad),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test_setup_teardown(test_hash, make_scratch, drop_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
