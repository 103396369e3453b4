/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How long a policy may be: at each limit the largest that loads and the smallest that is
 * refused, and that the time of reading grows with the length and no faster.
 */
#include "policy_asserts.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "policy/limits.h"
#include "policy/text.h"

/* A file of `count` lines; '%u' in the format is the number of the line. */
static void write_lines(const char *path, const char *format, unsigned int count)
{
	auto_file FILE *f = fopen(path, "w");

	assert_non_null(f);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	for (unsigned int i = 0; i < count; i++)
		fprintf(f, format, i);
#pragma GCC diagnostic pop
}

static void load(const struct scratch *s, struct policy *p)
{
	struct error e = {0};

	if (policy_load(s->policy, p, &e) < 0)
		fail_msg("%s", e.text);
}

/* The policy is refused with a message that contains `part`. */
static void assert_refused(const struct scratch *s, const char *part)
{
	struct policy p = {0};
	struct error e = {0};

	assert_int_equal(policy_load(s->policy, &p, &e), -1);
	assert_int_equal(e.code, EXIT_POLICY);
	if (!strstr(e.text, part))
		fail_msg("'%s' is not in: %s", part, e.text);
}

static void test_entries(void **state)
{
	const struct scratch *s = *state;
	auto_policy struct policy p = {0};

	write_file(s->policy, "version: 1\nlists: {deny: [./list.txt], allow: [192.0.2.1]}\n");
	write_lines(s->list, "10.0.0.1\n", ENTRIES_MAX - 1);
	load(s, &p);
	assert_int_equal(p.list_count, 2);
	write_lines(s->list, "10.0.0.1\n", ENTRIES_MAX);
	assert_refused(s, "policy.yaml:2:37: all lists of the policy together have more than "
			  "2000000 entries, which would cost too much time; those before this list "
			  "have 2000000: shorten them, or write at most 0 here");
}

/* A list may have as many entries as the lists before it left. */
static void test_entries_left(void **state)
{
	const struct scratch *s = *state;

	write_file(s->policy, "version: 1\nzones:\n  - {name: a, sources: [192.0.2.0/24], "
			      "caller: {deny: [./list.txt]}}\n");
	write_lines(s->list, "+1\n", ENTRIES_MAX);
	assert_refused(s, "list.txt:2000000:1: all lists of the policy together have more than "
			  "2000000 entries, which would cost too much time; those before this list "
			  "have 1: shorten them, or write at most 1999999 here");
}

static void write_zones(const char *path, unsigned int zones)
{
	auto_file FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs("version: 1\nhigh_risk: ./list.txt\nzones:\n", f);
	for (unsigned int i = 0; i < zones; i++)
		fprintf(f, "  - {name: z%u, sources: [10.0.%u.0/24], callee: {high_risk: deny}}\n",
			i, i);
}

static void test_high_risks(void **state)
{
	const struct scratch *s = *state;
	unsigned int zones = 50, most = (ENTRIES_MAX - zones) / zones;
	auto_policy struct policy p = {0};

	write_zones(s->policy, zones);
	write_lines(s->list, "+%u\n", most);
	load(s, &p);
	assert_int_equal(p.number_count, zones * most);
	write_lines(s->list, "+%u\n", most + 1);
	assert_refused(s, "policy.yaml:2:12: 40000 numbers of high risk in each of 50 zones are "
			  "2000000 entries; all lists of the policy together may have 2000000, and "
			  "the others have 50: write at most 39999 numbers");
}

static void test_agents(void **state)
{
	const struct scratch *s = *state;
	auto_policy struct policy p = {0};

	write_file(s->policy, "version: 1\nsignatures: {user_agent: ./list.txt}\n");
	write_lines(s->list, "deny tool %u\n", AGENTS_MAX);
	load(s, &p);
	assert_int_equal(p.agent_count, AGENTS_MAX);
	assert_string_equal(p.agents[AGENTS_MAX - 1].name, "tool 99999");
	write_lines(s->list, "deny tool %u\n", AGENTS_MAX + 1);
	assert_refused(s, "list.txt:100001:1: more than 100000 names of attack tools");
}

static void write_repeated(const char *path, const char *before, const char *item,
			   unsigned int count)
{
	auto_file FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(before, f);
	for (unsigned int i = 0; i < count; i++)
		fputs(item, f);
	fputs("]}\n", f);
}

static void test_files(void **state)
{
	const struct scratch *s = *state;
	auto_policy struct policy p = {0};

	write_file(s->list, "10.0.0.1\n");
	write_repeated(s->policy, "version: 1\nlists: {deny: [", "./list.txt,", LIST_FILES_MAX);
	load(s, &p);
	write_repeated(s->policy, "version: 1\nlists: {deny: [", "./list.txt,", LIST_FILES_MAX + 1);
	assert_refused(s, "more than 1000 list files; put several into one");
}

