/* SPDX-License-Identifier: GPL-2.0-only */
#include "logins.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agent/accounts.h"
#include "agent/conduct.h"

static void quiet(const char *text)
{
	(void)text;
}

static int judge(void *context, void *data, size_t size)
{
	assert_int_equal(size, sizeof(struct sw_offence));
	behaviour_judge(context, data);
	return 0;
}

void judges(struct rig *rig, struct behaviour *behaviour)
{
	struct ring_buffer *ring;

	behaviour->state = &rig->test_run.state;
	behaviour->policy = &rig->policy;
	behaviour->say = quiet;
	if (!behaviour->evidence)
		behaviour->evidence = conduct_new();
	if (!behaviour->hints)
		behaviour->hints = conduct_new();
	if (!behaviour->accounts)
		behaviour->accounts = accounts_new();
	if (!behaviour->accounts_hinted)
		behaviour->accounts_hinted = accounts_new();
	assert_non_null(ring = ring_buffer__new(rig->test_run.state.fds[STATE_OFFENCES], judge,
						behaviour, NULL));
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
}

void hang_up(struct line *line)
{
	connection_close(&line->connection);
}

void dials(struct rig *rig, struct line *line, bool ipv6)
{
	connect_ends(rig, &line->connection, ipv6);
	close_fd(&line->connection.listener);
	line->end = rig->from;
}

unsigned int last_branch;

void dials_from(struct rig *rig, struct line *line, unsigned int host)
{
	line->connection.host = host;
	dials(rig, line, false);
}

void lays_ask(struct rig *rig, const struct line *line, const struct ask *ask)
{
	char text[2048], credentials[256] = "";
	size_t size;

	if (ask->nonce)
		snprintf(credentials, sizeof(credentials),
			 "Authorization: Digest username=\"%s\", "
			 "realm=\"lab\", nonce=\"n%08x\", uri=\"sip:a\", response=\"%032x\"\r\n",
			 ask->user, ask->nonce, ask->nonce);
	last_branch = ask->branch ? ask->branch : new_branch();
	size = snprintf(text, sizeof(text),
			"%s sip:%s@example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKl%u\r\n"
			"Max-Forwards: 70\r\nFrom: <sip:%s@example.com>;tag=1\r\n"
			"To: <sip:%s@example.com>%s%s\r\nCall-ID: login%u\r\nCSeq: 1 %s\r\n"
			"Contact: <sip:x@192.0.2.7>\r\n%s%sContent-Length: 0\r\n\r\n",
			ask->method, ask->callee ? ask->callee : ask->user, last_branch, ask->user,
			ask->user, ask->tag ? ";tag=" : "", ask->tag ? ask->tag : "", last_branch,
			ask->cseq ? ask->cseq : ask->method, credentials,
			ask->rest ? ask->rest : "");
	rig->from = line->end;
	rig->test_run.now += 10 * MS;
	lay_data(rig, line->connection.seq, line->connection.ack, text, size);
}

void sends_ask(struct rig *rig, const struct line *line, const struct ask *ask,
	       enum sw_reason reason)
{
	lays_ask(rig, line, ask);
	sends_frame(rig, reason);
}

void answers_ask(struct rig *rig, const struct ask *ask, unsigned int status,
		 unsigned int challenge)
{
	char text[1024], header[128] = "";
	size_t size;

	if (challenge)
		snprintf(header, sizeof(header),
			 "WWW-Authenticate: Digest realm=\"lab\", "
			 "nonce=\"n%08x\"\r\n",
			 challenge);
	size = snprintf(text, sizeof(text),
			"SIP/2.0 %u Whatever\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKl%u\r\n"
			"From: <sip:%s@example.com>;tag=1\r\nTo: <sip:%s@example.com>;tag=2\r\n"
			"Call-ID: login%u\r\nCSeq: 1 %s\r\n%sContent-Length: 0\r\n\r\n",
			status, last_branch, ask->user, ask->user, last_branch,
			ask->cseq ? ask->cseq : ask->method, header);
	rig->test_run.now += 10 * MS;
	assert_true(frame_message(&rig->frame, &rig->to, &rig->from, true, text, size));
	sends_out_frame(rig);
}

/* The same challenge leaves for somebody else. */
static void challenges_another(struct rig *rig, unsigned int nonce)
{
	struct ask ask = {.method = "REGISTER", .user = "zed"};
	struct endpoint before = rig->from;

	rig->from.addr = address("127.0.0.99");
	last_branch = new_branch();
	answers_ask(rig, &ask, 401, nonce);
	rig->from = before;
}

bool shares_nonces;

void tries(struct rig *rig, const struct line *line, const char *method, const char *user,
	   unsigned int status)
{
	struct ask ask = {.method = method, .user = user};
	static unsigned int nonce;

	sends_ask(rig, line, &ask, SW_REASON_NONE);
	answers_ask(rig, &ask, method[0] == 'I' ? 407 : 401, ++nonce);
	if (shares_nonces)
		challenges_another(rig, nonce);
	ask.nonce = nonce;
	sends_ask(rig, line, &ask, SW_REASON_NONE);
	answers_ask(rig, &ask, status, status == 401 ? nonce : 0);
}

void guesses(struct rig *rig, struct behaviour *behaviour, const struct line *line,
	     const char *user, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		tries(rig, line, "REGISTER", user, 401);
	judges(rig, behaviour);
}

void logs_in(struct rig *rig, const struct line *line, const char *user, enum sw_reason reason)
{
	struct ask ask = {.method = "REGISTER", .user = user, .nonce = 0xfffff};

	sends_ask(rig, line, &ask, reason);
}

struct counts counts_of(const struct rig *rig)
{
	auto_free struct ban_entry *bans = NULL;
	struct counts counts = {};
	struct error e = {};
	size_t count;

	assert_int_equal(ban_list(&rig->test_run.state, BAN_DENIES, &bans, &count, &e), 0);
	for (size_t i = 0; i < count; i++) {
		uint64_t seconds = (bans[i].ban.end - bans[i].ban.start) / SECOND;

		counts.accounts += bans[i].account;
		counts.source += !bans[i].user[0] && !bans[i].account;
		counts.users += bans[i].user[0] && !bans[i].account;
		if (bans[i].user[0] && seconds > counts.seconds)
			counts.seconds = seconds;
	}
	return counts;
}

void expect_counts(const struct rig *rig, size_t source, size_t users)
{
	struct counts counts = counts_of(rig);

	assert_int_equal(counts.source, source);
	assert_int_equal(counts.users, users);
}

void logins_open(struct rig *rig, const char *yaml)
{
	rig_open(rig, yaml);
	rig->test_run.now = monotonic_ns(); /* bans are made by the agent's clock */
}
