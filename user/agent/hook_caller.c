/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/hook_caller.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "agent/say.h"
#include "export/hook_process.h"
#include "export/json.h"
#include "kernel/sandbox.h"
#include "policy/exports.h"
#include "policy/names.h"

#define ABOVE 10 /* descriptors of the child's standard places are below */

/* Ends of bans have time. They leave half of the places to bans and attacks, which have none. */
#define UNBANS_IN_FLIGHT (HOOK_WAITING_MAX / 2)

/* A hook is reported after 5 s at most: after this time without a report, reports were lost. */
#define LOST_AFTER (10 * SW_NS_PER_SEC)

bool hooks_wanted(const struct policy *policy, enum hook hook)
{
	return policy->hooks.programs[hook].path;
}

/* --- the process --- */

static void drop_channel(struct hook_caller *hooks)
{
	if (hooks->channel < 0)
		return;
	loop_remove(hooks->loop, hooks->channel);
	close(take_fd(hooks->channel));
}

static void say_failure(struct hook_caller *hooks, const struct hook_report *report)
{
	auto_free char *how = report->status < 0 ? xasprintf("signal %d", -report->status) :
						   xasprintf("exit code %d", report->status);
	auto_free char *text = NULL;

	if (report->outcome == HOOK_FAILED)
		text = xasprintf("hooks.%s: %s ended with %s", hook_words[report->program],
				 hooks->programs[report->program], how);
	else if (report->outcome == HOOK_KILLED)
		text = xasprintf("hooks.%s: %s was killed: it took longer than 5 s",
				 hook_words[report->program], hooks->programs[report->program]);
	else if (report->outcome == HOOK_LEFT_OUT)
		text = xasprintf("hooks.%s: %s was not run: too many hooks wait",
				 hook_words[report->program], hooks->programs[report->program]);
	say_once(hooks->say, hooks->said[report->program], sizeof(hooks->said[0]),
		 text ? text : "");
}

static void count_report(struct hook_caller *hooks, const struct hook_report *report)
{
	if (hooks->in_flight)
		hooks->in_flight--;
	hooks->heard_at = monotonic_ns();
	hooks->counts[report->program].by[report->outcome]++;
	say_failure(hooks, report);
}

static void on_report(void *context, int fd)
{
	struct hook_caller *hooks = context;
	struct hook_report report;
	ssize_t got;

	while ((got = recv(fd, &report, sizeof(report), MSG_DONTWAIT)) == sizeof(report)) {
		if (report.program >= HOOK_COUNT || report.outcome >= HOOK_OUTCOMES)
			continue;
		count_report(hooks, &report);
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	drop_channel(hooks);
	say_with(hooks->say,
		 SAY_ERROR "the process that runs hooks has ended; no hook runs until the agent "
			   "is started again: systemctl restart sipward");
}

/* The program's path as its argument; an empty one for a hook without a program. */
static int spawn(struct hook_caller *hooks, const char *user, int channel, struct error *e)
{
	char *arguments[2 + HOOK_COUNT + 1] = {(char *)HOOK_PROCESS, (char *)user};
	char *const environment[] = {NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	int error;

	for (int i = 0; i < HOOK_COUNT; i++)
		arguments[2 + i] = hooks->programs[i] ? hooks->programs[i] : (char *)"";
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, channel, HOOK_CHANNEL);
	error = posix_spawn(&hooks->pid, sandbox_self, &files, &attributes, arguments, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (error)
		hooks->pid = 0;
	return error ? fail(e, EXIT_FAILED, "hooks: their process (%s) cannot be started: %s",
			    sandbox_self, strerror(error)) :
		       0;
}

static bool any_program(const struct policy *policy)
{
	bool any = false;

	for (int i = 0; i < HOOK_COUNT; i++)
		any |= hooks_wanted(policy, i);
	return any;
}

/* They would run with the user's rights what others wrote. One that is missing is only warned of:
 * it may come later. */
static int check_programs(const struct policy *policy, struct error *e)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		const char *path = policy->hooks.programs[i].path;
		auto_free char *danger = path ? hook_danger(path) : NULL;

		if (danger)
			return fail(e, EXIT_POLICY, "hooks.%s: %s", hook_words[i], danger);
	}
	return 0;
}

