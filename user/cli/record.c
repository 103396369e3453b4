/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `sipward capture`: refused packets into a file, each with the reason as its comment. They are
 * gone before tcpdump could see them.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "export/event.h"
#include "export/json.h"
#include "export/pcapng.h"
#include "kernel/state_maps.h"
#include "kernel/state_open.h"
#include "kernel/state_values.h"
#include "policy/duration.h"
#include "policy/model.h"
#include "policy/names.h"

/* Pages of each CPU's buffer: 1 MB, some hundred messages of ordinary size. */
#define BUFFER_PAGES 256
#define POLL_MS      200

struct recording {
	struct pcapng pcapng;
	const char *path;
	const struct state *state;
	uint64_t most; /* packets, 0: no end */
	uint64_t end;  /* monotonic nanoseconds, 0: none */
	uint64_t count;
	uint64_t lost;
};

static char *comment_of(const struct recording *recording, const struct sw_event *event)
{
	const char *reason = reason_name(event->reason);
	char zone[SW_NAME_MAX];

	return xasprintf("sipward: %s: %s (%s): %s; zone %s",
			 event->mode == SW_MODE_ENFORCE ? "dropped" : "would-drop",
			 reason ? reason : "?", reason ? reason_rfc(event->reason) : "?",
			 reason ? reason_text(event->reason) : "of another version",
			 printable(state_zone_name(recording->state, event->zone, zone)).text);
}

static void on_packet(void *context, int cpu, void *data, __u32 size)
{
	struct recording *recording = context;
	const struct sw_event *event = data;
	auto_free char *comment = NULL;
	char name[IF_NAMESIZE];

	(void)cpu;
	if (size <= sizeof(*event) || (recording->most && recording->count == recording->most))
		return;
	comment = comment_of(recording, event);
	pcapng_packet(&recording->pcapng, event->ifindex,
		      if_indextoname(event->ifindex, name) ? printable(name).text : NULL,
		      event_wall_time(event->time), event + 1, size - sizeof(*event), comment);
	recording->count++;
}

static void on_lost(void *context, int cpu, __u64 count)
{
	struct recording *recording = context;

	(void)cpu;
	recording->lost += count;
}

/* Ends by a signal, not in the middle of a packet. */
static int stop_signals(struct error *e)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? fail(e, EXIT_FAILED, "signalfd: %s", strerror(errno)) : fd;
}

static bool is_over(const struct recording *recording, int signals)
{
	struct signalfd_siginfo info;

	return read(signals, &info, sizeof(info)) > 0 ||
	       (recording->most && recording->count == recording->most) ||
	       (recording->end && monotonic_ns() >= recording->end) || recording->pcapng.error;
}

static int record(struct recording *recording, struct error *e)
{
	auto_fd int signals = stop_signals(e);
	struct perf_buffer *buffer;
	int done = 0;

	if (signals < 0)
		return -1;
	buffer = perf_buffer__new(recording->state->fds[STATE_CAPTURED], BUFFER_PAGES, on_packet,
				  on_lost, recording, NULL);
	if (!buffer)
		return fail(e, EXIT_FAILED, "packets cannot be captured: %s", strerror(errno));
	fputs("sipward: capturing refused packets from now on\n", stderr);
	while (done >= 0 && !is_over(recording, signals)) {
		done = perf_buffer__poll(buffer, POLL_MS);
		if (done == -EINTR)
			done = 0;
	}
	perf_buffer__free(buffer);
	if (recording->pcapng.error)
		return fail(e, EXIT_FAILED,
			    "%s: cannot be written: %s; the file ends with the last whole packet",
			    recording->path, strerror(recording->pcapng.error));
	return 0;
}

struct record_options {
	const char *path;
	uint64_t most;
	uint64_t duration;
};

static int read_options(const struct command *self, int argc, char **argv,
			struct record_options *to, struct error *e)
{
	static const struct option options[] = {
		{"count", required_argument, NULL, 'n'},
		{"for", required_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	const char *why;
	char *end;
	int letter;

	while ((letter = next_option(self, argc, argv, "n:f:", options, e)) >= 0) {
		if (letter == 'n') {
			to->most = strtoull(optarg, &end, 10);
			if (!to->most || *end)
				return fail(e, EXIT_USAGE, "capture: --count %s: write a number",
					    optarg);
		} else if (duration_parse(optarg, &to->duration, &why) < 0) {
			return fail(e, EXIT_USAGE, "capture: --for %s: %s", optarg, why);
		}
	}
	if (letter == -2)
		return -1;
	to->path = argv[optind];
	if (!to->path)
		return fail(e, EXIT_USAGE, "capture: name a file, or - for the standard output");
	if (argv[optind + 1])
		return fail(e, EXIT_USAGE, "capture: unexpected argument '%s'", argv[optind + 1]);
	return 0;
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_state struct state state = STATE_CLOSED;
	struct recording recording = {.state = &state};
	struct record_options options = {};
	auto_json struct json_object *agent = NULL;
	auto_file FILE *out = NULL;
	int done;

	if (read_options(self, argc, argv, &options, e) < 0 || state_open_existing(&state, e) < 0)
		return -1;
	/* It takes the events away: without it their ring is soon full, and nothing is told. */
	agent = ask_agent("status", NULL, e);
	if (!agent)
		return -1;
	out = strcmp(options.path, "-") == 0 ? fdopen(dup(STDOUT_FILENO), "w") :
					       fopen(options.path, "we");
	if (!out)
		return fail(e, EXIT_FAILED, "%s: cannot be written: %s", options.path,
			    strerror(errno));
	recording.path = options.path;
	recording.most = options.most;
	recording.end = options.duration ? monotonic_ns() + options.duration : 0;
	pcapng_begin(&recording.pcapng, out);
	done = record(&recording, e);
	pcapng_free(&recording.pcapng);
	fprintf(stderr, "sipward: %llu packets captured, %llu lost because the buffer was full\n",
		(unsigned long long)recording.count, (unsigned long long)recording.lost);
	return done;
}

const struct command command_capture = {
	.name = "capture",
	.summary = "writes refused packets into a pcapng file, with each reason as a comment",
	.help = "Usage: sipward capture FILE.pcapng [--count N] [--for 10m]\n"
		"       sipward capture - | tshark -r -\n\n"
		"  -n, --count N       stop after N packets\n"
		"  -f, --for DURATION  stop after this time (default: stop at Ctrl-C)\n\n"
		"A dropped packet never reaches tcpdump. The file gets the packets that have an event,\n"
		"so events: {rate: ...} of the policy limits both. To capture more for a while, run:\n"
		"  sipward tune events.rate 5000/s --for 5m\n"
		"Whole frames, up to 20000 octets, as the driver got them. Needs a running agent.\n",
	.run = run,
};
