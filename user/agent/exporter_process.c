/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/exporter_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "agent/say.h"
#include "export/http.h"
#include "export/json.h"
#include "export/listen.h"
#include "kernel/sandbox.h"

#define PAUSE_FIRST   (2 * SW_NS_PER_SEC)  /* before it is started again; then twice as long, */
#define PAUSE_LONGEST (64 * SW_NS_PER_SEC) /* unless it lived longer than this */
#define PAGE_EVERY    SW_NS_PER_SEC
#define ASKS_A_SECOND 20 /* more is not what our process does */
#define ABOVE         10 /* descriptors of the child's standard places are below */
#define END_WITHIN    20 /* milliseconds that an end is waited for */

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

struct exporter {
	struct exporter_host host;
	char listen[96]; /* as status shows it */
	int listener;    /* -1: the policy wants none */
	int channel;     /* -1: closed */
	int pidfd;       /* -1: no process */
	pid_t pid;
	uint64_t started_at;
	uint64_t start_at; /* when it is to be started again */
	uint64_t pause;
	uint64_t ends;
	char ended[128]; /* how, when there is none now */
	uint64_t rendered_at;
	uint64_t render_ns; /* of the last page, in processor time */
	bool asked;         /* somebody waits for a page */
	bool closed;        /* freed as soon as its process has ended */
	unsigned int asks;  /* in this second */
};

/* --- the page --- */

static uint64_t processor_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * SW_NS_PER_SEC + now.tv_nsec;
}

