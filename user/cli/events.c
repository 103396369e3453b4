/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "agent/control.h"
#include "agent/history.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "export/event.h"
#include "export/json.h"
#include "kernel/state_open.h"

static void print_event(struct json_object *event, bool json)
{
	char text[1024];

	if (json) {
		print_json(event);
	} else {
		event_text(event, text, sizeof(text));
		puts(text);
	}
	fflush(stdout);
}

/* True when nobody takes what is written. */
static bool output_failed(void)
{
	return ferror(stdout) != 0;
}

static int from_agent(FILE *stream, bool follow, bool json, struct error *e)
{
	char *line = NULL;
	size_t size = 0;

	while (!output_failed() && getline(&line, &size, stream) > 0) {
		auto_json struct json_object *event = json_tokener_parse(line);

		if (event)
			print_event(event, json);
	}
	free(line);
	if (!follow || output_failed())
		return 0;
	return fail(e, EXIT_FAILED,
		    "events: the agent closed the stream: it stopped, or events "
		    "came faster than they were read; run the command again");
}

struct reading {
	const struct state *state;
	bool json;
};

static void print_from_ring(void *context, const struct sw_event *event)
{
	const struct reading *reading = context;
	auto_json struct json_object *o = event_json(event, reading->state);

	print_event(o, reading->json);
}

/* Without an agent nobody reads the ring, so its events can still be read. */
static int from_ring(bool follow, bool json, struct error *e)
{
	auto_state struct state state = STATE_CLOSED;
	cleanup(history_close) struct history history = {};
	struct reading reading = {.state = &state, .json = json};

	if (state_open_existing(&state, e) < 0 ||
	    history_open(&history, &state, print_from_ring, &reading, e) < 0)
		return -1;
	fputs("sipward: no agent runs; the events are read directly from the kernel's "
	      "ring\n",
	      stderr);
	while (!history_read(&history) ||
	       (follow && !output_failed() && history_wait(&history) == 0))
		; /* each prints what it reads */
	return 0;
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	static const struct option options[] = {
		{"follow", no_argument, NULL, 'f'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	auto_json struct json_object *agent = NULL;
	auto_file FILE *stream = NULL;
	bool follow = false, json = false;
	struct error no_agent = {};
	int letter;

	while ((letter = next_option(self, argc, argv, "fj", options, e)) >= 0) {
		follow |= letter == 'f';
		json |= letter == 'j';
	}
	if (letter == -2)
		return -1;
	if (optind < argc)
		return fail(e, EXIT_USAGE,
			    "events: unexpected argument '%s'; see: sipward events "
			    "--help",
			    argv[optind]);
	/* Whether it answers at all: a follower has to wait without an end. */
	agent = ask_agent("status", NULL, &no_agent);
	if (!agent && no_agent.code == EXIT_FAILED)
		return fail(e, no_agent.code, "%s", no_agent.text);
	memset(&no_agent, 0, sizeof(no_agent));
	stream = control_ask(follow ? "follow" : "events", &no_agent);
	return stream ? from_agent(stream, follow, json, e) : from_ring(follow, json, e);
}

const struct command command_events = {
	.name = "events",
	.summary = "shows the last refused packets, one line each, with source, message and reason",
	.help = "Usage: sipward events [-f] [-j]\n\n"
		"  -f, --follow  go on with new events\n"
		"  -j, --json    one JSON object a line\n\n"
		"Each line names time, interface, zone, source, destination, transport, method, length,\n"
		"whether it was dropped or would have been dropped, the reason and its rule. The\n"
		"policy's events: {rate: ...} limits events. If some are left out, the next line has\n"
		"their number. Counters (sipward stats) are complete.\n",
	.run = run,
};
