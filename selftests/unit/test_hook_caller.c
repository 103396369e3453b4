/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The agent's side of the hooks: the end of a ban waits for room, and is never left out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "agent/hook_caller.h"
#include "export/hook_process.h"
#include "export/hook_runner.h"
#include "export/json.h"

#include <cmocka.h>

#define UNBANS 32 /* in flight at most */
#define ALL    68 /* likewise, of all hooks: 4 run, 64 wait */

struct scene {
	struct loop loop;
	struct hook_caller hooks;
	struct policy policy;
	int runner; /* the other end of the channel */
	unsigned int said;
};

static struct scene *scene;

static void count_text(const char *text)
{
	(void)text;
	scene->said++;
}

static int set_up(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	struct error e = {};
	int ends[2];

	scene = s;
	if (loop_open(&s->loop, &e) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	s->runner = ends[1];
	s->hooks = (struct hook_caller){
		.loop = &s->loop, .say = count_text, .channel = ends[0], .made = true};
	for (int i = 0; i < HOOK_COUNT; i++) {
		s->policy.hooks.programs[i].path = xasprintf("/usr/local/sbin/%d", i);
		s->hooks.programs[i] = xstrdup(s->policy.hooks.programs[i].path);
	}
	strcpy(s->policy.hooks.user, "nobody");
	strcpy(s->hooks.user, "nobody");
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	hooks_close(&s->hooks);
	loop_close(&s->loop);
	close_fd(&s->runner);
	for (int i = 0; i < HOOK_COUNT; i++)
		free(s->policy.hooks.programs[i].path);
	free(s);
	return 0;
}

static bool is_called(struct scene *s, enum hook hook)
{
	auto_json struct json_object *o = json_object_new_object();

	return hooks_call(&s->hooks, &s->policy, hook, o);
}

/* How many of these calls are accepted. */
static unsigned int accepts(struct scene *s, enum hook hook, unsigned int calls)
{
	unsigned int accepted = 0;

	while (calls--)
		accepted += is_called(s, hook);
	return accepted;
}

/* How many calls reach the process. */
static unsigned int arrived(struct scene *s)
{
	char packet[HOOK_TEXT_MAX + 4];
	unsigned int count = 0;

	while (recv(s->runner, packet, sizeof(packet), MSG_DONTWAIT) > 0)
		count++;
	return count;
}

static void reports(struct scene *s, unsigned int count)
{
	const struct hook_report report = {HOOK_UNBAN, HOOK_DONE, 0};

	while (count--)
		assert_int_equal(send(s->runner, &report, sizeof(report), 0), sizeof(report));
}

static uint64_t left_out(const struct scene *s, enum hook hook)
{
	return s->hooks.counts[hook].by[HOOK_LEFT_OUT];
}

/* A burst waits, in parts as large as what has ended. */
static void test_ends_of_bans_wait(void **state)
{
	struct scene *s = *state;

	assert_int_equal(accepts(s, HOOK_UNBAN, 1000), UNBANS);
	assert_int_equal(arrived(s), UNBANS);
	reports(s, 10);
	assert_int_equal(accepts(s, HOOK_UNBAN, 1000), 10);
	reports(s, UNBANS);
	assert_int_equal(accepts(s, HOOK_UNBAN, 1000), UNBANS);
	assert_int_equal(arrived(s), 10 + UNBANS);
	assert_int_equal(left_out(s, HOOK_UNBAN), 0);
	assert_int_equal(s->hooks.counts[HOOK_UNBAN].by[HOOK_DONE], 10 + UNBANS);
	assert_int_equal(s->said, 0);
}

/* With the process itself, which runs a program for each of them. */
static void test_a_burst_runs(void **state)
{
	char *programs[HOOK_COUNT] = {"/bin/true", "/bin/true", "/bin/true", "/bin/true"};
	const uint64_t until = monotonic_ns() + 60 * SW_NS_PER_SEC;
	struct scene *s = *state;
	unsigned int accepted = 0;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(s->hooks.channel);
		_exit(hook_serve(s->runner, programs, HOOK_COUNT, &hook_limits));
	}
	close(take_fd(s->runner));
	while (accepted < 200 && monotonic_ns() < until) {
		accepted += accepts(s, HOOK_UNBAN, 200 - accepted);
		usleep(1000);
	}
	assert_int_equal(accepted, 200);
	close(take_fd(s->hooks.channel));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(left_out(s, HOOK_UNBAN), 0);
	assert_true(s->hooks.counts[HOOK_UNBAN].by[HOOK_DONE] >= 200 - UNBANS);
	assert_int_equal(s->said, 0);
}

/* They leave room for the others. These do not wait, and the process gets no more than it keeps. */
static void test_the_others_do_not_wait(void **state)
{
	struct scene *s = *state;

	assert_int_equal(accepts(s, HOOK_UNBAN, 1000), UNBANS);
	assert_int_equal(accepts(s, HOOK_BAN, 100), 100);
	assert_int_equal(accepts(s, HOOK_ATTACK_BEGIN, 1), 1);
	assert_int_equal(arrived(s), ALL);
	assert_int_equal(left_out(s, HOOK_BAN), 100 - (ALL - UNBANS));
	assert_int_equal(left_out(s, HOOK_ATTACK_BEGIN), 1);
	assert_int_equal(s->said, 2);
	/* Ends of bans wait for bans, too. */
	reports(s, ALL - UNBANS);
	assert_int_equal(accepts(s, HOOK_UNBAN, 1000), 0);
	reports(s, 1);
	assert_int_equal(accepts(s, HOOK_UNBAN, 1000), 1);
}

