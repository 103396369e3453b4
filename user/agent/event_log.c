/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/event_log.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>

#include "export/event.h"
#include "export/json.h"
#include "kernel/compile_rate.h"
#include "lib/gcra.h"
#include "policy/names.h"

static void close_syslog(struct event_log *log)
{
	if (log->to == EVENT_LOG_SYSLOG)
		close_fd(&log->out);
	log->out = -1;
}

/* It may come later, or anew: each line that finds no socket looks for one. */
static void open_syslog(struct event_log *log)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", log->socket);
	log->out = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (log->out >= 0 && connect(log->out, (struct sockaddr *)&address, sizeof(address)) < 0)
		close_syslog(log);
}

void event_log_follow(struct event_log *log, const struct policy *policy)
{
	log->limit = compile_rate(&policy->log.rate);
	if (log->to == policy->log.to)
		return;
	close_syslog(log);
	log->to = policy->log.to;
	log->rest_size = 0;
	log->held = 0;
	if (log->to == EVENT_LOG_JSON)
		log->out = STDOUT_FILENO;
}

void event_log_close(struct event_log *log)
{
	close_syslog(log);
	log->to = EVENT_LOG_OFF;
}

bool event_log_admits(struct event_log *log, uint64_t now)
{
	if (log->to == EVENT_LOG_OFF)
		return false;
	if (gcra_admit(&log->cell, &log->limit, now))
		return true;
	log->counts.suppressed++;
	log->held++;
	return false;
}

/* Never waits: a pipe that is ready takes PIPE_BUF octets, which a line does not exceed; a socket
 * is told not to wait; a file and a terminal do not. Returns what was written, or -1. */
static ssize_t put(int fd, const char *text, size_t size)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	ssize_t done = send(fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (done >= 0 || errno != ENOTSOCK)
		return done;
	if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
		return -1;
	return write(fd, text, size);
}

/* What is left of a line goes first, or the next one would be part of it. */
static bool put_rest(struct event_log *log)
{
	ssize_t done = log->rest_size ? put(log->out, log->rest, log->rest_size) : 0;

	if (done > 0) {
		log->rest_size -= done;
		memmove(log->rest, log->rest + done, log->rest_size);
	}
	return !log->rest_size;
}

static bool put_line(struct event_log *log, const char *line)
{
	size_t size = strlen(line);
	ssize_t done;

	if (size > sizeof(log->rest) || !put_rest(log))
		return false;
	done = put(log->out, line, size);
	if (done <= 0)
		return false;
	log->rest_size = size - done;
	memcpy(log->rest, line + done, log->rest_size);
	return true;
}

/* RFC 3164, as the C library's syslog() writes it to a local socket. */
static bool put_syslog(struct event_log *log, int priority, const char *text)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm parts;
	auto_free char *line = NULL;

	localtime_r(&now, &parts);
	strftime(stamp, sizeof(stamp), "%h %e %T", &parts);
	line = xasprintf("<%d>%s sipward[%d]: %s", LOG_DAEMON | priority, stamp, getpid(), text);
	if (log->out < 0)
		open_syslog(log);
	if (log->out < 0)
		return false;
	if (send(log->out, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	if (errno != EAGAIN)
		close_syslog(log);
	return false;
}

static int priority_of(struct json_object *event)
{
	const char *mode = text_of(event, "mode");

	if (json_object_object_get(event, "banned_for") || json_object_object_get(event, "repair"))
		return LOG_WARNING;
	return mode && strcmp(mode, mode_name(SW_MODE_MONITOR)) == 0 ? LOG_INFO : LOG_NOTICE;
}

static bool put_object(struct event_log *log, struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(o, JSON_STYLE);
	auto_free char *line = NULL;

	if (log->to == EVENT_LOG_SYSLOG)
		return put_syslog(log, priority_of(o), text);
	line = xasprintf("%s\n", text);
	return put_line(log, line);
}

void event_log_write(struct event_log *log, struct json_object *event)
{
	if (put_object(log, event))
		log->counts.sent++;
	else
		log->counts.failed++;
}

void event_log_tick(struct event_log *log)
{
	auto_json struct json_object *o = NULL;
	char time[64];

	if (log->to == EVENT_LOG_JSON)
		put_rest(log);
	if (!log->held)
		return;
	o = json_object_new_object();
	event_time_text(monotonic_ns(), time, sizeof(time));
	json_text(o, "time", time);
	json_count(o, "suppressed", log->held);
	json_text(o, "text", "so many events have no line: they were over events.log_rate");
	if (put_object(log, o))
		log->held = 0;
}
