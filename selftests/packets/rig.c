/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/counters.h"
#include "policy/names.h"
#include "policy/prefix.h"
#include "policy/text.h"
#include "rig.h"

#include <arpa/inet.h>
#include <linux/bpf.h>

struct sw_test_run outcome;

int sanity_of(enum sw_reason reason)
{
	for (int i = 0; i < SW_SANITY_COUNT; i++)
		if (SW_REASON_OF_SANITY[i] == reason)
			return i;
	return -1;
}

struct sw_addr address(const char *text)
{
	struct prefix prefix;
	const char *why;

	if (prefix_parse(text, &prefix, &why) < 0)
		fail_msg("%s: %s", text, why);
	return prefix.addr;
}

static void open_with(struct rig *rig, const char *yaml,
		      int (*open_test_run)(struct test_run *test_run, const struct policy *policy,
					   struct error *e))
{
	struct error e = {};

	memset(rig, 0, sizeof(*rig));
	rig->from = (struct endpoint){.addr = address("198.51.100.7"), .port = 5060};
	rig->to = (struct endpoint){.addr = address("192.0.2.1"), .port = 5060};
	if (policy_parse("test.yaml", yaml, strlen(yaml), &rig->policy, &e) < 0)
		fail_msg("%s", e.text);
	if (open_test_run(&rig->test_run, &rig->policy, &e) < 0)
		fail_msg("%s", e.text);
}

void rig_open(struct rig *rig, const char *yaml)
{
	open_with(rig, yaml, test_run_open);
}

void rig_open_all(struct rig *rig, const char *yaml)
{
	open_with(rig, yaml, test_run_open_all);
}

void rig_close(struct rig *rig)
{
	test_run_close(&rig->test_run);
	policy_free(&rig->policy);
}

size_t request(char *text, size_t size, const char *method, unsigned int n, const char *tag)
{
	return snprintf(text, size,
			"%s sip:alice@example.com SIP/2.0\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK%08x;rport\r\n"
			"Max-Forwards: 70\r\n"
			"From: <sip:bob@example.com>;tag=f%x\r\n"
			"To: <sip:alice@example.com>%s%s\r\n"
			"Call-ID: %x@198.51.100.7\r\n"
			"CSeq: 1 %s\r\n"
			"Contact: <sip:bob@198.51.100.7>\r\n"
			"Content-Length: 0\r\n\r\n",
			method, n, n, tag ? ";tag=" : "", tag ? tag : "", n, method);
}

size_t response(char *text, size_t size, unsigned int status, const char *method, unsigned int n)
{
	return snprintf(text, size,
			"SIP/2.0 %u Whatever\r\n"
			"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK%08x\r\n"
			"From: <sip:alice@example.com>;tag=f%x\r\n"
			"To: <sip:bob@example.com>;tag=t%x\r\n"
			"Call-ID: %x@192.0.2.1\r\n"
			"CSeq: 1 %s\r\n"
			"Content-Length: 0\r\n\r\n",
			status, n, n, n, n, method);
}

size_t dialog_message(char *text, size_t size, const char *start, const char *cseq,
		      const char *call, const char *from, const char *to, const char *branch)
{
	return snprintf(text, size,
			"%s\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK%s\r\n"
			"Max-Forwards: 70\r\n"
			"From: <sip:bob@example.com>;tag=%s\r\n"
			"To: <sip:alice@example.com>%s%s\r\n"
			"Call-ID: %s\r\n"
			"CSeq: 1 %s\r\n"
			"Contact: <sip:bob@198.51.100.7>\r\n"
			"Content-Length: 0\r\n\r\n",
			start, branch, from, to ? ";tag=" : "", to ? to : "", call, cseq);
}

static void read_counters(const struct rig *rig, struct sw_counters *counters)
{
	struct error e = {};

	if (state_read_counters(rig->test_run.counters, counters, &e) < 0)
		fail_msg("%s", e.text);
}

static uint64_t sum(const struct sw_counters *counters, enum sw_mode mode, enum sw_reason reason)
{
	uint64_t all = 0;

	for (int zone = 0; zone < SW_ZONES_MAX; zone++)
		all += counters[zone].reasons[mode][reason];
	return all;
}

static uint64_t sum_all(const struct sw_counters *counters)
{
	uint64_t all = 0;

	for (int mode = 0; mode < SW_MODE_COUNT; mode++)
		for (int reason = 0; reason < SW_REASONS_MAX; reason++)
			all += sum(counters, mode, reason);
	return all;
}

uint64_t counted(const struct rig *rig, enum sw_mode mode, enum sw_reason reason)
{
	static struct sw_counters counters[SW_ZONES_MAX];

	read_counters(rig, counters);
	return sum(counters, mode, reason);
}

