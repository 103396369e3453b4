/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A phone whose behaviour is watched: what it asks, what the server answers, and what the data
 * path tells of that. After rig.h.
 */
#ifndef SIPWARD_PACKETS_PHONE_H
#define SIPWARD_PACKETS_PHONE_H

#include "rig.h"

/* The offences that were told since the last look. */
#define TOLD_MAX 64
extern struct sw_offence told[TOLD_MAX];
extern unsigned int told_count;
/* Of them apart: first refusals of a username, by SW_FIRST_. */
extern unsigned int told_first[SW_FIRST_FRESH + 1];

/* Reads it, and says how much there is. */
unsigned int overhear(struct rig *rig);
/* Likewise, but how many of a kind, as evidence or not. */
unsigned int heard(struct rig *rig, enum sw_offence_kind kind, bool proved);

/* A request as a phone makes it; `nonce` NULL: without credentials, `tag` NULL: outside a
 * dialog. Call-ID and branch are made from `branch`. */
struct phone {
	const char *method;
	const char *user;   /* who logs in */
	const char *callee; /* who is asked for */
	const char *nonce;
	unsigned int branch;
	const char *tag;
};

void asks(struct rig *rig, const struct phone *phone, enum sw_reason reason);

/* The server's answer to it, with this To-tag; `nonce` NULL: no challenge. */
void answers(struct rig *rig, const struct phone *phone, unsigned int status, const char *nonce,
	     const char *tag);

/* A number that no branch was made from yet. */
unsigned int new_branch(void);

/* One REGISTER and its answer, 10 ms apart. The nonces are made of numbers; 0: none. registers()
 * is alice's. */
void registers_as(struct rig *rig, const char *user, unsigned int with, unsigned int status,
		  unsigned int challenge);
void registers(struct rig *rig, unsigned int with, unsigned int status, unsigned int challenge);

#endif
