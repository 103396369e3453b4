/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A policy on trial: the same program as on the wire, with maps of its own and a clock that
 * is set by hand, run on frames in memory (BPF_PROG_TEST_RUN). No interface, no live state.
 */
#ifndef SIPWARD_KERNEL_TRIAL_H
#define SIPWARD_KERNEL_TRIAL_H

#include "kernel/state_maps.h"
#include "policy/model.h"
#include "sip/sip_msg.h"

struct trial {
	struct state state;
	int counters;
	int program;
	struct sipward_bpf *skel;
	uint8_t numbers[SW_ZONES_MAX];
	uint32_t outbound_verdict; /* the TC verdict on the last frame that left */
	uint64_t now;              /* CLOCK_MONOTONIC nanoseconds of the next packet */
};

/* Loads the policy's program, which scans for what the policy needs. 0, or -1 and *e. Owned by the
 * caller: trial_close. */
int trial_open(struct trial *trial, const struct policy *policy, struct error *e);
/* Likewise, and its scanner finds all that it can, whatever the policy needs. */
int trial_open_all(struct trial *trial, const struct policy *policy, struct error *e);
/* Likewise, but as it would be attached, with the kernel's clock and no outcome to read:
 * for measuring. */
int trial_open_real(struct trial *trial, const struct policy *policy, struct error *e);
void trial_close(struct trial *trial);
#define auto_trial cleanup(trial_close)

/* Runs one frame at trial->now and fills *outcome. Returns the XDP verdict, -1 and *e. */
int trial_run(struct trial *trial, const void *frame, uint32_t size, struct sw_trial *outcome,
	      struct error *e);

/* Lets the observer see a frame that leaves at trial->now. 0, or -1 and *e. */
int trial_outbound(struct trial *trial, const void *frame, uint32_t size, struct error *e);

/* What the scanner found in the last packet; only valid when its outcome says `scanned`, and
 * whole only behind trial_open_all(). */
const struct sip_msg *trial_message(const struct trial *trial);

/* A counter of the program on trial, over all zones. */
uint64_t trial_counted(const struct trial *trial, enum sw_mode mode, enum sw_reason reason);

/* Instructions that the verifier walked. */
uint32_t trial_verified(const struct trial *trial);

/* The kernel's tag of the program, a hash of its instructions: 16 hexadecimal digits. */
void trial_tag(const struct trial *trial, char text[17]);

#endif
