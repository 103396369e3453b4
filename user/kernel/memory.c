/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/memory.h"

#include <limits.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "kernel/list_change.h"
#include "kernel/skeleton.h"
#include "kernel/table_sizes.h"

/* Octets that the kernel adds to an entry of a hash: its header and its share of the buckets. */
#define HASH_OVERHEAD 64

/* Octets of an entry. With two million of them 108 and 131 were measured on kernel 6.18: a trie
 * has a node of its own for most branches, too. */
#define HOST_ENTRY 128
#define TRIE_ENTRY 160
#define BUCKET     32 /* of a hash: their number is a power of two */

/* The one that runs and the one that takes its place. */
#define GENERATIONS 2

/* The memory of the agent: its fixed part; the policy that runs, the next, and one that waits for
 * `confirm`; copies of the text on its way from a command; a value while it is read. */
#define AGENT_OCTETS    (32u << 20)
#define LOADED_POLICIES 3
#define COPIES          3
#define VALUE_OCTETS    200

/* The octets that whole pages may add, when lists are shortened to fit. */
#define ROUNDING (16 * 4096)

/* Entries by which a table is measured: some maps have several of them in a line. */
#define MEASURED 1024

/* The size of one entry of a table, in all maps that the table sizes. */
struct table_size {
	const char *name;
	uint64_t each;
};

static uint64_t entry_size(uint32_t type, uint32_t key_size, uint32_t value_size)
{
	uint64_t value = (value_size + 7) / 8 * 8;

	switch (type) {
	case BPF_MAP_TYPE_RINGBUF:
		return 1;
	case BPF_MAP_TYPE_ARRAY:
		return value;
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return value * libbpf_num_possible_cpus();
	default:
		return (key_size + 7) / 8 * 8 + value + HASH_OVERHEAD;
	}
}

uint64_t state_memory(const struct state *state)
{
	uint64_t sum = 0;

	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		struct bpf_map_info info = {};
		__u32 size = sizeof(info);

		if (bpf_obj_get_info_by_fd(state->fds[i], &info, &size) == 0)
			sum += info.max_entries *
			       entry_size(info.type, info.key_size, info.value_size);
	}
	return sum;
}

/* Measures each table, and in *fixed what the maps take that no table sizes. */
static int measure(struct table_size sizes[TABLE_COUNT], uint64_t *fixed, struct error *e)
{
	auto_skeleton struct sipward_bpf *skel = NULL;

	libbpf_log_start(); /* or libbpf talks to the user */
	skel = sipward_bpf__open();
	if (!skel)
		return fail(e, EXIT_FAILED, "the BPF object inside this binary cannot be read");
	memset(sizes, 0, TABLE_COUNT * sizeof(*sizes));
	*fixed = 0;
	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		const struct bpf_map *map =
			bpf_object__find_map_by_name(skel->obj, state_map_name(i));
		uint64_t size = entry_size(bpf_map__type(map), bpf_map__key_size(map),
					   bpf_map__value_size(map));
		bool sized = false;

		for (size_t table = 0; table < TABLE_COUNT; table++) {
			struct tables one = {};

			one.entries[table] = MEASURED;
			if (!state_table_size(i, &one))
				continue;
			/* The first of them has the table's name. */
			if (!sizes[table].name)
				sizes[table].name = state_map_name(i);
			sizes[table].each += size * state_table_size(i, &one) / MEASURED;
			sized = true;
		}
		if (!sized)
			*fixed += size * bpf_map__max_entries(map);
	}
	return 0;
}

/* Entries in the policy maps, by what each takes. */
struct list_counts {
	uint64_t prefixes, hosts, numbers, agents, addresses;
};

static uint64_t list_entries(const struct list_counts *counts)
{
	return counts->prefixes + counts->hosts + counts->numbers + counts->agents +
	       counts->addresses;
}

static struct list_counts count_lists(const struct policy *policy)
{
	struct list_counts counts = {
		.numbers = policy->number_count,
		.agents = policy->agent_count,
	};

