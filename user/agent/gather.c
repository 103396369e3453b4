/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/gather.h"

#include <pthread.h>

#include "kernel/walk.h"

/* Data that the second thread reads. */
struct bans_read {
	const struct state *state;
	struct saved *saved;
	const atomic_bool *hurry; /* of the first one */
	struct error error;
};

static void *read_bans(void *context)
{
	struct bans_read *bans = context;

	walk_hurry(bans->hurry);
	ban_list_unsorted(bans->state, &bans->saved->bans, &bans->saved->ban_count, &bans->error);
	return NULL;
}

int saved_gather(const struct state *state, struct saved *saved, struct error *e)
{
	struct bans_read bans = {.state = state, .saved = saved, .hurry = walk_hurry_flag()};
	pthread_t thread;
	bool beside = pthread_create(&thread, NULL, read_bans, &bans) == 0;
	int known = known_list(state, &saved->known, &saved->known_count, e);

	if (beside)
		pthread_join(thread, NULL);
	else
		read_bans(&bans);
	if (bans.error.code)
		return fail(e, bans.error.code, "%s", bans.error.text);
	return known;
}
