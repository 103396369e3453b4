/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The counters of all interfaces at one moment, with the names that go with them. `stats` prints
 * them and the exporter exports them.
 */
#ifndef SIPWARD_EXPORT_SNAPSHOT_H
#define SIPWARD_EXPORT_SNAPSHOT_H

#include <json-c/json.h>

#include "kernel/attachment.h"
#include "kernel/state_maps.h"

struct snapshot_zone {
	char name[SW_NAME_MAX];
	const struct sw_counters *counters;
};

struct snapshot_interface {
	struct attachment attachment;
	struct sw_counters *counters; /* SW_ZONES_MAX */
	struct snapshot_zone *zones;  /* those of the running policy; of a stopped one, those
					* that ever counted */
	size_t zone_count;
};

struct snapshot {
	struct snapshot_interface *interfaces;
	size_t interface_count;
};

int snapshot_take(struct snapshot *snapshot, const struct state *state, struct error *e);
void snapshot_free(struct snapshot *snapshot);
#define auto_snapshot cleanup(snapshot_free)

/* Packets refused in a mode, over all reasons. */
uint64_t counters_refused(const struct sw_counters *counters, enum sw_mode mode);

/* {"interfaces": [{"name", "zones": [{"name", "pass", "drop", "drops", "would_drop", "would_drops",
 * "messages"}]}]} */
struct json_object *snapshot_json(const struct snapshot *snapshot);

#endif
