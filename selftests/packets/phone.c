/* SPDX-License-Identifier: GPL-2.0-only */
#include "phone.h"

#include <bpf/libbpf.h>

struct sw_offence told[TOLD_MAX];
unsigned int told_count;
unsigned int told_first[SW_FIRST_FRESH + 1];

static int hear(void *context, void *data, size_t size)
{
	const struct sw_offence *offence = data;

	(void)context;
	assert_int_equal(size, sizeof(told[0]));
	if (offence->first) {
		told_first[offence->first]++;
		return 0;
	}
	assert_true(told_count < array_size(told));
	memcpy(&told[told_count++], data, size);
	return 0;
}

unsigned int overhear(struct rig *rig)
{
	struct ring_buffer *ring =
		ring_buffer__new(rig->test_run.state.fds[STATE_OFFENCES], hear, NULL, NULL);

	told_count = 0;
	memset(told_first, 0, sizeof(told_first));
	assert_non_null(ring);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	return told_count;
}

unsigned int heard(struct rig *rig, enum sw_offence_kind kind, bool proved)
{
	unsigned int count = 0;

	overhear(rig);
	for (unsigned int i = 0; i < told_count; i++)
		count += told[i].kind == kind && told[i].proved == proved;
	return count;
}

void asks(struct rig *rig, const struct phone *phone, enum sw_reason reason)
{
	char text[2048], credentials[512] = "";
	size_t size;

	if (phone->nonce)
		snprintf(credentials, sizeof(credentials),
			 "Authorization: Digest username=\"%s\", "
			 "realm=\"lab\", nonce=\"%s\", uri=\"sip:example.com\", "
			 "response=\"%032x\"\r\n",
			 phone->user, phone->nonce, phone->branch);
	size = snprintf(text, sizeof(text),
			"%s sip:%s@example.com SIP/2.0\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKa%08x;rport\r\n"
			"Max-Forwards: 70\r\n"
			"From: <sip:%s@example.com>;tag=f\r\n"
			"To: <sip:%s@example.com>%s%s\r\n"
			"Call-ID: c%x\r\n"
			"CSeq: 1 %s\r\n"
			"Contact: <sip:x@198.51.100.7>\r\n"
			"%s"
			"Content-Length: 0\r\n\r\n",
			phone->method, phone->callee, phone->branch, phone->user, phone->callee,
			phone->tag ? ";tag=" : "", phone->tag ? phone->tag : "", phone->branch,
			phone->method, credentials);
	sends(rig, text, size, reason);
}

void answers(struct rig *rig, const struct phone *phone, unsigned int status, const char *nonce,
	     const char *tag)
{
	char text[2048], challenge[512] = "";
	size_t size;

	if (nonce)
		snprintf(challenge, sizeof(challenge),
			 "WWW-Authenticate: Digest realm=\"lab\", "
			 "nonce=\"%s\"\r\n",
			 nonce);
	size = snprintf(text, sizeof(text),
			"SIP/2.0 %u Whatever\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKa%08x;rport=5060\r\n"
			"From: <sip:%s@example.com>;tag=f\r\n"
			"To: <sip:%s@example.com>;tag=%s\r\n"
			"Call-ID: c%x\r\n"
			"CSeq: 1 %s\r\n"
			"%s"
			"Content-Length: 0\r\n\r\n",
			status, phone->branch, phone->user, phone->callee, tag, phone->branch,
			phone->method, challenge);
	sends_out(rig, text, size);
}

unsigned int new_branch(void)
{
	static unsigned int last;

	return ++last;
}

void registers_as(struct rig *rig, const char *user, unsigned int with, unsigned int status,
		  unsigned int challenge)
{
	char nonce[32], next[32];
	struct phone phone = {.method = "REGISTER",
			      .user = user,
			      .callee = user,
			      .nonce = with ? nonce : NULL,
			      .branch = new_branch()};

	snprintf(nonce, sizeof(nonce), "n%08x", with);
	snprintf(next, sizeof(next), "n%08x", challenge);
	rig->test_run.now += 10 * MS;
	asks(rig, &phone, SW_REASON_NONE);
	rig->test_run.now += 10 * MS;
	answers(rig, &phone, status, challenge ? next : NULL, "t");
}

void registers(struct rig *rig, unsigned int with, unsigned int status, unsigned int challenge)
{
	registers_as(rig, "alice", with, status, challenge);
}
