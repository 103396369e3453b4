/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/trial.h"

#include <errno.h>
#include <string.h>

#include "kernel/compile.h"
#include "kernel/counters.h"
#include "kernel/generation.h"
#include "kernel/state_open.h"
#include "kernel/state_values.h"
#include "kernel/zone_numbers.h"

static int open_trial(struct trial *trial, const struct policy *policy, bool on_trial,
		      bool scan_all, struct error *e)
{
	auto_free struct sw_policy *compiled = xcalloc(1, sizeof(*compiled));
	struct sw_meta meta;
	struct generation_source source = {
		.state = &trial->state,
		.policy = policy,
		.compiled = compiled,
		.numbers = trial->numbers,
		.on_trial = on_trial,
		.scan_all = scan_all,
	};

	*trial = (struct trial){.state = STATE_CLOSED, .counters = -1, .program = -1,
				.now = SW_NS_PER_SEC};
	if (state_open_private(&trial->state, &policy->tables, e) < 0 ||
	    state_meta_read(&trial->state, &meta, e) < 0 ||
	    (trial->counters = state_private_counters(e)) < 0 ||
	    state_number_zones(&trial->state, policy, 0, 1, trial->numbers, e) < 0)
		return -1;
	meta.generation = 1;
	compile_policy(policy, trial->numbers, &meta, compiled);
	trial->skel = generation_load(&source, trial->counters, true, e);
	if (!trial->skel)
		return -1;
	trial->program = generation_program(trial->skel);
	return 0;
}

int trial_open(struct trial *trial, const struct policy *policy, struct error *e)
{
	return open_trial(trial, policy, true, false, e);
}

int trial_open_all(struct trial *trial, const struct policy *policy, struct error *e)
{
	return open_trial(trial, policy, true, true, e);
}

int trial_open_real(struct trial *trial, const struct policy *policy, struct error *e)
{
	return open_trial(trial, policy, false, false, e);
}

void trial_close(struct trial *trial)
{
	skeleton_destroy(&trial->skel);
	close_fd(&trial->counters);
	state_close(&trial->state);
	trial->counters = trial->program = -1;
}

int trial_run(struct trial *trial, const void *frame, uint32_t size, struct sw_trial *outcome,
	      struct error *e)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = size);

	trial->skel->bss->trial_now = trial->now;
	if (bpf_prog_test_run_opts(trial->program, &opts) < 0)
		return fail(e, EXIT_FAILED, "the kernel would not run a frame of %u octets: %s",
			    size, strerror(errno));
	memcpy(outcome, &trial->skel->bss->trial, sizeof(*outcome));
	return opts.retval;
}

int trial_outbound(struct trial *trial, const void *frame, uint32_t size, struct error *e)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = size);
	int observer = bpf_program__fd(trial->skel->progs.sipward_egress);

	trial->outbound_verdict = 0;
	if (observer < 0) /* a policy that has no rule for what leaves */
		return 0;
	trial->skel->bss->trial_now = trial->now;
	if (bpf_prog_test_run_opts(observer, &opts) < 0)
		return fail(e, EXIT_FAILED, "the observer would not run a frame of %u octets: %s",
			    size, strerror(errno));
	trial->outbound_verdict = opts.retval;
	return 0;
}

const struct sip_msg *trial_message(const struct trial *trial)
{
	return &trial->skel->bss->trial_msg;
}

static struct bpf_prog_info program_info(const struct trial *trial)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(trial->program, &info, &size) < 0)
		return (struct bpf_prog_info){};
	return info;
}

uint32_t trial_verified(const struct trial *trial)
{
	return program_info(trial).verified_insns;
}

void trial_tag(const struct trial *trial, char text[17])
{
	struct bpf_prog_info info = program_info(trial);

	text[0] = '\0';
	for (size_t i = 0; info.id && i < sizeof(info.tag); i++)
		sprintf(text + 2 * i, "%02x", info.tag[i]);
}

uint64_t trial_counted(const struct trial *trial, enum sw_mode mode, enum sw_reason reason)
{
	int cpus = libbpf_num_possible_cpus();
	auto_free struct sw_counters *all = xcalloc(cpus, sizeof(*all));
	uint64_t sum = 0;

	for (uint32_t zone = 0; zone < SW_ZONES_MAX; zone++) {
		if (bpf_map_lookup_elem(trial->counters, &zone, all) < 0)
			continue;
		for (int cpu = 0; cpu < cpus; cpu++)
			sum += all[cpu].reasons[mode][reason];
	}
	return sum;
}
