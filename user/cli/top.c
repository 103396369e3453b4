/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `sipward top`: what passes and what is refused right now, and by whom.
 */
#include <time.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/top_screen.h"
#include "export/json.h"
#include "export/top_json.h"
#include "export/top_page.h"
#include "kernel/state_open.h"

/* Columns of the text. */
#define TEXT_WIDTH 120

static int watch_a_second(struct top_collector *collector, struct error *e)
{
	const struct timespec pause = {.tv_nsec = TOP_POLL};

	for (uint64_t start = monotonic_ns(); monotonic_ns() - start < TOP_PERIOD;) {
		nanosleep(&pause, NULL);
		top_poll(collector);
	}
	return top_count(collector, e) < 0 ? -1 : top_walk(collector, e);
}

static void print_page(const struct top *top)
{
	auto_page struct page page = {.width = TEXT_WIDTH, .height = SIZE_MAX};

	page_all(&page, top);
	for (size_t i = 0; i < page.count; i++)
		puts(page.lines[i].text);
}

/* One second as text or JSON: for scripts, and for an output that is no terminal. */
static int run_once(struct top_collector *collector, bool json, struct error *e)
{
	if (watch_a_second(collector, e) < 0)
		return -1;
	if (json) {
		auto_json struct json_object *o = top_json(&collector->top);

		print_json(o);
	} else {
		print_page(&collector->top);
	}
	return 0;
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	static const struct option options[] = {
		{"once", no_argument, NULL, '1'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	auto_state struct state state = STATE_CLOSED;
	auto_top struct top_collector collector = {};
	bool once = false, json = false;
	int letter;

	while ((letter = next_option(self, argc, argv, "1j", options, e)) >= 0) {
		once |= letter == '1';
		json |= letter == 'j';
	}
	if (letter == -2)
		return -1;
	if (optind < argc)
		return fail(e, EXIT_USAGE, "top: unexpected argument '%s'; see: sipward top --help",
			    argv[optind]);
	if (state_open_existing(&state, e) < 0 || top_open(&collector, &state, e) < 0)
		return -1;
	if (once || json || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return run_once(&collector, json, e);
	return top_screen(&collector, e);
}

const struct command command_top = {
	.name = "top",
	.summary = "shows live what passes and what is refused, why, and from whom",
	.help = "Usage: sipward top [--once] [-j]\n\n"
		"  -1, --once  one second as text, and no screen\n"
		"  -j, --json  likewise as JSON, all views\n\n"
		"Views: zones and reasons, sources, called numbers and their first digits,\n"
		"User-Agents, known endpoints, tables. The keys 1 to 6 choose one; s sorts, z\n"
		"shows one zone only, p pauses, ? shows help, q quits. If the output is not a\n"
		"terminal, --once is assumed.\n\n"
		"would-drop counts what was refused and not dropped: monitor mode, would_drop,\n"
		"report, TCP. Sources, called numbers and User-Agents come from samples: 1 of N\n"
		"packets, picked at random, about 1000 a second. Below each list stand N and how\n"
		"far a share may be off. Samples are taken only while a top runs. The only color\n"
		"is for an alert, and NO_COLOR switches it off.\n",
	.run = run,
};
