/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The audit: its catalogue against the table of reasons, and its vectors against a policy that has
 * every control on, and against the policies that we ship.
 */
#include <dirent.h>

#include "audit/audit.h"
#include "policy/names.h"
#include "rig.h"

static void audit_policy(const char *path, struct loaded_policy *loaded, struct audit *audit)
{
	struct error e = {};

	if (loaded_policy_load(path, loaded, &e) < 0 || audit_make(audit, loaded, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

/* A shipped policy is in monitor mode; what it drops in enforce mode counts. */
static void audit_enforced(const char *path, struct loaded_policy *loaded, struct audit *audit)
{
	struct error e = {};

	if (loaded_policy_load(path, loaded, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(loaded->policy.mode, SW_MODE_MONITOR);
	loaded->overrides = xcalloc(1, sizeof(*loaded->overrides));
	loaded->override_count = 1;
	loaded->overrides[0].key = xstrdup("mode");
	loaded->overrides[0].value = xstrdup("enforce");
	if (loaded_policy_parse(loaded, &e) < 0 || audit_make(audit, loaded, NULL, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(loaded->policy.mode, SW_MODE_ENFORCE);
}

static bool expects(const struct vector *v, const struct packet_count *count)
{
	for (size_t i = 0; i < v->expect_count; i++)
		if (count->reasons[reason_by_name(v->expect[i])])
			return true;
	return false;
}

/* Each attack is stopped for a reason that its vector names, and no legal packet is. */
static void test_everything_on(void **state)
{
	auto_loaded_policy struct loaded_policy loaded = {};
	auto_audit struct audit audit = {};
	bool good = true;

	(void)state;
	audit_policy("selftests/policies/audit.yaml", &loaded, &audit);
	for (size_t i = 0; i < audit.vectors.count; i++) {
		const struct vector *v = &audit.vectors.items[i];
		const struct vector_result *result = &audit.results[i];
		auto_free char *attack = count_text(&result->attack),
			       *legal = count_text(&result->legal);
		bool report = v->report && (result->outcome == OUTCOME_SHADOW);

		if ((result->outcome == OUTCOME_STOPPED || report) && expects(v, &result->attack) &&
		    !result->legal.dropped && !result->legal.would)
			continue;
		print_error("%s: %s, attack %s, legal %s %s\n", v->name,
			    outcome_name(result->outcome), attack, legal,
			    result->absent ? result->absent : "");
		good = false;
	}
	assert_true(good);
	assert_true(audit.vectors.count >= 25);
}

static bool is_policy(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && strcmp(dot, ".yaml") == 0;
}

/* A policy whose rules need no observer has none to run. */
static void test_smallest_policy(void **state)
{
	auto_loaded_policy struct loaded_policy loaded = {};
	auto_audit struct audit audit = {};

	(void)state;
	audit_policy("selftests/policies/good/minimal.yaml", &loaded, &audit);
	assert_int_equal(audit_legal_lost(&audit), 0);
}

/* A deny list of the Internet names addresses in every /8. */
static void test_long_deny_list(void **state)
{
	char path[] = "/tmp/sipward-audit.XXXXXX";
	auto_loaded_policy struct loaded_policy loaded = {};
	auto_audit struct audit audit = {};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	dprintf(fd, "version: 1\nlists: {deny: [");
	for (unsigned int i = 0; i < 4 * 256; i++)
		if (i / 4 > 0 && i / 4 < 224)
			dprintf(fd, "%u.%u.7.7,", i / 4, i * 97 & 127);
	dprintf(fd, "]}\n");
	close(fd);
	audit_policy(path, &loaded, &audit);
	unlink(path);
	assert_int_equal(audit_legal_lost(&audit), 0);
}

/* No policy that we ship drops a good packet once it is enforced; as shipped it drops nothing. */
static void test_shipped_policies(void **state)
{
	DIR *directory = opendir("scripts/policies");
	struct dirent *entry;
	int policies = 0;

	(void)state;
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		auto_loaded_policy struct loaded_policy loaded = {};
		auto_audit struct audit audit = {};
		auto_free char *path = xasprintf("scripts/policies/%s", entry->d_name);

		if (!is_policy(entry->d_name))
			continue;
		audit_enforced(path, &loaded, &audit);
		print_message("# %s: %u legal packets dropped\n", path, audit_legal_lost(&audit));
		for (size_t i = 0; i < audit.vectors.count; i++)
			if (audit.results[i].legal.dropped) {
				auto_free char *legal = count_text(&audit.results[i].legal);

				print_message("# %s: %s: %s\n", path, audit.vectors.items[i].name,
					      legal);
			}
		assert_int_equal(audit_legal_lost(&audit), 0);
		policies++;
	}
	closedir(directory);
	assert_true(policies >= 1);
}

/* The embedded policy is in monitor mode: nothing is stopped, much is counted. */
static void test_monitor_mode(void **state)
{
	auto_loaded_policy struct loaded_policy loaded = {};
	auto_audit struct audit audit = {};
	int shadow = 0;

	(void)state;
	audit_policy(NULL, &loaded, &audit);
	for (size_t i = 0; i < audit.vectors.count; i++) {
		assert_int_equal(audit.results[i].attack.dropped, 0);
		shadow += audit.results[i].outcome == OUTCOME_SHADOW;
	}
	assert_true(shadow > 10);
	for (size_t i = 0; i < threat_count; i++)
		assert_true(audit_answer(&audit, &threats[i]) >= ANSWER_SHADOW);
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += length)
		if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
	return false;
}

static bool is_controlled(int reason)
{
	if (sanity_of(reason) >= 0)
		return true; /* all of them are the one control `sanity` */
	for (size_t i = 0; i < control_count; i++)
		if (has_word(controls[i].reasons, reason_name(reason)))
			return true;
	return false;
}

/* Every reason answers a threat of the catalogue, and some control names it. */
static void test_catalogue(void **state)
{
	(void)state;
	for (int i = SW_REASON_NONE + 1; i < SW_REASON_COUNT; i++) {
		if (!reason_threat(i)) /* retired */
			continue;
		if (!threat_by_name(reason_threat(i)))
			fail_msg("reason %s: no threat %s", reason_name(i), reason_threat(i));
		if (!is_controlled(i))
			fail_msg("no control names the reason %s", reason_name(i));
	}
	for (size_t i = 0; i < control_count; i++) {
		auto_free char *copy = xstrdup(controls[i].reasons);
		char *rest = copy, *name;

		assert_non_null(threat_by_name(controls[i].threat));
		while ((name = strsep(&rest, " ")))
			if (reason_by_name(name) < 0)
				fail_msg("control '%s': no reason '%s'", controls[i].text, name);
	}
	for (size_t i = 0; i < blind_spot_count; i++)
		assert_non_null(threat_by_name(blind_spots[i].threat));
}

static void expect_bad(const char *text, const char *message)
{
	auto_vectors struct vectors vectors = {};
	struct error e = {};

	assert_int_equal(vectors_parse(&vectors, "v.txt", text, &e), -1);
	assert_string_equal(e.text, message);
}

static void test_bad_vectors(void **state)
{
	(void)state;
	expect_bad("threat flood\n",
		   "v.txt:1: a vector begins with 'vector NAME', not with 'threat'");
	expect_bad("vector a\nthreat floods\n", "v.txt:2: unknown threat 'floods'");
	expect_bad("vector a\nexpect rate_sauce\n", "v.txt:2: unknown reason 'rate_sauce'");
	expect_bad("vector a\nin nobody\n", "v.txt:2: a packet does not end with one of the known "
					    "words: 'nobody'");
	expect_bad("vector a\nin public repeat 0\n",
		   "v.txt:2: repeat is within 1..1000000, not '0'");
	expect_bad("vector a\nin public sctp\n", "v.txt:2: unknown word 'sctp'");
	expect_bad("vector a\n| text\n", "v.txt:2: this line needs a packet before it: '| text'");
	expect_bad("vector a\nin public\nhex 0g\n", "v.txt:3: not an octet in hexadecimal: 'g'");
	expect_bad("vector a\nvectr b\n", "v.txt:2: unknown word 'vectr'");
	expect_bad("vector a\ntitle b\nthreat flood\n",
		   "v.txt: vector 'a' needs a threat, a title and a packet");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_on),  cmocka_unit_test(test_smallest_policy),
		cmocka_unit_test(test_long_deny_list), cmocka_unit_test(test_shipped_policies),
		cmocka_unit_test(test_monitor_mode),   cmocka_unit_test(test_catalogue),
		cmocka_unit_test(test_bad_vectors),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
