/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What `sipward check` warns about, and the nearest policy that it does not warn about.
 */
#include "policy_asserts.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "policy/exports.h"
#include "policy/warn.h"

#define LIMITED "signatures: {user_agent: builtin}\n"
#define ZONE    "zones:\n  - name: public\n    "
#define RATES   ZONE "rates: {zone: 100/s burst 200, source: "

static const struct {
	const char *policy; /* behind the version and a service */
	const char *warns;  /* a part of the only warning; NULL: none */
} cases[] = {
	{"mode: enforce\n", "hardly protects: it has no rates, no newcomers and no signatures"},
	{"zones:\n  - {name: office, sources: [10.0.0.0/8], rates: {zone: 5/s}}\n",
	 "zone 'public' has no rates and no newcomers"},
	{ZONE "rates: {zone: 5/s}\n", NULL},
	{ZONE "newcomers: {rate: 5/s}\n", NULL},
	{LIMITED, "zone 'public' has no rates and no newcomers"},
	{LIMITED ZONE "methods: []\n", NULL},
	{LIMITED RATES "{any: 50/s}}\n", NULL},
	{LIMITED RATES "{any: 100/s burst 200}}\n", "rates.source.any is never reached"},
	{LIMITED RATES "{any: 100/s burst 199}}\n", NULL},
	{LIMITED RATES "{any: 50/s, INVITE: 50/s}}\n",
	 "rates.source.INVITE is never reached, because rates.source.any is not more"},
	{LIMITED RATES "{any: 50/s, INVITE: 49/s burst 50}}\n", NULL},
	{LIMITED ZONE "rates: {zone: 5/s, prefix: 5/s}\n", "rates.prefix is never reached"},
	{LIMITED ZONE "rates: {zone: 5/s}\n    newcomers: {rate: 5/s}\n",
	 "newcomers.rate is never reached"},
	{LIMITED ZONE "methods: [INVITE]\n    rates: {source: {MESSAGE: 5/s}}\n",
	 "rates.source.MESSAGE is never reached, because the zone denies MESSAGE"},
	{LIMITED ZONE "methods: [NOTIFY]\n    rates: {source: {SUBSCRIBE: 5/s}}\n", NULL},
	{LIMITED ZONE "rates: {source: {tls: 5/s}}\n",
	 "rates.source.tls is never reached, because no service is tls"},
	{LIMITED ZONE "rates: {source: {syn: 5/s}}\n",
	 "rates.source.syn is never reached, because no service is tcp or tls"},
	{LIMITED ZONE "newcomers: {rate: 5/s}\n    rates: {callee: 5/s}\n", NULL},
	{LIMITED ZONE "rates: {callee: 5/s}\n",
	 "rates.callee limits all callers, because without newcomers"},
	{LIMITED ZONE "rates: {zone: 5/s}\n"
		      "  - {name: a, sources: [10.0.0.0/8], trust: peer, rates: {callee: 5/s}}\n",
	 NULL},
	{LIMITED ZONE
	 "newcomers: {rate: 5/s}\n    rates: {zone: 5/s burst 9, callee: 5/s burst 9}\n",
	 "rates.callee is never reached, because rates.zone is not more than it"},
	{LIMITED ZONE "methods: [OPTIONS]\n    newcomers: {rate: 5/s}\n    rates: {callee: 5/s}\n",
	 "rates.callee is never reached, because the zone denies INVITE"},
	{ZONE "rates: {zone: 5/s}\n  - {name: a, sources: [203.0.113.0/28, 192.0.2.1]}\n",
	 "zone 'a': 203.0.113.0/28 is an example address (and 1 more)"},
	{ZONE "rates: {zone: 5/s}\n  - {name: a, sources: [198.51.100.0/24]}\n",
	 "zone 'a': 198.51.100.0/24 is an example address; "},
	{ZONE "rates: {zone: 5/s}\n  - {name: a, sources: [\"2001:db8::/32\"]}\n",
	 "zone 'a': 2001:db8::/32 is an example address"},
	{ZONE "rates: {zone: 5/s}\n  - {name: a, sources: [198.51.101.0/24, 192.0.3.1]}\n", NULL},
	{ZONE "rates: {zone: 5/s}\n  - {name: a, sources: [192.0.0.0/22, \"2001:db9::/32\"]}\n",
	 NULL},
	{ZONE "rates: {zone: 5/s}\nlists: {allow: [192.0.2.1]}\n", "lists.allow: 192.0.2.1 is"},
	{ZONE "rates: {zone: 5/s}\nhooks: {ban: /bin/true}\n", NULL},
	{ZONE "rates: {zone: 5/s}\nhooks: {ban: /nowhere/announce}\n",
	 "hooks.ban: /nowhere/announce cannot be found: No such file or directory"},
	{ZONE "rates: {zone: 5/s}\nhooks: {unban: /usr}\n", "hooks.unban: /usr is not a file"},
	{ZONE "rates: {zone: 5/s}\nhooks: {unban: /etc/passwd}\n",
	 "hooks.unban: /etc/passwd is not executable; run: chmod 755 /etc/passwd"},
	/* Lists of networks that nobody has deny them with good reason. */
	{ZONE "rates: {zone: 5/s}\nlists: {deny: [192.0.2.0/24]}\n", NULL},
};

