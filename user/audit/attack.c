/* SPDX-License-Identifier: GPL-2.0-only */
#include "audit/attack.h"

#include <linux/pkt_cls.h>
#include <netinet/in.h>
#include <string.h>

#include <sipward/health.h>

#include "audit/fill.h"
#include "kernel/proof.h"
#include "kernel/state_values.h"
#include "policy/names.h"

#define CLOCK_BASE (1000000 * SW_NS_PER_SEC)
#define CLOCK_JUMP (48 * 3600 * SW_NS_PER_SEC)

/* One packet on its way: big, so on the heap, and once for a vector. */
struct shot {
	struct frame frame;
	char text[65536];
	struct endpoint from;
	struct endpoint to;
};

const char *outcome_name(enum outcome outcome)
{
	static const char *const names[] = {"stopped", "would-drop", "passed", "absent"};

	return names[outcome];
}

static struct sw_addr ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct sw_addr){.octets = {[10] = 0xff, [11] = 0xff, [12] = a, b, c, d}};
}

/* Legal traffic of strangers comes from these /16 of their /8, and attacks from others, too. */
#define PUBLIC_SECOND  18
#define NETWORK_SECOND 20

/* By the first octet: whether zones and lists name any address, or one of legal traffic. */
struct named {
	bool any[256], legal[256];
};

static bool meets(const struct prefix *prefix, uint8_t first, uint8_t second)
{
	uint16_t begin = prefix->addr.octets[12] << 8 | prefix->addr.octets[13];
	uint16_t mask = 0xffff << (prefix->length < 16 ? 16 - prefix->length : 0);

	return ((begin ^ (first << 8 | second)) & mask) == 0;
}

static void mark_named(struct named *named, const struct prefix *prefix)
{
	unsigned int first = prefix->addr.octets[12];
	unsigned int count = prefix->length < 8 ? 1u << (8 - prefix->length) : 1;

	if (prefix->ipv6 || !prefix->length)
		return;
	for (unsigned int i = first; i < first + count; i++) {
		named->any[i] = true;
		named->legal[i] |=
			meets(prefix, i, PUBLIC_SECOND) || meets(prefix, i, NETWORK_SECOND);
	}
}

static void find_named(const struct policy *policy, struct named *named)
{
	for (size_t i = 0; i < policy->zone_count; i++)
		for (size_t j = 0; j < policy->zones[i].source_count; j++)
			mark_named(named, &policy->zones[i].sources[j]);
	for (size_t i = 0; i < policy->list_count; i++)
		mark_named(named, &policy->list[i].prefix);
}

/* Long deny lists name addresses in every /8: then it is enough when legal traffic is spared. */
static int public_octet(const bool named[256])
{
	for (int octet = 198; octet > 0; octet--)
		if (octet != 192 && octet != 127 && octet != 10 && !named[octet])
			return octet;
	return 0;
}

int battlefield_open(struct battlefield *field, struct test_run *test_run,
		     const struct policy *policy, struct error *e)
{
	struct named named = {};

	*field = (struct battlefield){.test_run = test_run, .policy = policy};
	test_run->now = CLOCK_BASE;
	find_named(policy, &named);
	field->public_octet = public_octet(named.any) ?: public_octet(named.legal);
	if (field->public_octet)
		return 0;
	return fail(e, EXIT_POLICY,
		    "audit: the zones and lists of the policy leave no /8 for an "
		    "unknown source");
}

