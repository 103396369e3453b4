/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/state_maps.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "kernel/paths.h"

static const char *const map_names[STATE_MAP_COUNT] = {
	[STATE_META] = "meta",
	[STATE_ZONE_NAMES] = "zone_names",
	[STATE_LOCAL_ADDRS] = "local_addrs",
	[STATE_BANS] = "bans",
	[STATE_SOURCES] = "sources",
	[STATE_FRAGMENTS] = "fragments",
	[STATE_OTHER_FRAGMENTS] = "other_fragments",
	[STATE_ZONE_CELLS] = "zone_cells",
	[STATE_EVENT_CELL] = "event_cell",
	[STATE_CEILINGS] = "ceilings",
	[STATE_EVENTS] = "events",
	[STATE_CAPTURED] = "captured",
	[STATE_KNOWN] = "known",
	[STATE_KNOWN_CELLS] = "known_cells",
	[STATE_PREFIXES] = "prefixes",
	[STATE_CALLEES] = "callees",
	[STATE_PATCH_NAMES] = "patch_names",
	[STATE_SERVICE_CELLS] = "service_cells",
	[STATE_QUOTAS] = "quotas",
	[STATE_KNOWN_FILL] = "known_fill",
	[STATE_PROOFS] = "proofs",
	[STATE_SENT_TAGS] = "sent_tags",
	[STATE_PROBES] = "probes",
	[STATE_BRANCHES] = "branches",
	[STATE_GREYLIST] = "greylist",
	[STATE_NEWCOMERS] = "newcomers",
	[STATE_ATTEMPTS] = "attempts",
	[STATE_REFUSALS] = "refusals",
	[STATE_UNPROVEN_REFUSALS] = "unproven_refusals",
	[STATE_AUTHENTICATED] = "authenticated",
	[STATE_OWNERS] = "owners",
	[STATE_PENALTIES] = "penalties",
	[STATE_OFFENCES] = "offences",
	[STATE_TALLIES] = "tallies",
	[STATE_HEALTH] = "health",
	[STATE_OPENINGS] = "openings",
	[STATE_OPENING_TEXTS] = "opening_texts",
	[STATE_OPENING_HINTS] = "opening_hints",
	[STATE_SPARED_STREAMS] = "spared_streams",
	[STATE_OBSERVED] = "observed",
	[STATE_DIALOGS] = "dialogs",
	[STATE_TRANSACTIONS] = "transactions",
	[STATE_ASKS] = "asks",
	[STATE_LOOPS] = "loops",
	[STATE_DIALERS] = "dialers",
	[STATE_UNPROVEN_DIALERS] = "unproven_dialers",
	[STATE_CLOSINGS] = "closings",
	[STATE_CONNECTION_COUNTS] = "connection_counts",
	[STATE_CALLERS] = "callers",
	[STATE_CALLS] = "calls",
	[STATE_CALL_COUNTS] = "call_counts",
	[STATE_CALLS_AGED] = "calls_aged",
	[STATE_SAMPLING] = "sampling",
	[STATE_SAMPLES] = "samples",
};

const char *state_map_name(enum state_map map)
{
	return map_names[map];
}

/* bpffs allows no dot in a name. */
void state_new_pin_path(char path[PATH_MAX], enum state_map map)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_new", map_names[map]);
	pin_path(path, NULL, name);
}

uint32_t state_entries(const struct state *state, enum state_map map)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(state->fds[map], &info, &size) < 0 ? 0 : info.max_entries;
}

uint32_t state_map_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ? 0 : info.id;
}

static int write_one(int fd, const void *key, const void *value, uint64_t flags)
{
	if (value)
		return bpf_map_update_elem(fd, key, value, flags);
	return bpf_map_delete_elem(fd, key) < 0 && errno != ENOENT ? -1 : 0;
}

/* A table that an agent put in place since this process opened the pins gets the entry, too. */
static int write_to_newer(const struct state *state, enum state_map map, const void *key,
			  const void *value)
{
	uint32_t ours = state_map_id(state->fds[map]), other = state_map_id(state->resized[map]);
	char paths[2][PATH_MAX];

	pin_path(paths[0], NULL, map_names[map]);
	state_new_pin_path(paths[1], map);
	for (int i = 0; i < 2; i++) {
		auto_fd int fd = bpf_obj_get(paths[i]);
		uint32_t id = state_map_id(fd);

		if (id && id != ours && id != other && write_one(fd, key, value, BPF_ANY) < 0)
			return -1;
	}
	return 0;
}

int state_write(const struct state *state, enum state_map map, const void *key, const void *value,
		uint64_t flags)
{
	int before = state->fds[map], after = state->resized[map];

	if (state->moved[map] && after >= 0) {
		before = state->resized[map];
		after = state->fds[map];
	}
	if (write_one(before, key, value, flags) < 0)
		return -1;
	if (after >= 0 && write_one(after, key, value, BPF_ANY) < 0) {
		int error = errno;

		if (value)
			bpf_map_delete_elem(before, key);
		errno = error;
		return -1;
	}
	return state->follows ? write_to_newer(state, map, key, value) : 0;
}

void state_close(struct state *state)
{
	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		close_fd(&state->fds[i]);
		close_fd(&state->resized[i]);
		state->fds[i] = state->resized[i] = -1;
	}
}
