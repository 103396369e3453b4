/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/tc_filters.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "kernel/netlink.h"
#include "kernel/skeleton.h"

/* Ours among the filters of an interface; 5060 lets most others come first. */
#define FILTER_HANDLE   1
#define FILTER_PRIORITY 5060

static struct bpf_tc_hook hook_of(int ifindex)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = ifindex,
		.attach_point = BPF_TC_EGRESS,
	};
}

/* The id of our filter's program, 0 when there is none. */
static __u32 filter_program(int ifindex)
{
	struct bpf_tc_hook hook = hook_of(ifindex);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	__u32 id = 0;

	libbpf_log_start(); /* "not there" is no warning */
	if (bpf_tc_query(&hook, &opts) == 0)
		id = opts.prog_id;
	return id;
}

static bool observer_present(int ifindex)
{
	auto_fd int fd = -1;
	__u32 id = filter_program(ifindex);
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (!id)
		return false;
	fd = bpf_prog_get_fd_by_id(id);
	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
	       strcmp(info.name, "sipward_egress") == 0;
}

uint32_t observer_program(int ifindex)
{
	return observer_present(ifindex) ? filter_program(ifindex) : 0;
}

/* *old gets a descriptor of the program that was there, or -1. */
static int observer_attach(int ifindex, int program, int *old, struct error *e)
{
	struct bpf_tc_hook hook = hook_of(ifindex);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY,
		    .prog_fd = program, .flags = BPF_TC_F_REPLACE);
	__u32 id = filter_program(ifindex);
	int error;

	*old = id ? bpf_prog_get_fd_by_id(id) : -1;
	error = bpf_tc_hook_create(&hook); /* one that is there is no warning */
	if (error && error != -EEXIST)
		return fail(e, EXIT_FAILED, "interface index %d: no clsact qdisc can be added: %s",
			    ifindex, strerror(-error));
	error = bpf_tc_attach(&hook, &opts);
	if (error)
		return fail(e, EXIT_FAILED,
			    "interface index %d: the observer cannot be attached "
			    "to TC egress: %s",
			    ifindex, strerror(-error));
	return 0;
}

void observer_detach(int ifindex)
{
	struct bpf_tc_hook hook = hook_of(ifindex);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);

	if (observer_present(ifindex))
		bpf_tc_detach(&hook, &opts);
}

bool observers_include(const struct observers *observers, int ifindex)
{
	for (size_t i = 0; i < observers->count; i++)
		if (observers->indexes[i] == ifindex)
			return true;
	return false;
}

void observers_detach(const struct observers *keep)
{
	struct if_nameindex *all = if_nameindex();

	for (struct if_nameindex *one = all; one && one->if_index; one++)
		if (!keep || !observers_include(keep, one->if_index))
			observer_detach(one->if_index);
	if_freenameindex(all);
}

static void add_interface(void *context, int ifindex)
{
	struct observers *to = context;
	char name[IF_NAMESIZE];

	if (!observers_include(to, ifindex) && ifindex > 0 && if_indextoname(ifindex, name) &&
	    strcmp(name, "lo"))
		append(to->indexes, to->count, ifindex);
}

int observers_find(struct observers *observers, const struct egress *egress, struct error *e)
{
	memset(observers, 0, sizeof(*observers));
	for (size_t i = 0; i < egress->named_count; i++)
		add_interface(observers, if_nametoindex(egress->named[i]));
	if (egress->routes && netlink_dump_routes(add_interface, observers, e) < 0)
		return -1;
	observers->before = xcalloc(observers->count, sizeof(*observers->before));
	for (size_t i = 0; i < observers->count; i++)
		observers->before[i] = -1;
	return 0;
}

void observers_back(const struct observers *observers)
{
	for (size_t i = 0; i < observers->count; i++) {
		struct error ignored = {};
		auto_fd int replaced = -1;

		if (observers->before[i] >= 0)
			observer_attach(observers->indexes[i], observers->before[i], &replaced,
					&ignored);
		else
			observer_detach(observers->indexes[i]);
	}
}

void observers_keep(struct observers *observers)
{
	for (size_t i = 0; observers->before && i < observers->count; i++)
		close_fd(&observers->before[i]);
	free(take(observers->before));
}

void observers_free(struct observers *observers)
{
	observers_keep(observers);
	free(observers->indexes);
	memset(observers, 0, sizeof(*observers));
}

int observers_swap(struct observers *observers, int program, struct error *e)
{
	observers->added = 0;
	for (size_t i = 0; i < observers->count; i++) {
		int *before = &observers->before[i];

		if (fault_point("swap: an observer", e) == 0 &&
		    observer_attach(observers->indexes[i], program, before, e) == 0) {
			observers->added += *before < 0;
			continue;
		}
		observers->count = i;
		observers_back(observers);
		return -1;
	}
	return 0;
}

size_t observers_missing(const struct observers *observers)
{
	char name[IF_NAMESIZE];
	size_t missing = 0;

	for (size_t i = 0; i < observers->count; i++)
		missing += !observer_present(observers->indexes[i]) &&
			   if_indextoname(observers->indexes[i], name);
	return missing;
}

int observers_mend(const struct observers *observers, int program, struct error *e)
{
	char name[IF_NAMESIZE];
	int mended = 0, done = 0;

	for (size_t i = 0; i < observers->count; i++) {
		auto_fd int before = -1;

		if (observer_present(observers->indexes[i]) ||
		    !if_indextoname(observers->indexes[i], name))
			continue;
		if (observer_attach(observers->indexes[i], program, &before, e) < 0)
			done = -1;
		else
			mended++;
	}
	return done < 0 ? -1 : mended;
}
