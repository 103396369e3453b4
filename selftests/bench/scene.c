/* SPDX-License-Identifier: GPL-2.0-only */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <string.h>
#include <sipward/health.h>

#include "bench.h"
#include "kernel/samples.h"
#include "kernel/state_values.h"
#include "policy/parse.h"
#include "policy/prefix.h"
#include "policy/text.h"

/* The shipped policies are in monitor mode; to drop is what is measured. */
static int load_enforced(const char *path, struct policy *policy, struct error *e)
{
	static const struct override enforce = {.key = "mode", .value = "enforce"};
	auto_policy_text struct policy_text text = {};

	if (policy_text_load(path, &text, e) < 0)
		return -1;
	return policy_text_parse(&text, &enforce, 1, policy, e);
}

void scene_open(struct scene *scene, const char *policy, void (*tune)(struct policy *policy))
{
	struct error e = {};
	int failed;

	memset(scene, 0, sizeof(*scene));
	failed = strchr(policy, '\n') ?
			 policy_parse("bench", policy, strlen(policy), &scene->policy, &e) :
			 load_enforced(policy, &scene->policy, &e);
	if (!failed && tune)
		tune(&scene->policy);
	if (failed || test_run_open_real(&scene->test_run, &scene->policy, &e) < 0)
		die("%s", e.text);
}

void scene_close(struct scene *scene)
{
	test_run_close(&scene->test_run);
	policy_free(&scene->policy);
}

void scene_sends(struct scene *scene, enum message message, const char *address)
{
	static struct frame frame;
	struct sw_test_run outcome;
	struct error e = {};
	int status;

	message_frame(&frame, message, address);
	status = message_outbound(message) ?
			 test_run_outbound(&scene->test_run, frame.octets, frame.size, &e) :
			 test_run_inbound(&scene->test_run, frame.octets, frame.size, &outcome, &e);
	if (status < 0)
		die("%s", e.text);
}

static void make_known(struct scene *scene, const char *address)
{
	struct sw_source key = {.port = htons(5060), .length = 32};
	uint64_t now = monotonic_ns();
	struct sw_known known = {
		.since = now, .seen = now, .ttl = 64, .grade = SW_GRADE_GOOD, .proofs = 1};

	if (addr_parse(address, &key.addr) < 0 ||
	    bpf_map_update_elem(scene->test_run.state.fds[STATE_KNOWN], &key, &known, BPF_ANY))
		die("%s does not become known", address);
}

void scene_settle(struct scene *scene, const char *address)
{
	struct sw_health health = {.heartbeat = monotonic_ns() + 3600 * SW_NS_PER_SEC};

	health.observed_from = 1;
	state_health_write(&scene->test_run.state, &health);
	make_known(scene, address);
	scene_sends(scene, MESSAGE_INVITE, address);
	scene_sends(scene, MESSAGE_OUT_OK, address);
	scene_sends(scene, MESSAGE_OUT_INVITE, address);
}

void scene_samples(struct scene *scene, uint32_t weight)
{
	auto_samples struct samples samples = {};
	struct error e = {};

	if (samples_open(&samples, &scene->test_run.state, &e) < 0)
		die("%s", e.text);
	samples_want(&samples, weight, UINT64_MAX);
	samples.sampling->less = samples.sampling->rate;
}

static void set_rate(struct rate *rate, struct rate to)
{
	if (rate->set)
		*rate = to;
}

static void set_rates(struct policy *policy, struct rate to)
{
	for (size_t i = 0; i < policy->service_count; i++)
		set_rate(&policy->services[i].rate, to);
	for (size_t i = 0; i < policy->zone_count; i++) {
		struct zone *zone = &policy->zones[i];

		set_rate(&zone->newcomers, to);
		set_rate(&zone->cleartext, to);
		set_rate(&zone->zone_rate, to);
		set_rate(&zone->prefix_rate, to);
		for (int kind = 0; kind < SW_RATE_COUNT; kind++)
			set_rate(&zone->source_rates[kind], to);
		for (int kind = 0; kind < SW_UNPROVEN_COUNT; kind++)
			set_rate(&zone->unproven[kind], to);
	}
}

/* Each limit is asked, and refuses nothing. */
void unlimited(struct policy *policy)
{
	set_rates(policy, (struct rate){.set = true,
					.count = 1000000000,
					.period = SW_NS_PER_SEC,
					.burst = 1000000000});
}

/* Each limit refuses all but the first packet. */
void spent(struct policy *policy)
{
	set_rates(
		policy,
		(struct rate){.set = true, .count = 1, .period = 3600 * SW_NS_PER_SEC, .burst = 1});
}
