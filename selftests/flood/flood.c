/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A flooder for the lab: messages of SIP, keepalives, STUN, or anything else in a file, in UDP
 * frames that it builds itself; segments of TCP; later fragments; from one source address or from
 * random ones of a prefix. It is bounded in rate and time, and runs only in a named network
 * namespace, made for a test: never where a real wire may hang.
 *
 * Every frame is a function of its number, so that a repetition needs no memory of the
 * frame: only of when its batch went out.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sender.h"

#define BATCH_MAX          64
#define BATCHES_REMEMBERED (1u << 16)
#define FRAME_MAX          1514
#define SECONDS_MAX        120
#define RATE_MAX           2000000
#define REPEAT_MAX_MS      4000
#define REPEATS_MAX        4

/* A text that each frame replaces by 16 hexadecimal digits of its own. */
#define TOKEN      "0123456789abcdef"
#define TOKENS_MAX 16

#define MESSAGE(start, method, user, tag, body)                                       \
	start "\r\n"                                                                  \
	      "Via: SIP/2.0/UDP flood.example:5060;branch=z9hG4bK" TOKEN ";rport\r\n" \
	      "Max-Forwards: 70\r\n"                                                  \
	      "From: <sip:flood@flood.example>;tag=" TOKEN "\r\n"                     \
	      "To: <sip:" user "@server.example>" tag "\r\n"                          \
	      "Call-ID: " TOKEN "@flood.example\r\n"                                  \
	      "CSeq: 1 " method "\r\n"                                                \
	      "Contact: <sip:flood@flood.example:5060>\r\n" body

#define REQUEST(method, user, body) \
	MESSAGE(method " sip:" user "@server.example SIP/2.0", method, user, "", body)
/* Inside a dialog, as its tag says. */
#define INSIDE(method, body) \
	MESSAGE(method " sip:call@server.example SIP/2.0", method, "call", ";tag=" TOKEN, body)

#define SDP                                                                         \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" \
	"m=audio 6000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\n"
#define NO_BODY  "Content-Length: 0\r\n\r\n"
#define SDP_BODY "Content-Type: application/sdp\r\nContent-Length: 111\r\n\r\n" SDP

_Static_assert(sizeof(SDP) - 1 == 111, "the Content-Length above");

/* The packet that carries the payload. */
enum carrier { UDP, SYN, SEGMENT, FRAGMENT };

#define STUN                        \
	"\0\1\0\10\x21\x12\xa4\x42" \
	"sipward-lab!"              \
	"\x80\x22\0\4"              \
	"none"
#define LETTERS "abcdefghijklmnopqrstuvwxyzabcdef"

static const struct {
	const char *name;
	const char *text;
	size_t length; /* 0: as long as the text is */
	enum carrier carrier;
} messages[] = {
	{"invite", REQUEST("INVITE", "call", SDP_BODY), 0, UDP},
	{"register", REQUEST("REGISTER", "150", NO_BODY), 0, UDP},
	{"options", REQUEST("OPTIONS", "call", NO_BODY), 0, UDP},
	{"junk", TOKEN TOKEN, 0, UDP},
	{"keepalive", "\r\n\r\n", 0, UDP},
	{"stun", STUN, sizeof(STUN) - 1, UDP},
	{"response", MESSAGE("SIP/2.0 200 OK", "INVITE", "call", ";tag=" TOKEN, NO_BODY), 0, UDP},
	{"ack", INSIDE("ACK", NO_BODY), 0, UDP},
	{"bye", INSIDE("BYE", NO_BODY), 0, UDP},
	{"cancel", REQUEST("CANCEL", "call", NO_BODY), 0, UDP},
	{"prack", INSIDE("PRACK", NO_BODY), 0, UDP},
	{"reinvite", INSIDE("INVITE", SDP_BODY), 0, UDP},
	{"syn", "", 0, SYN},
	{"segment", REQUEST("INVITE", "call", SDP_BODY), 0, SEGMENT},
	{"fragment", LETTERS LETTERS LETTERS LETTERS, 0, FRAGMENT},
};

_Static_assert(sizeof(STUN) - 1 == 28, "its length field is 8");

struct address {
	int family;
	uint8_t octets[16];
	unsigned int prefix; /* bits that are fixed */
};

