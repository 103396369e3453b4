/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "agent/control.h"
#include "agent/history.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "export/event.h"
#include "export/event_filter.h"
#include "export/json.h"
#include "kernel/state_open.h"
#include "kernel/state_values.h"

#define COUNT_MAX    1000000
#define AGAIN_MILLIS 1000 /* between two looks for an agent */

struct viewer {
	bool follow, json, reconnect;
	bool few; /* only the last ones of those that are kept */
	struct event_filter filter;
	struct last_events last;
	uint64_t kept;   /* events of the stream that are older than the command */
	char newest[32]; /* time of the last one that came */
	char from[32];   /* what came up to then was printed by an earlier connection */
	const struct state *state;
	int write_error; /* errno of the first line that could not be written */
};

static void print_event(struct viewer *viewer, struct json_object *event)
{
	char text[1024];

	if (viewer->json) {
		print_json(event);
	} else {
		event_text(event, text, sizeof(text));
		puts(text);
	}
	if (fflush(stdout) && !viewer->write_error)
		viewer->write_error = errno;
}

static void print_last(struct viewer *viewer)
{
	struct json_object *event;

	while ((event = last_events_take(&viewer->last))) {
		print_event(viewer, event);
		json_object_put(event);
	}
	viewer->few = false;
}

/* One more of the stream. */
static void view(struct viewer *viewer, struct json_object *event)
{
	const char *time = text_of(event, "time");
	bool printed = viewer->from[0] && time && strcmp(time, viewer->from) <= 0;

	if (time)
		snprintf(viewer->newest, sizeof(viewer->newest), "%s", time);
	if (!printed && event_matches(&viewer->filter, event)) {
		if (viewer->few)
			last_events_put(&viewer->last, event);
		else
			print_event(viewer, event);
	}
	/* What follows comes while somebody looks. */
	if (viewer->kept && --viewer->kept == 0 && viewer->follow)
		print_last(viewer);
}

/* True when nobody takes what is written. */
static bool output_failed(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO};

	return ferror(stdout) || (poll(&out, 1, 0) > 0 && out.revents & (POLLERR | POLLNVAL));
}

static void from_stream(struct viewer *viewer, FILE *stream)
{
	auto_free char *line = NULL;
	size_t size = 0;

	while (!ferror(stdout) && getline(&line, &size, stream) > 0) {
		auto_json struct json_object *event = json_tokener_parse(line);

		if (event)
			view(viewer, event);
	}
}

/* Connects, after it was asked whether the agent answers at all: a follower has to wait without an
 * end. NULL and *e. */
static FILE *connect_agent(struct viewer *viewer, struct error *e)
{
	auto_json struct json_object *agent = ask_agent("status", NULL, e);

	if (!agent)
		return NULL;
	viewer->kept = count_of(agent, "events");
	if (viewer->kept > HISTORY_SIZE)
		viewer->kept = HISTORY_SIZE;
	if (!viewer->kept && viewer->follow)
		viewer->few = false;
	return control_ask(viewer->follow ? "follow" : "events", e);
}

/* Waits for an agent: NULL when nobody takes what is written. */
static FILE *connect_again(struct viewer *viewer)
{
	FILE *stream = NULL;

	while (!stream && !output_failed()) {
		struct error no_agent = {};

		stream = connect_agent(viewer, &no_agent);
		if (!stream)
			poll(NULL, 0, AGAIN_MILLIS);
	}
	return stream;
}

static int from_agent(struct viewer *viewer, FILE *first, struct error *e)
{
	auto_file FILE *stream = first;

	for (;;) {
		from_stream(viewer, stream);
		print_last(viewer);
		if (!viewer->follow || output_failed())
			return 0;
		if (!viewer->reconnect)
			return fail(e, EXIT_FAILED,
				    "events: the agent closed the stream: it stopped, or events "
				    "came faster than they were read; run the command again, or "
				    "use --reconnect");
		fputs("sipward: the agent closed the stream; waiting for an agent\n", stderr);
		fclose(stream);
		memcpy(viewer->from, viewer->newest, sizeof(viewer->from));
		stream = connect_again(viewer);
		if (!stream)
			return 0;
		fputs("sipward: connected again\n", stderr);
	}
}

static void from_ring_event(void *context, const struct sw_event *event, const void *payload,
			    size_t size)
{
	struct viewer *viewer = context;
	auto_json struct json_object *o = event_json(event, viewer->state);

	(void)payload, (void)size;
	view(viewer, o);
}

/* Without an agent nobody reads the ring, so its events can still be read. */
static int from_ring(struct viewer *viewer, struct error *e)
{
	auto_state struct state state = STATE_CLOSED;
	cleanup(history_close) struct history history = {};

	if (state_open_existing(&state, e) < 0)
		return -1;
	viewer->state = &state;
	if (history_open(&history, &state, from_ring_event, viewer, e) < 0)
		return -1;
	fputs("sipward: no agent runs; the events are read directly from the kernel's "
	      "ring\n",
	      stderr);
	while (!history_read(&history))
		; /* it is viewed as it is read */
	print_last(viewer);
	while (viewer->follow && !output_failed() && history_wait(&history) == 0)
		;
	return 0;
}

