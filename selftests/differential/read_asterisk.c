/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The adapter of Asterisk, for INVITEs. It reads the log (selftests/differential/asterisk), whose
 * path is ASTERISK_LOG. Asterisk has threads: a second INVITE, to "done", tells when it is through
 * with the first, but a thread of the first may still write to the log.
 */
#include <stdio.h>
#include <string.h>

#include "server.h"

#define PATIENCE_MS  5000
#define STRAGGLER_MS 15

static const struct word words[] = {
	{"ru", F_URI_USER},    {"fu", F_FROM_USER},    {"ft", F_FROM_TAG},     {"tu", F_TO_USER},
	{"ci", F_CALL_ID},     {"ai", F_ASSERTED},     {"re", F_REMOTE_PARTY}, {"di", F_DIVERSION},
	{"rr", F_REFERRED_BY}, {"ct", F_CONTENT_TYPE}, {"ua", F_USER_AGENT},
};

static void start(void)
{
	server_start("Asterisk", "ASTERISK_LOG");
}

static void send_done(unsigned long number)
{
	char text[512];
	int size = snprintf(text, sizeof(text),
			    "INVITE sip:done%lu@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;rport;"
			    "branch=z9hG4bKd%lu\r\nFrom: <sip:d@h>;tag=d%lu\r\nTo: <sip:d@h>\r\n"
			    "Call-ID: d%lu\r\nCSeq: 1 INVITE\r\nContact: <sip:d@127.0.0.1>\r\n"
			    "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
			    number, number, number, number);

	server_send(text, size);
}

static bool is_invite(const struct message_text *message)
{
	return memmem(message->octets, message->size, "INVITE ", 7);
}

/* A line of an earlier message that came late has another Call-ID. */
static bool is_late(const struct message_text *message, const struct values *call_id)
{
	return !call_id->count || !memmem(message->octets, message->size, call_id->value[0].octets,
					  call_id->value[0].size);
}

/* Where no identity can be read, its caller is the From; of one with a comma in its name the dial
 * plan does not get the user. */
static void forget_from(struct reading *r, enum field identity)
{
	const struct value *from = &r->field[F_FROM_USER].value[0];
	const struct value *id = &r->field[identity].value[0];

	if (r->field[identity].count &&
	    (!r->field[F_FROM_USER].count ||
	     (id->size <= from->size && !memcmp(id->octets, from->octets, id->size))))
		r->field[identity].count = 0;
}

static void take(const struct message_text *message, struct reading *r, char *line)
{
	char *begin = strstr(line, "READ ");

	if (!begin)
		return;
	server_words(r, begin + 5, words, sizeof(words) / sizeof(words[0]), '%');
	if (is_late(message, &r->field[F_CALL_ID])) {
		reading_clear(r);
		return;
	}
	forget_from(r, F_ASSERTED);
	forget_from(r, F_REMOTE_PARTY);
	/* of a tag with quotes it writes more than it reads */
	if (r->field[F_FROM_TAG].count &&
	    memchr(r->field[F_FROM_TAG].value[0].octets, '"', r->field[F_FROM_TAG].value[0].size))
		r->field[F_FROM_TAG].count = 0;
	r->outcome = OUTCOME_READ;
	reading_add_text(r, F_METHOD, "INVITE");
}

static void read_asterisk(const struct message_text *message, struct reading *r)
{
	static unsigned long number;
	char done[32], *line;

	r->why = "its dial plan does not see it";
	if (!is_invite(message))
		return;
	server_send(message->octets, message->size);
	send_done(++number);
	snprintf(done, sizeof(done), "READ ru=done%lu ", number);
	while ((line = server_line(PATIENCE_MS)) && !strstr(line, done))
		take(message, r, line);
	if (!line)
		server_fail("it does not say that it is through with a message");
	while ((line = server_line(STRAGGLER_MS)))
		take(message, r, line);
}

const struct parser parser_asterisk = {.name = "Asterisk", .start = start, .read = read_asterisk};