/* A report that is lost costs a place for 10 s of silence, and not for ever. */
static void test_lost_reports(void **state)
{
	struct scene *s = *state;

	assert_int_equal(accepts(s, HOOK_UNBAN, 1000), UNBANS);
	s->hooks.heard_at -= 8 * SW_NS_PER_SEC;
	assert_false(is_called(s, HOOK_UNBAN));
	s->hooks.heard_at -= 3 * SW_NS_PER_SEC;
	assert_int_equal(accepts(s, HOOK_UNBAN, 1000), UNBANS);
	/* More reports than calls make no more room. */
	reports(s, UNBANS + 5);
	assert_int_equal(accepts(s, HOOK_UNBAN, 1000), UNBANS);
}

/* Without the process nothing is worth waiting for. */
static void test_the_process_has_ended(void **state)
{
	struct scene *s = *state;

	assert_int_equal(accepts(s, HOOK_UNBAN, 1000), UNBANS);
	close(take_fd(s->runner));
	is_called(s, HOOK_UNBAN);
	assert_int_equal(s->hooks.channel, -1);
	assert_int_equal(accepts(s, HOOK_UNBAN, 10), 10);
	assert_int_equal(left_out(s, HOOK_UNBAN), 10);
	/* Nor is it without a program. */
	free(take(s->policy.hooks.programs[HOOK_UNBAN].path));
	assert_true(is_called(s, HOOK_UNBAN));
	assert_int_equal(left_out(s, HOOK_UNBAN), 10);
}

/* The process cannot be changed: a policy that needs another one is refused. */
static void test_another_process(void **state)
{
	struct scene *s = *state;
	struct error e = {};

	assert_int_equal(hooks_check(&s->hooks, &s->policy, &e), 0);
	free(take(s->policy.hooks.programs[HOOK_UNBAN].path));
	assert_int_equal(hooks_check(&s->hooks, &s->policy, &e), 0);
	s->policy.hooks.programs[HOOK_UNBAN].path = xstrdup("/usr/local/sbin/other");
	assert_int_equal(hooks_check(&s->hooks, &s->policy, &e), -1);
	assert_int_equal(e.code, EXIT_POLICY);
	assert_non_null(strstr(e.text, "hooks.unban: /usr/local/sbin/other: the agent runs only"));
	free(take(s->policy.hooks.programs[HOOK_UNBAN].path));
	e = (struct error){};
	strcpy(s->policy.hooks.user, "exabgp");
	assert_int_equal(hooks_check(&s->hooks, &s->policy, &e), -1);
	assert_int_equal(e.code, EXIT_POLICY);
	assert_non_null(strstr(e.text, "hooks.user: exabgp: the agent runs"));
	assert_non_null(strstr(e.text, "systemctl restart sipward"));
	/* Without programs it does not matter who runs them. */
	for (int i = 0; i < HOOK_COUNT; i++)
		free(take(s->policy.hooks.programs[i].path));
	assert_int_equal(hooks_check(&s->hooks, &s->policy, &e), 0);
}

/* Nothing is started that others may write. */
static void test_programs_of_others(void **state)
{
	struct hook_caller hooks = {.channel = -1, .say = count_text};
	char path[] = "/tmp/sipward-hook.XXXXXX";
	struct scene *s = *state;
	struct error e = {};
	int fd = mkstemp(path);

	for (int i = 0; i < HOOK_COUNT; i++)
		free(take(s->policy.hooks.programs[i].path));
	s->policy.hooks.programs[HOOK_ATTACK_END].path = xstrdup(path);
	fchmod(fd, 0775);
	hooks.loop = &s->loop;
	assert_int_equal(hooks_open(&hooks, &s->policy, &e), -1);
	assert_int_equal(e.code, EXIT_POLICY);
	assert_non_null(strstr(e.text, "hooks.attack_end: others than its owner may write to "));
	assert_non_null(strstr(e.text, "run: chmod go-w /tmp/"));
	assert_false(hooks.made);
	assert_int_equal(hooks.pid, 0);
	fchmod(fd, 0755);
	close(fd);
	assert_int_equal(hooks_open(&hooks, &s->policy, &e), 0);
	unlink(path);
	assert_int_equal(hooks_check(&hooks, &s->policy, &e), 0);
	assert_int_equal(waitpid(hooks.pid, NULL, 0), hooks.pid);
	hooks_close(&hooks);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ends_of_bans_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_burst_runs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_others_do_not_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lost_reports, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_process_has_ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_another_process, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_programs_of_others, set_up, tear_down),
	};

	/* The process that runs hooks is this binary, too. */
	if (argc && strcmp(argv[0], HOOK_PROCESS) == 0)
		return 0;
	return cmocka_run_group_tests_name("hook caller", tests, NULL, NULL);
}
