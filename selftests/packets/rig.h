/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the packet tests: a policy in a test run, frames to send through it, and assertions on
 * the verdict, the reason, and the counter that moved.
 */
#ifndef SIPWARD_PACKETS_RIG_H
#define SIPWARD_PACKETS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernel/bans.h"
#include "kernel/frame.h"
#include "kernel/test_run.h"

/* Last: it makes a macro of `fail`, which the headers above declare. */
#include <cmocka.h>

struct rig {
	struct policy policy;
	struct test_run test_run;
	struct frame frame;
	struct endpoint from; /* 198.51.100.7:5060 */
	struct endpoint to;   /* 192.0.2.1:5060 */
};

#define SECOND SW_NS_PER_SEC
#define MS     (SECOND / 1000)

/* Loads the policy text; a mistake in it fails the test. As on the wire, the scanner skips the work
 * that the policy does not need; with _all it does everything. */
void rig_open(struct rig *rig, const char *yaml);
void rig_open_all(struct rig *rig, const char *yaml);
void rig_close(struct rig *rig);
#define auto_rig cleanup(rig_close)

/* The check of the scanner that has this reason, or -1. */
int sanity_of(enum sw_reason reason);

struct sw_addr address(const char *text);

/* A whole, legal request of this method, with Call-ID and branch made from `n`. With `tag`
 * it is inside a dialog. Returns its size; the text is NUL-terminated. */
size_t request(char *text, size_t size, const char *method, unsigned int n, const char *tag);
size_t response(char *text, size_t size, unsigned int status, const char *method, unsigned int n);

/* Likewise a message of the dialog `call` that begins with this line; `to`: the To-tag, or NULL. */
size_t dialog_message(char *text, size_t size, const char *start, const char *cseq,
		      const char *call, const char *from, const char *to, const char *branch);

/* Each sends one packet and asserts what became of it. `reason` SW_REASON_NONE: it passes.
 * The counters of the zone are read before and after: exactly the one that should moved. */
void sends_frame(struct rig *rig, enum sw_reason reason);
void sends(struct rig *rig, const char *payload, size_t size, enum sw_reason reason);
void sends_tcp(struct rig *rig, const char *payload, size_t size, enum sw_reason reason);
void sends_method(struct rig *rig, const char *method, unsigned int n, enum sw_reason reason);
/* It is refused in shadow: counted in monitor mode, and passes. */
void sends_frame_shadowed(struct rig *rig, enum sw_reason reason);
void sends_shadowed(struct rig *rig, const char *payload, size_t size, enum sw_reason reason);
/* Sends one packet, and only says whether it passed: for floods, and for counts of several. */
bool gets_in_frame(struct rig *rig);
bool gets_in(struct rig *rig, const char *payload, size_t size);
/* It is not ours: passes, and no counter moves. */
void ignores_frame(struct rig *rig);

/* The observer sees the frame, or a message of the server's to the rig's endpoint, leave. */
void sends_out_frame(struct rig *rig);
void sends_out(struct rig *rig, const char *text, size_t size);

/* The outcome of the last packet, and the sum of a counter over all zones. */
extern struct sw_test_run outcome;
uint64_t counted(const struct rig *rig, enum sw_mode mode, enum sw_reason reason);
uint64_t counted_message(const struct rig *rig, const char *zone, enum sw_message message);
uint64_t counted_in(const struct rig *rig, const char *zone, enum sw_mode mode,
		    enum sw_reason reason);

#define YAML_PLAIN                                                                \
	"version: 1\n"                                                            \
	"services: [{transport: udp, port: 5060}, {transport: tcp, port: 5060}, " \
	"{transport: tls, port: 5061}]\n"

#endif
