/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Every message of the corpora through the program, under both profiles. selftests/corpus is
 * the project's own; ../shared/corpus (the messages of RFC 4475 and RFC 5118, which are not
 * ours to ship) is run where it is there.
 *
 * A torture message that has the name of a sanity reason must be refused for that reason,
 * and each reason has one; its nearest legal neighbour is called <reason>-legal.
 */
#include "policy/names.h"
#include "rig.h"

#include <glob.h>
#include <linux/bpf.h>

#define OWN   "selftests/corpus"
#define OTHER "../shared/corpus"

enum profile { PROFILE_DEFAULT, PROFILE_STRICT, PROFILE_COUNT };

static const char *const policies[PROFILE_COUNT] = {
	YAML_PLAIN "sanity: {profile: default}\n",
	YAML_PLAIN "sanity: {profile: strict}\n",
};

/* A line of expect.tsv: suite, name, default, strict, note. */
struct expected {
	char suite[32];
	char name[64];
	bool passes[PROFILE_COUNT];
};

struct corpus {
	const char *folder;
	const char *suffix;
	struct expected *messages;
	size_t count;
	unsigned int faults;
};

static void corpus_free(struct corpus *corpus)
{
	free(corpus->messages);
}

#define auto_corpus cleanup(corpus_free)

static bool read_word(const char *word, bool *passes)
{
	*passes = strcmp(word, "pass") == 0;
	return *passes || strcmp(word, "drop") == 0;
}

static void read_line(struct corpus *corpus, const char *line)
{
	struct expected x = {};
	char words[PROFILE_COUNT][8];

	if (sscanf(line, "%31[^\t]\t%63[^\t]\t%7[^\t]\t%7[^\t\n]", x.suite, x.name, words[0],
		   words[1]) != 4 ||
	    !read_word(words[0], &x.passes[0]) || !read_word(words[1], &x.passes[1]))
		fail_msg("%s/expect.tsv: not suite, name, default, strict: %s", corpus->folder,
			 line);
	append(corpus->messages, corpus->count, x);
}

/* False when there is no such list. */
static bool read_list(struct corpus *corpus)
{
	auto_free char *path = xasprintf("%s/expect.tsv", corpus->folder);
	auto_file FILE *file = fopen(path, "r");
	char line[1024];

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		if (line[0] != '#' && line[0] != '\n')
			read_line(corpus, line);
	if (corpus->count == 0)
		fail_msg("%s lists nothing", path);
	return true;
}

static bool is_listed(const struct corpus *corpus, const char *path)
{
	for (size_t i = 0; i < corpus->count; i++) {
		const struct expected *x = &corpus->messages[i];
		auto_free char *listed =
			xasprintf("%s/%s/%s%s", corpus->folder, x->suite, x->name, corpus->suffix);

		if (strcmp(listed, path) == 0)
			return true;
	}
	return false;
}

/* SW_REASON_NONE when a torture message is not named after a reason. */
static enum sw_reason reason_of(const struct expected *x)
{
	if (strcmp(x->suite, "torture") == 0)
		for (int i = 0; i < SW_SANITY_COUNT; i++)
			if (strcmp(reason_name(SW_REASON_OF_SANITY[i]), x->name) == 0)
				return SW_REASON_OF_SANITY[i];
	return SW_REASON_NONE;
}

static bool is_as_expected(bool in, const struct expected *x, enum profile profile)
{
	enum sw_reason wanted = reason_of(x);

	/* A packet that was not looked into passes as well: that would prove nothing. */
	if (!outcome.scanned)
		return false;
	if (x->passes[profile])
		return in && outcome.verdict == SW_TEST_RUN_PASS && !outcome.reason;
	return !in && outcome.verdict == SW_TEST_RUN_DROP && sanity_of(outcome.reason) >= 0 &&
	       (wanted == SW_REASON_NONE || outcome.reason == wanted);
}

static void run_message(struct corpus *corpus, struct rig *rig, const struct expected *x,
			enum profile profile)
{
	auto_free char *path =
		xasprintf("%s/%s/%s%s", corpus->folder, x->suite, x->name, corpus->suffix);
	struct error e = {};
	size_t size;
	auto_free char *text = read_whole_file(path, 65000, &size, &e);
	bool in;

