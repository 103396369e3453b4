/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/hook_runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define CANNOT_RUN 127 /* exit code, as a shell says it */

const struct hook_limits hook_limits = {
	.running = 4,
	.waiting = HOOK_WAITING_MAX,
	.time = 5000000000ull,
	.end_time = 1000000000ull,
};

const char *const hook_outcome_words[HOOK_OUTCOMES + 1] = {
	[HOOK_DONE] = "done",
	[HOOK_FAILED] = "failed",
	[HOOK_KILLED] = "killed",
	[HOOK_LEFT_OUT] = "left_out",
};

static char path_variable[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
static char *const environment[] = {path_variable, NULL};

struct hook_call {
	uint32_t program;
	size_t size;
	char text[HOOK_TEXT_MAX];
};

struct hook_run {
	pid_t pid; /* 0: the place is free */
	int pidfd;
	uint32_t program;
	uint64_t until;
	bool killed;
};

struct runner {
	int channel;
	bool ends; /* the agent has ended */
	char *const *programs;
	size_t count;
	const struct hook_limits *limits;
	struct hook_run runs[HOOK_RUNNING_MAX];
	struct hook_call waiting[HOOK_WAITING_MAX]; /* a ring */
	unsigned int first, waits;
};

/* An agent that does not read loses a report. */
static void report(const struct runner *runner, uint32_t program, enum hook_outcome outcome,
		   int status)
{
	const struct hook_report report = {program, outcome, status};

	send(runner->channel, &report, sizeof(report), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* --- one program --- */

/* The text as a file: a program that does not read it holds nobody up. */
static int text_file(const struct hook_call *call)
{
	int fd = memfd_create("event", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, call->text, call->size) == (ssize_t)call->size)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* In the child. Nothing of this process is left to it but the log, as standard error. */
static void become(const char *program, int text)
{
	const struct rlimit none = {};
	char *const arguments[] = {(char *)program, NULL};
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t all;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	setrlimit(RLIMIT_CORE, &none);
	if (dup2(text, STDIN_FILENO) < 0 || dup2(nowhere, STDOUT_FILENO) < 0 || chdir("/") < 0)
		_exit(CANNOT_RUN);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	execve(program, arguments, environment);
	dprintf(STDERR_FILENO, "sipward: hook %s cannot be run: %s\n", program, strerror(errno));
	_exit(CANNOT_RUN);
}

static void start(struct runner *runner, struct hook_run *run, const struct hook_call *call)
{
	auto_fd int text = text_file(call);
	pid_t pid = text < 0 ? -1 : fork();

	if (pid == 0)
		become(runner->programs[call->program], text);
	if (pid < 0) {
		report(runner, call->program, HOOK_FAILED, CANNOT_RUN);
		return;
	}
	setpgid(pid, pid); /* here, too: it may be killed before it gets to it */
	*run = (struct hook_run){
		.pid = pid,
		.pidfd = pidfd_open(pid, 0),
		.program = call->program,
		.until = monotonic_ns() + runner->limits->time,
	};
}

/* What it left in its process group goes with it: it has had its time. */
static void finish(struct runner *runner, struct hook_run *run, const siginfo_t *info)
{
	bool exited = info->si_code == CLD_EXITED;
	int status = exited ? info->si_status : -info->si_status;

	kill(-run->pid, SIGKILL);
	waitid(P_PID, run->pid, &(siginfo_t){}, WEXITED);
	close_fd(&run->pidfd);
	report(runner, run->program,
	       run->killed ? HOOK_KILLED :
	       status      ? HOOK_FAILED :
			     HOOK_DONE,
	       status);
	run->pid = 0;
}

/* It is not waited for before its group is killed, so that nobody else has its number. */
static void look_after(struct runner *runner, struct hook_run *run, uint64_t now)
{
	siginfo_t info = {};

	if (!run->killed && now >= run->until) {
		run->killed = true;
		kill(-run->pid, SIGKILL);
	}
	if (waitid(P_PID, run->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid)
		finish(runner, run, &info);
}

/* --- all of them --- */

static struct hook_run *free_place(struct runner *runner)
{
	for (unsigned int i = 0; i < runner->limits->running; i++)
		if (!runner->runs[i].pid)
			return &runner->runs[i];
	return NULL;
}

static void start_waiting(struct runner *runner)
{
	struct hook_run *place;

	while (runner->waits && (place = free_place(runner))) {
		start(runner, place, &runner->waiting[runner->first]);
		runner->first = (runner->first + 1) % HOOK_WAITING_MAX;
		runner->waits--;
	}
}

static void take_call(struct runner *runner, const char *packet, size_t size)
{
	struct hook_call *call;
	uint32_t program;

	memcpy(&program, packet, sizeof(program));
	if (program >= runner->count)
		return;
	if (runner->waits >= runner->limits->waiting) {
		report(runner, program, HOOK_LEFT_OUT, 0);
		return;
	}
	call = &runner->waiting[(runner->first + runner->waits++) % HOOK_WAITING_MAX];
	call->program = program;
	call->size = size - sizeof(program);
	memcpy(call->text, packet + sizeof(program), call->size);
}

/* What runs gets a moment more; what waits is not begun. */
static void end(struct runner *runner)
{
	uint64_t until = monotonic_ns() + runner->limits->end_time;

	runner->ends = true;
	runner->waits = 0;
	for (unsigned int i = 0; i < runner->limits->running; i++)
		if (runner->runs[i].pid && runner->runs[i].until > until)
			runner->runs[i].until = until;
}

static void read_channel(struct runner *runner)
{
	char packet[sizeof(uint32_t) + HOOK_TEXT_MAX];
	ssize_t got;

	while ((got = recv(runner->channel, packet, sizeof(packet), MSG_DONTWAIT)) > 0) {
		if (got >= (ssize_t)sizeof(uint32_t))
			take_call(runner, packet, got);
		start_waiting(runner);
	}
	if (got == 0 || (errno != EAGAIN && errno != EINTR))
		end(runner);
}

/* Waits for a call, an end, or the time of one that runs. */
static void wait_for_some(struct runner *runner)
{
	struct pollfd fds[1 + HOOK_RUNNING_MAX] = {
		{.fd = runner->ends ? -1 : runner->channel, .events = POLLIN},
	};
	uint64_t now = monotonic_ns(), soonest = UINT64_MAX;

	for (unsigned int i = 0; i < runner->limits->running; i++) {
		const struct hook_run *run = &runner->runs[i];

		fds[1 + i] = (struct pollfd){.fd = run->pid ? run->pidfd : -1, .events = POLLIN};
		if (run->pid && !run->killed && run->until < soonest)
			soonest = run->until;
	}
	poll(fds, 1 + runner->limits->running,
	     soonest == UINT64_MAX ? -1 :
	     soonest > now         ? (int)((soonest - now) / 1000000) + 1 :
				     0);
}

static bool is_busy(const struct runner *runner)
{
	bool busy = false;

	for (unsigned int i = 0; i < runner->limits->running; i++)
		busy |= runner->runs[i].pid != 0;
	return busy;
}

int hook_serve(int channel, char *const *programs, size_t count, const struct hook_limits *limits)
{
	auto_free struct runner *runner = xcalloc(1, sizeof(*runner));

	runner->channel = channel;
	runner->programs = programs;
	runner->count = count;
	runner->limits = limits;
	while (!runner->ends || is_busy(runner)) {
		uint64_t now;

		wait_for_some(runner);
		if (!runner->ends)
			read_channel(runner);
		now = monotonic_ns();
		for (unsigned int i = 0; i < limits->running; i++)
			if (runner->runs[i].pid)
				look_after(runner, &runner->runs[i], now);
		start_waiting(runner);
	}
	return 0;
}
