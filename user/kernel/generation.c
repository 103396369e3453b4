/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/generation.h"

#include <errno.h>
#include <string.h>

#include "base/fault.h"
#include "kernel/compile_content.h"
#include "kernel/list_change.h"

#define PART 16384 /* entries that are written with one call: some 16 ms */

/* Entries of one policy map, gathered and then written in one batch. */
struct batch {
	struct bpf_map *map;
	void *keys;
	size_t key_count;
	uint32_t *values;
	size_t value_count;
};

/* clang-format off */
enum { BATCH_ZONES_V4, BATCH_ZONES_V6, BATCH_HOSTS, BATCH_LISTS_V4, BATCH_LISTS_V6,
       BATCH_SERVICE_ADDRS, BATCH_NUMBERS, BATCH_AGENTS, BATCH_COUNT };
/* clang-format on */

static void batch_add(struct batch *batch, const void *key, uint32_t value)
{
	append_item(&batch->keys, &batch->key_count, key, bpf_map__key_size(batch->map));
	append(batch->values, batch->value_count, value);
}

static void batch_add_prefix(struct batch *v4, struct batch *v6, const struct prefix *prefix,
			     uint32_t value)
{
	struct sw_prefix6 key6 = {.length = prefix->length};
	struct sw_prefix4 key4 = {.length = prefix->length};

	if (prefix->ipv6) {
		memcpy(key6.octets, prefix->addr.octets, sizeof(key6.octets));
		batch_add(v6, &key6, value);
	} else {
		memcpy(key4.octets, prefix->addr.octets + 12, sizeof(key4.octets));
		batch_add(v4, &key4, value);
	}
}

static void batches_free(struct batch (*all)[BATCH_COUNT])
{
	struct batch *batches = *all;

	for (int i = 0; i < BATCH_COUNT; i++) {
		free(batches[i].keys);
		free(batches[i].values);
	}
}

static void gather_prefixes(const struct generation_source *source, struct batch *batches)
{
	const struct policy *policy = source->policy;

	for (size_t i = 0; i < policy->zone_count; i++)
		for (size_t j = 0; j < policy->zones[i].source_count; j++)
			batch_add_prefix(&batches[BATCH_ZONES_V4], &batches[BATCH_ZONES_V6],
					 &policy->zones[i].sources[j], source->numbers[i]);
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list_entry *entry = &policy->list[i];

		if (entry->prefix.length == (entry->prefix.ipv6 ? 128 : 32))
			batch_add(&batches[BATCH_HOSTS], &entry->prefix.addr, entry->list);
		else
			batch_add_prefix(&batches[BATCH_LISTS_V4], &batches[BATCH_LISTS_V6],
					 &entry->prefix, entry->list);
	}
	for (size_t i = 0; i < policy->service_count; i++) {
		const struct service *service = &policy->services[i];
		struct sw_service_addr key = {.service = i};

		for (size_t j = 0; j < service->address_count; j++) {
			key.addr = service->addresses[j];
			batch_add(&batches[BATCH_SERVICE_ADDRS], &key, 1);
		}
	}
}

static void gather_agents(const struct generation_source *source, struct batch *batch)
{
	for (size_t i = 0; i < source->policy->agent_count; i++) {
		uint64_t key = compile_agent(&source->policy->agents[i]);

		batch_add(batch, &key, source->policy->agents[i].action);
	}
}

static void gather_numbers(const struct generation_source *source, struct batch *batch)
{
	for (size_t i = 0; i < source->policy->number_count; i++) {
		const struct number_rule *rule = &source->policy->numbers[i];
		struct sw_number key = compile_number(rule, source->numbers[rule->zone]);

		batch_add(batch, &key, compile_number_value(rule));
	}
}

static void gather(const struct generation_source *source, struct batch *batches)
{
	gather_prefixes(source, batches);
	gather_numbers(source, &batches[BATCH_NUMBERS]);
	gather_agents(source, &batches[BATCH_AGENTS]);
}

/* In parts: a call with millions of entries would keep the process in the kernel for seconds. */
static int write_batch(const struct batch *batch, struct error *e)
{
	size_t key_size = bpf_map__key_size(batch->map);

	for (size_t done = 0; done < batch->key_count; done += PART) {
		size_t left = batch->key_count - done;
		__u32 count = left < PART ? left : PART;

		if (bpf_map_update_batch(bpf_map__fd(batch->map),
					 (char *)batch->keys + done * key_size,
					 batch->values + done, &count, NULL) < 0)
			return fail(e, EXIT_FAILED,
				    "map %s: entry %zu of %zu cannot be written: "
				    "%s",
				    bpf_map__name(batch->map), done + count, batch->key_count,
				    strerror(errno));
	}
	return 0;
}

