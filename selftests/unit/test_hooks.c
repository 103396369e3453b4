/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Programs of the operator's: what they get, how many run, and that none outlives its time.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "export/hook_runner.h"

#include <cmocka.h>

#define MS 1000000ull

static const struct hook_limits limits = {
	.running = 2,
	.waiting = 3,
	.time = 700 * MS,
	.end_time = 100 * MS,
};

struct world {
	char folder[32];
	char *programs[2];
	int channel;
	pid_t runner;
};

static char *path_in(const struct world *w, const char *name)
{
	return xasprintf("%s/%s", w->folder, name);
}

static char *write_script(const struct world *w, const char *name, const char *text)
{
	char *path = path_in(w, name);
	FILE *out = fopen(path, "we");

	assert_non_null(out);
	fprintf(out, "#!/bin/sh\n%s\n", text);
	fclose(out);
	chmod(path, 0755);
	return path;
}

static void world_open(struct world *w, const char *first, const char *second)
{
	int ends[2];

	memset(w, 0, sizeof(*w));
	strcpy(w->folder, "/tmp/sipward-hooks.XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->programs[0] = write_script(w, "first", first);
	w->programs[1] = second ? write_script(w, "second", second) : path_in(w, "missing");
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	w->channel = ends[0];
	w->runner = fork();
	if (w->runner == 0) {
		close(ends[0]);
		signal(SIGPIPE, SIG_IGN);
		setenv("SECRET", "of the agent", 1);
		if (open("/etc/passwd", O_RDONLY) < 0) /* not closed by exec() */
			_exit(1);
		_exit(hook_serve(ends[1], w->programs, 2, &limits));
	}
	close(ends[1]);
}

/* The agent ends; so does the runner. */
static void world_close(struct world *w)
{
	auto_free char *remove = xasprintf("rm -rf %s", w->folder);
	int status;

	close(w->channel);
	assert_int_equal(waitpid(w->runner, &status, 0), w->runner);
	assert_int_equal(status, 0);
	free(w->programs[0]);
	free(w->programs[1]);
	assert_int_equal(system(remove), 0);
}
#define auto_world cleanup(world_close)

static void call(const struct world *w, uint32_t program, const char *text)
{
	char packet[256];

	memcpy(packet, &program, sizeof(program));
	memcpy(packet + sizeof(program), text, strlen(text));
	assert_true(send(w->channel, packet, sizeof(program) + strlen(text), 0) > 0);
}

static struct hook_report next_report(const struct world *w)
{
	struct pollfd fd = {.fd = w->channel, .events = POLLIN};
	struct hook_report report = {};

	assert_int_equal(poll(&fd, 1, 5000), 1);
	assert_int_equal(recv(w->channel, &report, sizeof(report), 0), sizeof(report));
	return report;
}

static void reports(const struct world *w, uint32_t program, enum hook_outcome outcome, int status)
{
	struct hook_report report = next_report(w);

	assert_int_equal(report.program, program);
	assert_int_equal(report.outcome, outcome);
	assert_int_equal(report.status, status);
}

static char *content(const struct world *w, const char *name)
{
	auto_free char *path = path_in(w, name);
	struct error e = {};
	char *text = read_whole_file(path, 65536, NULL, &e);

	assert_non_null(text);
	return text;
}

static void test_it_gets_the_text_and_nothing_else(void **state)
{
	auto_world struct world w;
	auto_free char *text = NULL, *environment = NULL, *fds = NULL, *group = NULL;

	(void)state;
	world_open(&w,
		   "cd ${0%/*}; cat >text; tr '\\0' '\\n' </proc/self/environ >environ\n"
		   "for fd in /proc/$$/fd/*; do readlink $fd; done >fds\n"
		   "echo $# $(ps -o pgid= -p $$) $$ >group",
		   NULL);
	call(&w, 0, "{\"hook\":\"ban\"}\n");
	reports(&w, 0, HOOK_DONE, 0);
	text = content(&w, "text");
	assert_string_equal(text, "{\"hook\":\"ban\"}\n");
	environment = content(&w, "environ");
	assert_non_null(strstr(environment, "PATH=/usr/local/sbin:"));
	assert_null(strstr(environment, "SECRET"));
	fds = content(&w, "fds");
	assert_non_null(strstr(fds, "memfd:event"));
	assert_null(strstr(fds, "socket:"));
	assert_null(strstr(fds, "/etc/passwd"));
	group = content(&w, "group");
	assert_int_equal(atoi(group), 0);
	assert_int_equal(atoi(strchr(group, ' ')), atoi(strrchr(group, ' ')));
}

static void test_how_it_ended(void **state)
{
	auto_world struct world w;

	(void)state;
	world_open(&w, "exit $(cat)", NULL);
	call(&w, 0, "7");
	reports(&w, 0, HOOK_FAILED, 7);
	call(&w, 0, "0");
	reports(&w, 0, HOOK_DONE, 0);
	call(&w, 1, "");
	reports(&w, 1, HOOK_FAILED, 127);
	/* A number that no program has, and a packet that is none, do nothing. */
	call(&w, 2, "");
	call(&w, ~0u, "");
	assert_true(send(w.channel, "x", 1, 0) > 0);
	call(&w, 0, "3");
	reports(&w, 0, HOOK_FAILED, 3);
}

static void test_a_signal(void **state)
{
	auto_world struct world w;

	(void)state;
	world_open(&w, "kill -ABRT $$", NULL);
	call(&w, 0, "");
	reports(&w, 0, HOOK_FAILED, -SIGABRT);
}

/* One that has ended may stay in the table until the first process of the host looks. */
static bool lives_now(pid_t pid)
{
	auto_free char *path = xasprintf("/proc/%d/stat", pid);
	auto_file FILE *in = fopen(path, "re");
	char state = 'Z';

	return in && fscanf(in, "%*d (%*[^)]) %c", &state) == 1 && state != 'Z';
}

static bool lives(pid_t pid)
{
	for (int i = 0; i < 100; i++) {
		if (!lives_now(pid))
			return false;
		usleep(10000);
	}
	return true;
}

/* With its children, and whatever signals it ignores. */
static void test_one_that_hangs_is_killed(void **state)
{
	auto_world struct world w;
	auto_free char *child = NULL;
	uint64_t start = monotonic_ns();

	(void)state;
	world_open(&w, "trap '' TERM INT HUP; sleep 60 & echo $! >${0%/*}/child; sleep 60",
		   "exit 0");
	call(&w, 0, "");
	call(&w, 1, "");
	reports(&w, 1, HOOK_DONE, 0); /* which did not wait for it */
	reports(&w, 0, HOOK_KILLED, -SIGKILL);
	assert_true(monotonic_ns() - start >= limits.time);
	assert_true(monotonic_ns() - start < limits.time + 2000 * MS);
	child = content(&w, "child");
	assert_false(lives(atoi(child)));
}

/* A child that it leaves behind has had its time, too. */
static void test_what_it_leaves_is_killed(void **state)
{
	auto_world struct world w;
	auto_free char *child = NULL;

	(void)state;
	world_open(&w, "sleep 60 & echo $! >${0%/*}/child", NULL);
	call(&w, 0, "");
	reports(&w, 0, HOOK_DONE, 0);
	child = content(&w, "child");
	assert_false(lives(atoi(child)));
}

static void test_too_many(void **state)
{
	auto_world struct world w;
	unsigned int by[HOOK_OUTCOMES] = {};

	(void)state;
	/* It ends as soon as the file is there. */
	world_open(&w, "while ! [ -e ${0%/*}/go ]; do sleep 0.02; done", NULL);
	for (int i = 0; i < 8; i++)
		call(&w, 0, "");
	for (int i = 0; i < 3; i++)
		reports(&w, 0, HOOK_LEFT_OUT, 0);
	free(write_script(&w, "go", ""));
	for (int i = 0; i < 5; i++)
		by[next_report(&w).outcome]++;
	assert_int_equal(by[HOOK_DONE], 5);
}

static void test_the_end_of_the_agent_ends_all(void **state)
{
	uint64_t start = monotonic_ns();
	struct world w;

	(void)state;
	world_open(&w, "sleep 60", NULL);
	call(&w, 0, "");
	usleep(50000);
	world_close(&w);
	assert_true(monotonic_ns() - start < limits.time);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_gets_the_text_and_nothing_else),
		cmocka_unit_test(test_how_it_ended),
		cmocka_unit_test(test_a_signal),
		cmocka_unit_test(test_one_that_hangs_is_killed),
		cmocka_unit_test(test_what_it_leaves_is_killed),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_the_end_of_the_agent_ends_all),
	};

	return cmocka_run_group_tests_name("hooks", tests, NULL, NULL);
}
