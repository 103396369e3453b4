/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/ban_notes.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

struct noted {
	const struct state *state;
	struct sw_ban like; /* its note as the table has it */
	uint64_t now;
	bool remove;
	size_t count;
	int error;
};

static void look_for(struct noted *noted, const struct state *state, const char *note)
{
	*noted = (struct noted){.state = state, .now = monotonic_ns()};
	ban_copy_note(&noted->like, note);
}

static bool is_noted(const struct noted *noted, const struct sw_ban *ban)
{
	return ban->reason == SW_REASON_BAN && ban->end > noted->now &&
	       strncmp(ban->note, noted->like.note, sizeof(ban->note)) == 0;
}

int ban_del_noted(const struct state *state, const struct prefix *addr, const char *note,
		  bool *found, struct error *e)
{
	struct sw_source key;
	struct noted noted;
	struct sw_ban ban;

	if (ban_check(addr, e) < 0)
		return -1;
	ban_source(&addr->addr, &key);
	look_for(&noted, state, note);
	*found = bpf_map_lookup_elem(state->fds[STATE_BANS], &key, &ban) == 0 &&
		 is_noted(&noted, &ban);
	if (*found && state_write(state, STATE_BANS, &key, NULL, BPF_ANY) < 0)
		return fail(e, EXIT_FAILED, "the ban cannot be removed: %s", strerror(errno));
	return 0;
}

static bool visit(const void *key, void *value, void *context)
{
	struct noted *noted = context;

	if (!is_noted(noted, value))
		return true;
	if (noted->remove && state_write(noted->state, STATE_BANS, key, NULL, BPF_ANY) < 0) {
		noted->error = errno;
		return false;
	}
	noted->count++;
	return true;
}

static int walk(struct noted *noted, size_t *count, struct error *e)
{
	int done = map_walk(noted->state->fds[STATE_BANS], visit, noted, e);

	*count = noted->count;
	if (done == 0 && noted->error)
		return fail(e, EXIT_FAILED, "after %zu bans one cannot be removed: %s",
			    noted->count, strerror(noted->error));
	return done;
}

int ban_flush_noted(const struct state *state, const char *note, size_t *taken, struct error *e)
{
	struct noted noted;

	look_for(&noted, state, note);
	noted.remove = true;
	return walk(&noted, taken, e);
}

int ban_count_noted(const struct state *state, const char *note, size_t *count, struct error *e)
{
	struct noted noted;

	look_for(&noted, state, note);
	return walk(&noted, count, e);
}