/* A file counts as often as it is named. */
static void test_octets(void **state)
{
	const struct scratch *s = *state;
	auto_policy struct policy p = {0};
	unsigned int lines = LISTS_OCTETS_MAX / 4 / 64;

	write_lines(s->list, "# %061u\n", lines);
	write_repeated(s->policy, "version: 1\nlists: {deny: [", "./list.txt,", 4);
	load(s, &p);
	write_repeated(s->policy, "version: 1\nlists: {deny: [", "./list.txt,", 5);
	assert_refused(s, "list.txt: all list files together are larger than 67108864 octets, "
			  "each as often as it is named; those before this one have 67108864");
}

static void test_values(void **state)
{
	const struct scratch *s = *state;
	auto_policy struct policy p = {0};

	/* The top level, the version, the lists, and the list itself. */
	write_repeated(s->policy, "version: 1\nlists: {deny: [", "10.0.0.1,", VALUES_MAX - 4);
	load(s, &p);
	write_repeated(s->policy, "version: 1\nlists: {deny: [", "10.0.0.1,", VALUES_MAX - 3);
	assert_refused(s, "more than 1048576 values; write long lists into files of their own");
}

/* --- texts that grow while they are read --- */

static void test_depth(void **state)
{
	const struct scratch *s = *state;

	write_repeated(s->policy, "version: 1\nlists: ", "[", 15 << 20);
	assert_refused(s, "policy.yaml:2:23: more than 16 levels deep; a policy needs 6");
	write_repeated(s->policy, "", "- ", 7 << 20);
	assert_refused(s, "policy.yaml:1:33: more than 16 levels deep");
}

/* An alias of aliases would be a billion values; the alias is refused before it is expanded. */
static void test_aliases(void **state)
{
	const struct scratch *s = *state;

	write_file(s->policy, "a: &a [x, x, x, x, x, x, x, x, x]\n"
			      "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
			      "c: [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n");
	assert_refused(s, "policy.yaml:1:4: anchors are not supported");
	write_file(s->policy, "version: 1\nlists: {deny: *a}\n");
	assert_refused(s, "policy.yaml:2:15: aliases are not supported");
}

static void test_long_lines(void **state)
{
	const struct scratch *s = *state;

	write_repeated(s->policy, "version: 1\nmode: {a: [", "a", 15 << 20);
	assert_refused(s, "policy.yaml:2:7: 'mode' must be a single value, not a mapping");
	write_file(s->policy, "version: 1\nlists: {deny: [./list.txt]}\n");
	write_repeated(s->list, "", "1", 15 << 20);
	assert_refused(s, "list.txt:1:1: a line of 15728642 octets; at most 4096 are read");
}

/* --- time --- */

/* Seconds that this thread computed. */
static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static double time_of(const struct scratch *s, const char *format, unsigned int count)
{
	double before;
	auto_policy struct policy p = {0};

	write_lines(s->list, format, count);
	before = seconds();
	load(s, &p);
	return seconds() - before;
}

/* Sixteen times the length may cost 48 times the time, a third of what a square would. */
static void assert_linear(const struct scratch *s, const char *format, unsigned int count)
{
	double few = time_of(s, format, count), many = time_of(s, format, 16 * count);

	if (many > 48 * few)
		fail_msg("%s: %u lines take %.4f s, %u take %.4f", format, count, few, 16 * count,
			 many);
}

static void test_time_is_linear(void **state)
{
	const struct scratch *s = *state;

	write_file(s->policy, "version: 1\nsignatures: {user_agent: ./list.txt}\n");
	assert_linear(s, "deny tool %u\n", 3000);
	write_file(s->policy, "version: 1\nlists: {deny: [./list.txt]}\n");
	assert_linear(s, "2001:db8::%x\n", 3000);
	write_file(s->policy,
		   "version: 1\nhigh_risk: ./list.txt\nzones: [{name: a, sources: "
		   "[192.0.2.0/24], callee: {report: [./list.txt], high_risk: deny}}]\n");
	assert_linear(s, "+%u\n", 3000);
	write_zones(s->policy, 10);
	assert_linear(s, "+%u\n", 1000);
}

/* --- high risks among what zones say themselves, against comparing all with all --- */

#define PREFIXES 40

struct said {
	char digits[PREFIXES][8];
	enum sw_action action[PREFIXES];
	char risks[PREFIXES][8];
};

