/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/state_values.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/fault.h"

int state_meta_read(const struct state *state, struct sw_meta *meta, struct error *e)
{
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(state->fds[STATE_META], &zero, meta) < 0)
		return fail(e, EXIT_FAILED, "map meta cannot be read: %s", strerror(errno));
	return 0;
}

int state_meta_write(const struct state *state, const struct sw_meta *meta, struct error *e)
{
	uint32_t zero = 0;

	if (bpf_map_update_elem(state->fds[STATE_META], &zero, meta, BPF_ANY) < 0)
		return fail(e, EXIT_FAILED, "map meta cannot be written: %s", strerror(errno));
	return 0;
}

int state_restored(struct state *state, struct error *e)
{
	struct sw_meta meta;

	if (fault_point("mark as restored", e) < 0 || state_meta_read(state, &meta, e) < 0)
		return -1;
	meta.restoring = 0;
	if (state_meta_write(state, &meta, e) < 0)
		return -1;
	state->restoring = false;
	return 0;
}

void state_health_read(const struct state *state, struct sw_health *health)
{
	uint32_t zero = 0;

	bpf_map_lookup_elem(state->fds[STATE_HEALTH], &zero, health);
}

void state_health_write(const struct state *state, const struct sw_health *health)
{
	uint32_t zero = 0;

	bpf_map_update_elem(state->fds[STATE_HEALTH], &zero, health, BPF_ANY);
}

void state_observed_read(const struct state *state, struct sw_observed *observed)
{
	uint32_t zero = 0;

	memset(observed, 0, sizeof(*observed));
	bpf_map_lookup_elem(state->fds[STATE_OBSERVED], &zero, observed);
}

bool state_patch_read(const struct state *state, uint32_t number, struct sw_patch_name *patch)
{
	memset(patch, 0, sizeof(*patch));
	if (bpf_map_lookup_elem(state->fds[STATE_PATCH_NAMES], &number, patch) < 0)
		return false;
	patch->name[sizeof(patch->name) - 1] = '\0';
	return patch->generation;
}

const char *state_zone_name(const struct state *state, uint32_t number, char name[SW_NAME_MAX])
{
	struct sw_zone_name entry = {};

	if (bpf_map_lookup_elem(state->fds[STATE_ZONE_NAMES], &number, &entry) < 0 ||
	    !entry.name[0])
		snprintf(name, SW_NAME_MAX, "zone-%u", number);
	else
		snprintf(name, SW_NAME_MAX, "%.*s", SW_NAME_MAX - 1, entry.name);
	return name;
}

const struct zone *state_zone(const struct state *state, const struct policy *policy,
			      uint32_t number)
{
	char name[SW_NAME_MAX];

	state_zone_name(state, number, name);
	for (size_t i = 0; i < policy->zone_count; i++)
		if (strcmp(policy->zones[i].name, name) == 0)
			return &policy->zones[i];
	return NULL;
}
