/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/test_run.h"

#include <errno.h>
#include <string.h>

#include "kernel/compile.h"
#include "kernel/compile_patches.h"
#include "kernel/counters.h"
#include "kernel/generation.h"
#include "kernel/state_open.h"
#include "kernel/state_values.h"
#include "kernel/zone_numbers.h"

static int open_test_run(struct test_run *test_run, const struct policy *policy, bool in_test_run,
			 bool scan_all, struct error *e)
{
	auto_free struct sw_policy *compiled = xcalloc(1, sizeof(*compiled));
	struct sw_meta meta;
	struct generation_source source = {
		.state = &test_run->state,
		.policy = policy,
		.compiled = compiled,
		.numbers = test_run->numbers,
		.in_test_run = in_test_run,
		.scan_all = scan_all,
	};

	*test_run = (struct test_run){
		.state = STATE_CLOSED, .counters = -1, .program = -1, .now = SW_NS_PER_SEC};
	if (state_open_private(&test_run->state, &policy->tables, e) < 0 ||
	    state_meta_read(&test_run->state, &meta, e) < 0 ||
	    (test_run->counters = state_private_counters(e)) < 0 ||
	    state_number_zones(&test_run->state, policy, 0, 1, test_run->numbers, e) < 0)
		return -1;
	meta.generation = 1;
	compile_policy(policy, test_run->numbers, &meta, compiled);
	if (state_number_patches(&test_run->state, policy, compiled, e) < 0)
		return -1;
	test_run->skel = generation_load(&source, test_run->counters, true, e);
	if (!test_run->skel)
		return -1;
	test_run->program = generation_program(test_run->skel);
	return 0;
}

int test_run_open(struct test_run *test_run, const struct policy *policy, struct error *e)
{
	return open_test_run(test_run, policy, true, false, e);
}

int test_run_open_all(struct test_run *test_run, const struct policy *policy, struct error *e)
{
	return open_test_run(test_run, policy, true, true, e);
}

int test_run_open_real(struct test_run *test_run, const struct policy *policy, struct error *e)
{
	return open_test_run(test_run, policy, false, false, e);
}

void test_run_close(struct test_run *test_run)
{
	skeleton_destroy(&test_run->skel);
	close_fd(&test_run->counters);
	state_close(&test_run->state);
	test_run->counters = test_run->program = -1;
}

int test_run_inbound(struct test_run *test_run, const void *frame, uint32_t size,
		     struct sw_test_run *outcome, struct error *e)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = size);

	test_run->skel->bss->test_run_now = test_run->now;
	if (bpf_prog_test_run_opts(test_run->program, &opts) < 0)
		return fail(e, EXIT_FAILED, "the kernel would not run a frame of %u octets: %s",
			    size, strerror(errno));
	memcpy(outcome, &test_run->skel->bss->test_run, sizeof(*outcome));
	return opts.retval;
}

int test_run_outbound(struct test_run *test_run, const void *frame, uint32_t size, struct error *e)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = size);
	int observer = bpf_program__fd(test_run->skel->progs.sipward_egress);

	test_run->outbound_verdict = 0;
	if (observer < 0) /* a policy that has no rule for what leaves */
		return 0;
	test_run->skel->bss->test_run_now = test_run->now;
	if (bpf_prog_test_run_opts(observer, &opts) < 0)
		return fail(e, EXIT_FAILED, "the observer would not run a frame of %u octets: %s",
			    size, strerror(errno));
	test_run->outbound_verdict = opts.retval;
	return 0;
}

const struct sip_msg *test_run_message(const struct test_run *test_run)
{
	return &test_run->skel->bss->test_run_msg;
}

static struct bpf_prog_info program_info(const struct test_run *test_run)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(test_run->program, &info, &size) < 0)
		return (struct bpf_prog_info){};
	return info;
}

uint32_t test_run_verified(const struct test_run *test_run)
{
	return program_info(test_run).verified_insns;
}

void test_run_tag(const struct test_run *test_run, char text[17])
{
	struct bpf_prog_info info = program_info(test_run);

	text[0] = '\0';
	for (size_t i = 0; info.id && i < sizeof(info.tag); i++)
		sprintf(text + 2 * i, "%02x", info.tag[i]);
}

uint64_t test_run_counted(const struct test_run *test_run, enum sw_mode mode, enum sw_reason reason)
{
	int cpus = libbpf_num_possible_cpus();
	auto_free struct sw_counters *all = xcalloc(cpus, sizeof(*all));
	uint64_t sum = 0;

	for (uint32_t zone = 0; zone < SW_ZONES_MAX; zone++) {
		if (bpf_map_lookup_elem(test_run->counters, &zone, all) < 0)
			continue;
		for (int cpu = 0; cpu < cpus; cpu++)
			sum += all[cpu].reasons[mode][reason];
	}
	return sum;
}