/* A zone that no policy of this host ever had. */
static int check_zone(const char *zone, struct error *e)
{
	auto_state struct state state = STATE_CLOSED;
	static char text[SW_ZONES_MAX][SW_NAME_MAX];
	const char *names[SW_ZONES_MAX + 1] = {}, *near;
	size_t count = 0;

	if (!zone || state_open_existing(&state, NULL) < 0)
		return 0;
	for (uint32_t i = 0; i < SW_ZONES_MAX; i++)
		names[count++] = state_zone_name(&state, i, text[i]);
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], zone) == 0)
			return 0;
	near = nearest_word(zone, names);
	return fail(e, EXIT_USAGE, "events: there is no zone '%s'%s%s%s", zone,
		    near ? ", did you mean '" : "", near ?: "", near ? "'?" : "");
}

static int read_count(struct viewer *viewer, const char *text, struct error *e)
{
	char *end;
	unsigned long count = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || count > COUNT_MAX)
		return fail(e, EXIT_USAGE, "events: -n %s: write a number of at most %d", text,
			    COUNT_MAX);
	viewer->few = true;
	viewer->last.room = count;
	return 0;
}

static int read_option(struct viewer *viewer, int letter, struct error *e)
{
	switch (letter) {
	case 'n':
		return read_count(viewer, optarg, e);
	case 's':
		return event_filter_since(&viewer->filter, optarg, e);
	case 'r':
		return event_filter_reason(&viewer->filter, optarg, e);
	case 'a':
		return event_filter_source(&viewer->filter, optarg, e);
	case 'z':
		viewer->filter.zone = optarg;
		return 0;
	}
	viewer->follow |= letter == 'f' || letter == 'c';
	viewer->reconnect |= letter == 'c';
	viewer->json |= letter == 'j';
	return 0;
}

static int read_options(const struct command *self, int argc, char **argv, struct viewer *viewer,
			struct error *e)
{
	static const struct option options[] = {
		{"follow", no_argument, NULL, 'f'},       {"reconnect", no_argument, NULL, 'c'},
		{"count", required_argument, NULL, 'n'},  {"since", required_argument, NULL, 's'},
		{"zone", required_argument, NULL, 'z'},   {"reason", required_argument, NULL, 'r'},
		{"source", required_argument, NULL, 'a'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},         {},
	};
	int letter;

	while ((letter = next_option(self, argc, argv, "fjn:", options, e)) >= 0)
		if (read_option(viewer, letter, e) < 0)
			return -1;
	if (letter == -2)
		return -1;
	if (optind < argc)
		return fail(e, EXIT_USAGE,
			    "events: unexpected argument '%s'; see: sipward events "
			    "--help",
			    argv[optind]);
	return 0;
}

static void viewer_free(struct viewer *viewer)
{
	last_events_free(&viewer->last);
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	cleanup(viewer_free) struct viewer viewer = {};
	struct error no_agent = {};
	FILE *stream;

	if (read_options(self, argc, argv, &viewer, e) < 0 || check_zone(viewer.filter.zone, e) < 0)
		return -1;
	stream = connect_agent(&viewer, &no_agent);
	if (!stream && viewer.reconnect && no_agent.code != EXIT_PRIVILEGE) {
		fputs("sipward: no agent answers; waiting for one\n", stderr);
		stream = connect_again(&viewer);
		if (!stream)
			return 0;
	}
	if (!stream && no_agent.code == EXIT_FAILED)
		return fail(e, no_agent.code, "%s", no_agent.text);
	if ((stream ? from_agent(&viewer, stream, e) : from_ring(&viewer, e)) < 0)
		return -1;
	if (viewer.write_error)
		return fail(e, EXIT_FAILED, "events: the output could not be written: %s",
			    strerror(viewer.write_error));
	return 0;
}

const struct command command_events = {
	.name = "events",
	.summary = "shows the last refused packets, one line each, with source, message and reason",
	.help = "Usage: sipward events [-f] [--reconnect] [-n COUNT] [-j]\n"
		"                      [--since TIME] [--zone NAME] [--reason NAME] [--source PREFIX]\n\n"
		"  -f, --follow     go on with new events\n"
		"  --reconnect      follow, and wait for the next agent when this one stops\n"
		"  -n, --count N    only the last N of those that are kept; with -f 0: only new ones\n"
		"  --since TIME     younger ones: 10m, or 2026-11-30T12:00:00Z\n"
		"  --zone NAME      of this zone\n"
		"  --reason NAME    for this reason, as in docs/reasons.md\n"
		"  --source PREFIX  from this address or prefix\n"
		"  -j, --json       one JSON object a line\n\n"
		"Each line names time, interface, zone, source, destination, transport, method, length,\n"
		"whether it was dropped or only counted (would-drop), the reason and its rule. The\n"
		"policy's events: {rate: ...} limits events. If some are left out, the next line has\n"
		"their number. Counters (sipward stats) are complete.\n\n"
		"Without --reconnect, -f ends with exit code 1 when the agent stops. After a restart\n"
		"the next agent sends what the kernel kept meanwhile; an event of the same millisecond\n"
		"as the last one printed may be missing.\n",
	.run = run,
};
