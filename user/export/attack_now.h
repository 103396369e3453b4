/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Whether an attack is under way: what `status` shows, and what begins and ends the agent's hooks.
 */
#ifndef SIPWARD_EXPORT_ATTACK_NOW_H
#define SIPWARD_EXPORT_ATTACK_NOW_H

#include <json-c/json.h>

#include "kernel/limits_now.h"

enum attack_state {
	ATTACK_CALM,
	ATTACK_LIMITING, /* a limit of a zone or service is spent */
	ATTACK_GREYLIST, /* newcomers must retransmit */
	ATTACK_STATES
};

extern const char *const attack_words[ATTACK_STATES + 1];

struct attack_now {
	enum attack_state state;
	struct limit_now *limits; /* that are near, the nearest first */
	size_t count;
};

/* Looks at the limits of the running policy (NULL: only at what the server answers). Free what it
 * fills with attack_now_free(). */
void attack_look(const struct state *state, const struct sw_policy *policy, uint64_t now,
		 struct attack_now *attack);
void attack_now_free(struct attack_now *attack);
#define auto_attack_now cleanup(attack_now_free)

/* Adds "limits_near" and "attack". */
void attack_now_json(const struct attack_now *attack, struct json_object *o);

#endif