struct flood {
	const char *interface;
	uint8_t dst_mac[ETH_ALEN], src_mac[ETH_ALEN];
	struct address src, dst;
	uint64_t rate; /* packets a second, without the repetitions; 0: all it can */
	uint64_t seconds;
	uint64_t repeat_ns; /* between one time and the next */
	uint64_t repeats;   /* 0: every frame once */
	unsigned int batch; /* frames that leave at once */
	bool random_port;
	uint16_t sport, dport;
	uint8_t ttl;

	uint8_t frame[FRAME_MAX]; /* the template */
	size_t length, ip_at, transport_at;
	enum carrier carrier;
	size_t tokens[TOKENS_MAX]; /* offsets in the frame */
	size_t token_count;

	int fd;
	uint64_t sent, repeated, refused;
};

/* splitmix64: a well-mixed function of the frame's number */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static void parse_address(const char *text, struct address *address)
{
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	unsigned int bits;

	if (length >= sizeof(host))
		die("%s: not an address", text);
	memcpy(host, text, length);
	host[length] = '\0';
	address->family = strchr(host, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(address->family, host, address->octets) != 1)
		die("%s: not an address", text);
	bits = address->family == AF_INET6 ? 128 : 32;
	address->prefix = slash ? (unsigned int)strtoul(slash + 1, NULL, 10) : bits;
	if (address->prefix > bits)
		die("%s: the prefix is longer than an address", text);
}

/* The named message, or NULL. */
static const char *find_message(const char *what, size_t *length, enum carrier *carrier)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (strcmp(what, messages[i].name))
			continue;
		*length = messages[i].length ? messages[i].length : strlen(messages[i].text);
		*carrier = messages[i].carrier;
		return messages[i].text;
	}
	return NULL;
}

static size_t read_file(const char *what, uint8_t *to, size_t room)
{
	FILE *file = fopen(what, "rb");
	size_t length;

	if (!file)
		die("--what %s: %s", what, strerror(errno));
	length = fread(to, 1, room, file);
	if (fgetc(file) != EOF)
		die("--what %s: it does not fit one frame of %d octets", what, FRAME_MAX);
	fclose(file);
	return length;
}

/* Octets between the IP header and the payload. In IPv6 a fragment has a header of its own. */
static size_t transport_size(const struct flood *f)
{
	switch (f->carrier) {
	case UDP:
		return sizeof(struct udphdr);
	case FRAGMENT:
		return f->dst.family == AF_INET6 ? sizeof(struct ip6_frag) : 0;
	default:
		return sizeof(struct tcphdr);
	}
}

#define FRAGMENT_AT 1480 /* octets before it */

static void build_ip(struct flood *f, size_t length)
{
	static const uint8_t protocols[] = {
		[UDP] = IPPROTO_UDP,
		[SYN] = IPPROTO_TCP,
		[SEGMENT] = IPPROTO_TCP,
		[FRAGMENT] = IPPROTO_UDP,
	};
	bool fragment = f->carrier == FRAGMENT;

	if (f->dst.family == AF_INET6) {
		struct ip6_hdr *ip = (void *)(f->frame + f->ip_at);

		ip->ip6_flow = htonl(6u << 28);
		ip->ip6_plen = htons((uint16_t)length);
		ip->ip6_nxt = fragment ? IPPROTO_FRAGMENT : protocols[f->carrier];
		ip->ip6_hlim = f->ttl;
		memcpy(&ip->ip6_dst, f->dst.octets, 16);
	} else {
		struct iphdr *ip = (void *)(f->frame + f->ip_at);

		ip->version = 4;
		ip->ihl = 5;
		ip->ttl = f->ttl;
		ip->protocol = protocols[f->carrier];
		ip->frag_off = htons(fragment ? FRAGMENT_AT / 8 : 0);
		ip->tot_len = htons((uint16_t)(length + sizeof(*ip)));
		memcpy(&ip->daddr, f->dst.octets, 4);
	}
}

