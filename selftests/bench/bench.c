/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What a packet costs. These machines are noisy, so every figure is a ratio of two that were
 * taken in the same run, in turns: many short rounds, of which the best counts, for a round of a
 * few milliseconds has the processor for itself now and then even on a busy machine.
 *
 *   data path, full     a valid INVITE of 872 octets from a known zone, all of `default` sanity
 *   data path, strict   the same, all of `strict` sanity
 *   data path, newcomer the same from a source without a proof, where the zone has a budget
 *   data path, flooded  the same where that budget is spent: dropped at its first sight
 *   data path, junk     a datagram that is dropped at its start line
 *   data path, media    a packet for no service
 *   libosip2            osip_message_parse of the same INVITE, in user space
 *   splitter            finds each line end and colon of it, plain C, -O2, no SIMD
 */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <string.h>
#include <time.h>

#include "kernel/frame.h"
#include "kernel/test_run.h"
#include "policy/prefix.h"
#include "policy/text.h"

/* Last: it makes macros of words such as MAX_FORWARDS. */
#include <osipparser2/osip_parser.h>

#define ROUNDS  300
#define PACKETS 15000
#define PARSES  500

static const char *const yaml =
	"version: 1\n"
	"services: [{transport: udp, port: 5060}]\n"
	"sanity: {profile: default}\n"
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24], methods: [INVITE, OPTIONS],\n"
	"     rates: {zone: 1000000000/s, source: {any: 1000000000/s, INVITE: 1000000000/s}}}\n";

static const char *const with_strict =
	"version: 1\n"
	"services: [{transport: udp, port: 5060}]\n"
	"sanity: {profile: strict}\n"
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24], methods: [INVITE, OPTIONS],\n"
	"     rates: {zone: 1000000000/s, source: {any: 1000000000/s, INVITE: 1000000000/s}}}\n";

static const char *const with_newcomers =
	"version: 1\n"
	"services: [{transport: udp, port: 5060}]\n"
	"sanity: {profile: default}\n"
	"zones:\n"
	"  - {name: public, newcomers: {rate: 1000000000/s, probe: off},\n"
	"     rates: {zone: 1000000000/s, source: {any: 1000000000/s, INVITE: 1000000000/s}}}\n";

static const char *const with_greylist =
	"version: 1\n"
	"services: [{transport: udp, port: 5060}]\n"
	"zones: [{name: public, newcomers: {rate: 1/s, probe: off}}]\n";

/* As the first, with the session description judged. */
static const char *const with_body =
	"version: 1\n"
	"services: [{transport: udp, port: 5060}]\n"
	"sanity: {profile: default, body: sdp}\n"
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24], methods: [INVITE, OPTIONS],\n"
	"     rates: {zone: 1000000000/s, source: {any: 1000000000/s, INVITE: 1000000000/s}}}\n";

static void die(const char *text)
{
	fprintf(stderr, "bench: %s\n", text);
	exit(1);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* --- the other side of the ratios --- */

static double osip_ns(const char *text, size_t size)
{
	double start = seconds();

	for (int i = 0; i < PARSES; i++) {
		osip_message_t *message;

		osip_message_init(&message);
		if (osip_message_parse(message, text, size))
			die("libosip2 does not parse the message");
		osip_message_free(message);
	}
	return (seconds() - start) / PARSES * 1e9;
}

struct header_line {
	const char *name, *value;
	size_t name_size, value_size;
};

/* What any parser has to do at least: the lines of the header section, split at the colon. */
static __attribute__((noinline)) size_t split(const char *text, size_t size,
					      struct header_line *lines, size_t room)
{
	const char *at = text, *end = text + size;
	size_t count = 0;

	while (at < end && *at != '\n')
		at++;
	at++;
	while (at < end && count < room) {
		const char *start = at, *colon = NULL;

		while (at < end && *at != '\r' && *at != '\n') {
			if (*at == ':' && !colon)
				colon = at;
			at++;
		}
		if (at == start)
			break;
		lines[count].name = start;
		lines[count].name_size = (colon ? colon : at) - start;
		lines[count].value = colon ? colon + 1 : at;
		lines[count++].value_size = at - (colon ? colon + 1 : at);
		at += at < end && *at == '\r';
		at += at < end && *at == '\n';
	}
	return count;
}

static double split_ns(const char *text, size_t size)
{
	struct header_line lines[64];
	double start = seconds();
	size_t sum = 0;

	for (int i = 0; i < PARSES * 10; i++) {
		sum += split(text, size, lines, array_size(lines));
		asm volatile("" : : "r"(lines) : "memory");
	}
	if (sum < (size_t)PARSES * 10 * 5)
		die("the splitter found no headers");
	return (seconds() - start) / (PARSES * 10) * 1e9;
}

/* --- the data path --- */

static int empty_program(void)
{
	static const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "empty", "GPL", code, array_size(code), NULL);

	if (fd < 0)
		die("the empty program does not load");
	return fd;
}

