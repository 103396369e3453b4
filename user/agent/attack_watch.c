/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/attack_watch.h"

static unsigned int count_seen(const struct attack_watch *watch)
{
	unsigned int seen = 0;

	for (unsigned int i = 0; i < ATTACK_LOOKS; i++)
		seen += watch->seen[i];
	return seen;
}

static enum attack_news look_for_begin(struct attack_watch *watch, uint64_t now)
{
	if (count_seen(watch) < ATTACK_BEGINS)
		return ATTACK_NO_NEWS;
	watch->under = true;
	watch->began = now;
	return ATTACK_HAS_BEGUN;
}

enum attack_news attack_watch_look(struct attack_watch *watch, enum attack_state state,
				   uint64_t now, uint64_t calm)
{
	bool seen = state != ATTACK_CALM;

	if (!watch->under && !count_seen(watch))
		watch->worst = ATTACK_CALM;
	watch->seen[watch->next++ % ATTACK_LOOKS] = seen;
	if (seen)
		watch->last = now;
	if (state > watch->worst)
		watch->worst = state;
	if (!watch->under)
		return look_for_begin(watch, now);
	if (now - watch->last < calm)
		return ATTACK_NO_NEWS;
	*watch = (struct attack_watch){.worst = watch->worst, .began = watch->began};
	return ATTACK_HAS_ENDED;
}
