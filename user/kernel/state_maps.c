/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/state_maps.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "kernel/namespace.h"
#include "kernel/paths.h"
#include "kernel/pins.h"
#include "kernel/skeleton.h"

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
	[STATE_SERVICE_CELLS] = "service_cells",
	[STATE_QUOTAS] = "quotas",
	[STATE_KNOWN_FILL] = "known_fill",
	[STATE_PROOFS] = "proofs",
	[STATE_SENT_TAGS] = "sent_tags",
	[STATE_PROBES] = "probes",
	[STATE_BRANCHES] = "branches",
	[STATE_SIGHTS] = "sights",
	[STATE_NEWCOMERS] = "newcomers",
	[STATE_ATTEMPTS] = "attempts",
	[STATE_REFUSALS] = "refusals",
	[STATE_UNPROVEN_REFUSALS] = "unproven_refusals",
	[STATE_GOODS] = "goods",
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
	[STATE_CALLERS] = "callers",
	[STATE_STRANGERS] = "strangers",
	[STATE_CLOSINGS] = "closings",
	[STATE_CROWDED] = "crowded",
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

static struct sipward_bpf *open_skeleton(struct error *e)
{
	struct sipward_bpf *skel;

	libbpf_log_start();
	skel = sipward_bpf__open();
	if (!skel)
		fail(e, EXIT_FAILED, "the BPF object inside this binary cannot be read: %s",
		     libbpf_log_tail());
	return skel;
}

static struct bpf_map *find_map(const struct sipward_bpf *skel, const char *name)
{
	return bpf_object__find_map_by_name(skel->obj, name);
}

static int other_layout(const char *path, struct error *e)
{
	return fail(e, EXIT_FAILED, "%s: was pinned by another version of sipward with another "
		    "layout; to start anew without the old bans and counters run: sipward detach",
		    path);
}

static int fail_open(const char *path, struct error *e)
{
	if (errno == EACCES || errno == EPERM)
		return fail(e, EXIT_PRIVILEGE, "%s: cannot be opened: %s; run it as root, or with "
			    "CAP_BPF and the right to read that directory", path, strerror(errno));
	return fail(e, EXIT_FAILED, "%s: cannot be opened: %s", path, strerror(errno));
}

/* Opens the pin at `path`; -1 with *e untouched when there is none. */
static int open_pin(const char *path, const struct bpf_map *map, struct error *e)
{
	auto_fd int fd = bpf_obj_get(path);
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (fd < 0 && errno == ENOENT)
		return -1;
	if (fd < 0)
		return fail_open(path, e);
	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be read: %s", path, strerror(errno));
	if (info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
	    info.value_size != bpf_map__value_size(map))
		return other_layout(path, e);
	return take_fd(fd);
}

static int make_map(const struct bpf_map *map, uint32_t entries, struct error *e)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = bpf_map__map_flags(map));
	int fd;

	/* One for each CPU: only this host knows how many. */
	if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		entries = libbpf_num_possible_cpus();
	fd = bpf_map_create(bpf_map__type(map), bpf_map__name(map), bpf_map__key_size(map),
			    bpf_map__value_size(map), entries, &opts);
	if (fd < 0)
		return fail(e, EXIT_FAILED, "map %s with %u entries cannot be made: %s",
			    bpf_map__name(map), entries, strerror(errno));
	return fd;
}

