/* SPDX-License-Identifier: GPL-2.0-only */
#include "server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_US 50

static const char *name;
static int udp = -1, log_fd = -1;

void server_fail(const char *why)
{
	printf("not ok differential: %s - %s\n", name, why);
	exit(1);
}

void server_start(const char *server, const char *variable)
{
	const char *path = getenv(variable);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(5060)};

	name = server;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	log_fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (log_fd < 0)
		server_fail("its log cannot be read");
	if (udp < 0 || connect(udp, (struct sockaddr *)&to, sizeof(to)))
		server_fail("there is no socket");
	lseek(log_fd, 0, SEEK_END);
}

void server_send(const void *octets, size_t size)
{
	if (send(udp, octets, size, 0) != (ssize_t)size)
		server_fail("a datagram cannot be sent");
}

/* Reads on, and drops the text that was handed out. False when there is nothing more. */
static bool fill(char *buffer, size_t room, size_t *begin, size_t *used)
{
	ssize_t more;

	memmove(buffer, buffer + *begin, *used - *begin);
	*used -= *begin;
	*begin = 0;
	if (*used == room)
		server_fail("a line of its log is too long");
	more = read(log_fd, buffer + *used, room - *used);
	if (more <= 0)
		return false;
	*used += more;
	return true;
}

char *server_line(unsigned int milliseconds)
{
	static char buffer[1 << 18];
	static size_t used, begin;
	struct timespec pause = {.tv_nsec = PAUSE_US * 1000};

	for (unsigned int waited = 0;; waited += PAUSE_US) {
		char *end, *line;

		do {
			end = memchr(buffer + begin, '\n', used - begin);
		} while (!end && fill(buffer, sizeof(buffer), &begin, &used));
		if (end) {
			line = buffer + begin;
			*end = '\0';
			begin = end + 1 - buffer;
			return line;
		}
		if (waited >= milliseconds * 1000)
			return NULL;
		nanosleep(&pause, NULL);
	}
}

static void add_word(struct reading *r, enum field f, const char *text, char escape)
{
	static uint8_t octets[1 << 16];
	size_t size = 0;

	if (!strcmp(text, "<null>") || !*text)
		return;
	for (; *text && size < sizeof(octets); size++) {
		unsigned int octet;

		if (escape && *text != escape) {
			octets[size] = *text++;
			continue;
		}
		text += escape ? 1 : 0;
		if (sscanf(text, "%2x", &octet) != 1 || !text[1])
			break;
		octets[size] = octet;
		text += 2;
	}
	reading_add(r, f, octets, size);
}

void server_words(struct reading *r, char *line, const struct word *words, size_t count,
		  char escape)
{
	char *word, *rest;

	for (word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		for (size_t i = 0; i < count; i++) {
			if (strncmp(word, words[i].name, 2) || word[2] != '=')
				continue;
			if (!strcmp(word + 3, "y"))
				reading_add_text(r, words[i].field, "present");
			else
				add_word(r, words[i].field, word + 3, escape);
		}
	}
}
