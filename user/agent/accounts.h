/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Counts wrong passwords of each username over all sources: a guesser who has many addresses stays
 * below the threshold of each of them. Bounded, and pure: time is what the offences say.
 */
#ifndef SIPWARD_AGENT_ACCOUNTS_H
#define SIPWARD_AGENT_ACCOUNTS_H

#include "agent/conduct.h"

/* An account is attacked from at least so many sources. One phone with a wrong password is not. */
#define ACCOUNT_SOURCES 5

struct accounts;

/* The table belongs to the caller: accounts_free. */
struct accounts *accounts_new(void);
void accounts_free(struct accounts **accounts);

/* What was counted of an account when it reached the threshold. */
struct account_attack {
	uint32_t failures;
	uint32_t sources;
};

/* Notes a wrong password (SW_OFFENCE_AUTH), and says whether its username, in its zone, has reached
 * the threshold: then it begins anew. A source counts as a fifth of the threshold at most. A
 * failure is forgotten when `stands` says that its login succeeded since; one whose nonce may have
 * expired counts after CONDUCT_GRACE. When the table is full, a new username takes the place of the
 * one, out of a few, that has the fewest failures, and was quiet longest. *attack is written when
 * it returns true. */
bool accounts_note(struct accounts *accounts, const struct sw_offence *offence,
		   const struct threshold *threshold, conduct_stands stands, void *context,
		   struct account_attack *attack);

#endif
