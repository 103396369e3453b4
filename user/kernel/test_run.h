/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A policy in a test run: the same program as on the wire, with maps of its own and a clock that
 * is set by hand, run on frames in memory (BPF_PROG_TEST_RUN). No interface, no live state.
 */
#ifndef SIPWARD_KERNEL_TEST_RUN_H
#define SIPWARD_KERNEL_TEST_RUN_H

#include "kernel/state_maps.h"
#include "policy/model.h"
#include "sip/sip_msg.h"

struct test_run {
	struct state state;
	int counters;
	int program;
	struct sipward_bpf *skel;
	uint8_t numbers[SW_ZONES_MAX];
	uint32_t outbound_verdict; /* the TC verdict on the last frame that left */
	uint64_t now;              /* CLOCK_MONOTONIC nanoseconds of the next packet */
};

/* Loads the policy's program, which scans for what the policy needs. 0, or -1 and *e. Owned by the
 * caller: test_run_close. */
int test_run_open(struct test_run *test_run, const struct policy *policy, struct error *e);
/* Likewise, and its scanner finds all that it can, whatever the policy needs. */
int test_run_open_all(struct test_run *test_run, const struct policy *policy, struct error *e);
/* Likewise, but as it would be attached, with the kernel's clock and no outcome to read:
 * for measuring. */
int test_run_open_real(struct test_run *test_run, const struct policy *policy, struct error *e);
void test_run_close(struct test_run *test_run);
#define auto_test_run cleanup(test_run_close)

/* Runs one frame at test_run->now and fills *outcome. Returns the XDP verdict, -1 and *e. */
int test_run_inbound(struct test_run *test_run, const void *frame, uint32_t size,
		     struct sw_test_run *outcome, struct error *e);

/* Lets the observer see a frame that leaves at test_run->now. 0, or -1 and *e. */
int test_run_outbound(struct test_run *test_run, const void *frame, uint32_t size, struct error *e);

/* The scanner's findings in the last packet; only valid when its outcome says `scanned`, and whole
 * only behind test_run_open_all(). */
const struct sip_msg *test_run_message(const struct test_run *test_run);

/* A counter of the program in the test run, over all zones. */
uint64_t test_run_counted(const struct test_run *test_run, enum sw_mode mode,
			  enum sw_reason reason);

/* Instructions that the verifier walked. */
uint32_t test_run_verified(const struct test_run *test_run);

/* The kernel's tag of the program, a hash of its instructions: 16 hexadecimal digits. */
void test_run_tag(const struct test_run *test_run, char text[17]);

#endif
