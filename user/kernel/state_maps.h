/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The pinned maps that outlive generations and agents: opened, made, resized, removed here
 * and nowhere else. Knows names, sizes and pins; not what the values mean to the data path.
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
	STATE_SERVICE_CELLS,
	STATE_QUOTAS,
	STATE_KNOWN_FILL,
	STATE_PROOFS,
	STATE_SENT_TAGS,
	STATE_PROBES,
	STATE_BRANCHES,
	STATE_SIGHTS,
	STATE_NEWCOMERS,
	STATE_ATTEMPTS,
	STATE_REFUSALS,
	STATE_UNPROVEN_REFUSALS,
	STATE_GOODS,
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
	STATE_CALLERS,
	STATE_STRANGERS,
	STATE_CLOSINGS,
	STATE_CROWDED,
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

/* Opens the pinned state, making what is missing in the sizes of the policy, after what an agent
 * left half done was put right (state_recover). Refuses state of another ABI version, or whose
 * maps have another layout (*e says what to do). Owned by the caller: state_close. */
int state_open(struct state *state, const struct tables *tables, struct error *e);
/* Likewise, but makes nothing: EXIT_NOT_RUNNING when there is no state. */
int state_open_existing(struct state *state, struct error *e);
/* Makes state that is pinned nowhere, of these sizes: for programs on trial. */
int state_open_private(struct state *state, const struct tables *tables, struct error *e);
void state_close(struct state *state);
#define auto_state cleanup(state_close)
#define STATE_CLOSED { .fds = {[0 ... STATE_MAP_COUNT - 1] = -1}, \
		       .resized = {[0 ... STATE_MAP_COUNT - 1] = -1} }

/* Lines of a table of so many entries that evicts nothing (SW_WAYS). */
static inline uint32_t way_lines(uint32_t entries)
{
	return (entries + SW_WAYS - 1) / SW_WAYS;
}

/* Where the map that is to take the place of a pinned one is pinned until then. */
void state_new_pin_path(char path[PATH_MAX], enum state_map map);

/* The entries that the policy wants of a map; 0 when policies do not size it. */
uint32_t state_table_size(enum state_map map, const struct tables *tables);

/* Entries that a map has room for; 0 when it cannot be asked. */
uint32_t state_entries(const struct state *state, enum state_map map);

int state_meta_read(const struct state *state, struct sw_meta *meta, struct error *e);
int state_meta_write(const struct state *state, const struct sw_meta *meta, struct error *e);
/* What was saved on the disk is back, or there was nothing. */
int state_restored(struct state *state, struct error *e);

/* Writes an entry (value NULL: takes it out) of a table that only user space writes. While the
 * table changes its size, both maps get it, the one before first. Flags and errno as those of
 * bpf_map_update_elem() and bpf_map_delete_elem(). */
int state_write(const struct state *state, enum state_map map, const void *key,
		const void *value, uint64_t flags);

/* What the agent tells the data path; a map that cannot be written stays as it is. */
void state_health_read(const struct state *state, struct sw_health *health);
/* What the observers say of themselves; all 0 when it cannot be read. */
void state_observed_read(const struct state *state, struct sw_observed *observed);
void state_health_write(const struct state *state, const struct sw_health *health);

/* Gives each zone of the policy its number by name: the one it has, a free one, or that of
 * the zone that was gone longest (whose counters and cells are then cleared). `keep` are
 * numbers in use by what runs now (bit mask), never taken from their names. Writes the
 * register with `generation` and fills numbers[zone_count]. */
int state_number_zones(const struct state *state, const struct policy *policy, uint64_t keep,
		       uint64_t generation, uint8_t *numbers, struct error *e);

/* The name that a number has, "zone-N" when it has none. */
const char *state_zone_name(const struct state *state, uint32_t number, char name[SW_NAME_MAX]);

/* A counters map pinned nowhere, for programs on trial. */
int state_private_counters(struct error *e);

/* Opens IFACE/counters, making it when missing. */
int state_open_counters(const char *iface, bool create, struct error *e);

/* Adds the counters of all CPUs for every zone number: counters[SW_ZONES_MAX]. */
int state_read_counters(int fd, struct sw_counters *counters, struct error *e);

/* pins.c: names of the interfaces that have a directory under bpf_dir(), with a link pinned or not.
 * The array (NULL-terminated) and its strings belong to the caller: string_list_free. */
char **state_interfaces(void);
void string_list_free(char ***list);
#define auto_string_list cleanup(string_list_free)

/* Takes the program off one interface; its counters stay. */
int state_detach(const char *iface, struct error *e);

/* The id of an open map, 0 when it cannot be asked. */
uint32_t state_map_id(int fd);
/* Makes the pins agree with what the programs use, which is the truth: completes a change of sizes
 * that an agent was killed in, or undoes it. Where programs use two maps, state->fds and
 * state->resized get both, and the next apply ends that. */
int state_recover(struct state *state, const struct tables *tables, struct error *e);

/* Removes every pin of the state and of its interfaces; links go with their pins. */
int state_remove(struct error *e);
/* Removes what is pinned for one interface: link (so the program comes off) and counters. */
int state_remove_interface(const char *iface, struct error *e);

#endif
