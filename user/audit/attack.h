/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Runs vectors through a policy in a test run and notes what became of their packets.
 */
#ifndef SIPWARD_AUDIT_ATTACK_H
#define SIPWARD_AUDIT_ATTACK_H

#include "audit/vector.h"
#include "kernel/test_run.h"

struct packet_count {
	uint32_t sent;
	uint32_t dropped;
	uint32_t would;                    /* passed, but a rule in shadow spoke */
	uint32_t reasons[SW_REASON_COUNT]; /* of both; a passed packet may have several */
};

enum outcome {
	OUTCOME_STOPPED, /* packets of the attack were dropped */
	OUTCOME_SHADOW,  /* would have been */
	OUTCOME_PASSED,
	OUTCOME_ABSENT /* the policy has nobody that it could come from, or no such service */
};

struct vector_result {
	enum outcome outcome;
	const char *absent; /* why: a literal */
	struct packet_count attack;
	struct packet_count legal; /* its neighbour, which must pass */
};

/* Where the packets of an audit come from: addresses that no zone and no list names. */
struct battlefield {
	struct test_run *test_run;
	const struct policy *policy;
	uint8_t public_octet; /* first of the public addresses */
	uint32_t packet;      /* the last one's number */
	uint32_t vector;
	bool judges_outbound; /* what the server sends is judged, too */
	uint64_t told;        /* when the program was last told that its observers are there */
};

/* 0, or -1 and *e when the policy leaves no address for an attacker. */
int battlefield_open(struct battlefield *field, struct test_run *test_run,
		     const struct policy *policy, struct error *e);

/* 0, or -1 and *e. The clock jumps by two days first, so that no vector meets what another left. */
int attack_run(struct battlefield *field, const struct vector *vector, struct vector_result *result,
	       struct error *e);

const char *outcome_name(enum outcome outcome);

#endif