static void build_transport(struct flood *f, size_t length)
{
	void *at = f->frame + f->transport_at;

	if (f->carrier == UDP) {
		struct udphdr *udp = at;

		udp->dest = htons(f->dport);
		udp->len = htons((uint16_t)length);
	} else if (f->carrier == FRAGMENT && f->dst.family == AF_INET6) {
		struct ip6_frag *fragment = at;

		fragment->ip6f_nxt = IPPROTO_UDP;
		fragment->ip6f_offlg = htons(FRAGMENT_AT);
	} else if (f->carrier != FRAGMENT) {
		struct tcphdr *tcp = at;

		tcp->dest = htons(f->dport);
		tcp->doff = sizeof(*tcp) / 4;
		tcp->syn = f->carrier == SYN;
		tcp->ack = tcp->psh = f->carrier == SEGMENT;
		tcp->window = htons(65535);
	}
}

static void build_template(struct flood *f, const char *what)
{
	struct ether_header *eth = (void *)f->frame;
	bool ipv6 = f->dst.family == AF_INET6;
	size_t length = 0, at;
	const char *text = find_message(what, &length, &f->carrier);

	memcpy(eth->ether_dhost, f->dst_mac, ETH_ALEN);
	memcpy(eth->ether_shost, f->src_mac, ETH_ALEN);
	eth->ether_type = htons(ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	f->ip_at = sizeof(*eth);
	f->transport_at = f->ip_at + (ipv6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr));
	at = f->transport_at + transport_size(f);
	if (text)
		memcpy(f->frame + at, text, length);
	else
		length = read_file(what, f->frame + at, FRAME_MAX - at);
	f->length = at + length;
	build_ip(f, f->length - f->transport_at);
	build_transport(f, f->length - f->transport_at);
	while (at + strlen(TOKEN) <= f->length) {
		if (f->token_count == TOKENS_MAX || memcmp(f->frame + at, TOKEN, strlen(TOKEN))) {
			at++;
			continue;
		}
		f->tokens[f->token_count++] = at;
		at += strlen(TOKEN);
	}
}

/* Fixed bits of the prefix, random ones behind them. */
static void make_source(const struct flood *f, uint64_t random, uint8_t *octets)
{
	size_t length = f->src.family == AF_INET6 ? 16 : 4;
	uint8_t noise[16];
	uint64_t more = mix(random);

	memcpy(noise, &random, 8);
	memcpy(noise + 8, &more, 8);
	for (size_t i = 0; i < length; i++) {
		unsigned int fixed =
			f->src.prefix > 8 * i ? f->src.prefix - 8 * (unsigned int)i : 0;
		uint8_t mask = fixed >= 8 ? 0xff : (uint8_t)(0xff00 >> fixed);

		octets[i] = (f->src.octets[i] & mask) | (noise[i] & (uint8_t)~mask);
	}
}

/* Writes the fields behind the IP header that differ from frame to frame, and the checksum. */
static void finish_transport(const struct flood *f, uint64_t random, uint8_t *frame)
{
	bool ipv6 = f->dst.family == AF_INET6;
	size_t length = f->length - f->transport_at;
	uint16_t port = f->random_port ? (uint16_t)(1024 + random % 64000) : f->sport;
	uint8_t *at = frame + f->transport_at;
	uint16_t *check;
	uint64_t sum;

	if (f->carrier == FRAGMENT) {
		if (ipv6)
			((struct ip6_frag *)at)->ip6f_ident = (uint32_t)random;
		else
			((struct iphdr *)(frame + f->ip_at))->id = (uint16_t)random;
		return;
	}
	memcpy(at, &(uint16_t){htons(port)}, sizeof(port));
	if (f->carrier != UDP) {
		((struct tcphdr *)at)->seq = (uint32_t)random;
		((struct tcphdr *)at)->ack_seq = f->carrier == SEGMENT ? (uint32_t)mix(random) : 0;
	}
	check = f->carrier == UDP ? &((struct udphdr *)at)->check : &((struct tcphdr *)at)->check;
	sum = sum_words(frame + f->ip_at + (ipv6 ? 8 : 12), ipv6 ? 32 : 8, 0); /* pseudo header */
	sum += htons(f->carrier == UDP ? IPPROTO_UDP : IPPROTO_TCP) + htons((uint16_t)length);
	*check = 0;
	*check = fold(sum_words(at, length, sum));
	if (!*check && f->carrier == UDP)
		*check = 0xffff;
}