	if (!text)
		fail_msg("%s", e.text);
	in = gets_in(rig, text, size);
	if (is_as_expected(in, x, profile))
		return;
	corpus->faults++;
	print_message("# %s, %s: %s (%s), wanted %s\n", path, profile ? "strict" : "default",
		      in ? "pass" : "drop", reason_name(outcome.reason),
		      x->passes[profile] ? "pass" : "drop");
}

static void run_corpus(struct corpus *corpus)
{
	for (enum profile profile = 0; profile < PROFILE_COUNT; profile++) {
		auto_rig struct rig rig;

		rig_open(&rig, policies[profile]);
		for (size_t i = 0; i < corpus->count; i++)
			run_message(corpus, &rig, &corpus->messages[i], profile);
	}
	print_message("# %zu messages of %s under %d profiles\n", corpus->count, corpus->folder,
		      PROFILE_COUNT);
	assert_int_equal(corpus->faults, 0);
}

static void test_own_corpus(void **state)
{
	auto_corpus struct corpus own = {.folder = OWN, .suffix = ".sip"};

	(void)state;
	if (!read_list(&own))
		fail_msg("no %s/expect.tsv: run from the root of the tree", OWN);
	run_corpus(&own);
}

static void test_every_file_is_listed(void **state)
{
	auto_corpus struct corpus own = {.folder = OWN, .suffix = ".sip"};
	cleanup(globfree) glob_t found = {};
	unsigned int strays = 0;

	(void)state;
	assert_true(read_list(&own));
	assert_int_equal(glob(OWN "/*/*", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (is_listed(&own, found.gl_pathv[i]))
			continue;
		strays++;
		print_message("# %s is not listed\n", found.gl_pathv[i]);
	}
	assert_int_equal(strays, 0);
	assert_int_equal(found.gl_pathc, own.count);
}

static void test_every_reason_has_both_sides(void **state)
{
	auto_corpus struct corpus own = {.folder = OWN, .suffix = ".sip"};

	(void)state;
	assert_true(read_list(&own));
	for (int i = 0; i < SW_SANITY_COUNT; i++) {
		const char *name = reason_name(SW_REASON_OF_SANITY[i]);
		auto_free char *broken = xasprintf(OWN "/torture/%s.sip", name);
		auto_free char *legal = xasprintf(OWN "/torture/%s-legal.sip", name);

		if (!is_listed(&own, broken) || !is_listed(&own, legal))
			fail_msg("no message for %s, or no legal neighbour", name);
	}
}

/* The list keeps to what the names say. */
static void test_names_agree_with_the_list(void **state)
{
	auto_corpus struct corpus own = {.folder = OWN, .suffix = ".sip"};

	(void)state;
	assert_true(read_list(&own));
	for (size_t i = 0; i < own.count; i++) {
		const struct expected *x = &own.messages[i];
		bool legal =
			strlen(x->name) > 6 && !strcmp(x->name + strlen(x->name) - 6, "-legal");

		if (legal && (!x->passes[PROFILE_DEFAULT] || !x->passes[PROFILE_STRICT]))
			fail_msg("%s is called legal, and listed as not passing", x->name);
		if (reason_of(x) && x->passes[PROFILE_STRICT])
			fail_msg("%s has the name of a reason, and is listed as passing", x->name);
	}
}

static void test_shared_corpus(void **state)
{
	auto_corpus struct corpus other = {.folder = OTHER, .suffix = ".dat"};

	(void)state;
	assert_true(read_list(&other));
	run_corpus(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_corpus),
		cmocka_unit_test(test_every_file_is_listed),
		cmocka_unit_test(test_every_reason_has_both_sides),
		cmocka_unit_test(test_names_agree_with_the_list),
	};
	const struct CMUnitTest others[] = {cmocka_unit_test(test_shared_corpus)};
	int failed = cmocka_run_group_tests_name("corpus", tests, NULL, NULL);

	/* The messages of the RFCs are no part of this tree; they are run where they are. */
	if (access(OTHER, R_OK) < 0)
		print_message("# %s is not here: only the own corpus was run\n", OTHER);
	else
		failed += cmocka_run_group_tests_name("other corpus", others, NULL, NULL);
	return failed;
}
