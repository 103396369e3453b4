/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The rights that are left to the agent and to its exporter. Each case runs in a child, since the
 * kernel may kill it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kernel/privilege.h"
#include "kernel/sandbox.h"

#include <cmocka.h>

/* Runs it in a child; its exit code, or minus the signal that ended it. */
static int run(int (*what)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(what());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* The line that did not hold is the exit code. */
#define hold(condition)                             \
	do {                                        \
		if (!(condition))                   \
			return __LINE__ % 200 + 20; \
	} while (0)
#define refused(call) hold((errno = 0, (call) == -1) && errno == EPERM)

static int confined(void)
{
	struct error e = {};

	return privilege_drop(&e) < 0 || sandbox_agent(&e) < 0 ? -1 : 0;
}

static int refuses(void)
{
	char *const argv[] = {"true", NULL};

	hold(confined() == 0);
	refused(mount("none", "/mnt", "tmpfs", 0, NULL));
	refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	refused(unshare(CLONE_NEWNET));
	refused(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
	refused(socket(AF_PACKET, SOCK_RAW, 0));
	refused(syscall(SYS_init_module, NULL, 0, ""));
	refused(syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0));
	refused(execv("/bin/true", argv));
	/* The right file is not enough. */
	refused(execv(sandbox_self, argv));
	/* As if the kernel had no such call, so that libraries go on without it. */
	hold(syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS);
	hold(syscall(470, 0, 0, 0) == -1 && errno == ENOSYS);
	return 0;
}

static void *other_thread(void *socket_made)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	*(int *)socket_made = fd;
	return NULL;
}

static int allows(void)
{
	int made = 0, status;
	siginfo_t info = {};
	pthread_t thread;
	pid_t child;
	int pidfd;

	hold(confined() == 0);
	hold(pthread_create(&thread, NULL, other_thread, &made) == 0);
	hold(pthread_join(thread, NULL) == 0 && made == -1);
	child = fork();
	if (child == 0)
		_exit(7);
	hold(child > 0 && (pidfd = pidfd_open(child, 0)) >= 0);
	hold(waitid(P_PIDFD, pidfd, &info, WEXITED) == 0 && info.si_status == 7);
	hold(socket(AF_NETLINK, SOCK_RAW, 0) >= 0 && socket(AF_INET6, SOCK_DGRAM, 0) >= 0);
	/* Its own program, as the exporter is started: here it is this test, which knows. */
	hold(posix_spawn(&child, sandbox_self, NULL, NULL, sandbox_self_argv,
			 sandbox_self_environment) == 0);
	hold(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 9);
	return 0;
}

static int gives_up(void)
{
	static const int gone[] = {CAP_SYS_MODULE,   CAP_SYS_PTRACE,      CAP_SYS_BOOT,
				   CAP_DAC_OVERRIDE, CAP_SETPCAP,         CAP_KILL,
				   CAP_CHOWN,        CAP_NET_BIND_SERVICE};
	struct error e = {};
	bool had;

	capng_get_caps_process();
	had = capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN);
	hold(privilege_drop(&e) == 0 && capng_get_caps_process() == 0);
	for (size_t i = 0; i < array_size(gone); i++) {
		hold(!capng_have_capability(CAPNG_EFFECTIVE, gone[i]));
		hold(!capng_have_capability(CAPNG_PERMITTED, gone[i]));
		hold(!had || !capng_have_capability(CAPNG_BOUNDING_SET, gone[i]));
	}
	hold(capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN) == had);
	hold(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	return 0;
}

static int gives_up_all(void)
{
	struct error e = {};

	hold(confined() == 0 && privilege_drop_all(&e) == 0);
	hold(capng_get_caps_process() == 0);
	hold(capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE);
	hold(geteuid() != 0 || getuid() == geteuid());
	hold(setuid(0) == -1 || getuid() == 0);
	hold(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	return 0;
}

static int serves(void)
{
	struct error e = {};
	int ends[2];
	char octet = 'x';

	hold(pipe(ends) == 0 && confined() == 0 && sandbox_exporter(&e) == 0);
	hold(write(ends[1], &octet, 1) == 1 && read(ends[0], &octet, 1) == 1);
	hold(syscall(470, 0, 0, 0) == -1 && errno == ENOSYS);
	return 0;
}

static int in_exporter(long call, long a, long b, long c)
{
	struct error e = {};

	if (confined() < 0 || sandbox_exporter(&e) < 0)
		return 1;
	syscall(call, a, b, c);
	return 0;
}

static int opens(void)
{
	return in_exporter(SYS_openat, AT_FDCWD, (long)"/etc/passwd", O_RDONLY);
}
static int asks_bpf(void)
{
	return in_exporter(SYS_bpf, 0, 0, 0);
}
static int connects(void)
{
	return in_exporter(SYS_socket, AF_INET, SOCK_STREAM, 0);
}
static int executes(void)
{
	return in_exporter(SYS_execve, (long)"/bin/true", 0, 0);
}
static int forks(void)
{
	return in_exporter(SYS_clone, SIGCHLD, 0, 0);
}

static void test_agent(void **state)
{
	(void)state;
	assert_int_equal(run(refuses), 0);
	assert_int_equal(run(allows), 0);
}

static void test_privileges(void **state)
{
	(void)state;
	assert_int_equal(run(gives_up), 0);
	assert_int_equal(run(gives_up_all), 0);
}

static void test_exporter(void **state)
{
	int (*const killed[])(void) = {opens, asks_bpf, connects, executes, forks};

	(void)state;
	assert_int_equal(run(serves), 0);
	for (size_t i = 0; i < array_size(killed); i++)
		assert_int_equal(run(killed[i]), -SIGSYS);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_privileges),
		cmocka_unit_test(test_exporter),
	};

	if (argc == 1 && strcmp(argv[0], EXPORTER_PROCESS) == 0)
		_exit(9);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