int hooks_open(struct hook_caller *hooks, const struct policy *policy, struct error *e)
{
	auto_fd int channel = -1;
	int ends[2];

	if (!any_program(policy))
		return 0;
	if (geteuid() == 0 && !getpwnam(policy->hooks.user))
		return fail(e, EXIT_POLICY,
			    "hooks: there is no user '%s' on this host; write another hooks: "
			    "{user: NAME}",
			    policy->hooks.user);
	if (check_programs(policy, e) < 0)
		return -1;
	for (int i = 0; i < HOOK_COUNT; i++)
		if (hooks_wanted(policy, i))
			hooks->programs[i] = xstrdup(policy->hooks.programs[i].path);
	strcpy(hooks->user, policy->hooks.user);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(e, EXIT_FAILED, "socketpair: %s", strerror(errno));
	hooks->channel = ends[0];
	channel = fcntl(ends[1], F_DUPFD_CLOEXEC, ABOVE);
	close(ends[1]);
	hooks->made = true;
	if (channel < 0 || spawn(hooks, policy->hooks.user, channel, e) < 0)
		return fail(e, EXIT_FAILED, "hooks: %s", strerror(errno));
	return loop_add(hooks->loop, hooks->channel, on_report, hooks, e);
}

void hooks_tick(struct hook_caller *hooks)
{
	if (hooks->channel < 0 && hooks->pid && waitpid(hooks->pid, NULL, WNOHANG) == hooks->pid)
		hooks->pid = 0;
}

void hooks_close(struct hook_caller *hooks)
{
	drop_channel(hooks);
	for (int i = 0; i < HOOK_COUNT; i++)
		free(take(hooks->programs[i]));
}

int hooks_check(const struct hook_caller *hooks, const struct policy *policy, struct error *e)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		const char *path = policy->hooks.programs[i].path;

		if (path && (!hooks->programs[i] || strcmp(hooks->programs[i], path) != 0))
			return fail(e, EXIT_POLICY,
				    "hooks.%s: %s: the agent runs only the programs that its "
				    "policy named when it started; start it again with this "
				    "policy: systemctl restart sipward",
				    hook_words[i], path);
	}
	if (any_program(policy) && strcmp(hooks->user, policy->hooks.user) != 0)
		return fail(e, EXIT_POLICY,
			    "hooks.user: %s: the agent runs programs only as the user that its "
			    "policy named when it started; start it again with this policy: "
			    "systemctl restart sipward",
			    policy->hooks.user);
	return 0;
}

/* --- calls --- */

static void leave_out(struct hook_caller *hooks, enum hook hook)
{
	const struct hook_report report = {.program = hook, .outcome = HOOK_LEFT_OUT};

	hooks->counts[hook].by[HOOK_LEFT_OUT]++;
	say_failure(hooks, &report);
}

/* The process leaves out what it has no room for. So it never gets that many: the end of a ban that
 * it left out would be lost. */
static bool has_room(struct hook_caller *hooks, enum hook hook)
{
	unsigned int most =
		hook == HOOK_UNBAN ? UNBANS_IN_FLIGHT : hook_limits.running + hook_limits.waiting;

	if (hooks->in_flight >= most)
		on_report(hooks, hooks->channel);
	if (monotonic_ns() - hooks->heard_at > LOST_AFTER)
		hooks->in_flight = 0;
	return hooks->in_flight < most;
}

static bool send_call(struct hook_caller *hooks, enum hook hook, const char *text, size_t size)
{
	const uint32_t program = hook;
	auto_free char *packet = xcalloc(1, sizeof(program) + size + 1);

	memcpy(packet, &program, sizeof(program));
	memcpy(packet + sizeof(program), text, size);
	packet[sizeof(program) + size] = '\n';
	if (send(hooks->channel, packet, sizeof(program) + size + 1, MSG_DONTWAIT | MSG_NOSIGNAL) <
	    0)
		return false;
	if (!hooks->in_flight++)
		hooks->heard_at = monotonic_ns();
	return true;
}

bool hooks_call(struct hook_caller *hooks, const struct policy *policy, enum hook hook,
		struct json_object *o)
{
	const char *text;
	size_t size;

	if (!hooks_wanted(policy, hook))
		return true;
	json_text(o, "hook", hook_words[hook]);
	text = json_object_to_json_string_ext(o, JSON_STYLE);
	size = strlen(text);
	if (hooks->channel < 0 || size >= HOOK_TEXT_MAX) {
		hooks->counts[hook].by[HOOK_LEFT_OUT]++;
		return true;
	}
	if (has_room(hooks, hook) && send_call(hooks, hook, text, size))
		return true;
	if (hook == HOOK_UNBAN)
		return false;
	leave_out(hooks, hook);
	return true;
}

struct json_object *hooks_json(const struct hook_caller *hooks)
{
	struct json_object *all, *o;

	if (!hooks->made)
		return NULL;
	all = json_object_new_object();
	json_flag(all, "running", hooks->channel >= 0);
	for (int i = 0; i < HOOK_COUNT; i++) {
		if (!hooks->programs[i])
			continue;
		o = json_object_new_object();
		json_text(o, "program", hooks->programs[i]);
		for (int j = 0; j < HOOK_OUTCOMES; j++)
			json_count(o, hook_outcome_words[j], hooks->counts[i].by[j]);
		json_object_object_add(all, hook_words[i], o);
	}
	return all;
}