static double program_ns(int program, const struct frame *frame, int verdict)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->octets, .data_size_in = frame->size,
		    .repeat = PACKETS);

	if (bpf_prog_test_run_opts(program, &opts) < 0)
		die("the kernel does not run the program");
	if ((int)opts.retval != verdict)
		die("the verdict is not the one that is to be measured");
	return opts.duration;
}

static double least(double a, double b)
{
	return a == 0 || b < a ? b : a;
}

static void make_frame(struct frame *frame, uint16_t port, const char *text, size_t size)
{
	struct endpoint from = {.port = 5060}, to = {.port = port};
	struct prefix prefix;
	const char *why;

	prefix_parse("203.0.113.7", &prefix, &why);
	from.addr = prefix.addr;
	prefix_parse("192.0.2.1", &prefix, &why);
	to.addr = prefix.addr;
	frame_message(frame, &from, &to, false, text, size);
}

static void row(const char *name, double ns, double empty)
{
	printf("%-22s %8.0f ns %8.0f ns less the empty program\n", name, ns, ns - empty);
}

static void load(const char *text, struct policy *policy, struct test_run *test_run)
{
	struct error e = {};

	if (policy_parse("bench", text, strlen(text), policy, &e) < 0 ||
	    test_run_open_real(test_run, policy, &e) < 0)
		die(e.text);
}

int main(void)
{
	static struct frame full, junk, media;
	auto_policy struct policy policy = {}, open = {}, spent = {}, judging = {}, stern = {};
	auto_test_run struct test_run test_run = {.state = STATE_CLOSED, .counters = -1};
	auto_test_run struct test_run admission = {.state = STATE_CLOSED, .counters = -1};
	auto_test_run struct test_run greylist = {.state = STATE_CLOSED, .counters = -1};
	auto_test_run struct test_run body = {.state = STATE_CLOSED, .counters = -1};
	auto_test_run struct test_run strict = {.state = STATE_CLOSED, .counters = -1};
	double empty = 0, ours = 0, newcomer = 0, flooded = 0, dropped = 0, passed = 0;
	double described = 0, judged = 0, osip = 0, splitter = 0;
	struct error e = {};
	size_t size;
	auto_free char *invite =
		read_whole_file("selftests/corpus/bench_invite.sip", 65536, &size, &e);
	auto_fd int nothing = empty_program();
	char noise[512];

	if (!invite)
		die(e.text);
	load(yaml, &policy, &test_run);
	load(with_newcomers, &open, &admission);
	load(with_greylist, &spent, &greylist);
	load(with_body, &judging, &body);
	load(with_strict, &stern, &strict);
	memset(noise, 'x', sizeof(noise));
	make_frame(&full, 5060, invite, size);
	make_frame(&junk, 5060, noise, sizeof(noise));
	make_frame(&media, 16384, noise, 172);
	if (parser_init())
		die("libosip2 does not start");
	for (int i = 0; i < ROUNDS; i++) {
		empty = least(empty, program_ns(nothing, &full, XDP_PASS));
		ours = least(ours, program_ns(test_run.program, &full, XDP_PASS));
		newcomer = least(newcomer, program_ns(admission.program, &full, XDP_PASS));
		flooded = least(flooded, program_ns(greylist.program, &full, XDP_DROP));
		described = least(described, program_ns(body.program, &full, XDP_PASS));
		judged = least(judged, program_ns(strict.program, &full, XDP_PASS));
		dropped = least(dropped, program_ns(test_run.program, &junk, XDP_DROP));
		passed = least(passed, program_ns(test_run.program, &media, XDP_PASS));
		osip = least(osip, osip_ns(invite, size));
		splitter = least(splitter, split_ns(invite, size));
	}
	printf("INVITE of %zu octets; best of %d rounds\n", size, ROUNDS);
	row("data path, full", ours, empty);
	row("data path, strict", judged, empty);
	row("data path, body: sdp", described, empty);
	row("data path, newcomer", newcomer, empty);
	row("data path, flooded", flooded, empty);
	row("data path, junk", dropped, empty);
	row("data path, media", passed, empty);
	printf("%-22s %8.0f ns\n%-22s %8.0f ns\n%-22s %8.0f ns\n", "empty program", empty,
	       "libosip2", osip, "splitter", splitter);
	printf("libosip2 / full   %6.1f   (at least 15)\n", osip / (ours - empty));
	printf("full / splitter   %6.2f   (at most 2.5)\n", (ours - empty) / splitter);
	printf("junk / full       %6.2f   (less than a third)\n",
	       (dropped - empty) / (ours - empty));
	printf("instructions verified  %u\n", test_run_verified(&test_run));
	return 0;
}
