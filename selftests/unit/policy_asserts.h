/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the tests of the policy language: the folders, assertions about parts of a model, and
 * files to write. Includes cmocka.h itself, in the one order that works.
 */
#ifndef SIPWARD_TEST_POLICY_H
#define SIPWARD_TEST_POLICY_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Before cmocka.h, whose macro fail() would change the function of this name in base.h. */
#include "policy/prefix.h"
#include "policy/text.h"

#include <cmocka.h>

#define GOOD    "selftests/policies/good"
#define BAD     "selftests/policies/bad"
#define EXAMPLE "scripts/policies/example.yaml"

#define ALL_METHODS ((SW_MESSAGE_BIT(OTHER) << 1) - 1)

static const struct policy nothing;

static inline void load_good(const char *path, struct policy *p)
{
	struct error e = {0};

	if (policy_load(path, p, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(e.code, EXIT_OK);
	assert_string_equal(p->file, path ? path : "(embedded)");
}

static inline void assert_rate(const struct rate *rate, uint64_t count, uint64_t period,
			       uint64_t burst)
{
	assert_true(rate->set);
	assert_int_equal(rate->count, count);
	assert_int_equal(rate->period, period);
	assert_int_equal(rate->burst, burst);
}

static inline void assert_prefix(const struct prefix *prefix, const char *expect)
{
	char text[64];

	assert_string_equal(prefix_text(prefix, text, sizeof(text)), expect);
}

/* Asserts what must hold for each policy that loads, whatever its text was. */
static inline void assert_sound(const struct policy *p)
{
	assert_non_null(p->file);
	assert_in_range(p->service_count, 1, SW_SERVICES_MAX);
	assert_in_range(p->zone_count, 1, SW_ZONES_MAX);
	assert_string_equal(p->zones[0].name, "public");
	assert_int_equal(p->zones[0].source_count, 0);
	assert_int_equal(p->zones[0].trust, SW_TRUST_NONE);
	for (size_t i = 0; i < p->service_count; i++)
		assert_in_range(p->services[i].port_first, 1, p->services[i].port_last);
	for (size_t i = 0; i < p->zone_count; i++) {
		const struct zone *z = &p->zones[i];

		assert_int_equal(z->methods & SW_METHODS_ALWAYS, SW_METHODS_ALWAYS);
		assert_int_equal(z->methods & ~ALL_METHODS, 0);
		assert_true(i == 0 || z->source_count > 0);
		assert_true(p->mode == SW_MODE_ENFORCE || z->mode == SW_MODE_MONITOR);
		for (int r = 0; r < SW_RATE_COUNT; r++) {
			const struct rate *rate = &z->source_rates[r];

			assert_true(!rate->set || (rate->burst && rate->period >= rate->count));
		}
	}
	assert_true(p->events.set);
}

/* Each file of the folder, in order of name; the number of them. */
static inline size_t each_policy(const char *folder, void (*visit)(const char *path, void *to),
				 void *to)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);
	size_t visited = 0;

	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		const char *dot = strrchr(entries[i]->d_name, '.');
		auto_free char *path = xasprintf("%s/%s", folder, entries[i]->d_name);

		if (dot && strcmp(dot, ".yaml") == 0) {
			visit(path, to);
			visited++;
		}
		free(entries[i]);
	}
	free(entries);
	return visited;
}

static inline void assert_message(const char *path, const char *expect)
{
	struct policy p = {0};
	struct error e = {0};

	assert_int_equal(policy_load(path, &p, &e), -1);
	assert_int_equal(e.code, EXIT_POLICY);
	assert_string_equal(e.text, expect);
	assert_int_equal(policy_load(path, &p, NULL), -1);
	assert_memory_equal(&p, &nothing, sizeof(p));
}

/* Files that the tests write: gone at their end. */
struct scratch {
	char directory[64];
	char policy[128];
	char list[128];
};

static inline int make_scratch(void **state)
{
	struct scratch *s = xcalloc(1, sizeof(*s));

	strcpy(s->directory, "/tmp/sipward-policy.XXXXXX");
	if (!mkdtemp(s->directory))
		return -1;
	snprintf(s->policy, sizeof(s->policy), "%s/policy.yaml", s->directory);
	snprintf(s->list, sizeof(s->list), "%s/list.txt", s->directory);
	*state = s;
	return 0;
}

static inline int drop_scratch(void **state)
{
	struct scratch *s = *state;

	unlink(s->policy);
	unlink(s->list);
	rmdir(s->directory);
	free(s);
	return 0;
}

static inline void write_file(const char *path, const char *text)
{
	auto_file FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
}

#endif
