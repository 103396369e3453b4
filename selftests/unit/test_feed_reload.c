/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Feeds that take the place of what runs: one that is good does not wait for others, and one that
 * could not be taken for a while is read again. No programs are attached: what is taken is seen in
 * the policy that runs.
 */
#include "policy_asserts.h"

/* Behind it: cmocka's fail(). */
#include "agent/core.h"
#include "agent/feed_reload.h"
#include "policy/feed.h"
#include "policy/limits.h"

static const char *const names[] = {"a", "b", "c"};
#define FILES array_size(names)

struct scene {
	struct agent agent;
	struct scratch *scratch;
	char *paths[FILES];
};

/* One address, and a comment of so many octets. */
static void write_feed(const char *path, const char *address, size_t octets)
{
	auto_free char *comment = xcalloc(1, octets + 1);
	auto_free char *text = NULL;

	memset(comment, '#', octets);
	text = xasprintf("%s\n%s\n", address, comment);
	write_file(path, text);
}

static int set_up(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));

	if (make_scratch((void **)&s->scratch) < 0)
		return -1;
	setenv("SIPWARD_BPF_DIR", s->scratch->directory, 1);
	for (size_t i = 0; i < FILES; i++) {
		s->paths[i] = xasprintf("%s/%s", s->scratch->directory, names[i]);
		write_feed(s->paths[i], "192.0.2.1", 0);
	}
	s->agent.jobs = (struct jobs)JOBS_CLOSED;
	s->agent.state = (struct state)STATE_CLOSED;
	s->agent.feeds = (struct feeds){FEEDS_CLOSED};
	s->agent.admission.state = s->agent.behaviour.state = &s->agent.state;
	s->agent.connections = (struct connections){.worker = WORKER_CLOSED};
	pthread_mutex_lock(&s->agent.jobs.lock);
	*state = s;
	write_file(s->scratch->policy, "version: 1\nlists: {deny: [./a, ./b, ./c]}\n");
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < FILES; i++) {
		unlink(s->paths[i]);
		free(s->paths[i]);
	}
	feeds_close(&s->agent.feeds);
	loaded_policy_free(&s->agent.running);
	allowed_free(&s->agent.behaviour.allowed);
	pthread_mutex_unlock(&s->agent.jobs.lock);
	drop_scratch((void **)&s->scratch);
	unsetenv("SIPWARD_BPF_DIR");
	free(s);
	return 0;
}

static void start(struct scene *s)
{
	struct error e = {};

	if (loaded_policy_start(s->scratch->policy, &s->agent.running, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < s->agent.running.policy.feed_count; i++) {
		const struct feed *feed = &s->agent.running.policy.feeds[i];
		struct watched file = {.seen.there = true};

		file.file.path = xstrdup(feed->path);
		file.kept = xstrdup("it changed");
		append(s->agent.feeds.files, s->agent.feeds.count, file);
	}
}

static const struct watched *watched(struct scene *s, const char *name)
{
	return feeds_find(&s->agent.feeds, name);
}

static size_t entries(struct scene *s, const char *name)
{
	return feed_of(&s->agent.running.policy, watched(s, name)->file.path)->entries;
}

/* All together are too large, since two of them grew; the third has nothing to do with it. */
static void test_alone(void **state)
{
	struct scene *s = *state;
	struct error e = {};
	size_t taken;

	start(s);
	write_feed(s->paths[0], "192.0.2.1\n192.0.2.2", LISTS_OCTETS_MAX / 2);
	write_feed(s->paths[1], "192.0.2.1\n192.0.2.3", LISTS_OCTETS_MAX / 2);
	write_feed(s->paths[2], "192.0.2.1\n192.0.2.4", 0);
	assert_int_equal(feeds_take(&s->agent, NULL, &taken, &e), -1);
	assert_int_equal(taken, 2);
	assert_non_null(strstr(e.text, "all list files together are larger than"));
	assert_int_equal(entries(s, "a"), 2);
	assert_int_equal(entries(s, "b"), 1);
	assert_int_equal(entries(s, "c"), 2);
	assert_int_equal(s->agent.running.policy.list_count, 3);
	assert_null(watched(s, "a")->kept);
	assert_string_equal(watched(s, "b")->kept, e.text);
	assert_null(watched(s, "c")->kept);
	/* It is read again at the next look, though it does not change. */
	assert_true(watched(s, "a")->seen.there);
	assert_false(watched(s, "b")->seen.there);
	assert_true(watched(s, "c")->seen.there);
	/* The other one is shorter again. */
	write_feed(s->paths[0], "192.0.2.1", 0);
	e = (struct error){};
	assert_int_equal(feeds_take(&s->agent, "a", &taken, &e), 0);
	assert_int_equal(feeds_take(&s->agent, NULL, &taken, &e), 0);
	assert_int_equal(taken, 1);
	assert_int_equal(entries(s, "b"), 2);
	assert_null(watched(s, "b")->kept);
}

/* What is wrong itself is not read again before it changes. */
static void test_own(void **state)
{
	struct scene *s = *state;
	struct error e = {};
	size_t taken;

	start(s);
	write_file(s->paths[0], "<html>\n");
	write_feed(s->paths[2], "192.0.2.1\n192.0.2.4", 0);
	assert_int_equal(feeds_take(&s->agent, NULL, &taken, &e), -1);
	assert_int_equal(taken, 2);
	assert_non_null(strstr(watched(s, "a")->kept, "1 of 1 lines are wrong"));
	assert_true(watched(s, "a")->seen.there);
	assert_int_equal(entries(s, "c"), 2);
}

/* A file that was missing at the start is taken when it is good, also when it is empty. */
static void test_missing(void **state)
{
	struct scene *s = *state;
	struct error e = {};
	size_t taken;

	for (size_t i = 0; i < 2; i++)
		unlink(s->paths[i]);
	start(s);
	assert_int_equal(s->agent.running.policy.list_count, 1);
	assert_int_equal(feeds_take(&s->agent, "a", &taken, &e), -1);
	assert_non_null(watched(s, "a")->kept);
	write_feed(s->paths[0], "192.0.2.7", 0);
	write_file(s->paths[1], "");
	e = (struct error){};
	assert_int_equal(feeds_take(&s->agent, NULL, &taken, &e), 0);
	for (size_t i = 0; i < FILES; i++) {
		assert_null(watched(s, names[i])->kept);
		assert_null(s->agent.running.policy.feeds[i].missing);
	}
	assert_int_equal(entries(s, "a"), 1);
	assert_int_equal(entries(s, "b"), 0);
	/* And stays so when the policy is read anew, as `tune` does. */
	assert_int_equal(loaded_policy_parse(&s->agent.running, &e), 0);
	assert_int_equal(s->agent.running.policy.list_count, 2);
	assert_null(s->agent.running.policy.feeds[0].missing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_missing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
