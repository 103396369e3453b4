/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Phones after a power cut, for the lab: each has an address of its own, and registers as RFC
 * 3261 says, with its timers and, when it is challenged, with credentials. It answers an OPTIONS,
 * as phones do. Prints how many are registered, and when; ends when all are, or time is up.
 *
 * The addresses need a local route (ip route add local PREFIX dev lo).
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <md5.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sender.h"

#define PHONES_MAX 60000
#define NS_PER_MS  1000000ull

/* RFC 3261 17.1.2.2, for requests that are no INVITE over UDP. */
#define T1      (500 * NS_PER_MS)
#define T2      (4 * NS_PER_SEC)
#define TIMER_F (64 * T1)
/* When a registration failed, phones try again after a while (RFC 5626 4.5 asks for more). */
#define PAUSE   (5 * NS_PER_SEC)

#define DIGEST_TEXT 33 /* 32 hexadecimal digits and a NUL */

enum phase { WAITING, TRYING, REGISTERED };

struct phone {
	struct in_addr own;
	int fd;
	enum phase phase;
	uint64_t due;      /* next thing to do; 0: nothing */
	uint64_t interval; /* timer E */
	uint64_t give_up;  /* timer F */
	uint32_t call; /* of its Call-ID and From-tag: a registrar remembers those of another run */
	uint32_t branch;
	uint32_t cseq;
	bool credentials;
	char nonce[128];
};

struct avalanche {
	struct in_addr first;
	struct sockaddr_in server;
	const char *domain;
	uint64_t count, over_ns, within_ns;
	uint64_t start;
	struct phone *phones;
	int epoll;

	uint64_t registered, requests, retransmissions, challenges, refusals, timeouts, pings;
	uint64_t last; /* when the last one was registered */
};

/* RFC 2617 3.2.2, without qop. */
static void digest(const struct avalanche *a, const struct phone *phone, unsigned int user,
		   char response[DIGEST_TEXT])
{
	char text[256], ha1[DIGEST_TEXT], ha2[DIGEST_TEXT];

	snprintf(text, sizeof(text), "phone%u:lab:secret", user);
	MD5Data((uint8_t *)text, strlen(text), ha1);
	snprintf(text, sizeof(text), "REGISTER:sip:%s", a->domain);
	MD5Data((uint8_t *)text, strlen(text), ha2);
	snprintf(text, sizeof(text), "%s:%s:%s", ha1, phone->nonce, ha2);
	MD5Data((uint8_t *)text, strlen(text), response);
}

static size_t credentials(const struct avalanche *a, const struct phone *phone, unsigned int user,
			  char *text, size_t size)
{
	char response[DIGEST_TEXT];

	if (!phone->credentials)
		return 0;
	digest(a, phone, user, response);
	return (size_t)snprintf(
		text, size,
		"Authorization: Digest username=\"phone%u\", realm=\"lab\", nonce=\"%s\", "
		"uri=\"sip:%s\", response=\"%s\", algorithm=MD5\r\n",
		user, phone->nonce, a->domain, response);
}

static void send_register(struct avalanche *a, struct phone *phone)
{
	unsigned int user = (unsigned int)(phone - a->phones);
	char text[2048], login[512] = "", own[INET_ADDRSTRLEN];
	int size;

	inet_ntop(AF_INET, &phone->own, own, sizeof(own));
	credentials(a, phone, user, login, sizeof(login));
	size = snprintf(text, sizeof(text),
			"REGISTER sip:%s SIP/2.0\r\n"
			"Via: SIP/2.0/UDP %s:5060;branch=z9hG4bK%08x;rport\r\n"
			"Max-Forwards: 70\r\n"
			"From: <sip:phone%u@%s>;tag=%08x\r\n"
			"To: <sip:phone%u@%s>\r\n"
			"Call-ID: %08x-%u@%s\r\n"
			"CSeq: %u REGISTER\r\n"
			"Contact: <sip:phone%u@%s:5060>;expires=3600\r\n"
			"%sContent-Length: 0\r\n\r\n",
			a->domain, own, phone->branch, user, a->domain, phone->call, user,
			a->domain, phone->call, user, own, phone->cseq, user, own, login);
	/* A full queue loses it, as a wire does. */
	sendto(phone->fd, text, (size_t)size, 0, (struct sockaddr *)&a->server, sizeof(a->server));
}

