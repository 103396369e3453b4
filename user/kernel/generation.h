/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One compiled policy in the kernel: a program for each interface with its constants, and
 * policy maps that the programs of a generation share. Loaded here, attached in apply.c.
 */
#ifndef SIPWARD_KERNEL_GENERATION_H
#define SIPWARD_KERNEL_GENERATION_H

#include "kernel/skeleton.h"
#include "kernel/state_maps.h"
#include "policy/model.h"

/* The sources of a program. Not owned. */
struct generation_source {
	const struct state *state;
	const struct policy *policy;
	const struct sw_policy *compiled;
	const uint8_t *numbers;    /* zone number of each zone of the policy */
	struct sipward_bpf *share; /* a loaded program of this generation, or NULL */
	bool in_test_run;          /* tests, `explain`, `audit` */
	bool scan_all;             /* beyond what the policy needs: `explain` shows it */
};

/* Loads the program for one interface (its counters map is `counters_fd`), taking
 * multi-buffer frames or not. The caller owns the result; NULL and *e on error. */
struct sipward_bpf *generation_load(const struct generation_source *source, int counters_fd,
				    bool multi_buffer, struct error *e);

/* The descriptor of the one program that was loaded. */
int generation_program(const struct sipward_bpf *skel);

#endif
