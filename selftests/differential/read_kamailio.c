/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What Kamailio reads: it gets each message as a datagram, and writes what it read to its log
 * (selftests/lab/differential.cfg). A second datagram, DONE, tells when it is through with the
 * first; it has one process for both. KAMAILIO_LOG is the path of the log.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "reading.h"

#define PATIENCE_MS 5000

static int udp = -1, log_fd = -1;

static _Noreturn void fail(const char *what)
{
	printf("not ok differential: Kamailio - %s\n", what);
	exit(1);
}

static void start(void)
{
	const char *path = getenv("KAMAILIO_LOG");
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(5060) };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	log_fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (log_fd < 0 || udp < 0 || connect(udp, (struct sockaddr *)&to, sizeof(to)))
		fail("there is no log KAMAILIO_LOG, or no socket");
	lseek(log_fd, 0, SEEK_END);
}

/* The next line of the log, without its end. */
static char *next_line(void)
{
	static char buffer[1 << 18];
	static size_t used, begin;
	struct timespec pause = { .tv_nsec = 50000 };

	for (int waited = 0; waited < PATIENCE_MS * 20; waited++) {
		char *end = memchr(buffer + begin, '\n', used - begin);
		ssize_t more;

		if (end) {
			char *line = buffer + begin;

			*end = '\0';
			begin = end + 1 - buffer;
			return line;
		}
		memmove(buffer, buffer + begin, used - begin);
		used -= begin;
		begin = 0;
		if (used == sizeof(buffer))
			fail("a line of its log is too long");
		more = read(log_fd, buffer + used, sizeof(buffer) - used);
		if (more > 0)
			used += more;
		else
			nanosleep(&pause, NULL);
	}
	fail("it does not say that it is through with a message");
}

static const struct {
	const char *name;
	enum field field;
} words[] = {
	{"rm", F_METHOD},      {"rs", F_STATUS},       {"ru", F_URI_USER},   {"fu", F_FROM_USER},
	{"ft", F_FROM_TAG},    {"tu", F_TO_USER},      {"tt", F_TO_TAG},     {"ci", F_CALL_ID},
	{"cs", F_CSEQ_NUMBER}, {"mf", F_MAX_FORWARDS}, {"ct", F_CONTENT_TYPE},
	{"cl", F_CONTENT_LENGTH}, {"ua", F_USER_AGENT}, {"rb", F_BODY},	    {"au", F_USERNAME},
	{"an", F_NONCE},       {"m0", F_CONTACT},      {"m1", F_CONTACT},    {"ai", F_ASSERTED},
	{"a0", F_ASSERTED},    {"a1", F_ASSERTED},     {"pu", F_PREFERRED},  {"p0", F_PREFERRED},
	{"p1", F_PREFERRED},   {"re", F_REMOTE_PARTY}, {"e0", F_REMOTE_PARTY},
	{"e1", F_REMOTE_PARTY}, {"r0", F_REFER_TO},
	{"ro", F_ROUTE},       {"di", F_DIVERSION},    {"rr", F_REFERRED_BY},
};

static void add_word(struct reading *r, enum field f, const char *hex)
{
	static uint8_t octets[1 << 16];
	size_t size = 0;
	unsigned int octet;

	if (!strcmp(hex, "y")) {
		reading_add_text(r, f, "present");
		return;
	}
	/* "<null>" is no value */
	while (size < sizeof(octets) && sscanf(hex + 2 * size, "%2x", &octet) == 1)
		octets[size++] = octet;
	if (size)
		reading_add(r, f, octets, size);
}

/* name=hex, each behind a space */
static void add_line(struct reading *r, char *line)
{
	char *word, *rest;

	for (word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (!strncmp(word, words[i].name, 2) && word[2] == '=')
				add_word(r, words[i].field, word + 3);
	}
}

static void send_done(unsigned long number)
{
	char text[512];
	int size = snprintf(text, sizeof(text),
			    "DONE sip:%lu@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK%lu\r\n"
			    "From: <sip:d@h>;tag=d\r\nTo: <sip:d@h>\r\nCall-ID: d%lu\r\n"
			    "CSeq: 1 DONE\r\nContent-Length: 0\r\n\r\n", number, number, number);

	if (send(udp, text, size, 0) != size)
		fail("a datagram cannot be sent");
}

static void read_kamailio(const struct message_text *message, struct reading *r)
{
	static unsigned long number;
	char done[32], *line;

	if (send(udp, message->octets, message->size, 0) != (ssize_t)message->size)
		fail("a datagram cannot be sent");
	send_done(++number);
	snprintf(done, sizeof(done), "DONE %lu", number);
	r->why = "its script does not see it";
	for (line = next_line(); !strstr(line, done); line = next_line()) {
		char *begin = strstr(line, "READ ");

		if (!begin)
			continue;
		r->outcome = OUTCOME_READ;
		add_line(r, begin + 5);
	}
}

const struct parser parser_kamailio = { .name = "Kamailio", .start = start, .read = read_kamailio };
