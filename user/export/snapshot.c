/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/snapshot.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "export/json.h"
#include "kernel/attachment.h"
#include "kernel/counters.h"
#include "kernel/paths.h"
#include "kernel/pinned_interfaces.h"
#include "kernel/state_values.h"
#include "policy/names.h"

static bool ever_counted(const struct sw_counters *counters)
{
	static const struct sw_counters none;

	return memcmp(counters, &none, sizeof(none)) != 0;
}

static void collect_zones(struct snapshot_interface *to, const struct state *state)
{
	const struct sw_policy *policy = to->attachment.policy;

	for (uint32_t i = 0; i < SW_ZONES_MAX; i++) {
		struct snapshot_zone zone = {.counters = &to->counters[i]};

		if (policy ? !policy->zones[i].methods : !ever_counted(zone.counters))
			continue;
		state_zone_name(state, i, zone.name);
		append(to->zones, to->zone_count, zone);
	}
}

/* As state_open_counters(), but by the layout that this binary was compiled with: reading that of
 * the BPF object takes more than a millisecond, for each interface of each page. */
static int open_counters(const char *iface, struct error *e)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	char path[PATH_MAX];
	auto_fd int fd = -1;

	pin_path(path, iface, "counters");
	fd = bpf_obj_get(path);
	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
	    info.type == BPF_MAP_TYPE_PERCPU_ARRAY && info.key_size == sizeof(__u32) &&
	    info.value_size == sizeof(struct sw_counters))
		return take_fd(fd);
	return state_open_counters(iface, false, e);
}

int snapshot_take(struct snapshot *snapshot, const struct state *state, struct error *e)
{
	auto_string_list char **names = state_interfaces();

	memset(snapshot, 0, sizeof(*snapshot));
	for (char **name = names; *name; name++) {
		struct snapshot_interface to = {};
		struct error foreign = {};
		auto_fd int fd = open_counters(*name, e);

		if (fd < 0)
			return -1;
		/* A program of another version still counts in the same map. */
		attachment_read(*name, &to.attachment, &foreign);
		to.counters = xcalloc(SW_ZONES_MAX, sizeof(*to.counters));
		append(snapshot->interfaces, snapshot->interface_count, to);
		if (state_read_counters(fd, to.counters, e) < 0)
			return -1;
		collect_zones(&snapshot->interfaces[snapshot->interface_count - 1], state);
	}
	return 0;
}

void snapshot_free(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->interface_count; i++) {
		attachment_free(&snapshot->interfaces[i].attachment);
		free(snapshot->interfaces[i].counters);
		free(snapshot->interfaces[i].zones);
	}
	free(snapshot->interfaces);
	memset(snapshot, 0, sizeof(*snapshot));
}

uint64_t counters_refused(const struct sw_counters *counters, enum sw_mode mode)
{
	uint64_t sum = 0;

	for (int i = SW_REASON_NONE + 1; i < SW_REASON_COUNT; i++)
		sum += counters->reasons[mode][i];
	return sum;
}

static struct json_object *reasons_json(const __u64 *reasons)
{
	struct json_object *o = json_object_new_object();

	for (int i = SW_REASON_NONE + 1; i < SW_REASON_COUNT; i++)
		if (reasons[i])
			json_count(o, reason_name(i), reasons[i]);
	return o;
}

static struct json_object *zone_json(const struct snapshot_zone *zone)
{
	const struct sw_counters *counters = zone->counters;
	struct json_object *o = json_object_new_object();
	struct json_object *messages = json_object_new_object();

	json_text(o, "name", zone->name);
	json_count(o, "pass", counters->reasons[SW_MODE_ENFORCE][SW_REASON_NONE]);
	json_count(o, "drop", counters_refused(counters, SW_MODE_ENFORCE));
	json_object_object_add(o, "drops", reasons_json(counters->reasons[SW_MODE_ENFORCE]));
	json_count(o, "would_drop", counters_refused(counters, SW_MODE_MONITOR));
	json_object_object_add(o, "would_drops", reasons_json(counters->reasons[SW_MODE_MONITOR]));
	for (int i = 0; i < SW_MESSAGE_COUNT; i++)
		if (counters->messages[i])
			json_count(messages, message_name(i), counters->messages[i]);
	json_object_object_add(o, "messages", messages);
	return o;
}

struct json_object *snapshot_json(const struct snapshot *snapshot)
{
	struct json_object *o = json_object_new_object();
	struct json_object *interfaces = json_object_new_array();

	for (size_t i = 0; i < snapshot->interface_count; i++) {
		const struct snapshot_interface *from = &snapshot->interfaces[i];
		struct json_object *iface = json_object_new_object();
		struct json_object *zones = json_object_new_array();

		json_text(iface, "name", from->attachment.iface);
		json_text(iface, "attach", attach_mode_name(from->attachment.mode));
		for (size_t j = 0; j < from->zone_count; j++)
			json_object_array_add(zones, zone_json(&from->zones[j]));
		json_object_object_add(iface, "zones", zones);
		json_object_array_add(interfaces, iface);
	}
	json_object_object_add(o, "interfaces", interfaces);
	return o;
}