static bool holds(const struct prefix *prefix, const struct sw_addr *addr)
{
	unsigned int bits = prefix->ipv6 ? prefix->length : prefix->length + 96u;

	for (unsigned int i = 0; i < bits; i++)
		if ((prefix->addr.octets[i / 8] ^ addr->octets[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

/* An address of the prefix that no list refuses. */
static bool prefix_addr(const struct policy *policy, const struct prefix *prefix,
			struct sw_addr *addr)
{
	*addr = prefix->addr;
	if (prefix->length <= 24)
		addr->octets[15] += 7;
	for (size_t i = 0; i < policy->list_count; i++)
		if (policy->list[i].list == SW_LIST_DENY && holds(&policy->list[i].prefix, addr))
			return false;
	return true;
}

/* An address of the first zone that is wanted, or, unless `secured`, of the first that has any. */
static bool zone_addr(const struct battlefield *field, bool secured, struct sw_addr *addr)
{
	const struct policy *policy = field->policy;
	bool found = false, wanted = false;
	struct sw_addr one;

	for (size_t i = 1; i < policy->zone_count && !wanted; i++) {
		const struct zone *zone = &policy->zones[i];
		bool fits =
			secured ? zone->require != SW_REQUIRE_ANY : zone->trust == SW_TRUST_PEER;

		for (size_t j = 0; j < zone->source_count && !wanted; j++) {
			if (zone->sources[j].ipv6 || ((found || secured) && !fits) ||
			    !prefix_addr(policy, &zone->sources[j], &one))
				continue;
			*addr = one;
			found = true;
			wanted = fits;
		}
	}
	return found;
}

static bool aim_from(const struct battlefield *field, const struct step *step,
		     struct endpoint *from)
{
	uint32_t random = fill_random(field->packet);

	from->port = step->port ? step->port : 1024 + random % 60000;
	switch (step->end) {
	case END_PEER:
	case END_SECURED:
		return zone_addr(field, step->end == END_SECURED, &from->addr);
	case END_NETWORK:
		from->addr = ipv4(field->public_octet, NETWORK_SECOND, field->vector, random);
		return true;
	case END_SPOOFED:
		from->addr =
			ipv4(field->public_octet, 64 + (random >> 16) % 190, random >> 8, random);
		return true;
	default:
		from->addr = ipv4(field->public_octet, PUBLIC_SECOND, field->vector,
				  step->end == END_PUBLIC ? 10 : 20);
		return true;
	}
}

static bool aim_to(const struct policy *policy, enum sw_transport transport, struct endpoint *to)
{
	for (size_t i = 0; i < policy->service_count; i++) {
		const struct service *service = &policy->services[i];

		if (service->transport != transport)
			continue;
		to->port = service->port_first;
		to->addr = ipv4(192, 0, 2, 1);
		if (!service->address_count)
			return true;
		for (size_t j = 0; j < service->address_count; j++) {
			to->addr = service->addresses[j];
			if (addr_is_ipv4(&to->addr))
				return true;
		}
	}
	return false;
}

/* The first octet behind a SYN, whose number is 0. */
static void set_sequence(struct frame *frame)
{
	static const uint8_t one[4] = {[3] = 1};

	memcpy(frame->octets + frame->transport + 4, one, sizeof(one));
}

static int build(const struct battlefield *field, const struct step *step, struct shot *shot,
		 const char *text, size_t size, bool leaves, struct error *e)
{
	const struct filling with = {shot->from, shot->to, field->packet, field->vector};
	const struct endpoint *from = leaves ? &shot->to : &shot->from;
	const struct endpoint *to = leaves ? &shot->from : &shot->to;
	int filled = fill_text(text, size, &with, shot->text, sizeof(shot->text), e);

	if (filled < 0)
		return fail(e, EXIT_USAGE, "line %u of the vectors", step->line);
	if (step->frame) {
		frame_ethernet(&shot->frame, 0);
		shot->frame.size = 0; /* its own header is in the text */
		frame_append(&shot->frame, shot->text, filled);
		return 0;
	}
	if (step->syn) {
		frame_ethernet(&shot->frame, 0x0800);
		frame_ip(&shot->frame, &from->addr, &to->addr, IPPROTO_TCP);
		frame_tcp(&shot->frame, from->port, to->port, 0x02);
		frame_finish(&shot->frame);
		return 0;
	}
	if (!frame_message(&shot->frame, from, to, SW_IS_STREAM(step->transport), shot->text,
			   filled))
		return fail(e, EXIT_USAGE, "line %u of the vectors: larger than a datagram",
			    step->line);
	if (SW_IS_STREAM(step->transport))
		set_sequence(&shot->frame);
	return 0;
}

static void count_outcome(struct packet_count *count, const struct sw_test_run *outcome)
{
	bool refused =
		outcome->verdict == SW_TEST_RUN_DROP || outcome->verdict == SW_TEST_RUN_WOULD_DROP;

	count->sent++;
	if (outcome->verdict == SW_TEST_RUN_DROP)
		count->dropped++;
	else if (refused || outcome->shadow_count)
		count->would++;
	if (refused)
		count->reasons[outcome->reason]++;
	for (int i = 0; i < outcome->shadow_count; i++)
		count->reasons[outcome->shadows[i]]++;
}

/* Time passes, and the observers are in place, as they are where an agent runs. */
static void pass_time(struct battlefield *field, uint64_t ns)
{
	struct sw_health health = {};

	field->test_run->now += ns;
	if (field->test_run->now - field->told < SW_HEARTBEAT_LIFE / 2)
		return;
	field->told = health.heartbeat = field->test_run->now;
	health.observed_from = health.heartbeat - SW_OBSERVED_FOR;
	state_health_write(&field->test_run->state, &health);
}

/* The reasons for which a packet of the server may be refused. */
#define LEAK_FIRST SW_REASON_PRIVACY_IDENTITY
#define LEAK_LAST  SW_REASON_EGRESS_HEADER

static bool expects_leak(const struct vector *vector)
{
	for (size_t i = 0; i < vector->expect_count; i++) {
		int reason = reason_by_name(vector->expect[i]);

		if (reason >= LEAK_FIRST && reason <= LEAK_LAST)
			return true;
	}
	return false;
}

static void count_leaks(const struct test_run *test_run,
			uint64_t counts[LEAK_LAST - LEAK_FIRST + 1])
{
	for (int i = LEAK_FIRST; i <= LEAK_LAST; i++)
		counts[i - LEAK_FIRST] = test_run_counted(test_run, SW_MODE_ENFORCE, i) +
					 test_run_counted(test_run, SW_MODE_MONITOR, i);
}

/* A packet that the server sends: counted only where it is what the vector is about. */
static int send_outbound(struct battlefield *field, const struct shot *shot,
			 struct packet_count *count, struct error *e)
{
	uint64_t before[LEAK_LAST - LEAK_FIRST + 1], after[LEAK_LAST - LEAK_FIRST + 1];
	bool leaked = false;

	if (field->judges_outbound)
		count_leaks(field->test_run, before);
	if (test_run_outbound(field->test_run, shot->frame.octets, shot->frame.size, e) < 0)
		return -1;
	if (!field->judges_outbound)
		return 0;
	count_leaks(field->test_run, after);
	for (int i = LEAK_FIRST; i <= LEAK_LAST; i++) {
		count->reasons[i] += after[i - LEAK_FIRST] != before[i - LEAK_FIRST];
		leaked |= after[i - LEAK_FIRST] != before[i - LEAK_FIRST];
	}
	count->sent++;
	if (field->test_run->outbound_verdict == TC_ACT_SHOT)
		count->dropped++;
	else
		count->would += leaked;
	return 0;
}

static int fire(struct battlefield *field, const struct step *step, struct shot *shot,
		struct packet_count *count, struct error *e)
{
	const char *text = step->text ? step->text : "";
	struct sw_test_run outcome = {};

	field->packet++;
	if (!aim_from(field, step, &shot->from) ||
	    build(field, step, shot, text, step->size, step->kind == STEP_OUT, e) < 0)
		return -1;
	if (step->kind == STEP_OUT)
		return send_outbound(field, shot, count, e);
	if (test_run_inbound(field->test_run, shot->frame.octets, shot->frame.size, &outcome, e) <
	    0)
		return -1;
	count_outcome(count, &outcome);
	return 0;
}

/* The end answers a probe of the agent's. Where the policy probes nobody, it stays a newcomer. */
static int prove(struct battlefield *field, const struct step *step, struct shot *shot,
		 struct error *e)
{
	auto_free char *branch = xasprintf("%s%032x", SW_PROBE_BRANCH, field->packet + 1);
	auto_free char *answer =
		xasprintf("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP {server}:{port};branch=%s\r\n"
			  "From: <sip:{server}>;tag=ask{n}\r\nTo: <sip:{from}>;tag=a{n}\r\n"
			  "Call-ID: ask{n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
			  branch);
	struct test_run *test_run = field->test_run;
	struct sw_test_run outcome;
	struct sw_meta meta;
	uint64_t token;

	field->packet++;
	if (state_meta_read(&test_run->state, &meta, e) < 0 ||
	    !aim_from(field, step, &shot->from) ||
	    proof_expect(&test_run->state, &meta, branch, &shot->from.addr,
			 test_run->now + SW_NS_PER_SEC, &token, e) < 0)
		return -1;
	test_run->now += SW_NS_PER_SEC / 50;
	if (build(field, step, shot, answer, strlen(answer), false, e) < 0 ||
	    test_run_inbound(test_run, shot->frame.octets, shot->frame.size, &outcome, e) < 0)
		return -1;
	test_run->now += SW_NS_PER_SEC / 50;
	return 0;
}

static int run_step(struct battlefield *field, const struct step *step, struct shot *shot,
		    struct vector_result *result, struct error *e)
{
	struct packet_count *count = step->legal ? &result->legal : &result->attack;

	if (step->kind == STEP_WAIT) {
		pass_time(field, step->every);
		return 0;
	}
	if (step->kind == STEP_PROVE)
		return prove(field, step, shot, e);
	for (uint32_t i = 0; i < step->repeat; i++) {
		if (fire(field, step, shot, count, e) < 0)
			return -1;
		pass_time(field, step->every);
	}
	return 0;
}

static const char *why_absent(const struct battlefield *field, const struct vector *vector)
{
	struct endpoint end;

	for (size_t i = 0; i < vector->step_count; i++) {
		const struct step *step = &vector->steps[i];

		if (step->kind == STEP_WAIT)
			continue;
		if (!aim_from(field, step, &end) && step->end == END_SECURED)
			return "the policy has no zone with IPv4 sources that requires TLS or "
			       "IPsec";
		if (!aim_from(field, step, &end))
			return "the policy names no zone with IPv4 sources";
		if (!aim_to(field->policy, step->transport, &end))
			return step->transport == SW_TLS ? "the policy has no tls service" :
			       step->transport == SW_TCP ? "the policy has no tcp service" :
							   "the policy has no udp service";
	}
	return NULL;
}

int attack_run(struct battlefield *field, const struct vector *vector, struct vector_result *result,
	       struct error *e)
{
	auto_free struct shot *shot = xcalloc(1, sizeof(*shot));

	*result = (struct vector_result){.outcome = OUTCOME_ABSENT};
	pass_time(field, CLOCK_JUMP);
	field->vector++;
	field->judges_outbound = expects_leak(vector);
	result->absent = why_absent(field, vector);
	for (size_t i = 0; i < vector->step_count && !result->absent; i++) {
		aim_to(field->policy, vector->steps[i].transport, &shot->to);
		if (run_step(field, &vector->steps[i], shot, result, e) < 0)
			return -1;
	}
	if (!result->absent)
		result->outcome = result->attack.dropped ? OUTCOME_STOPPED :
				  result->attack.would   ? OUTCOME_SHADOW :
							   OUTCOME_PASSED;
	return 0;
}
