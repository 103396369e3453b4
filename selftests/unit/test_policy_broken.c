/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Policies that are too large, too long, cut off or damaged: thousands of texts, each of which
 * gives a sound policy or a message. Runs from the root of the tree.
 */
#include "policy/text.h"
#include "policy_asserts.h"

static void test_too_large(void **state)
{
	const struct scratch *s = *state;
	auto_free char *expect = NULL, *list = NULL;

	write_file(s->policy, "version: 1\n");
	assert_int_equal(truncate(s->policy, (16 << 20) + 1), 0);
	expect = xasprintf("%s: larger than 16777216 octets", s->policy);
	assert_message(s->policy, expect);

	write_file(s->policy, "version: 1\nlists: {deny: [./list.txt]}\n");
	write_file(s->list, "");
	assert_int_equal(truncate(s->list, (64 << 20) + 1), 0);
	list = xasprintf("%s:2:16: %s/./list.txt: larger than 67108864 octets", s->policy,
			 s->directory);
	assert_message(s->policy, list);
}

static void test_large_in_memory(void **state)
{
	size_t size = (16u << 20) + 1;
	auto_free char *text = xcalloc(1, size);
	struct policy p = {0};
	struct error e = {0};

	(void)state;
	memset(text, '\n', size);
	assert_int_equal(policy_parse("big", text, size, &p, &e), -1);
	assert_string_equal(e.text, "big: larger than 16777216 octets; "
				    "write long lists into files of their own");
	memset(&e, 0, sizeof(e));
	assert_int_equal(policy_parse("big", text, size - 1, &p, &e), -1);
	assert_string_equal(e.text,
			    "big:1:1: the policy is empty; the smallest one is 'version: 1'");
}

/* Every entry twice, in the worst order for anything that compares all with all. */
static void write_long_list(const char *path, unsigned int lines)
{
	auto_file FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (unsigned int i = 0; i < 2 * lines; i++) {
		unsigned int n = i < lines ? i : 2 * lines - 1 - i;

		fprintf(f, "10.%u.%u.%u\n", n >> 16, n >> 8 & 255, n & 255);
	}
}

static void test_long_list(void **state)
{
	const struct scratch *s = *state;
	auto_policy struct policy p = {0};
	uint64_t start;

	write_file(s->policy, "version: 1\nlists: {deny: [./list.txt]}\n");
	write_long_list(s->list, 100000);
	start = monotonic_ns();
	load_good(s->policy, &p);
	assert_int_equal(p.list_count, 100000);
	assert_prefix(&p.list[99999].prefix, "10.1.134.159");
	/* Linear it takes a tenth of a second; all with all would take minutes. */
	assert_in_range(monotonic_ns() - start, 0, 20 * SW_NS_PER_SEC);
}

/* As many prefixes in zones as values fit into a policy, without a quadratic search. */
static void test_long_zone(void **state)
{
	const struct scratch *s = *state;
	auto_policy struct policy p = {0};
	FILE *f = fopen(s->policy, "w");
	uint64_t start;

	assert_non_null(f);
	fputs("version: 1\nzones:\n  - name: a\n    sources:\n", f);
	for (unsigned int i = 0; i < 100000; i++)
		fprintf(f, "      - 10.%u.%u.%u\n", i >> 16, i >> 8 & 255, i & 255);
	fclose(f);
	start = monotonic_ns();
	load_good(s->policy, &p);
	assert_int_equal(p.zones[1].source_count, 100000);
	assert_prefix(&p.zones[1].sources[99999], "10.1.134.159");
	assert_in_range(monotonic_ns() - start, 0, 30 * SW_NS_PER_SEC);
}

/* Any text gives a sound policy, or an empty one and a message. The text lies in memory of exactly
 * its size, so that the sanitizer sees any read behind it. */
static void try_text(const char *text, size_t size)
{
	auto_free char *copy = xcalloc(1, size);
	auto_policy struct policy p = {0};
	struct error e = {0};

	memcpy(copy, text, size);
	if (policy_parse("broken", copy, size, &p, &e) == 0) {
		assert_sound(&p);
		return;
	}
	assert_int_equal(e.code, EXIT_POLICY);
	assert_true(strlen(e.text) > strlen("broken:1:1: "));
	assert_memory_equal(&p, &nothing, sizeof(p));
}

static void truncate_one(const char *path, void *to)
{
	size_t size;
	auto_free char *text = read_whole_file(path, 1 << 20, &size, NULL);

	(void)to;
	assert_non_null(text);
	for (size_t i = 0; i <= size; i++)
		try_text(text, i);
}

static void test_truncations(void **state)
{
	(void)state;
	each_policy(GOOD, truncate_one, NULL);
	truncate_one(EXAMPLE, NULL);
}

static uint32_t random_below(uint32_t bound)
{
	static uint64_t x = 88172645463325252ull;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (x >> 32) % bound;
}

/* Changes an octet, doubles a stretch, or takes one out; the buffer has room for it. */
static size_t mutate(char *text, size_t size)
{
	static const char special[] = ":-[]{}#&*!|>'\"%@`,?\t\n /0.\xff\x00\xc3";
	size_t at = random_below(size), length = random_below(size - at < 20 ? size - at : 20);

	switch (random_below(4)) {
	case 0:
		text[at] = random_below(256);
		return size;
	case 1:
		text[at] = special[random_below(sizeof(special) - 1)];
		return size;
	case 2:
		memmove(text + at + length, text + at, size - at);
		return size + length;
	default:
		memmove(text + at, text + at + length, size - at - length);
		return size - length;
	}
}

static void mutate_one(const char *path, void *to)
{
	size_t size;
	auto_free char *text = read_whole_file(path, 1 << 20, &size, NULL);
	auto_free char *broken = NULL;

	(void)to;
	assert_non_null(text);
	broken = xcalloc(1, size + 1000);
	for (int i = 0; i < 600; i++) {
		size_t now = size;

		memcpy(broken, text, size);
		for (uint32_t n = 1 + random_below(5); n && now; n--)
			now = mutate(broken, now);
		try_text(broken, now);
	}
}

static void test_mutations(void **state)
{
	(void)state;
	each_policy(GOOD, mutate_one, NULL);
	mutate_one(EXAMPLE, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_too_large, make_scratch, drop_scratch),
		cmocka_unit_test(test_large_in_memory),
		cmocka_unit_test_setup_teardown(test_long_list, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_long_zone, make_scratch, drop_scratch),
		cmocka_unit_test(test_truncations),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