static uint32_t number_of(const struct rig *rig, const char *zone)
{
	for (size_t i = 0; i < rig->policy.zone_count; i++)
		if (strcmp(rig->policy.zones[i].name, zone) == 0)
			return rig->test_run.numbers[i];
	fail_msg("no zone %s", zone);
	return 0;
}

uint64_t counted_in(const struct rig *rig, const char *zone, enum sw_mode mode,
		    enum sw_reason reason)
{
	static struct sw_counters counters[SW_ZONES_MAX];

	read_counters(rig, counters);
	return counters[number_of(rig, zone)].reasons[mode][reason];
}

uint64_t counted_message(const struct rig *rig, const char *zone, enum sw_message message)
{
	static struct sw_counters counters[SW_ZONES_MAX];

	read_counters(rig, counters);
	return counters[number_of(rig, zone)].messages[message];
}

struct expectation {
	int verdict;
	enum sw_mode mode;
	enum sw_reason reason;
	uint64_t moved; /* increments over all counters of reasons */
};

static int verdict_of_frame(struct rig *rig)
{
	struct error e = {};
	int verdict =
		test_run_inbound(&rig->test_run, rig->frame.octets, rig->frame.size, &outcome, &e);

	if (verdict < 0)
		fail_msg("%s", e.text);
	return verdict;
}

static void run(struct rig *rig, const struct expectation *wanted)
{
	static struct sw_counters before[SW_ZONES_MAX], after[SW_ZONES_MAX];
	int verdict;

	read_counters(rig, before);
	verdict = verdict_of_frame(rig);
	read_counters(rig, after);
	if (verdict != wanted->verdict || sum_all(after) - sum_all(before) != wanted->moved ||
	    (wanted->moved &&
	     sum(after, wanted->mode, wanted->reason) - sum(before, wanted->mode, wanted->reason) !=
		     1))
		fail_msg("verdict %d (wanted %d), reason %s (wanted %s), first shadow %s, %lu "
			 "counted (wanted %lu)",
			 verdict, wanted->verdict, reason_name(outcome.reason),
			 reason_name(wanted->reason), reason_name(outcome.shadows[0]),
			 (unsigned long)(sum_all(after) - sum_all(before)),
			 (unsigned long)wanted->moved);
}

void sends_frame(struct rig *rig, enum sw_reason reason)
{
	struct expectation wanted = {
		.verdict = reason ? XDP_DROP : XDP_PASS,
		.mode = SW_MODE_ENFORCE,
		.reason = reason,
		.moved = 1,
	};

	run(rig, &wanted);
}

void ignores_frame(struct rig *rig)
{
	struct expectation wanted = {.verdict = XDP_PASS};

	run(rig, &wanted);
	assert_int_equal(outcome.verdict, SW_TEST_RUN_NOT_OURS);
}

static void make(struct rig *rig, bool tcp, const char *payload, size_t size)
{
	assert_true(frame_message(&rig->frame, &rig->from, &rig->to, tcp, payload, size));
}

bool gets_in_frame(struct rig *rig)
{
	return verdict_of_frame(rig) == XDP_PASS;
}

bool gets_in(struct rig *rig, const char *payload, size_t size)
{
	make(rig, false, payload, size);
	return gets_in_frame(rig);
}

void sends(struct rig *rig, const char *payload, size_t size, enum sw_reason reason)
{
	make(rig, false, payload, size);
	sends_frame(rig, reason);
}

void sends_tcp(struct rig *rig, const char *payload, size_t size, enum sw_reason reason)
{
	make(rig, true, payload, size);
	sends_frame(rig, reason);
}

void sends_method(struct rig *rig, const char *method, unsigned int n, enum sw_reason reason)
{
	char text[2048];

	sends(rig, text, request(text, sizeof(text), method, n, NULL), reason);
}

void sends_out_frame(struct rig *rig)
{
	struct error e = {};

	if (test_run_outbound(&rig->test_run, rig->frame.octets, rig->frame.size, &e) < 0)
		fail_msg("%s", e.text);
}

void sends_out(struct rig *rig, const char *text, size_t size)
{
	assert_true(frame_message(&rig->frame, &rig->to, &rig->from, false, text, size));
	sends_out_frame(rig);
}

void sends_frame_shadowed(struct rig *rig, enum sw_reason reason)
{
	struct expectation wanted = {
		.verdict = XDP_PASS,
		.mode = SW_MODE_MONITOR,
		.reason = reason,
		.moved = 2, /* the shadow, and the packet that passed */
	};

	run(rig, &wanted);
}

void sends_shadowed(struct rig *rig, const char *payload, size_t size, enum sw_reason reason)
{
	make(rig, false, payload, size);
	sends_frame_shadowed(rig, reason);
}