	for (size_t i = 0; i < policy->list_count; i++) {
		const struct prefix *prefix = &policy->list[i].prefix;

		if (prefix->length == (prefix->ipv6 ? 128 : 32))
			counts.hosts++;
		else
			counts.prefixes++;
	}
	for (size_t i = 0; i < policy->zone_count; i++)
		counts.prefixes += policy->zones[i].source_count;
	for (size_t i = 0; i < policy->service_count; i++)
		counts.addresses += policy->services[i].address_count;
	return counts;
}

static uint64_t whole_pages(uint64_t octets)
{
	return (octets + 4095) / 4096 * 4096;
}

static uint64_t agent_memory(const struct policy *policy, const struct list_counts *counts)
{
	uint64_t text = whole_pages(policy->text_octets);
	uint64_t sources = counts->prefixes + counts->hosts - policy->list_count;
	uint64_t model = whole_pages(policy->list_count * sizeof(*policy->list) +
				     sources * sizeof(struct prefix) +
				     counts->numbers * sizeof(*policy->numbers) +
				     counts->agents * sizeof(*policy->agents) +
				     counts->addresses * sizeof(struct sw_addr));

	/* The model once more, numbers twice: they are sorted and put together by copying, and
	 * become keys and values of maps. */
	return AGENT_OCTETS + LOADED_POLICIES * (text + model) + COPIES * text + model +
	       whole_pages(counts->numbers * sizeof(*policy->numbers)) +
	       whole_pages(policy->text_values * VALUE_OCTETS);
}

static struct memory sum_up(const struct policy *policy, const struct table_size sizes[TABLE_COUNT],
			    uint64_t fixed)
{
	const uint32_t *entries = policy->tables.entries;
	struct list_counts counts = count_lists(policy);
	struct memory memory = {.tables = fixed, .entries = list_entries(&counts)};

	for (size_t i = 0; i < TABLE_COUNT; i++)
		memory.tables += sizes[i].each * entries[i];
	memory.lists =
		GENERATIONS * ((counts.prefixes + counts.numbers) * TRIE_ENTRY +
			       (counts.hosts + counts.agents + counts.addresses) * HOST_ENTRY);
	/* The buckets of hosts that a feed may still bring. */
	if (policy->lists_watched)
		memory.lists +=
			GENERATIONS * BUCKET * (uint64_t)watched_hosts(policy, counts.hosts);
	memory.agent = agent_memory(policy, &counts);
	memory.sum = memory.tables + memory.lists + memory.agent;
	return memory;
}

int memory_measure(const struct policy *policy, struct memory *memory, struct error *e)
{
	struct table_size sizes[TABLE_COUNT];
	uint64_t fixed;

	if (measure(sizes, &fixed, e) < 0)
		return -1;
	*memory = sum_up(policy, sizes, fixed);
	return 0;
}

uint64_t policy_memory(const struct policy *policy, struct error *e)
{
	struct memory memory;

	return memory_measure(policy, &memory, e) < 0 ? 0 : memory.sum;
}

/* The tightest memory.max from a control group up to the root, or `most`. */
static uint64_t group_allows(char *group, uint64_t most)
{
	for (char *end = group + strlen(group); end; end = strrchr(group, '/')) {
		char path[PATH_MAX], *text;
		unsigned long long max;

		*end = '\0';
		snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", group);
		text = access(path, R_OK) == 0 ? read_whole_file(path, 64, NULL, NULL) : NULL;
		if (text && sscanf(text, "%llu", &max) == 1 && max < most)
			most = max;
		free(text);
	}
	return most;
}

static bool sizes_written(const struct policy *policy)
{
	for (size_t i = 0; i < TABLE_COUNT; i++)
		if (policy->tables_at[i].line)
			return true;
	return false;
}

uint64_t memory_allowed(const struct policy *policy)
{
	auto_free char *groups = read_whole_file("/proc/self/cgroup", 1 << 16, NULL, NULL);
	struct sysinfo host = {};
	uint64_t most = UINT64_MAX;
	char *group;

	if (sysinfo(&host) == 0)
		most = (uint64_t)host.totalram * host.mem_unit;
	if (!policy || sizes_written(policy))
		most /= 2;
	group = groups ? strstr(groups, "0::/") : NULL;
	if (!group)
		return most;
	group += strlen("0::");
	group[strcspn(group, "\n")] = '\0';
	return group_allows(group, most);
}

