/* SPDX-License-Identifier: GPL-2.0-only */
#include "newcomers.h"

#include <bpf/libbpf.h>

#include "kernel/proof.h"
#include "kernel/state_values.h"

static unsigned int fresh = 1000;

void spend_budget(struct rig *rig)
{
	struct endpoint caller = rig->from;
	char text[1024];
	bool in = true;

	rig->from.addr = address("203.0.113.99");
	for (int i = 0; i < 10 && in; i++) {
		size_t size = request(text, sizeof(text), "INVITE", fresh, NULL);

		rig->from.port = 1024 + fresh++;
		in = gets_in(rig, text, size);
	}
	assert_false(in);
	rig->from = caller;
}

void is_probed(struct rig *rig, const char *branch)
{
	auto_free char *whole = xasprintf("%s%s", SW_PROBE_BRANCH, branch);
	struct sw_meta meta;
	struct error e = {};
	uint64_t token;

	if (state_meta_read(&rig->test_run.state, &meta, &e) < 0 ||
	    proof_expect(&rig->test_run.state, &meta, whole, &rig->from.addr,
			 rig->test_run.now + 32 * SECOND, &token, &e) < 0)
		fail_msg("%s", e.text);
}

void answers_probe(struct rig *rig, const char *branch)
{
	char text[1024];
	size_t size =
		snprintf(text, sizeof(text),
			 "SIP/2.0 200 OK\r\n"
			 "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=%s%s\r\n"
			 "From: <sip:192.0.2.1>;tag=p\r\nTo: <sip:198.51.100.7:5060>;tag=q\r\n"
			 "Call-ID: probe\r\nCSeq: 1 OPTIONS\r\n"
			 "Content-Length: 0\r\n\r\n",
			 SW_PROBE_BRANCH, branch);

	assert_false(gets_in(rig, text, size));
	assert_int_equal(outcome.reason, SW_REASON_NONE);
}

void becomes_known(struct rig *rig)
{
	static unsigned int probes;
	char branch[33];

	snprintf(branch, sizeof(branch), "%032x", ++probes);
	is_probed(rig, branch);
	answers_probe(rig, branch);
	assert_int_equal(outcome.grade, SW_GRADE_PROVED);
}

uint32_t told_backoff;

static int count_newcomer(void *context, void *data, size_t size)
{
	assert_int_equal(size, sizeof(struct sw_newcomer));
	told_backoff = ((const struct sw_newcomer *)data)->backoff;
	++*(int *)context;
	return 0;
}

int newcomers_told(const struct rig *rig)
{
	int count = 0;
	struct ring_buffer *ring = ring_buffer__new(rig->test_run.state.fds[STATE_NEWCOMERS],
						    count_newcomer, &count, NULL);

	assert_non_null(ring);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	return count;
}
