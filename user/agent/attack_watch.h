/* SPDX-License-Identifier: GPL-2.0-only
 *
 * When an attack begins, and when it is over. A limit that refuses for a moment is no attack, and a
 * moment without a refusal is no end of one.
 */
#ifndef SIPWARD_AGENT_ATTACK_WATCH_H
#define SIPWARD_AGENT_ATTACK_WATCH_H

#include "export/attack_now.h"

/* It is asked once a second: an attack begins when so many of the last looks saw one. */
#define ATTACK_LOOKS  5
#define ATTACK_BEGINS 3

struct attack_watch {
	bool seen[ATTACK_LOOKS]; /* by the last looks */
	unsigned int next;
	bool under;
	enum attack_state worst;
	uint64_t began; /* monotonic ns */
	uint64_t last;  /* likewise, the last look that saw it */
};

enum attack_news { ATTACK_NO_NEWS, ATTACK_HAS_BEGUN, ATTACK_HAS_ENDED };

/* `calm`: nanoseconds without an attack that end it. */
enum attack_news attack_watch_look(struct attack_watch *watch, enum attack_state state,
				   uint64_t now, uint64_t calm);

#endif
