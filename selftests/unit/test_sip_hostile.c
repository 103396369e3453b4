/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The SIP scanner against what is large, broken or made at random, and against the corpora.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sip_asserts.h"
#include "sip_generate.h"

/* The largest message: the header section fills the buffer, and the reaches are exceeded. */
static void test_large(void **state)
{
	static char octets[SW_MESSAGE_MAX];
	static const char fill[] = "\tx\"y\\ \n";
	size_t begin = strstr(base, "Expires") - base;

	(void)state;
	for (size_t kind = 0; kind < sizeof(fill); kind++) {
		memcpy(octets, base, begin);
		memset(octets + begin, fill[kind], SW_MESSAGE_MAX - begin);
		memcpy(octets + begin, "X: ", 3);
		memcpy(octets + SW_MESSAGE_MAX - 4, "\r\n\r\n", 4);
		scan(octets, SW_MESSAGE_MAX, 0);
		memset(octets, fill[kind], SW_MESSAGE_MAX);
		scan(octets, SW_MESSAGE_MAX, 0);
		memcpy(octets, base, begin);
		memset(octets + begin, fill[kind], SW_MESSAGE_MAX - begin);
		scan(octets, SW_MESSAGE_MAX, SIP_STREAM);
	}
	memcpy(octets, base, begin);
	memset(octets + begin, ',', SW_MESSAGE_MAX - begin);
	memcpy(octets + begin, "Via:", 4);
	assert_true(scan(octets, SW_MESSAGE_MAX, 0).violations & SW_SANITY_BIT(VIA_COUNT));
	for (size_t i = begin; i + 4 <= SW_MESSAGE_MAX; i += 4)
		memcpy(octets + i, "a:\r\n", 4);
	assert_true(scan(octets, SW_MESSAGE_MAX, 0).violations & SW_SANITY_BIT(HEADER_COUNT));
}

static void test_every_octet(void **state)
{
	static char octets[sizeof(odd)];

	(void)state;
	for (size_t i = 0; i < sizeof(odd) - 1; i++) {
		scan(odd, i, 0);
		for (int value = 0; value < 256; value++) {
			memcpy(octets, odd, sizeof(odd));
			octets[i] = value;
			scan(octets, sizeof(odd) - 1, 0);
		}
	}
}

static void test_generated(void **state)
{
	static uint8_t octets[SW_MESSAGE_MAX];

	(void)state;
	for (uint64_t seed = 0; seed < 20000; seed++) {
		struct sip_random random = {seed};
		size_t length = sip_generate(&random, octets, sizeof(octets));
		struct sip_msg msg = scan(octets, length, 0);

		if (msg.violations)
			print_error("seed %llu: %.*s\n", (unsigned long long)seed, (int)length,
				    octets);
		assert_violations(msg.violations, 0, "generated");
		length = sip_mutate(&random, octets, length, sizeof(octets));
		scan(octets, length, seed % 3 ? seed % 3 == 1 ? SIP_STREAM : SIP_FRAGMENT : 0);
		assert_resumes(octets, length, SW_SANITY_STRICT);
	}
}

static void check_file(const char *path, const char *name, uint64_t want, const char *expected)
{
	static char octets[SW_MESSAGE_MAX];
	FILE *file = fopen(path, "rb");
	struct sip_input in;
	struct sip_msg msg;
	size_t length;
	uint64_t found;

	if (!file) {
		print_error("%s: cannot be read\n", path);
		fail();
	}
	length = fread(octets, 1, sizeof(octets), file);
	fclose(file);
	assert_true(length > 0);
	in = sip_exact_input(length, 0, want);
	msg = scan_with(octets, &in);
	found = msg.violations & want & ~sip_excused(msg.kind, sip_is_inside(&msg));
	if (!strcmp(expected, found ? "drop" : "pass"))
		return;
	print_error("%s: must %s, violates:", name, expected);
	for (int i = 0; i < SW_SANITY_COUNT; i++) {
		if (found >> i & 1)
			print_error(" %s", sanity_names[i]);
	}
	print_error("\n");
	fail();
}

/* Every line of DIR/expect.tsv under both profiles; how many checks that were. */
static int check_corpus(const char *dir, const char *ending)
{
	char path[4096], line[1024];
	int checks = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/expect.tsv", dir);
	file = fopen(path, "r");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		char *suite = strtok(line, "\t\n"), *name = strtok(NULL, "\t\n");
		char *by_default = strtok(NULL, "\t\n"), *strict = strtok(NULL, "\t\n");

		if (!strict || suite[0] == '#')
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s%s", dir, suite, name, ending);
		check_file(path, name, SW_SANITY_DEFAULT, by_default);
		check_file(path, name, SW_SANITY_STRICT, strict);
		checks += 2;
	}
	fclose(file);
	return checks;
}

/* The tests run from the top of the tree. */
static void test_own_corpus(void **state)
{
	int checks = check_corpus("selftests/corpus", ".sip");

	(void)state;
	print_message("own corpus: %d checks\n", checks);
	assert_true(checks >= 2 * (60 + 50));
}

static const char *torture_corpus(void)
{
	const char *dir = getenv("SIPWARD_CORPUS");

	return dir ? dir : "../shared/corpus";
}

static void test_torture_corpus(void **state)
{
	int checks = check_corpus(torture_corpus(), ".dat");

	(void)state;
	print_message("RFC 4475 and RFC 5118: %d checks\n", checks);
	assert_int_equal(checks, 122);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_every_octet),
		cmocka_unit_test(test_generated),
		cmocka_unit_test(test_own_corpus),
	};
	const struct CMUnitTest others[] = {cmocka_unit_test(test_torture_corpus)};
	int failed = cmocka_run_group_tests_name("hostile", tests, NULL, NULL);

	if (access(torture_corpus(), R_OK) < 0)
		print_message("# %s is not here: only the own corpus was run\n", torture_corpus());
	else
		failed += cmocka_run_group_tests_name("torture corpus", others, NULL, NULL);
	return failed;
}
