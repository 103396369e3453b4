/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The maps that outlive generations and agents, by their numbers and names. state_open.h opens
 * them; state_values.h reads and writes those with one entry.
 */
#ifndef SIPWARD_KERNEL_STATE_MAPS_H
#define SIPWARD_KERNEL_STATE_MAPS_H

#include <limits.h>
#include <stdint.h>

#include <sipward/state.h>

#include "base/base.h"
#include "policy/model.h"

/* Host-wide state maps, pinned under bpf_dir(). */
enum state_map {
	STATE_META,
	STATE_ZONE_NAMES,
	STATE_LOCAL_ADDRS,
	STATE_BANS,
	STATE_SOURCES,
	STATE_FRAGMENTS,
	STATE_OTHER_FRAGMENTS,
	STATE_ZONE_CELLS,
	STATE_EVENT_CELL,
	STATE_CEILINGS,
	STATE_EVENTS,
	STATE_CAPTURED,
	STATE_KNOWN,
	STATE_KNOWN_CELLS,
	STATE_PREFIXES,
	STATE_CALLEES,
	STATE_PATCH_NAMES,
	STATE_SERVICE_CELLS,
	STATE_QUOTAS,
	STATE_KNOWN_FILL,
	STATE_PROOFS,
	STATE_SENT_TAGS,
	STATE_PROBES,
	STATE_BRANCHES,
	STATE_GREYLIST,
	STATE_NEWCOMERS,
	STATE_ATTEMPTS,
	STATE_REFUSALS,
	STATE_UNPROVEN_REFUSALS,
	STATE_AUTHENTICATED,
	STATE_OWNERS,
	STATE_PENALTIES,
	STATE_OFFENCES,
	STATE_TALLIES,
	STATE_HEALTH,
	STATE_OPENINGS,
	STATE_OPENING_TEXTS,
	STATE_OPENING_HINTS,
	STATE_SPARED_STREAMS,
	STATE_OBSERVED,
	STATE_DIALOGS,
	STATE_TRANSACTIONS,
	STATE_ASKS,
	STATE_LOOPS,
	STATE_DIALERS,
	STATE_UNPROVEN_DIALERS,
	STATE_CLOSINGS,
	STATE_CONNECTION_COUNTS,
	STATE_CALLERS,
	STATE_CALLS,
	STATE_CALL_COUNTS,
	STATE_CALLS_AGED,
	STATE_SAMPLING,
	STATE_SAMPLES,
	STATE_MAP_COUNT
};

struct state {
	int fds[STATE_MAP_COUNT];
	int resized[STATE_MAP_COUNT]; /* while a table changes its size, the other map; or -1 */
	bool moved[STATE_MAP_COUNT];  /* it is the one before, not the one to come */
	bool follows;                 /* an agent may put other maps in place at any time */
	bool fresh;                   /* made by this call: nothing was pinned before */
	bool restoring;               /* what was saved on the disk is not back yet */
};

/* The name of a state map: of its pin and of the map in the BPF object. */
const char *state_map_name(enum state_map map);

void state_close(struct state *state);
#define auto_state cleanup(state_close)
/* clang-format off */
#define STATE_CLOSED { .fds = {[0 ... STATE_MAP_COUNT - 1] = -1}, \
		       .resized = {[0 ... STATE_MAP_COUNT - 1] = -1} }
/* clang-format on */

/* Where the map that is to take the place of a pinned one is pinned until then. */
void state_new_pin_path(char path[PATH_MAX], enum state_map map);

/* Entries that a map has room for; 0 when it cannot be asked. */
uint32_t state_entries(const struct state *state, enum state_map map);

/* Writes an entry (value NULL: takes it out) of a table that only user space writes. While the
 * table changes its size, both maps get it, the one before first. Flags and errno as those of
 * bpf_map_update_elem() and bpf_map_delete_elem(). */
int state_write(const struct state *state, enum state_map map, const void *key, const void *value,
		uint64_t flags);

/* The id of an open map, 0 when it cannot be asked. */
uint32_t state_map_id(int fd);

#endif
