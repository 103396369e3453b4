/* SPDX-License-Identifier: GPL-2.0-only
 *
 * INVITEs from random addresses, as many as one core can make: a BPF program makes the frames, and
 * the kernel sends them as if the driver had received and redirected them (BPF_PROG_TEST_RUN with
 * live frames). Bounded in rate, time and number, and only in a named network namespace. The other
 * end of the device must be a veth with native XDP or GRO, or the frames are lost unseen.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <getopt.h>
#include <net/if.h>
#include <netinet/in.h>

#include "million.h"
#include "sender.h"

#include "million.skel.h"

#define AT_ONCE     500000
#define BATCH       64 /* as a driver takes them */
#define PACKETS_MAX 200000000
#define RATE_MAX    2000000
#define SECONDS_MAX 120

struct million {
	const char *interface;
	uint8_t dst_mac[ETH_ALEN];
	struct in_addr dst;
	uint64_t packets, rate, seconds;
};

static void build_frame(const struct million *m, struct million_frame *frame)
{
	static const struct million_frame template = {
		.eth.h_source = {2, 0, 0, 0, 0, 1},
		.before_branch = BEFORE_BRANCH,
		.before_tag = BEFORE_TAG,
		.before_call_id = BEFORE_CALL_ID,
		.behind_call_id = BEHIND_CALL_ID,
	};
	size_t udp_length = sizeof(*frame) - offsetof(struct million_frame, udp);
	uint64_t sum;

	*frame = template;
	memcpy(frame->eth.h_dest, m->dst_mac, ETH_ALEN);
	frame->eth.h_proto = htons(ETH_P_IP);
	frame->ip.version = 4;
	frame->ip.ihl = 5;
	frame->ip.ttl = 57;
	frame->ip.protocol = IPPROTO_UDP;
	frame->ip.tot_len = htons((uint16_t)(sizeof(*frame) - sizeof(frame->eth)));
	frame->ip.daddr = m->dst.s_addr;
	frame->ip.check = fold(sum_words(&frame->ip, sizeof(frame->ip), 0));
	frame->udp.source = frame->udp.dest = htons(5060);
	frame->udp.len = htons((uint16_t)udp_length);
	sum = sum_words(&frame->ip.saddr, 8, htons(IPPROTO_UDP) + htons((uint16_t)udp_length));
	frame->udp.check = fold(sum_words(&frame->udp, udp_length, sum));
}

static void send_frames(int program, const struct million_frame *frame, uint64_t count)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(*frame),
		    .repeat = (int)count, .batch_size = BATCH, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	if (bpf_prog_test_run_opts(program, &run) < 0)
		die("BPF_PROG_TEST_RUN with live frames: %s", strerror(errno));
}

/* How many were sent. */
static uint64_t send_all(const struct million *m, int program, const struct million_frame *frame)
{
	uint64_t start = now_ns(), now, sent = 0;

	while (sent < m->packets && (now = now_ns()) < start + m->seconds * NS_PER_SEC) {
		uint64_t due = start + sent * NS_PER_SEC / m->rate;
		uint64_t left = m->packets - sent;
		struct timespec nap = {0, 200000};

		if (now < due) {
			nanosleep(&nap, NULL);
			continue;
		}
		left = left < AT_ONCE ? left : AT_ONCE;
		send_frames(program, frame, left);
		sent += left;
	}
	return sent;
}

static struct million_bpf *load(const struct million *m)
{
	struct million_bpf *bpf = million_bpf__open();

	if (!bpf)
		die("its BPF object cannot be opened: %s", strerror(errno));
	bpf->rodata->interface = if_nametoindex(m->interface);
	if (!bpf->rodata->interface)
		die("%s: %s", m->interface, strerror(errno));
	if (million_bpf__load(bpf))
		die("its BPF program cannot be loaded: %s", strerror(errno));
	return bpf;
}

static __attribute__((noreturn)) void usage(void)
{
	fputs("usage: million --iface DEV --dst-mac MAC --dst ADDRESS [--packets N] [--rate PPS]\n"
	      "               [--seconds S]\n"
	      "INVITEs to port 5060 from addresses of 64.0.0.0/3, until N are sent or time is "
	      "up.\n",
	      stderr);
	exit(2);
}

static void parse_options(int argc, char **argv, struct million *m)
{
	static const struct option options[] = {
		{"iface", required_argument, NULL, 'i'},
		{"dst-mac", required_argument, NULL, 'm'},
		{"dst", required_argument, NULL, 'd'},
		{"packets", required_argument, NULL, 'n'},
		{"rate", required_argument, NULL, 'r'},
		{"seconds", required_argument, NULL, 't'},
		{0},
	};
	bool mac = false, dst = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		/* clang-format off */
		case 'i': m->interface = optarg; break;
		case 'm': parse_mac(optarg, m->dst_mac); mac = true; break;
		case 'd': dst = inet_pton(AF_INET, optarg, &m->dst) == 1; break;
		case 'n': m->packets = parse_number("--packets", optarg, 1, PACKETS_MAX); break;
		case 'r': m->rate = parse_number("--rate", optarg, 1, RATE_MAX); break;
		case 't': m->seconds = parse_number("--seconds", optarg, 1, SECONDS_MAX); break;
		default: usage();
			/* clang-format on */
		}
	}
	if (optind != argc || !m->interface || !mac || !dst)
		usage();
}

int main(int argc, char **argv)
{
	struct million m = {.packets = 1000000, .rate = 1000000, .seconds = 10};
	struct million_frame frame;
	struct million_bpf *bpf;
	uint64_t start, sent;

	parse_options(argc, argv, &m);
	refuse_unnamed_namespace();
	bpf = load(&m);
	build_frame(&m, &frame);
	start = now_ns();
	sent = send_all(&m, bpf_program__fd(bpf->progs.million), &frame);
	printf("sent %llu milliseconds %llu\n", (unsigned long long)sent,
	       (unsigned long long)((now_ns() - start) / 1000000));
	million_bpf__destroy(bpf);
	return 0;
}