/* A new transaction. */
static void begin(struct avalanche *a, struct phone *phone, uint64_t now)
{
	phone->phase = TRYING;
	phone->branch = (uint32_t)random();
	phone->cseq++;
	phone->interval = T1;
	phone->due = now + T1;
	phone->give_up = now + TIMER_F;
	a->requests++;
	send_register(a, phone);
}

static void act(struct avalanche *a, struct phone *phone, uint64_t now)
{
	if (phone->phase == WAITING) {
		begin(a, phone, now);
	} else if (now >= phone->give_up) {
		a->timeouts++;
		phone->phase = WAITING;
		phone->credentials = false;
		phone->due = now + PAUSE;
	} else {
		a->retransmissions++;
		phone->interval = 2 * phone->interval < T2 ? 2 * phone->interval : T2;
		phone->due = now + phone->interval;
		send_register(a, phone);
	}
}

static bool read_nonce(const char *text, struct phone *phone)
{
	const char *at = strstr(text, "nonce=\""), *end = at ? strchr(at + 7, '"') : NULL;

	if (!end || (size_t)(end - at - 7) >= sizeof(phone->nonce))
		return false;
	snprintf(phone->nonce, sizeof(phone->nonce), "%.*s", (int)(end - at - 7), at + 7);
	return true;
}

/* An answer to the transaction under way; all others are old ones. */
static void answered(struct avalanche *a, struct phone *phone, const char *text, uint64_t now)
{
	int status = atoi(text + strlen("SIP/2.0 "));
	char branch[32];

	snprintf(branch, sizeof(branch), "branch=z9hG4bK%08x", phone->branch);
	if (phone->phase != TRYING || status < 200 || !strstr(text, branch))
		return;
	if (status == 401 && !phone->credentials && read_nonce(text, phone)) {
		a->challenges++;
		phone->credentials = true;
		begin(a, phone, now);
	} else if (status == 200) {
		a->registered++;
		a->last = now;
		phone->phase = REGISTERED;
		phone->due = 0;
	} else {
		a->refusals++;
		phone->phase = WAITING;
		phone->credentials = false;
		phone->due = now + PAUSE;
	}
}

/* Copies the headers that an answer must repeat (RFC 3261 8.2.6). */
static void pong(struct avalanche *a, const struct phone *phone, const char *text,
		 const struct sockaddr_in *to)
{
	static const char *const repeated[] = {"Via:", "From:", "To:", "Call-ID:", "CSeq:"};
	char answer[2048] = "SIP/2.0 200 OK\r\n";

	for (const char *line = strstr(text, "\r\n"); line && line[2] != '\r';
	     line = strstr(line + 2, "\r\n")) {
		const char *end = strstr(line + 2, "\r\n");

		for (size_t i = 0; end && i < sizeof(repeated) / sizeof(repeated[0]); i++) {
			size_t used = strlen(answer);

			if (strncmp(line + 2, repeated[i], strlen(repeated[i])) == 0)
				snprintf(answer + used, sizeof(answer) - used, "%.*s%s\r\n",
					 (int)(end - line - 2), line + 2,
					 i == 2 && !strstr(line, ";tag=") ? ";tag=p" : "");
		}
	}
	strncat(answer, "Content-Length: 0\r\n\r\n", sizeof(answer) - strlen(answer) - 1);
	sendto(phone->fd, answer, strlen(answer), 0, (const struct sockaddr *)to, sizeof(*to));
	a->pings++;
}

static void receive(struct avalanche *a, struct phone *phone, uint64_t now)
{
	struct sockaddr_in from;
	socklen_t from_size = sizeof(from);
	char text[4096];
	ssize_t size;

	while ((size = recvfrom(phone->fd, text, sizeof(text) - 1, MSG_DONTWAIT,
				(struct sockaddr *)&from, &from_size)) > 0) {
		text[size] = '\0';
		if (strncmp(text, "SIP/2.0 ", 8) == 0)
			answered(a, phone, text, now);
		else if (strncmp(text, "OPTIONS ", 8) == 0)
			pong(a, phone, text, &from);
	}
}

