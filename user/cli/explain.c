/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/explain.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/address.h"
#include "cli/cli.h"
#include "cli/explain_live.h"
#include "cli/explain_text.h"
#include "cli/options.h"
#include "cli/policy.h"
#include "export/json.h"
#include "kernel/privilege.h"
#include "policy/names.h"
#include "policy/prefix.h"
#include "policy/text.h"

/* Packet times are laid on this; far from 0, so that every cell begins unused. */
#define CLOCK_BASE (1000000 * SW_NS_PER_SEC)

#define MESSAGE_FILE_MAX (1u << 20) /* more than one datagram holds */

struct explain_options {
	const char *policy;
	bool json;
	bool tcp;
	bool from_given;
	struct endpoint from;
};

enum sw_reason explained_reason(const struct explanation *x)
{
	if (x->outcome.verdict == SW_TEST_RUN_DROP || x->outcome.verdict == SW_TEST_RUN_WOULD_DROP)
		return x->outcome.reason;
	return x->outcome.shadow_count ? x->outcome.shadows[0] : SW_REASON_NONE;
}

const struct zone *explained_zone(const struct explanation *x)
{
	for (size_t i = 0; i < x->policy->zone_count; i++)
		if (x->test_run->numbers[i] == x->outcome.zone)
			return &x->policy->zones[i];
	return &x->policy->zones[0];
}

enum sw_mode explained_mode(const struct explanation *x)
{
	if (x->policy->mode == SW_MODE_MONITOR || explained_zone(x)->mode == SW_MODE_MONITOR)
		return SW_MODE_MONITOR;
	return x->outcome.verdict != SW_TEST_RUN_DROP && explained_reason(x) ? SW_MODE_MONITOR :
									       SW_MODE_ENFORCE;
}

const struct patch *explained_patch(const struct explanation *x)
{
	uint8_t number = x->outcome.patch;

	if (explained_reason(x) != SW_REASON_PATCH || !number || number > x->policy->patch_count)
		return NULL;
	return &x->policy->patches[number - 1];
}

const char *explained_service(const struct explanation *x, char *text, size_t size)
{
	const struct service *service = &x->policy->services[x->outcome.service];

	if (x->outcome.transport == SW_TRANSPORT_COUNT)
		return NULL;
	if (service->port_first == service->port_last)
		snprintf(text, size, "%s/%u", transport_name(service->transport),
			 service->port_first);
	else
		snprintf(text, size, "%s/%u-%u", transport_name(service->transport),
			 service->port_first, service->port_last);
	return text;
}

static void explain_json(const struct explanation *x)
{
	auto_json struct json_object *o = json_object_new_object();
	enum sw_reason reason = explained_reason(x);
	const struct patch *patch = explained_patch(x);
	bool dropped = x->outcome.verdict == SW_TEST_RUN_DROP;
	bool ours = x->outcome.verdict != SW_TEST_RUN_NOT_OURS;
	char service[32];

	json_text(o, "file", x->file);
	json_count(o, "packet", x->packet);
	json_text(o, "verdict", dropped ? "drop" : "pass");
	if (reason && !dropped)
		json_text(o, "would", "drop");
	json_text(o, "reason", reason ? reason_name(reason) : NULL);
	if (patch)
		json_text(o, "rule", patch->name);
	json_text(o, "mode", mode_name(explained_mode(x)));
	json_text(o, "zone", ours ? explained_zone(x)->name : NULL);
	json_text(o, "service", explained_service(x, service, sizeof(service)));
	json_text(o, "method", ours ? message_name(x->outcome.message) : NULL);
	json_text(o, "rfc", reason ? reason_rfc(reason) : NULL);
	if (x->captured->cut)
		json_flag(o, "truncated", true);
	if (x->from)
		json_object_object_add(o, "live", json_object_get(x->live));
	print_json(o);
}

/* Without its state the verdict of the policy is the answer, too. */
static void look_at_live(struct explanation *x)
{
	struct error why = {};

	if (!x->from || x->outcome.verdict == SW_TEST_RUN_NOT_OURS)
		return;
	x->live = explain_live(x, x->from, &why);
	if (why.code)
		fprintf(stderr, "sipward: the live state is not seen: %s\n",
			printable(why.text).text);
}

static int explain_packet(struct explanation *x, struct test_run *test_run, bool json,
			  struct error *e)
{
	/* A packet that the capture cut, and a frame shorter than its link header, cannot be
	 * judged. */
	memset(&x->outcome, 0, sizeof(x->outcome));
	x->outcome.transport = SW_TRANSPORT_COUNT;
	if (!x->captured->cut && x->captured->size > 14 &&
	    test_run_inbound(test_run, x->captured->octets, x->captured->size, &x->outcome, e) < 0)
		return -1;
	look_at_live(x);
	if (json)
		explain_json(x);
	else
		explain_text(x);
	json_object_put(x->live);
	x->live = NULL;
	return 0;
}

static int explain_capture(struct explanation *x, struct test_run *test_run, bool json,
			   struct error *e)
{
	auto_capture struct capture *capture = capture_open(x->file, e);
	struct captured captured;
	uint64_t first = 0;
	int got;

	if (!capture)
		return -1;
	x->captured = &captured;
	while ((got = capture_next(capture, &captured, e)) > 0) {
		if (!x->packet++)
			first = captured.time;
		/* A packet from before the first one counts as simultaneous. */
		test_run->now = CLOCK_BASE + (captured.time > first ? captured.time - first : 0);
		if (explain_packet(x, test_run, json, e) < 0)
			return -1;
	}
	return got;
}