/* Whoever writes to the program, or in its folder, decides what runs. */
static void test_hooks_that_others_may_write(void **state)
{
	char folder[] = "/tmp/sipward-hook.XXXXXX";
	auto_free char *path = NULL, *fault = NULL;

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = xasprintf("%s/hook", folder);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
	assert_null(hook_fault(path));
	for (mode_t writers = 0; writers < 2; writers++) {
		chmod(path, writers ? 0775 : 0757);
		fault = hook_fault(path);
		assert_non_null(strstr(fault, "others than its owner may write to /tmp/"));
		free(take(fault));
		chmod(path, 0755);
		chmod(folder, writers ? 0770 : 0707);
		fault = hook_fault(path);
		assert_non_null(strstr(fault, "and so replace"));
		free(take(fault));
		chmod(folder, 01777);
		assert_null(hook_fault(path));
		chmod(folder, 0700);
	}
	unlink(path);
	/* In a folder for all, the first one to make the file would decide. */
	assert_null(hook_danger(path));
	chmod(folder, 01777);
	fault = hook_danger(path);
	assert_non_null(strstr(fault, "everybody may make files in"));
	rmdir(folder);
}

/* A link is as safe as both ends. */
static void test_hooks_behind_a_link(void **state)
{
	char folder[] = "/tmp/sipward-hook.XXXXXX";
	auto_free char *open_folder = NULL, *path = NULL, *target = NULL, *fault = NULL;

	(void)state;
	assert_non_null(mkdtemp(folder));
	open_folder = xasprintf("%s/open", folder);
	path = xasprintf("%s/hook", folder);
	target = xasprintf("%s/hook", open_folder);
	assert_int_equal(mkdir(open_folder, 0755), 0);
	close(open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
	assert_int_equal(symlink(target, path), 0);
	assert_null(hook_fault(path));
	chmod(open_folder, 0777);
	fault = hook_fault(path);
	assert_non_null(strstr(fault, open_folder));
	free(take(fault));
	chmod(open_folder, 0755);
	chmod(folder, 0777);
	fault = hook_fault(path);
	assert_non_null(strstr(fault, "and so replace"));
	assert_null(strstr(fault, open_folder));
	chmod(folder, 0700);
	unlink(path);
	unlink(target);
	rmdir(open_folder);
	rmdir(folder);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		auto_warnings struct warnings warnings = {};
		auto_policy struct policy policy = {};
		char path[] = "/tmp/sipward-warn.XXXXXX";
		auto_fd int fd = mkstemp(path);

		dprintf(fd, "version: 1\nservices: [{transport: udp, port: 5060}]\n%s",
			cases[i].policy);
		load_good(path, &policy);
		unlink(path);
		policy_warn(&policy, &warnings);
		if (warnings.count != (cases[i].warns != NULL))
			fail_msg("%s: %zu warnings, first: %s", cases[i].policy, warnings.count,
				 warnings.count ? warnings.texts[0] : "-");
		if (cases[i].warns && !strstr(warnings.texts[0], cases[i].warns))
			fail_msg("'%s' is not in '%s'", cases[i].warns, warnings.texts[0]);
	}
}

/* Each has its place in the file. */
static void test_place(void **state)
{
	auto_warnings struct warnings warnings = {};
	auto_policy struct policy policy = {};

	(void)state;
	load_good("scripts/policies/pbx.yaml", &policy);
	policy_warn(&policy, &warnings);
	assert_int_equal(warnings.count, 2);
	assert_non_null(strstr(warnings.texts[0], "scripts/policies/pbx.yaml:35:5: zone 'trunk'"));
}

static void test_embedded(void **state)
{
	auto_warnings struct warnings warnings = {};
	auto_policy struct policy policy = {};

	(void)state;
	load_good(NULL, &policy);
	policy_warn(&policy, &warnings);
	assert_int_equal(warnings.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_hooks_that_others_may_write),
		cmocka_unit_test(test_hooks_behind_a_link),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_embedded),
	};

	return cmocka_run_group_tests_name("policy warnings", tests, NULL, NULL);
}
