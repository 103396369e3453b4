/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The adapter of Kamailio, which reads its log (selftests/lab/differential.cfg), whose path is
 * KAMAILIO_LOG. A second datagram, DONE, tells when it is through with the first; it has one
 * process for both.
 */
#include <stdio.h>
#include <string.h>

#include "server.h"

#define PATIENCE_MS 5000

static const struct word words[] = {
	{"rm", F_METHOD},       {"rs", F_STATUS},         {"ru", F_URI_USER},
	{"fu", F_FROM_USER},    {"ft", F_FROM_TAG},       {"tu", F_TO_USER},
	{"tt", F_TO_TAG},       {"ci", F_CALL_ID},        {"cs", F_CSEQ_NUMBER},
	{"mf", F_MAX_FORWARDS}, {"cl", F_CONTENT_LENGTH}, {"ct", F_CONTENT_TYPE},
	{"ua", F_USER_AGENT},   {"rb", F_BODY},           {"au", F_USERNAME},
	{"an", F_NONCE},        {"m0", F_CONTACT},        {"m1", F_CONTACT},
	{"ai", F_ASSERTED},     {"a0", F_ASSERTED},       {"a1", F_ASSERTED},
	{"pu", F_PREFERRED},    {"p0", F_PREFERRED},      {"p1", F_PREFERRED},
	{"re", F_REMOTE_PARTY}, {"e0", F_REMOTE_PARTY},   {"e1", F_REMOTE_PARTY},
	{"r0", F_REFER_TO},     {"ro", F_ROUTE},          {"di", F_DIVERSION},
	{"rr", F_REFERRED_BY},
};

static void start(void)
{
	server_start("Kamailio", "KAMAILIO_LOG");
}

static void send_done(unsigned long number)
{
	char text[512];
	int size = snprintf(text, sizeof(text),
			    "DONE sip:%lu@h SIP/2.0\r\n"
			    "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK%lu\r\n"
			    "From: <sip:d@h>;tag=d\r\nTo: <sip:d@h>\r\nCall-ID: d%lu\r\n"
			    "CSeq: 1 DONE\r\nContent-Length: 0\r\n\r\n",
			    number, number, number);

	server_send(text, size);
}

static char *next_line(void)
{
	char *line = server_line(PATIENCE_MS);

	if (!line)
		server_fail("it does not say that it is through with a message");
	return line;
}

static void read_kamailio(const struct message_text *message, struct reading *r)
{
	static unsigned long number;
	char done[32], *line;

	server_send(message->octets, message->size);
	send_done(++number);
	snprintf(done, sizeof(done), "DONE %lu", number);
	r->why = "its script does not see it";
	for (line = next_line(); !strstr(line, done); line = next_line()) {
		char *begin = strstr(line, "READ ");

		if (!begin)
			continue;
		r->outcome = OUTCOME_READ;
		server_words(r, begin + 5, words, sizeof(words) / sizeof(words[0]), 0);
	}
}

const struct parser parser_kamailio = {.name = "Kamailio", .start = start, .read = read_kamailio};