/* A service that takes such a message, and an address of it. */
static int destination(const struct explanation *x, const struct explain_options *options,
		       struct endpoint *to, struct error *e)
{
	enum sw_transport wanted = options->tcp ? SW_TCP : SW_UDP;
	bool ipv4 = addr_is_ipv4(&options->from.addr);
	struct prefix any;
	const char *why;

	for (size_t i = 0; i < x->policy->service_count; i++) {
		const struct service *service = &x->policy->services[i];

		if (service->transport != wanted)
			continue;
		to->port = service->port_first;
		if (!service->address_count) {
			prefix_parse(ipv4 ? "192.0.2.1" : "2001:db8::1", &any, &why);
			to->addr = any.addr;
			return 0;
		}
		for (size_t j = 0; j < service->address_count; j++) {
			to->addr = service->addresses[j];
			if (addr_is_ipv4(&to->addr) == ipv4)
				return 0;
		}
	}
	return fail(e, EXIT_USAGE,
		    "explain: %s: the policy has no %s service of the family of --from", x->file,
		    transport_name(wanted));
}

static int explain_message(struct explanation *x, struct test_run *test_run,
			   const struct explain_options *options, const char *text, size_t size,
			   struct error *e)
{
	auto_free struct frame *frame = xcalloc(1, sizeof(*frame));
	struct captured captured = {};
	struct endpoint to;

	if (destination(x, options, &to, e) < 0)
		return -1;
	if (size > 65507 || !frame_message(frame, &options->from, &to, options->tcp, text, size))
		return fail(e, EXIT_FAILED, "%s: %zu octets are more than one datagram holds",
			    x->file, size);
	captured.octets = frame->octets;
	captured.size = frame->size;
	x->captured = &captured;
	x->packet = 1;
	x->from = options->from_given ? &options->from : NULL;
	test_run->now += SW_NS_PER_SEC;
	return explain_packet(x, test_run, options->json, e);
}

/* Looks at the beginning of a file. A pipe can be read only once. */
static bool is_capture(const char *path)
{
	auto_fd int fd = -1;
	uint8_t start[4];
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	return capture_is_one(path, start, read(fd, start, 4) == 4 ? 4 : 0);
}

static int explain_file(const char *path, struct test_run *test_run, const struct policy *policy,
			const struct explain_options *options, struct error *e)
{
	struct explanation x = {.file = path, .policy = policy, .test_run = test_run};
	auto_free char *text = NULL;
	size_t size;

	if (is_capture(path))
		return explain_capture(&x, test_run, options->json, e);
	text = read_whole_file(path, MESSAGE_FILE_MAX, &size, e);
	if (!text)
		return -1;
	if (capture_is_one(path, (uint8_t *)text, size))
		return fail(e, EXIT_FAILED, "%s: is a pipe; name a capture that is a file", path);
	return explain_message(&x, test_run, options, text, size, e);
}

static int read_options(const struct command *self, int argc, char **argv,
			struct explain_options *to, struct error *e)
{
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'},
		{"json", no_argument, NULL, 'j'},
		{"from", required_argument, NULL, 'f'},
		{"transport", required_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	static const char *const transports[] = {"udp", "tcp", NULL};
	int letter;

	read_address("explain: --from", "198.51.100.7:5060", &to->from, e);
	while ((letter = next_option(self, argc, argv, "p:jf:t:", options, e)) >= 0) {
		if (letter == 'p')
			to->policy = optarg;
		else if (letter == 'j')
			to->json = true;
		to->from_given |= letter == 'f';
		if (letter == 'f' && read_address("explain: --from", optarg, &to->from, e) < 0)
			return -1;
		else if (letter == 't' && strcmp(optarg, "udp") && strcmp(optarg, "tcp"))
			return unknown_word("explain: --transport", optarg, transports, e);
		else if (letter == 't')
			to->tcp = optarg[0] == 't';
	}
	if (letter == -2)
		return -1;
	if (optind < argc)
		return 0;
	return fail(e, EXIT_USAGE,
		    "explain: name a file: a capture, or one SIP message; "
		    "see: sipward explain --help");
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_loaded_policy struct loaded_policy loaded = {};
	auto_test_run struct test_run test_run = {.state = STATE_CLOSED, .counters = -1};
	struct explain_options options = {};

	if (read_options(self, argc, argv, &options, e) < 0 || privilege_check(e) < 0 ||
	    loaded_policy_of(options.policy, "explained", &loaded, e) < 0 ||
	    test_run_open_all(&test_run, &loaded.policy, e) < 0)
		return -1;
	test_run.now = CLOCK_BASE;
	for (; optind < argc; optind++)
		if (explain_file(argv[optind], &test_run, &loaded.policy, &options, e) < 0)
			return -1;
	return 0;
}

const struct command command_explain = {
	.name = "explain",
	.summary = "shows how a policy judges captured packets or a SIP message, and why",
	.help = "Usage: sipward explain [-p POLICY] [-j] [--from ADDR[:PORT]] "
		"[--transport udp|tcp] FILE...\n\n"
		"  -p, --policy FILE    this policy (default: the policy of the running agent)\n"
		"  -j, --json           one JSON object for each packet\n"
		"  -f, --from ADDR      source of a bare message (default: 198.51.100.7:5060)\n"
		"  -t, --transport T    transport of a bare message, udp or tcp (default: udp)\n\n"
		"FILE is a capture (pcap or pcapng; Ethernet, raw IP, Linux cooked or loopback), or one\n"
		"SIP message as it is on the wire (a bare message). A separate copy of the compiled\n"
		"policy judges the packets in the kernel. Bans, limits and counters of the live data\n"
		"path do not change. Every address counts as this host's. Limits use the times of the\n"
		"capture. With --from, it also says whether a ban, a list or a limit of the running\n"
		"sipward would drop the message now.\n",
	.run = run,
};