static int page_file(const char *text, size_t size)
{
	auto_fd int fd = memfd_create("metrics", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("metrics", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	for (size_t at = 0; fd >= 0 && at < size;) {
		ssize_t done = write(fd, text + at, size - at);

		if (done <= 0)
			return -1;
		at += done;
	}
	if (fd >= 0)
		fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
	return take_fd(fd);
}

/* A process that does not read loses pages, and asks again. */
static void send_packet(const struct exporter *exporter, const char *text, size_t size, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = {};
	struct iovec part = {(void *)text, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *beside;

	if (fd >= 0) {
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		beside = CMSG_FIRSTHDR(&message);
		beside->cmsg_level = SOL_SOCKET;
		beside->cmsg_type = SCM_RIGHTS;
		beside->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(beside), &fd, sizeof(fd));
	}
	sendmsg(exporter->channel, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void send_failure(const struct exporter *exporter, const char *why)
{
	auto_free char *text = xasprintf("%c%s", HTTP_FAILED, why);

	send_packet(exporter, text, strlen(text), -1);
}

static void make_page(struct exporter *exporter)
{
	const char kind = HTTP_PAGE;
	auto_free char *text = NULL;
	auto_fd int fd = -1;
	struct error e = {};
	uint64_t start = processor_ns();

	exporter->asked = false;
	exporter->rendered_at = monotonic_ns();
	text = exporter->host.render(exporter->host.context, &e);
	exporter->render_ns = processor_ns() - start;
	if (!text) {
		send_failure(exporter, e.text);
		return;
	}
	fd = page_file(text, strlen(text));
	if (fd < 0)
		send_failure(exporter, "no memory for the page");
	else
		send_packet(exporter, &kind, sizeof(kind), fd);
}

static void make_page_in_time(struct exporter *exporter)
{
	if (exporter->asked && exporter->channel >= 0 &&
	    monotonic_ns() - exporter->rendered_at >= PAGE_EVERY)
		make_page(exporter);
}

/* --- the process --- */

static void drop_channel(struct exporter *exporter)
{
	if (exporter->channel < 0)
		return;
	loop_remove(exporter->host.loop, exporter->channel);
	close(take_fd(exporter->channel));
	exporter->asked = false;
}

static void on_channel(void *context, int fd)
{
	struct exporter *exporter = context;
	char packet[64];
	ssize_t got;

	while ((got = recv(fd, packet, sizeof(packet), MSG_DONTWAIT)) > 0 &&
	       ++exporter->asks <= ASKS_A_SECOND)
		exporter->asked |= packet[0] == HTTP_ASK;
	if (got > 0)
		say_with(exporter->host.say,
			 SAY_WARNING "the exporter's process asks for too many pages; its "
				     "channel is closed");
	if (got >= 0 || (errno != EAGAIN && errno != EINTR))
		drop_channel(exporter);
	make_page_in_time(exporter);
}

static void describe_end(struct exporter *exporter, const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		snprintf(exporter->ended, sizeof(exporter->ended), "it ended with exit code %d",
			 info->si_status);
	else
		snprintf(exporter->ended, sizeof(exporter->ended), "it was ended by signal %d (%s)",
			 info->si_status, strsignal(info->si_status));
}

static void try_later(struct exporter *exporter)
{
	uint64_t now = monotonic_ns();

	if (!exporter->pause || now - exporter->started_at > PAUSE_LONGEST)
		exporter->pause = PAUSE_FIRST;
	else if (exporter->pause < PAUSE_LONGEST)
		exporter->pause *= 2;
	exporter->start_at = now + exporter->pause;
	say_with(exporter->host.say,
		 SAY_WARNING "the process that serves /metrics ended: %s; it is restarted "
			     "in %d s",
		 exporter->ended, (int)(exporter->pause / SW_NS_PER_SEC));
}

/* Closes the descriptor of a process that has ended. */
static bool reap(struct exporter *exporter)
{
	siginfo_t info = {};

	if (waitid(P_PIDFD, exporter->pidfd, &info, WEXITED | WNOHANG) < 0 || !info.si_pid)
		return false;
	describe_end(exporter, &info);
	loop_remove(exporter->host.loop, exporter->pidfd);
	close(take_fd(exporter->pidfd));
	exporter->pid = 0;
	return true;
}

static void on_end(void *context, int fd)
{
	struct exporter *exporter = context;

	(void)fd;
	if (!reap(exporter))
		return;
	if (exporter->closed) {
		free(exporter);
		return;
	}
	drop_channel(exporter);
	exporter->ends++;
	try_later(exporter);
}

/* Runs this binary as the exporter, with nothing but its two descriptors and the log. The address
 * space is not copied: the agent's may be large. The process is killed when the thread that calls
 * this ends, which must live as long as the agent. */
static int spawn(struct exporter *exporter, int listener, int channel, struct error *e)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	int error;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, listener, HTTP_LISTENER);
	posix_spawn_file_actions_adddup2(&files, channel, HTTP_CHANNEL);
	error = posix_spawn(&exporter->pid, sandbox_self, &files, &attributes, sandbox_self_argv,
			    sandbox_self_environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (!error)
		return 0;
	exporter->pid = 0;
	return fail(e, EXIT_FAILED, "metrics: the exporter's process (%s) cannot be started: %s",
		    sandbox_self, strerror(error));
}

static int watch(struct exporter *exporter, struct error *e)
{
	exporter->pidfd = pidfd_open(exporter->pid, 0);
	if (exporter->pidfd < 0) {
		fail(e, EXIT_FAILED, "pidfd_open: %s", strerror(errno));
		close(take_fd(exporter->channel));
		waitpid(exporter->pid, NULL, 0);
		exporter->pid = 0;
		return -1;
	}
	if (loop_add(exporter->host.loop, exporter->channel, on_channel, exporter, e) < 0)
		return -1;
	return loop_add(exporter->host.loop, exporter->pidfd, on_end, exporter, e);
}

int exporter_start(struct exporter *exporter, struct error *e)
{
	int ends[2];
	auto_fd int listener = -1, channel = -1;

	if (exporter->listener < 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(e, EXIT_FAILED, "socketpair: %s", strerror(errno));
	exporter->channel = ends[0];
	/* Out of the way of the numbers that they get in the process. */
	channel = fcntl(ends[1], F_DUPFD_CLOEXEC, ABOVE);
	close(ends[1]);
	listener = fcntl(exporter->listener, F_DUPFD_CLOEXEC, ABOVE);
	if (listener < 0 || channel < 0)
		return fail(e, EXIT_FAILED, "metrics: %s", strerror(errno));
	exporter->started_at = monotonic_ns();
	exporter->ended[0] = '\0';
	return spawn(exporter, listener, channel, e) < 0 ? -1 : watch(exporter, e);
}

void exporter_tick(struct exporter *exporter)
{
	struct error e = {};

	if (!exporter)
		return;
	exporter->asks = 0;
	make_page_in_time(exporter);
	if (exporter->listener < 0 || exporter->pid || exporter->start_at > monotonic_ns() ||
	    exporter_start(exporter, &e) == 0)
		return;
	drop_channel(exporter);
	snprintf(exporter->ended, sizeof(exporter->ended), "%.127s", e.text);
	try_later(exporter);
}

struct exporter *exporter_open(const struct exporter_host *host, const struct policy *policy,
			       const struct exporter *now, struct error *e)
{
	cleanup(exporter_close) struct exporter *exporter = xcalloc(1, sizeof(*exporter));
	const char *address = policy->metrics_host;
	bool ipv6 = strchr(address, ':');

	exporter->host = *host;
	exporter->listener = exporter->channel = exporter->pidfd = -1;
	exporter->ends = exporter_ends(now);
	if (!policy->metrics_port)
		return take(exporter);
	snprintf(exporter->listen, sizeof(exporter->listen), "%s%s%s:%u", ipv6 ? "[" : "", address,
		 ipv6 ? "]" : "", policy->metrics_port);
	exporter->listener =
		now ? http_listen_beside(now->listener, address, policy->metrics_port, e) :
		      http_listen(address, policy->metrics_port, e);
	return exporter->listener < 0 ? NULL : take(exporter);
}

/* The process ends with its channel. It may still have the listening socket for a moment, which
 * must not be in the way of another one: it is shut here. */
void exporter_close(struct exporter **exporter)
{
	struct exporter *old = take(*exporter);
	struct pollfd end = {.fd = old ? old->pidfd : -1, .events = POLLIN};

	if (!old)
		return;
	drop_channel(old);
	if (old->listener >= 0)
		shutdown(old->listener, SHUT_RDWR);
	close_fd(&old->listener);
	old->closed = true;
	if (old->pidfd < 0 || (poll(&end, 1, END_WITHIN) == 1 && reap(old)))
		free(old);
}

struct json_object *exporter_json(const struct exporter *exporter)
{
	struct json_object *o;

	if (!exporter || exporter->listener < 0)
		return NULL;
	o = json_object_new_object();
	json_text(o, "listen", exporter->listen);
	json_object_object_add(o, "pid", NULL);
	if (exporter->pid)
		json_count(o, "pid", exporter->pid);
	json_text(o, "error", exporter->pid ? NULL : exporter->ended);
	json_count(o, "ended", exporter->ends);
	json_count(o, "page_us", exporter->render_ns / 1000);
	return o;
}

uint64_t exporter_ends(const struct exporter *exporter)
{
	return exporter ? exporter->ends : 0;
}