static int pin_map(int fd, const char *path, struct error *e)
{
	if (fault_point("pin a map", e) < 0)
		return -1;
	if (bpf_obj_pin(fd, path) < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be pinned: %s", path, strerror(errno));
	return 0;
}

/* Opens the pin, or makes and pins the map, with `entries` or as many as the object defines (0). */
static int open_or_make(const char *path, const struct bpf_map *map, uint32_t entries, bool *made,
			struct error *e)
{
	struct error pin_error = {};
	auto_fd int fd = open_pin(path, map, &pin_error);

	if (fd >= 0)
		return take_fd(fd);
	if (pin_error.code)
		return fail(e, pin_error.code, "%s", pin_error.text);
	fd = make_map(map, entries ? entries : bpf_map__max_entries(map), e);
	if (fd < 0 || pin_map(fd, path, e) < 0)
		return -1;
	*made = true;
	return take_fd(fd);
}

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

void state_health_read(const struct state *state, struct sw_health *health)
{
	uint32_t zero = 0;

	bpf_map_lookup_elem(state->fds[STATE_HEALTH], &zero, health);
}

void state_observed_read(const struct state *state, struct sw_observed *observed)
{
	uint32_t zero = 0;

	memset(observed, 0, sizeof(*observed));
	bpf_map_lookup_elem(state->fds[STATE_OBSERVED], &zero, observed);
}

void state_health_write(const struct state *state, const struct sw_health *health)
{
	uint32_t zero = 0;

	bpf_map_update_elem(state->fds[STATE_HEALTH], &zero, health, BPF_ANY);
}

/* Something in the directory, or NULL when it is empty. */
static const char *found_in(const char *path, char name[256])
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	const char *found = NULL;

	while (directory && !found && (entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			snprintf(name, 256, "%s", entry->d_name);
			found = name;
		}
	if (directory)
		closedir(directory);
	return found;
}

static int first_meta(const struct state *state, struct error *e)
{
	struct sw_meta meta = {.abi_version = SW_ABI_VERSION, .restoring = 1};

	if (getrandom(meta.seed, sizeof(meta.seed), 0) != sizeof(meta.seed))
		return fail(e, EXIT_FAILED, "no random numbers: %s", strerror(errno));
	return state_meta_write(state, &meta, e);
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

/* 1 when there is one, and it is of this version; 0 when there is none. */
static int open_meta(struct state *state, const struct bpf_map *map, struct error *e)
{
	struct error pin_error = {};
	struct sw_meta meta;
	char path[PATH_MAX];

	pin_path(path, NULL, map_names[STATE_META]);
	if (state->fds[STATE_META] < 0)
		state->fds[STATE_META] = open_pin(path, map, &pin_error);
	if (state->fds[STATE_META] < 0)
		return pin_error.code ? fail(e, pin_error.code, "%s", pin_error.text) : 0;
	if (state_meta_read(state, &meta, e) < 0)
		return -1;
	state->restoring = meta.restoring;
	return meta.abi_version == SW_ABI_VERSION ? 1 : other_layout(path, e);
}

/* The last one to be pinned, and whole: where it is, so are the others. */
static int make_meta(struct state *state, const struct bpf_map *map, struct error *e)
{
	char path[PATH_MAX];

	pin_path(path, NULL, map_names[STATE_META]);
	state->fds[STATE_META] = make_map(map, 1, e);
	if (state->fds[STATE_META] < 0 || first_meta(state, e) < 0)
		return -1;
	state->restoring = true;
	return pin_map(state->fds[STATE_META], path, e);
}

static bool is_any_pinned(void)
{
	char path[PATH_MAX];
	bool any = false;

	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		pin_path(path, NULL, map_names[i]);
		any |= access(path, F_OK) == 0;
	}
	return any;
}

int state_open(struct state *state, const struct tables *tables, struct error *e)
{
	auto_skeleton struct sipward_bpf *skel = open_skeleton(e);
	int there = skel ? open_meta(state, skel->maps.meta, e) : -1;
	char path[PATH_MAX];
	bool made;

	if (there < 0)
		return -1;
	state->fresh = !there && !is_any_pinned();
	if (state_recover(state, tables, e) < 0)
		return -1;
	/* state_recover() may have brought it back. */
	there = open_meta(state, skel->maps.meta, e);
	for (int i = 0; there >= 0 && i < STATE_MAP_COUNT; i++) {
		if (i == STATE_META || state->fds[i] >= 0)
			continue;
		pin_path(path, NULL, map_names[i]);
		state->fds[i] = open_or_make(path, find_map(skel, map_names[i]),
					     state_table_size(i, tables), &made, e);
		if (state->fds[i] < 0)
			return -1;
	}
	return there ? there < 0 ? -1 : 0 : make_meta(state, skel->maps.meta, e);
}

int state_open_existing(struct state *state, struct error *e)
{
	auto_skeleton struct sipward_bpf *skel = open_skeleton(e);
	struct error pin_error = {};
	char path[PATH_MAX];
	int there = skel ? open_meta(state, skel->maps.meta, e) : -1;

	if (there < 0)
		return -1;
	state->follows = true;
	state_new_pin_path(path, STATE_BANS);
	state->resized[STATE_BANS] = open_pin(path, skel->maps.bans, NULL);
	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		pin_path(path, NULL, map_names[i]);
		if (state->fds[i] < 0)
			state->fds[i] = open_pin(path, find_map(skel, map_names[i]), &pin_error);
		if (pin_error.code)
			return fail(e, pin_error.code, "%s", pin_error.text);
		if (state->fds[i] < 0)
			return fail(e, EXIT_NOT_RUNNING, "%s: is not there; sipward is not running "
				    "on this host (start it: sipward run -i IFACE)", path);
	}
	return 0;
}

int state_open_private(struct state *state, const struct tables *tables, struct error *e)
{
	auto_skeleton struct sipward_bpf *skel = open_skeleton(e);

	for (int i = 0; skel && i < STATE_MAP_COUNT; i++) {
		struct bpf_map *map = find_map(skel, map_names[i]);
		uint32_t size = state_table_size(i, tables);

		state->fds[i] = make_map(map, size ? size : bpf_map__max_entries(map), e);
		if (state->fds[i] < 0)
			return -1;
	}
	return skel ? first_meta(state, e) : -1;
}

