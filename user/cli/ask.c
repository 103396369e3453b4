/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/control.h"
#include "cli/cli.h"
#include "export/json.h"

/* Seconds without a sign of it. A stopped process does not go on by itself; one that is at work for
 * longer says so each second, by an empty line. */
#define TIMEOUT_STOPPED 2
#define TIMEOUT         10

/* The process at the other end; 0 when it is not seen from here. */
static int peer_of(int fd)
{
	struct ucred peer = {};
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ? 0 : peer.pid;
}

/* proc(5): the letter behind the name, which may hold anything, even a ')'. */
static bool is_stopped(int pid)
{
	auto_free char *path = xasprintf("/proc/%d/stat", pid);
	auto_file FILE *file = fopen(path, "re");
	char text[512] = "";
	const char *end;

	if (!file || !fgets(text, sizeof(text), file))
		return false;
	end = strrchr(text, ')');
	return end && end[1] == ' ' && (end[2] == 'T' || end[2] == 't');
}

static int give_up(int pid, int waited, struct error *e)
{
	if (is_stopped(pid))
		return fail(e, EXIT_FAILED,
			    "the agent (pid %d) does not answer: it is stopped "
			    "(SIGSTOP, or a debugger); what is attached keeps running. To continue "
			    "it, run: kill -CONT %d",
			    pid, pid);
	return fail(e, EXIT_FAILED,
		    "the agent (pid %d) did not answer for %d s: it is busy, "
		    "frozen or hanging; what is attached keeps running. If this lasts, restart it "
		    "(systemctl restart sipward, or kill -9 and sipward run)",
		    pid, waited);
}

/* Waits until there is something to read. */
static int wait_for(int fd, struct error *e)
{
	struct pollfd wanted = {.fd = fd, .events = POLLIN};
	int pid = peer_of(fd), stopped = 0, waited = 0;

	while (poll(&wanted, 1, 1000) == 0) {
		waited++;
		stopped = is_stopped(pid) ? stopped + 1 : 0;
		if (waited >= TIMEOUT || stopped >= TIMEOUT_STOPPED)
			return give_up(pid, waited, e);
	}
	return 0;
}

/* The first line that is not empty, owned by the caller. */
static char *read_line(int fd, struct error *e)
{
	size_t used = 0, room = 65536;
	char *line = xcalloc(1, room);
	ssize_t got;

	while (wait_for(fd, e) == 0) {
		got = read(fd, line + used, room - used - 1);
		if (got <= 0) {
			fail(e, EXIT_FAILED,
			     "the agent went away without an answer; its log says "
			     "why");
			break;
		}
		used += got;
		while (used && line[0] == '\n')
			memmove(line, line + 1, --used);
		line[used] = '\0';
		if (memchr(line, '\n', used))
			return line;
		if (room - used < 2)
			line = xrealloc(line, room *= 2);
	}
	free(line);
	return NULL;
}

struct json_object *ask_agent(const char *command, struct json_object *args, struct error *e)
{
	auto_json struct json_object *owned = args, *answer = NULL;
	auto_free char *line = NULL, *reply = NULL;
	auto_file FILE *stream = NULL;

	line = xasprintf("%s%s%s", command, args ? " " : "",
			 args ? json_object_to_json_string_ext(args, JSON_STYLE) : "");
	stream = control_ask(line, e);
	if (!stream)
		return NULL;
	reply = read_line(fileno(stream), e);
	if (!reply)
		return NULL;
	answer = json_tokener_parse(reply);
	if (!answer) {
		fail(e, EXIT_FAILED,
		     "the agent's answer cannot be read; check that this `sipward` "
		     "and the agent have the same version");
		return NULL;
	}
	if (text_of(answer, "error")) {
		fail(e, json_object_get_int(json_object_object_get(answer, "code")), "%s",
		     text_of(answer, "error"));
		return NULL;
	}
	return take(answer);
}
