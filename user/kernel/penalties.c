/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/penalties.h"

#include <bpf/bpf.h>
#include <sipward/offence.h>

#include "kernel/health.h"
#include "kernel/walk.h"

static void penalised_until(struct sw_health *health, void *context)
{
	uint64_t end = *(const uint64_t *)context;

	if (health->penalised_until < end)
		health->penalised_until = end;
}

bool penalty_set(const struct state *state, const struct sw_source *source, uint64_t end)
{
	struct sw_penalty penalty = {.end = end};

	if (bpf_map_update_elem(state->fds[STATE_PENALTIES], source, &penalty, BPF_ANY) < 0)
		return false;
	/* Nobody looks in the table before it is said that something is in it. */
	health_change(state, penalised_until, &end);
	return true;
}

struct sweep {
	int fd;
	uint64_t until;
	size_t count;
};

static bool sweep_penalty(const void *key, void *value, void *context)
{
	struct sweep *sweep = context;

	if (((const struct sw_penalty *)value)->end > sweep->until)
		sweep->count++;
	else
		bpf_map_delete_elem(sweep->fd, key);
	return true;
}

static bool sweep_good(const void *key, void *value, void *context)
{
	struct sweep *sweep = context;

	if (((const struct sw_authenticated *)value)->seen > sweep->until)
		sweep->count++;
	else
		bpf_map_delete_elem(sweep->fd, key);
	return true;
}

static long sweep_map(int fd, walk_entry visit, uint64_t until, struct error *e)
{
	struct sweep sweep = {.fd = fd, .until = until};

	return map_walk(fd, visit, &sweep, e) < 0 ? -1 : (long)sweep.count;
}

long penalty_sweep(const struct state *state, uint64_t now, struct error *e)
{
	return sweep_map(state->fds[STATE_PENALTIES], sweep_penalty, now, e);
}

long good_sweep(const struct state *state, uint64_t since, struct error *e)
{
	return sweep_map(state->fds[STATE_AUTHENTICATED], sweep_good, since, e);
}