static int reuse(struct bpf_map *map, int fd, struct error *e)
{
	if (bpf_map__reuse_fd(map, fd) < 0)
		return fail(e, EXIT_FAILED, "map %s cannot be shared: %s", bpf_map__name(map),
			    strerror(errno));
	return 0;
}

static int reuse_state(struct sipward_bpf *skel, const struct state *state, struct error *e)
{
	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skel->obj, state_map_name(i));

		if (reuse(map, state->fds[i], e) < 0)
			return -1;
	}
	return 0;
}

static uint32_t entries_of(const struct policy *policy, const struct batch *batches, int i)
{
	size_t count = batches[i].key_count;

	switch (i) {
	case BATCH_ZONES_V4:
	case BATCH_ZONES_V6:
		return watched_prefixes(policy->zones_watched, count);
	case BATCH_LISTS_V4:
	case BATCH_LISTS_V6:
		return watched_prefixes(policy->lists_watched, count);
	case BATCH_HOSTS:
		return watched_hosts(policy, count);
	default:
		return count ? count : 1;
	}
}

/* The first program of a generation makes the policy maps, the others share them. */
static int prepare_policy_maps(struct batch *batches, const struct generation_source *source,
			       struct error *e)
{
	const struct sipward_bpf *share = source->share;

	for (int i = 0; i < BATCH_COUNT; i++) {
		struct bpf_map *map = batches[i].map;
		const char *name = bpf_map__name(map);

		if (share) {
			if (reuse(map, bpf_object__find_map_fd_by_name(share->obj, name), e) < 0)
				return -1;
		} else {
			bpf_map__set_max_entries(map, entries_of(source->policy, batches, i));
		}
	}
	return 0;
}

static int load(struct sipward_bpf *skel, bool multi_buffer, bool observer, struct error *e)
{
	bpf_program__set_autoload(skel->progs.sipward_xdp, multi_buffer);
	bpf_program__set_autoload(skel->progs.sipward_linear, !multi_buffer);
	bpf_program__set_autoload(skel->progs.sipward_egress, observer);
	libbpf_log_start();
	if (sipward_bpf__load(skel) < 0)
		return fail(e, EXIT_FAILED, "the kernel refused the program: %s\n%s",
			    strerror(errno), libbpf_log_tail());
	return 0;
}

static int fill(const struct batch *batches, const struct sipward_bpf *share, struct error *e)
{
	for (int i = 0; !share && i < BATCH_COUNT; i++)
		if (write_batch(&batches[i], e) < 0)
			return -1;
	return 0;
}

static __u32 scan_needs(const struct sw_policy *policy)
{
	__u32 needs = 0;

#define NEEDS(used, what) \
	if (used)         \
		needs |= what;
#include <sipward/rules.def>
	return needs;
}

struct sipward_bpf *generation_load(const struct generation_source *source, int counters_fd,
				    bool multi_buffer, struct error *e)
{
	auto_skeleton struct sipward_bpf *skel = sipward_bpf__open();
	cleanup(batches_free) struct batch batches[BATCH_COUNT] = {};

	if (!skel) {
		fail(e, EXIT_FAILED, "the BPF object inside this binary cannot be read");
		return NULL;
	}
	batches[BATCH_ZONES_V4].map = skel->maps.zones_v4;
	batches[BATCH_ZONES_V6].map = skel->maps.zones_v6;
	batches[BATCH_HOSTS].map = skel->maps.list_hosts;
	batches[BATCH_LISTS_V4].map = skel->maps.lists_v4;
	batches[BATCH_LISTS_V6].map = skel->maps.lists_v6;
	batches[BATCH_SERVICE_ADDRS].map = skel->maps.service_addrs;
	batches[BATCH_NUMBERS].map = skel->maps.numbers;
	batches[BATCH_AGENTS].map = skel->maps.agents;
	if (!source->share)
		gather(source, batches);

	memcpy((void *)&skel->rodata->policy, source->compiled, sizeof(*source->compiled));
	*(__u32 *)&skel->rodata->in_test_run = source->in_test_run;
	*(__u32 *)&skel->rodata->scan_needs =
		source->scan_all ? SIP_NEED_ALL : scan_needs(source->compiled);
	if (reuse_state(skel, source->state, e) < 0 ||
	    reuse(skel->maps.counters, counters_fd, e) < 0 ||
	    prepare_policy_maps(batches, source, e) < 0 ||
	    /* One observer serves all interfaces. */
	    load(skel, multi_buffer, source->compiled->observed && !source->share, e) < 0 ||
	    fault_point("prepare: fill policy maps", e) < 0 || fill(batches, source->share, e) < 0)
		return NULL;
	return take(skel);
}

int generation_program(const struct sipward_bpf *skel)
{
	return bpf_program__fd(bpf_program__autoload(skel->progs.sipward_xdp) ?
				       skel->progs.sipward_xdp :
				       skel->progs.sipward_linear);
}
