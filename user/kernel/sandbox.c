/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/sandbox.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/socket.h>

/* The newest system call that the lists below decide about; later ones do not exist, as far as
 * this process can see, so that a newer C library takes the older way. */
#define NEWEST_CALL 450 /* set_mempolicy_home_node, Linux 5.17 */
#define FUTURE      100

const char sandbox_self[] = "/proc/self/exe";
static char self_name[] = EXPORTER_PROCESS;
char *const sandbox_self_argv[] = {self_name, NULL};
char *const sandbox_self_environment[] = {NULL};

/* Calls that every process makes: for reading, writing, waiting, memory and time. */
static const char *const common[] = {
	/* descriptors */
	"read", "readv", "pread64", "write", "writev", "pwrite64", "lseek", "close", "close_range",
	"fcntl", "fstat", "poll", "ppoll", "epoll_create1", "epoll_ctl", "epoll_wait",
	"epoll_pwait", "epoll_pwait2", "eventfd2", "sendfile",
	/* sockets */
	"accept", "accept4", "recvfrom", "recvmsg", "sendto", "sendmsg", "shutdown", "getsockname",
	"getpeername", "getsockopt", "setsockopt",
	/* memory */
	"mmap", "munmap", "mremap", "mprotect", "brk", "madvise",
	/* time, threads, signals, the end */
	"clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time",
	"futex", "getrandom", "sched_yield", "getpid", "gettid", "tgkill", "rt_sigprocmask",
	"rt_sigreturn", "sigaltstack", "restart_syscall", "exit", "exit_group", NULL};

static const char *const agent[] = {
	/* files */
	"open", "openat", "stat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access",
	"faccessat", "faccessat2", "readlink", "readlinkat", "getdents", "getdents64", "getcwd",
	"mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2",
	"chmod", "fchmod", "fchmodat", "umask", "fsync", "fdatasync", "ftruncate", "fallocate",
	"flock", "memfd_create", "fadvise64",
	/* descriptors */
	"dup", "dup2", "dup3", "pipe", "pipe2", "ioctl", "select", "pselect6", "timerfd_create",
	"timerfd_settime", "timerfd_gettime", "signalfd4", "inotify_init1", "inotify_add_watch",
	/* the network; socket() is below */
	"bpf", "socketpair", "bind", "listen", "connect", "sendmmsg", "recvmmsg",
	/* threads, children, the exporter; clone() and execve() are below */
	"fork", "vfork", "wait4", "waitid", "pidfd_open", "pidfd_send_signal", "kill",
	"set_robust_list", "get_robust_list", "rseq", "set_tid_address", "arch_prctl", "membarrier",
	"rt_sigaction", "rt_sigpending", "rt_sigtimedwait", "prctl", "capget", "capset", "seccomp",
	"setgroups", "setresgid", "setresuid", "prlimit64", "getrlimit", "setrlimit", "setpriority",
	"getpriority", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "getcpu",
	/* who and where it is */
	"getppid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups",
	"getpgrp", "getrusage", "times", "uname", "sysinfo", NULL};

/* For a signal handler of the C library, and for abort() to say why. */
static const char *const exporter[] = {"rt_sigaction", "dup2", "dup3", NULL};

static void filter_free(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}
#define auto_filter cleanup(filter_free)

static int fail_filter(int error, struct error *e)
{
	return fail(e, EXIT_FAILED,
		    "the filter of system calls cannot be put in place: %s; the "
		    "kernel needs CONFIG_SECCOMP_FILTER",
		    strerror(-error));
}

static int allow_all(scmp_filter_ctx filter, const char *const *names)
{
	for (; *names; names++) {
		int call = seccomp_syscall_resolve_name(*names), error;

		/* Numbers below zero are calls of other processors. */
		if (call == __NR_SCMP_ERROR)
			return -EINVAL;
		error = call < 0 ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
		if (error < 0)
			return error;
	}
	return 0;
}

static int allow_sockets(scmp_filter_ctx filter)
{
	static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
	int error = 0;

	for (size_t i = 0; i < array_size(families) && !error; i++)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
					 SCMP_A0(SCMP_CMP_EQ, families[i]));
	return error;
}

/* Threads and processes, but no namespaces; one program, with these arguments. */
static int allow_processes(scmp_filter_ctx filter)
{
	const scmp_datum_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
					CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
	int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				     SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces, 0));

	if (error < 0)
		return error;
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(execve), 3,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)sandbox_self),
				SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)sandbox_self_argv),
				SCMP_A2(SCMP_CMP_EQ, (scmp_datum_t)sandbox_self_environment));
}

static int hide_newer(scmp_filter_ctx filter)
{
	int error = 0;

	for (int call = NEWEST_CALL + 1; call <= NEWEST_CALL + FUTURE && !error; call++)
		error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0);
	return error;
}

/* clone3() takes its flags where no filter can read them: the C library takes clone() when there
 * is no such call. In a filter of its own, since what this one refuses is not worth a line in the
 * kernel's log. Of two filters that refuse, the later one says how. */
static int hide_calls(struct error *e)
{
	auto_filter scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int error;

	if (!filter)
		return fail_filter(-ENOMEM, e);
	if ((error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0)) < 0 ||
	    (error = hide_newer(filter)) < 0 || (error = seccomp_load(filter)) < 0)
		return fail_filter(error, e);
	return 0;
}

int sandbox_agent(struct error *e)
{
	auto_filter scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int error;

	if (!filter)
		return fail_filter(-ENOMEM, e);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if ((error = allow_all(filter, common)) < 0 || (error = allow_all(filter, agent)) < 0 ||
	    (error = allow_sockets(filter)) < 0 || (error = allow_processes(filter)) < 0 ||
	    (error = seccomp_load(filter)) < 0)
		return fail_filter(error, e);
	return hide_calls(e);
}

int sandbox_exporter(struct error *e)
{
	auto_filter scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int error;

	if (!filter)
		return fail_filter(-ENOMEM, e);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if ((error = allow_all(filter, common)) < 0 || (error = allow_all(filter, exporter)) < 0 ||
	    (error = hide_newer(filter)) < 0 || (error = seccomp_load(filter)) < 0)
		return fail_filter(error, e);
	return 0;
}