static void say_some(struct said *said, const struct scratch *s, enum sw_action high_risk)
{
	static const char *const keys[] = {"allow", "report", "deny"};
	auto_file FILE *policy = fopen(s->policy, "w"), *list = fopen(s->list, "w");

	assert_non_null(policy);
	assert_non_null(list);
	fprintf(policy,
		"version: 1\nhigh_risk: ./list.txt\nzones:\n  - name: a\n    sources: "
		"[192.0.2.0/24]\n    callee:\n      high_risk: %s\n",
		high_risk == SW_ACTION_DENY ? "deny" : "report");
	for (int i = 0; i < PREFIXES; i++) {
		said->action[i] = i * 3 / PREFIXES;
		if (i == 0 || said->action[i] != said->action[i - 1])
			fprintf(policy, "%s      %s: [", i ? "]\n" : "", keys[said->action[i]]);
		snprintf(said->digits[i], sizeof(said->digits[i]), "%ld", random() % 4000);
		snprintf(said->risks[i], sizeof(said->risks[i]), "%ld", random() % 4000);
		fprintf(policy, "\"+%s\",", said->digits[i]);
		fprintf(list, "+%s\n", said->risks[i]);
	}
	fputs("]\n", policy);
}

/* The zone's own action by the longest prefix, of equal ones the gentlest; -1: none. */
static int own_rule(const struct said *said, const char *number, bool *equal)
{
	int best = -1;
	size_t longest = 0;

	for (int i = 0; i < PREFIXES; i++) {
		size_t length = strlen(said->digits[i]);

		if (strncmp(said->digits[i], number, length) == 0 && length > longest) {
			best = said->action[i];
			longest = length;
		}
	}
	*equal = longest == strlen(number);
	return best;
}

static const struct number_rule *find_rule(const struct policy *p, const char *digits)
{
	const struct number_rule *found = NULL;

	for (size_t i = 0; i < p->number_count; i++) {
		const struct number *prefix = &p->numbers[i].prefix;
		bool same = prefix->length == strlen(digits);

		for (int d = 0; same && d < prefix->length; d++)
			same = prefix->digits[d] == digits[d] - '0';
		if (same) {
			assert_null(found);
			found = &p->numbers[i];
		}
	}
	return found;
}

static void test_high_risk_merge(void **state)
{
	const struct scratch *s = *state;
	struct said said;
	bool equal;

	srandom(11);
	for (int round = 0; round < 200; round++) {
		enum sw_action high_risk = round % 2 ? SW_ACTION_DENY : SW_ACTION_REPORT;
		auto_policy struct policy p = {0};

		say_some(&said, s, high_risk);
		load(s, &p);
		for (int i = 0; i < PREFIXES; i++) {
			const struct number_rule *own = find_rule(&p, said.digits[i]);
			const struct number_rule *risk = find_rule(&p, said.risks[i]);
			int says = own_rule(&said, said.risks[i], &equal);

			assert_non_null(own);
			assert_false(own->high_risk);
			assert_int_equal(own->action, own_rule(&said, said.digits[i], &equal));
			own_rule(&said, said.risks[i], &equal);
			assert_int_equal(risk && risk->high_risk, !equal && says <= (int)high_risk);
		}
	}
}

/* --- what never ends --- */

static void test_named_pipe(void **state)
{
	const struct scratch *s = *state;

	unlink(s->policy);
	assert_int_equal(mkfifo(s->policy, 0600), 0);
	assert_refused(s, "policy.yaml: is a named pipe, and its writer may never come; name a "
			  "file, or use <(COMMAND)");
	unlink(s->policy);
	write_file(s->policy, "version: 1\nlists: {deny: [./list.txt]}\n");
	unlink(s->list);
	assert_int_equal(mkfifo(s->list, 0600), 0);
	assert_refused(s, "list.txt: is not a regular file; name one");
	unlink(s->list);
}

static void test_device(void **state)
{
	struct policy p = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(policy_load("/dev/zero", &p, &e), -1);
	assert_string_equal(e.text, "/dev/zero: is a device; name a file");
}

/* The pipe that a shell makes of <(COMMAND); a relative list is looked for where the command
 * runs. */
static void test_pipe(void **state)
{
	static const char text[] =
		"version: 1\nlists: {deny: [./selftests/policies/good/lists/deny.txt]}\n";
	auto_policy struct policy p = {0};
	auto_free char *path = NULL;
	struct error e = {0};
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
	close(ends[1]);
	path = xasprintf("/dev/fd/%d", ends[0]);
	if (policy_load(path, &p, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(p.list_count > 0);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_entries, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_entries_left, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_high_risks, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_agents, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_files, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_octets, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_values, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_depth, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_aliases, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_long_lines, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_time_is_linear, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_high_risk_merge, make_scratch, drop_scratch),
		cmocka_unit_test_setup_teardown(test_named_pipe, make_scratch, drop_scratch),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
