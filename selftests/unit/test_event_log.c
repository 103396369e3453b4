/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The log of events: whole lines, a budget, and nobody who does not read delays it.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "agent/event_log.h"
#include "export/json.h"

#include <cmocka.h>

static void open_log(struct event_log *log, enum log_target to, int out)
{
	struct policy policy = {
		.log = {.to = to, .rate = {true, 3, SW_NS_PER_SEC, 3, {}}},
	};

	event_log_follow(log, &policy);
	if (out >= 0)
		log->out = out;
}

static struct json_object *event_with(const char *text)
{
	struct json_object *o = json_object_new_object();

	json_text(o, "text", text);
	return o;
}

static void write_text(struct event_log *log, const char *text)
{
	auto_json struct json_object *o = event_with(text);

	event_log_write(log, o);
}

/* Reads one line, which must be whole JSON with this text. */
static void reads(FILE *in, const char *text)
{
	char line[EVENT_LINE_MAX];
	auto_json struct json_object *o = NULL;

	assert_non_null(fgets(line, sizeof(line), in));
	assert_non_null(strchr(line, '\n'));
	o = json_tokener_parse(line);
	assert_non_null(o);
	assert_string_equal(text_of(o, "text"), text);
}

static void test_budget(void **state)
{
	struct event_log log = EVENT_LOG_CLOSED;
	uint64_t now = 1000 * SW_NS_PER_SEC;
	int ends[2];
	FILE *in;
	char line[EVENT_LINE_MAX];

	(void)state;
	assert_false(event_log_admits(&log, now));
	assert_int_equal(log.counts.suppressed, 0);
	assert_int_equal(pipe(ends), 0);
	open_log(&log, EVENT_LOG_JSON, ends[1]);
	for (int i = 0; i < 3; i++)
		assert_true(event_log_admits(&log, now));
	for (int i = 0; i < 5; i++)
		assert_false(event_log_admits(&log, now));
	assert_int_equal(log.counts.suppressed, 5);
	assert_true(event_log_admits(&log, now + SW_NS_PER_SEC));
	write_text(&log, "one");
	event_log_tick(&log);
	event_log_tick(&log); /* it is said once */
	write_text(&log, "two");
	in = fdopen(ends[0], "r");
	reads(in, "one");
	assert_non_null(fgets(line, sizeof(line), in));
	assert_non_null(strstr(line, "\"suppressed\":5,"));
	reads(in, "two");
	assert_int_equal(log.counts.sent, 2);
	fclose(in);
	close(ends[1]);
}

/* Lines are left out until somebody reads; none is half of one. */
static void nobody_reads(int out, int in_fd, unsigned int most)
{
	struct event_log log = EVENT_LOG_CLOSED;
	char text[200], line[EVENT_LINE_MAX];
	FILE *in = fdopen(in_fd, "r");
	unsigned int lines = 0;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	open_log(&log, EVENT_LOG_JSON, out);
	for (unsigned int i = 0; i < most; i++)
		write_text(&log, text);
	assert_true(log.counts.failed > 0);
	assert_int_equal(log.counts.sent + log.counts.failed, most);
	fcntl(in_fd, F_SETFL, O_NONBLOCK);
	while (fgets(line, sizeof(line), in) && strchr(line, '\n'))
		lines++;
	clearerr(in);
	event_log_tick(&log); /* the rest of a line */
	write_text(&log, "last");
	while (fgets(line, sizeof(line), in) && !strstr(line, "last"))
		lines += strchr(line, '\n') != NULL;
	assert_non_null(strstr(line, "\"last\"}\n"));
	assert_int_equal(lines + 1, log.counts.sent);
	fclose(in);
}

static void test_a_pipe_that_nobody_reads(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	nobody_reads(ends[1], ends[0], 2000);
	close(ends[1]);
}

static void test_a_stream_that_nobody_reads(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	nobody_reads(ends[1], ends[0], 5000);
	close(ends[1]);
}

static void test_a_closed_end(void **state)
{
	struct event_log log = EVENT_LOG_CLOSED;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	open_log(&log, EVENT_LOG_JSON, ends[1]);
	close(ends[0]);
	write_text(&log, "nobody");
	assert_int_equal(log.counts.failed, 1);
	close(ends[1]);
	log.out = open("/dev/full", O_WRONLY);
	write_text(&log, "no room");
	assert_int_equal(log.counts.failed, 2);
	close(log.out);
}

static void test_syslog(void **state)
{
	struct event_log log = EVENT_LOG_CLOSED;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char got[EVENT_LINE_MAX] = "", tail[64];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/sipward-syslog.%d", getpid());
	log.socket = address.sun_path;
	open_log(&log, EVENT_LOG_SYSLOG, -1);
	write_text(&log, "nobody is there");
	assert_int_equal(log.counts.failed, 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	write_text(&log, "hello");
	assert_int_equal(log.counts.sent, 1);
	assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
	assert_memory_equal(got, "<29>", 4); /* daemon.notice */
	snprintf(tail, sizeof(tail), " sipward[%d]: {\"text\":\"hello\"}", getpid());
	assert_string_equal(strstr(got, " sipward["), tail);
	for (int i = 0; i < 5000; i++) /* nobody reads */
		write_text(&log, "hello");
	assert_true(log.counts.failed > 1);
	event_log_close(&log);
	unlink(address.sun_path);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_a_pipe_that_nobody_reads),
		cmocka_unit_test(test_a_stream_that_nobody_reads),
		cmocka_unit_test(test_a_closed_end),
		cmocka_unit_test(test_syslog),
	};

	return cmocka_run_group_tests_name("event_log", tests, NULL, NULL);
}
