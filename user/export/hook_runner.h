/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Runs the operator's programs, for the process that the agent made for that before it gave up the
 * right to run any. It runs nothing but the programs that it was started with.
 *
 * The channel is a SOCK_SEQPACKET socket. A packet of the agent is the number of a program and the
 * text for its standard input; it gets a struct hook_report back.
 */
#ifndef SIPWARD_EXPORT_HOOK_RUNNER_H
#define SIPWARD_EXPORT_HOOK_RUNNER_H

#include "base/base.h"

#define HOOK_TEXT_MAX    4096 /* octets of a text */
#define HOOK_RUNNING_MAX 16
#define HOOK_WAITING_MAX 64

struct hook_limits {
	unsigned int running; /* at most so many at once, */
	unsigned int waiting; /* and so many wait; more are left out */
	uint64_t time;        /* nanoseconds until one is killed, with its process group */
	uint64_t end_time;    /* likewise when the agent has ended */
};

extern const struct hook_limits hook_limits;

enum hook_outcome {
	HOOK_DONE,     /* it ended with exit code 0 */
	HOOK_FAILED,   /* it ended otherwise; or it could not be run */
	HOOK_KILLED,   /* it took too long */
	HOOK_LEFT_OUT, /* too many waited */
	HOOK_OUTCOMES
};

extern const char *const hook_outcome_words[HOOK_OUTCOMES + 1];

struct hook_report {
	uint32_t program;
	uint32_t outcome; /* enum hook_outcome */
	int32_t status;   /* of a failure: the exit code, or less than 0: the signal */
};

/* Serves until the other end of the channel is closed, and what runs has ended. */
int hook_serve(int channel, char *const *programs, size_t count, const struct hook_limits *limits);

#endif
