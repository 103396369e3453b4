/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Counts offences: how many of one source lie within a period. Bounded, and pure: time is what
 * the offences say.
 */
#ifndef SIPWARD_AGENT_CONDUCT_H
#define SIPWARD_AGENT_CONDUCT_H

#include <sipward/offence.h>

#include "policy/model.h"

struct conduct;

/* The table belongs to the caller: conduct_free. */
struct conduct *conduct_new(void);
void conduct_free(struct conduct **conduct);

/* Notes an offence and says how many there are within the period before it, itself included, up
 * to the threshold. Failed logins are counted for each login apart, and anew after a success;
 * a user who is asked for counts once. When the table is full, a new source takes the place of the
 * source, out of a few, that was quiet longest. */
uint32_t conduct_note(struct conduct *conduct, const struct sw_offence *offence,
		      const struct threshold *threshold);

/* Further values for the `kind` of an offence, which are counted of a source beside the kinds of
 * offences: usernames that are refused to it, and usernames of which a password was refused
 * (conduct_spray). Each username counts once. */
enum { CONDUCT_REFUSED = SW_OFFENCE_COUNT, CONDUCT_SPRAY };

/* Whether a refusal still stands: its login did not succeed since. */
typedef bool (*conduct_stands)(void *context, uint64_t who);

/* Likewise for CONDUCT_SPRAY, without a bound at the threshold: how many usernames were refused,
 * and have not succeeded since. The first refusal of one whose nonce may have expired counts after
 * CONDUCT_GRACE, in which a phone has answered the new challenge. */
#define CONDUCT_GRACE (5 * SW_NS_PER_SEC)
uint32_t conduct_spray(struct conduct *conduct, const struct sw_offence *offence,
		       const struct threshold *threshold, conduct_stands stands, void *context);

/* Begins anew with what was noted of this kind. */
void conduct_forget(struct conduct *conduct, const struct sw_offence *offence);

#endif