static void plug_in(struct avalanche *a, uint64_t number)
{
	struct phone *phone = &a->phones[number];
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(5060)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = phone};

	own.sin_addr.s_addr = htonl(ntohl(a->first.s_addr) + (uint32_t)number);
	phone->own = own.sin_addr;
	phone->call = (uint32_t)random();
	phone->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (phone->fd < 0 || bind(phone->fd, (struct sockaddr *)&own, sizeof(own)) < 0)
		die("%s: %s (a local route is needed)", inet_ntoa(own.sin_addr), strerror(errno));
	if (epoll_ctl(a->epoll, EPOLL_CTL_ADD, phone->fd, &event) < 0)
		die("epoll: %s", strerror(errno));
	phone->due = a->start + ((uint64_t)random() << 31 | (uint64_t)random()) % a->over_ns;
}

static void run(struct avalanche *a)
{
	struct epoll_event events[256];

	for (uint64_t now;
	     (now = now_ns()) < a->start + a->within_ns && a->registered < a->count;) {
		int count = epoll_wait(a->epoll, events, 256, 5);

		now = now_ns();
		for (int i = 0; i < count; i++)
			receive(a, events[i].data.ptr, now);
		for (uint64_t i = 0; i < a->count; i++)
			if (a->phones[i].due && a->phones[i].due <= now)
				act(a, &a->phones[i], now);
	}
}

static uint64_t number_of(const char *text, uint64_t max)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*end || end == text || !value || value > max)
		die("%s: wanted a number from 1 to %llu", text, (unsigned long long)max);
	return value;
}

static __attribute__((noreturn)) void usage(void)
{
	fputs("usage: avalanche --first ADDRESS --count N --server ADDRESS --domain NAME\n"
	      "                 [--over SECONDS] [--within SECONDS]\n",
	      stderr);
	exit(2);
}

static void parse_options(int argc, char **argv, struct avalanche *a)
{
	static const struct option options[] = {
		{"first", required_argument, NULL, 'f'},
		{"count", required_argument, NULL, 'c'},
		{"server", required_argument, NULL, 's'},
		{"domain", required_argument, NULL, 'd'},
		{"over", required_argument, NULL, 'o'},
		{"within", required_argument, NULL, 'w'},
		{0},
	};
	bool first = false, server = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		/* clang-format off */
		case 'f': first = inet_pton(AF_INET, optarg, &a->first) == 1; break;
		case 's': server = inet_pton(AF_INET, optarg, &a->server.sin_addr) == 1; break;
		case 'c': a->count = number_of(optarg, PHONES_MAX); break;
		case 'd': a->domain = optarg; break;
		case 'o': a->over_ns = NS_PER_SEC * number_of(optarg, 600); break;
		case 'w': a->within_ns = NS_PER_SEC * number_of(optarg, 600); break;
		default: usage();
			/* clang-format on */
		}
	}
	if (optind != argc || !first || !server || !a->count || !a->domain)
		usage();
}

int main(int argc, char **argv)
{
	static struct avalanche a = {
		.server = {.sin_family = AF_INET},
		.over_ns = 10 * NS_PER_SEC,
		.within_ns = 60 * NS_PER_SEC,
	};
	struct rlimit files = {1 << 17, 1 << 17};

	parse_options(argc, argv, &a);
	a.server.sin_port = htons(5060);
	setrlimit(RLIMIT_NOFILE, &files);
	a.phones = calloc(a.count, sizeof(*a.phones));
	a.epoll = epoll_create1(0);
	if (!a.phones || a.epoll < 0)
		die("no memory");
	srandom((unsigned int)now_ns());
	a.start = now_ns();
	for (uint64_t i = 0; i < a.count; i++)
		plug_in(&a, i);
	run(&a);
	printf("registered %llu of %llu milliseconds %llu requests %llu retransmissions %llu "
	       "challenges %llu refusals %llu timeouts %llu pings %llu\n",
	       (unsigned long long)a.registered, (unsigned long long)a.count,
	       (unsigned long long)((a.last ? a.last - a.start : 0) / NS_PER_MS),
	       (unsigned long long)a.requests, (unsigned long long)a.retransmissions,
	       (unsigned long long)a.challenges, (unsigned long long)a.refusals,
	       (unsigned long long)a.timeouts, (unsigned long long)a.pings);
	return 0;
}