/* The one that takes most of those that the policy's author wrote, or of all. */
static size_t largest(const struct policy *policy, const struct table_size sizes[TABLE_COUNT],
		      bool written)
{
	const uint32_t *entries = policy->tables.entries;
	uint64_t most = 0;
	size_t found = TABLE_COUNT;

	for (size_t i = 0; i < TABLE_COUNT; i++) {
		uint64_t size = sizes[i].each * entries[i];

		if (size <= most || (written && !policy->tables_at[i].line))
			continue;
		most = size;
		found = i;
	}
	return found < TABLE_COUNT ? found : largest(policy, sizes, false);
}

static int fail_table(const struct policy *policy, const struct table_size sizes[TABLE_COUNT],
		      size_t table, const struct memory *memory, uint64_t allowed, struct error *e)
{
	uint32_t entries = policy->tables.entries[table];
	uint64_t size = sizes[table].each * entries, others = memory->sum - size, fit = 0;
	auto_free char *where = NULL, *advice = NULL;

	if (others < allowed)
		fit = (allowed - others) / sizes[table].each;
	if (fit && table == TABLE_GREYLIST)
		fit = 1ull << (63 - __builtin_clzll(fit));
	where = policy->tables_at[table].line ?
			xasprintf("%s:%u:%u", policy->file, policy->tables_at[table].line,
				  policy->tables_at[table].column) :
			xstrdup(policy->file);
	advice =
		fit >= 16 ?
			xasprintf("write at most %llu", (unsigned long long)fit) :
			xasprintf(
				"the other tables alone take %.0f MB; write smaller numbers for them, "
				"too",
				others / 1e6);
	return fail(e, EXIT_POLICY,
		    "%s: tables: '%s' of %u entries takes %.0f MB when it is full, "
		    "and all tables %.0f MB, lists %.0f MB, the agent %.0f MB; %.0f MB are "
		    "allowed, half of this host's memory or what its control group may have; %s",
		    where, sizes[table].name, entries, size / 1e6, memory->tables / 1e6,
		    memory->lists / 1e6, memory->agent / 1e6, allowed / 1e6, advice);
}

/* Fewer entries of the same kinds take as much less, in the kernel and in the agent. */
static int fail_lists(const struct policy *policy, const struct memory *memory, uint64_t allowed,
		      struct error *e)
{
	uint64_t lists = memory->lists + memory->agent - AGENT_OCTETS;
	uint64_t others = memory->sum - lists + ROUNDING;
	uint64_t fit = others < allowed ?
			       (unsigned __int128)(allowed - others) * memory->entries / lists :
			       0;
	auto_free char *advice =
		fit ? xasprintf("write lists of at most %llu entries", (unsigned long long)fit) :
		      xasprintf("all else takes %.0f MB; write smaller tables, too", others / 1e6);

	return fail(e, EXIT_POLICY,
		    "%s: lists: the %llu entries of all lists (prefixes, numbers "
		    "of each zone, names of attack tools) take %.0f MB in the kernel, while one "
		    "policy takes the place of another, and %.0f MB in the agent, all tables "
		    "%.0f MB; %.0f MB are allowed, half of this host's memory or what its control "
		    "group may have; %s",
		    policy->file, (unsigned long long)memory->entries, memory->lists / 1e6,
		    memory->agent / 1e6, memory->tables / 1e6, allowed / 1e6, advice);
}

int memory_check(const struct policy *policy, uint64_t allowed, struct error *e)
{
	struct table_size sizes[TABLE_COUNT];
	struct memory memory;
	uint64_t fixed;
	size_t table;

	if (measure(sizes, &fixed, e) < 0)
		return -1;
	memory = sum_up(policy, sizes, fixed);
	if (memory.sum <= allowed)
		return 0;
	table = largest(policy, sizes, true);
	if (memory.lists + memory.agent - AGENT_OCTETS >
	    sizes[table].each * policy->tables.entries[table])
		return fail_lists(policy, &memory, allowed, e);
	return fail_table(policy, sizes, table, &memory, allowed, e);
}