static void build_frame(const struct flood *f, uint64_t number, uint8_t *frame)
{
	static const char digits[] = "0123456789abcdef";
	bool ipv6 = f->dst.family == AF_INET6;
	uint8_t *ip = frame + f->ip_at;
	uint64_t random = mix(number);

	memcpy(frame, f->frame, f->length);
	make_source(f, mix(random), ip + (ipv6 ? 8 : 12));
	for (size_t i = 0; i < f->token_count; i++)
		for (unsigned int digit = 0; digit < 16; digit++)
			frame[f->tokens[i] + digit] = (uint8_t)digits[random >> (4 * digit) & 15];
	finish_transport(f, random, frame);
	if (!ipv6)
		((struct iphdr *)ip)->check = fold(sum_words(ip, sizeof(struct iphdr), 0));
}

static void send_batch(struct flood *f, uint64_t batch)
{
	static uint8_t frames[BATCH_MAX][FRAME_MAX];
	static struct mmsghdr headers[BATCH_MAX];
	static struct iovec vectors[BATCH_MAX];
	int done;

	for (unsigned int i = 0; i < f->batch; i++) {
		build_frame(f, batch * f->batch + i, frames[i]);
		vectors[i] = (struct iovec){frames[i], f->length};
		headers[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
	}
	for (unsigned int from = 0; from < f->batch; from += (unsigned int)done) {
		done = sendmmsg(f->fd, headers + from, f->batch - from, 0);
		if (done > 0) {
			f->sent += (uint64_t)done;
			continue;
		}
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			die("%s: %s", f->interface, strerror(errno));
		f->refused++; /* the device took no more; this frame is given up */
		done = 1;
	}
}

/* When the batch is due in this round. Each gap is twice the one before (RFC 3261 17.1.1.2). */
static uint64_t due_again(const struct flood *f, const uint64_t *sent_at, unsigned int round,
			  uint64_t batch)
{
	return sent_at[batch % BATCHES_REMEMBERED] + ((2ull << round) - 1) * f->repeat_ns;
}

/* Sends one batch that is due again; false when none is. */
static bool send_again(struct flood *f, const uint64_t *sent_at, uint64_t *again, uint64_t first,
		       uint64_t now)
{
	for (unsigned int round = 0; round < f->repeats; round++) {
		if (again[round] == first || now < due_again(f, sent_at, round, again[round]))
			continue;
		send_batch(f, again[round]++);
		f->repeated += f->batch;
		return true;
	}
	return false;
}

static void run(struct flood *f)
{
	uint64_t *sent_at = calloc(BATCHES_REMEMBERED, sizeof(*sent_at));
	uint64_t start = now_ns(), end = start + f->seconds * NS_PER_SEC;
	uint64_t fresh = start, first = 0; /* next batch to send first, */
	uint64_t again[REPEATS_MAX] = {0}; /* and again, in each round */

	if (!sent_at)
		die("no memory");
	for (uint64_t now = start; now < end; now = now_ns()) {
		bool due = !f->rate || now >= fresh;
		uint64_t last = f->repeats ? again[f->repeats - 1] : first;

		if (send_again(f, sent_at, again, first, now))
			continue;
		if (due && first - last < BATCHES_REMEMBERED) {
			sent_at[first % BATCHES_REMEMBERED] = now;
			send_batch(f, first++);
			if (f->rate)
				fresh += f->batch * NS_PER_SEC / f->rate;
		} else {
			struct timespec nap = {0, 50000};

			nanosleep(&nap, NULL);
		}
	}
	free(sent_at);
}

static void open_socket(struct flood *f)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = 0};
	struct ifreq request = {0};
	int one = 1, room = 8 << 20;

	f->fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (f->fd < 0)
		die("packet socket: %s", strerror(errno));
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", f->interface);
	if (ioctl(f->fd, SIOCGIFHWADDR, &request))
		die("%s: %s", f->interface, strerror(errno));
	memcpy(f->src_mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
	address.sll_ifindex = (int)if_nametoindex(f->interface);
	if (bind(f->fd, (struct sockaddr *)&address, sizeof(address)))
		die("%s: %s", f->interface, strerror(errno));
	setsockopt(f->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	setsockopt(f->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}

static __attribute__((noreturn)) void usage(void)
{
	fputs("usage: flood --iface DEV --dst-mac MAC --src ADDRESS[/PREFIX] --dst ADDRESS\n"
	      "             --what invite|register|options|junk|keepalive|stun|response|ack|\n"
	      "             bye|cancel|prack|reinvite|syn|segment|fragment|FILE [--rate PPS|max]\n"
	      "             [--seconds S] [--repeat-after MS [--repeats N]] [--batch N]\n"
	      "             [--sport PORT|random]\n"
	      "             [--dport PORT] [--ttl N]\n"
	      "Sources are random within PREFIX. Each frame replaces " TOKEN " in its\n"
	      "payload by digits of its own. --repeat-after sends each frame once more, or\n"
	      "--repeats times, twice as long after the time before.\n",
	      stderr);
	exit(2);
}

static const char *parse_options(int argc, char **argv, struct flood *f)
{
	static const struct option options[] = {
		{"iface", required_argument, NULL, 'i'},
		{"dst-mac", required_argument, NULL, 'm'},
		{"src", required_argument, NULL, 's'},
		{"dst", required_argument, NULL, 'd'},
		{"what", required_argument, NULL, 'w'},
		{"rate", required_argument, NULL, 'r'},
		{"seconds", required_argument, NULL, 't'},
		{"repeat-after", required_argument, NULL, 'a'},
		{"repeats", required_argument, NULL, 'n'},
		{"batch", required_argument, NULL, 'b'},
		{"sport", required_argument, NULL, 'p'},
		{"dport", required_argument, NULL, 'q'},
		{"ttl", required_argument, NULL, 'l'},
		{0},
	};
	const char *what = NULL;
	bool have_mac = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		/* clang-format off */
		case 'i': f->interface = optarg; break;
		case 'm': parse_mac(optarg, f->dst_mac); have_mac = true; break;
		case 's': parse_address(optarg, &f->src); break;
		case 'd': parse_address(optarg, &f->dst); break;
		case 'w': what = optarg; break;
		case 'r':
			f->rate = strcmp(optarg, "max") ?
				parse_number("--rate", optarg, 1, RATE_MAX) : 0;
			break;
		case 't': f->seconds = parse_number("--seconds", optarg, 1, SECONDS_MAX); break;
		case 'a':
			f->repeat_ns = 1000000 * parse_number("--repeat-after", optarg, 1,
							      REPEAT_MAX_MS);
			f->repeats = f->repeats ? f->repeats : 1;
			break;
		case 'n': f->repeats = parse_number("--repeats", optarg, 1, REPEATS_MAX); break;
		case 'b':
			f->batch = (unsigned int)parse_number("--batch", optarg, 1, BATCH_MAX);
			break;
		case 'p':
			f->random_port = !strcmp(optarg, "random");
			if (!f->random_port)
				f->sport = (uint16_t)parse_number("--sport", optarg, 1, 65535);
			break;
		case 'q': f->dport = (uint16_t)parse_number("--dport", optarg, 1, 65535); break;
		case 'l': f->ttl = (uint8_t)parse_number("--ttl", optarg, 1, 255); break;
		default: usage();
			/* clang-format on */
		}
	}
	if (optind != argc || !f->interface || !have_mac || !f->src.family || !f->dst.family ||
	    !what)
		usage();
	if (f->repeats && !f->repeat_ns)
		die("--repeats: after how long? --repeat-after MS");
	if (f->src.family != f->dst.family)
		die("--src and --dst are of two address families");
	return what;
}

int main(int argc, char **argv)
{
	static struct flood f = {.rate = 1000,
				 .seconds = 1,
				 .sport = 5060,
				 .dport = 5060,
				 .ttl = 64,
				 .batch = BATCH_MAX};
	const char *what = parse_options(argc, argv, &f);

	refuse_unnamed_namespace();
	open_socket(&f);
	build_template(&f, what);
	run(&f);
	printf("sent %llu repeated %llu refused %llu seconds %llu\n", (unsigned long long)f.sent,
	       (unsigned long long)f.repeated, (unsigned long long)f.refused,
	       (unsigned long long)f.seconds);
	return 0;
}
