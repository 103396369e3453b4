/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/announced.h"

#include <bpf/bpf.h>
#include <string.h>

void announced_free(struct announced *announced)
{
	free(announced->bans);
	memset(announced, 0, sizeof(*announced));
}

bool announced_add(struct announced *announced, const struct sw_source *source, uint16_t reason)
{
	struct announced_ban ban = {.source = *source, .reason = reason};

	for (size_t i = 0; i < announced->count; i++)
		if (memcmp(&announced->bans[i].source, source, sizeof(*source)) == 0)
			return true;
	if (announced->count >= ANNOUNCED_MAX)
		return false;
	append(announced->bans, announced->count, ban);
	return true;
}

/* A source that is banned for its behaviour. A username may be empty, so the reason tells. */
static bool is_of_source(const struct ban_entry *entry)
{
	return entry->ban.reason != SW_REASON_BAN && entry->ban.reason != SW_REASON_LOGIN_REFUSED &&
	       !entry->account;
}

int announced_read(struct announced *announced, const struct state *state, struct error *e)
{
	auto_free struct ban_entry *bans = NULL;
	size_t count = 0;

	if (ban_list(state, BAN_DENIES, &bans, &count, e) < 0)
		return -1;
	announced_free(announced);
	for (size_t i = 0; i < count && announced->count < ANNOUNCED_MAX; i++) {
		struct announced_ban ban = {.reason = bans[i].ban.reason};

		if (!is_of_source(&bans[i]))
			continue;
		ban_source(&bans[i].source.addr, &ban.source);
		append(announced->bans, announced->count, ban);
	}
	return 0;
}

static bool holds(const struct state *state, const struct sw_source *source, uint64_t now)
{
	struct sw_ban ban;

	return bpf_map_lookup_elem(state->fds[STATE_BANS], source, &ban) == 0 &&
	       ban.reason != SW_REASON_NONE && ban.end > now;
}

void announced_look(struct announced *announced, const struct state *state,
		    bool (*ended)(void *context, const struct announced_ban *ban), void *context)
{
	uint64_t now = monotonic_ns();

	for (int i = 0; i < ANNOUNCED_A_LOOK && announced->count; i++) {
		struct announced_ban ban;

		if (announced->next >= announced->count) {
			announced->next = 0;
			if (i)
				return; /* it began in the middle: the rest is next */
		}
		ban = announced->bans[announced->next];
		if (holds(state, &ban.source, now)) {
			announced->next++;
			continue;
		}
		if (!ended(context, &ban))
			return; /* the next look goes on with it */
		announced->bans[announced->next] = announced->bans[announced->count - 1];
		/* Of a list that append() grows by its count, the last one is taken off. */
		announced->count--;
	}
}