int state_private_counters(struct error *e)
{
	auto_skeleton struct sipward_bpf *skel = open_skeleton(e);

	return skel ? make_map(skel->maps.counters, SW_ZONES_MAX, e) : -1;
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

int state_write(const struct state *state, enum state_map map, const void *key,
		const void *value, uint64_t flags)
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

int state_open_counters(const char *iface, bool create, struct error *e)
{
	auto_skeleton struct sipward_bpf *skel = open_skeleton(e);
	struct error pin_error = {};
	char path[PATH_MAX];
	bool made;
	int fd;

	if (!skel)
		return -1;
	pin_path(path, iface, "");
	if (create && fault_point("make the directory of an interface", e) < 0)
		return -1;
	if (create && mkdir(path, 0700) < 0 && errno != EEXIST)
		return fail(e, EXIT_FAILED, "%s: cannot be made: %s", path, strerror(errno));
	pin_path(path, iface, "counters");
	if (create)
		return open_or_make(path, skel->maps.counters, 0, &made, e);
	fd = open_pin(path, skel->maps.counters, &pin_error);
	if (fd < 0)
		return fail(e, pin_error.code ? pin_error.code : EXIT_NOT_RUNNING, "%s",
			    pin_error.code ? pin_error.text :
					     "sipward has no counters for this interface");
	return fd;
}

int state_read_counters(int fd, struct sw_counters *counters, struct error *e)
{
	int cpus = libbpf_num_possible_cpus();
	auto_free struct sw_counters *values = xcalloc(cpus, sizeof(*values));
	const size_t words = sizeof(*values) / sizeof(uint64_t);

	for (uint32_t zone = 0; zone < SW_ZONES_MAX; zone++) {
		uint64_t *sum = (uint64_t *)&counters[zone];

		if (bpf_map_lookup_elem(fd, &zone, values) < 0)
			return fail(e, EXIT_FAILED, "map counters cannot be read: %s",
				    strerror(errno));
		memset(sum, 0, sizeof(*counters));
		for (int cpu = 0; cpu < cpus; cpu++)
			for (size_t i = 0; i < words; i++)
				sum[i] += ((uint64_t *)&values[cpu])[i];
	}
	return 0;
}

void string_list_free(char ***list)
{
	for (char **s = *list; s && *s; s++)
		free(*s);
	free(*list);
	*list = NULL;
}

static int remove_pin(const char *iface, const char *name, struct error *e)
{
	char path[PATH_MAX];

	pin_path(path, iface, name);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (fault_point("remove a pin", e) < 0)
		return -1;
	if (unlink(path) < 0 && errno != ENOENT)
		return fail(e, EXIT_FAILED, "%s: cannot be removed: %s", path, strerror(errno));
	return 0;
}

int state_detach(const char *iface, struct error *e)
{
	return remove_pin(iface, "link", e);
}

int state_remove_interface(const char *iface, struct error *e)
{
	char path[PATH_MAX];

	if (state_detach(iface, e) < 0 || remove_pin(iface, "counters", e) < 0)
		return -1;
	pin_path(path, iface, "");
	if (rmdir(path) < 0 && errno != ENOENT)
		return fail(e, EXIT_FAILED, "%s: cannot be removed: %s", path, strerror(errno));
	return 0;
}

static int remove_map(enum state_map map, struct error *e)
{
	char fresh[64];

	snprintf(fresh, sizeof(fresh), "%s_new", map_names[map]);
	return remove_pin(NULL, map_names[map], e) < 0 ? -1 : remove_pin(NULL, fresh, e);
}

int state_remove(struct error *e)
{
	auto_string_list char **interfaces = NULL;
	char foreign[256];

	if (pins_follow(NULL, e) < 0)
		return -1;
	interfaces = state_interfaces();
	for (char **iface = interfaces; *iface; iface++)
		if (state_remove_interface(*iface, e) < 0)
			return -1;
	/* meta, the first of them, says that the others are whole. */
	for (int i = 0; i < STATE_MAP_COUNT; i++)
		if (remove_map(i, e) < 0)
			return -1;
	if (remove_pin(NULL, NAMESPACE_PIN, e) < 0 || fault_point("remove the directory", e) < 0)
		return -1;
	if (rmdir(bpf_dir()) == 0 || errno == ENOENT)
		return 0;
	if (errno == ENOTEMPTY)
		return fail(e, EXIT_FAILED, "%s: holds '%s', which is not of this version of "
			    "sipward and was left alone; remove it (rm -r), then run detach again",
			    bpf_dir(), found_in(bpf_dir(), foreign));
	return fail(e, EXIT_FAILED, "%s: cannot be removed: %s", bpf_dir(), strerror(errno));
}
