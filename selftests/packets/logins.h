/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Clients that log in over TCP connections of their own, and the agent that judges them.
 */
#ifndef SIPWARD_PACKETS_LOGINS_H
#define SIPWARD_PACKETS_LOGINS_H

#include "agent/behaviour.h"
#include "connection.h"
#include "phone.h"

/* Lets the agent judge the offences that were told. */
void judges(struct rig *rig, struct behaviour *behaviour);

/* Where somebody sends from: a connection, and which end it is. */
struct line {
	struct connection connection;
	struct endpoint end;
};

void hang_up(struct line *line);
#define auto_line cleanup(hang_up)
#define NO_LINE                             \
	{                                   \
		.connection = NO_CONNECTION \
	}

void dials(struct rig *rig, struct line *line, bool ipv6);
/* Likewise, from 127.0.0.`host`. */
void dials_from(struct rig *rig, struct line *line, unsigned int host);

/* A request with credentials of `user`; `nonce` 0: without. With `rest`, more headers. */
struct ask {
	const char *method;
	const char *user;
	unsigned int nonce;
	const char *tag; /* of To; NULL: none */
	const char *rest;
	const char *callee;
	unsigned int branch; /* 0: a new one */
	const char *cseq;    /* NULL: its method */
};

extern unsigned int last_branch;

void lays_ask(struct rig *rig, const struct line *line, const struct ask *ask);
void sends_ask(struct rig *rig, const struct line *line, const struct ask *ask,
	       enum sw_reason reason);
void answers_ask(struct rig *rig, const struct ask *ask, unsigned int status,
		 unsigned int challenge);

extern bool shares_nonces; /* as a server does that makes one for all in a second */

/* One attempt: a challenge, then credentials, and what the server says of them. */
void tries(struct rig *rig, const struct line *line, const char *method, const char *user,
	   unsigned int status);
/* Until it is refused, or `count` times. */
void guesses(struct rig *rig, struct behaviour *behaviour, const struct line *line,
	     const char *user, unsigned int count);
/* Its next login: whether that gets through. */
void logs_in(struct rig *rig, const struct line *line, const char *user, enum sw_reason reason);

/* How many bans there are of the address, and of usernames at it; accounts are neither. */
struct counts {
	size_t source;
	size_t users;
	size_t accounts;
	uint64_t seconds; /* of the longest one of a username */
};

struct counts counts_of(const struct rig *rig);
void expect_counts(const struct rig *rig, size_t source, size_t users);
/* rig_open(), by the clock that bans are made by. */
void logins_open(struct rig *rig, const char *yaml);

#endif
