/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/fault.h"
#include "kernel/attachment.h"
#include "kernel/compile.h"
#include "kernel/compile_patches.h"
#include "kernel/counters.h"
#include "kernel/generation.h"
#include "kernel/nic.h"
#include "kernel/paths.h"
#include "kernel/pinned_interfaces.h"
#include "kernel/resize.h"
#include "kernel/state_values.h"
#include "kernel/tc_filters.h"
#include "kernel/unpin.h"
#include "kernel/zone_numbers.h"

/* One interface in the course of an apply: the program that it ran, and the one that it is to
 * run. */
struct swap {
	const char *iface;
	int ifindex;
	struct sipward_bpf *skel;
	int counters;
	int link;        /* pinned already, or made by this apply */
	int old_program; /* -1: nothing of ours was attached */
	bool done;
};

/* Data that the phases share. */
struct apply_work {
	struct generation_source source;
	struct sw_policy compiled;
	uint8_t numbers[SW_ZONES_MAX];
	struct resize resize;
	struct state state;  /* what the new programs use; owns nothing */
	struct swap swaps[]; /* one for each interface, and an empty one */
};

static void work_free(struct apply_work *work)
{
	for (struct swap *swap = work ? work->swaps : NULL; swap && swap->iface; swap++) {
		skeleton_destroy(&swap->skel);
		close_fd(&swap->counters);
		close_fd(&swap->link);
		close_fd(&swap->old_program);
	}
	if (work)
		resize_free(&work->resize);
	free(work);
}

static int interface_up(const char *iface, struct error *e)
{
	auto_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", iface);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return fail(e, EXIT_INTERFACE, "interface %s: cannot be read: %s", iface,
			    strerror(errno));
	if (!(request.ifr_flags & IFF_UP))
		return fail(e, EXIT_INTERFACE, "interface %s is down; run: ip link set %s up",
			    iface, iface);
	return 0;
}

/* Somebody else's program is named, never evicted. */
static int no_foreign_program(const char *iface, int ifindex, struct error *e)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info), id;
	auto_fd int fd = -1;
	char tag[2 * BPF_TAG_SIZE + 1] = "unknown";

	if (bpf_xdp_query(ifindex, 0, &query) < 0)
		return fail(e, EXIT_FAILED, "interface %s: its XDP program cannot be queried: %s",
			    iface, strerror(errno));
	id = query.prog_id     ? query.prog_id :
	     query.drv_prog_id ? query.drv_prog_id :
				 query.skb_prog_id;
	if (!id && query.attach_mode == XDP_ATTACHED_NONE)
		return 0;
	fd = bpf_prog_get_fd_by_id(id);
	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
		for (int i = 0; i < BPF_TAG_SIZE; i++)
			snprintf(tag + 2 * i, 3, "%02x", info.tag[i]);
	return fail(e, EXIT_INTERFACE,
		    "interface %s already carries an XDP program that is not of "
		    "this sipward: id %u, name %s, tag %s; it was left alone. Remove it first "
		    "(ip link set dev %s xdp off, or the tool that put it there)",
		    iface, id, info.name[0] ? info.name : "(none)", tag, iface);
}

int attach_check(const char *iface, struct error *e)
{
	int ifindex = if_nametoindex(iface);
	auto_fd int link = -1;

	if (!ifindex)
		return fail_no_interface(iface, e);
	link = attach_link(iface, ifindex);
	if (link >= 0)
		return 0;
	return interface_up(iface, e) < 0 ? -1 : no_foreign_program(iface, ifindex, e);
}

static int link_program(int link, bool *multi_buffer)
{
	struct bpf_link_info info = {};
	struct bpf_prog_info program = {};
	__u32 size = sizeof(info);
	int fd;

	if (bpf_obj_get_info_by_fd(link, &info, &size) < 0)
		return -1;
	fd = bpf_prog_get_fd_by_id(info.xdp.ifindex ? info.prog_id : 0);
	size = sizeof(program);
	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &program, &size) == 0)
		*multi_buffer = strcmp(program.name, "sipward_linear") != 0;
	return fd;
}

/* Loads the program of one interface, of the kind that its link already has. */
static int load_one(struct swap *swap, struct generation_source *source, const char *iface,
		    struct error *e)
{
	bool multi_buffer = true;

	swap->iface = iface;
	swap->counters = swap->link = swap->old_program = -1;
	swap->ifindex = if_nametoindex(iface);
	if (attach_check(iface, e) < 0)
		return -1;
	swap->link = attach_link(iface, swap->ifindex);
	if (swap->link >= 0)
		swap->old_program = link_program(swap->link, &multi_buffer);
	swap->counters = state_open_counters(iface, true, e);
	if (swap->counters < 0)
		return -1;
	if (fault_point("prepare: load a program", e) < 0)
		return -1;
	swap->skel = generation_load(source, swap->counters, multi_buffer, e);
	if (!swap->skel)
		return -1;
	if (!source->share)
		source->share = swap->skel;
	return 0;
}

static int create_link(const struct swap *swap, const struct sipward_bpf *skel, __u32 flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);

	return bpf_link_create(generation_program(skel), swap->ifindex, BPF_XDP, &opts);
}

/* Native mode; native without multi-buffer frames; generic: the first that the driver takes. */
static int attach_new(struct swap *swap, const struct generation_source *source,
		      void (*note)(const char *), struct error *e)
{
	auto_skeleton struct sipward_bpf *linear = NULL;
	auto_free char *text = NULL;
	int reason;

	swap->link = create_link(swap, swap->skel, XDP_FLAGS_DRV_MODE);
	if (swap->link >= 0)
		return 0;
	reason = errno;
	if (reason == EBUSY || reason == EEXIST)
		return no_foreign_program(swap->iface, swap->ifindex, e) < 0 ?
			       -1 :
			       fail(e, EXIT_INTERFACE, "interface %s is busy: %s", swap->iface,
				    strerror(reason));
	linear = generation_load(source, swap->counters, false, e);
	if (!linear)
		return -1;
	swap->link = create_link(swap, linear, XDP_FLAGS_DRV_MODE);
	if (swap->link >= 0) {
		text = xasprintf("interface %s: native mode without multi-buffer frames: the "
				 "driver refused the program that supports them (%s)",
				 swap->iface, strerror(reason));
		note(text);
		return 0;
	}
	reason = errno;
	swap->link = create_link(swap, swap->skel, XDP_FLAGS_SKB_MODE);
	if (swap->link < 0)
		return fail(e, EXIT_INTERFACE,
			    "interface %s: neither native (%s) nor generic (%s) "
			    "mode could be attached",
			    swap->iface, strerror(reason), strerror(errno));
	text = xasprintf("interface %s: fell back to generic mode, which costs several times more "
			 "CPU for each packet: the driver refused native mode (%s)",
			 swap->iface, strerror(reason));
	note(text);
	return 0;
}

static int pin_link(const struct swap *swap, struct error *e)
{
	char path[PATH_MAX];

	pin_path(path, swap->iface, "link");
	if (fault_point("swap: pin a link", e) < 0)
		return -1;
	unlink(path); /* of a link that holds this interface no more */
	if (bpf_obj_pin(swap->link, path) < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be pinned: %s", path, strerror(errno));
	return 0;
}

static int swap_in(struct swap *swap, const struct generation_source *source,
		   void (*note)(const char *), struct error *e)
{
	LIBBPF_OPTS(bpf_link_update_opts, opts, .flags = BPF_F_REPLACE);

	if (fault_point("swap: a program", e) < 0)
		return -1;
	if (swap->old_program < 0) {
		if (attach_new(swap, source, note, e) < 0 || pin_link(swap, e) < 0)
			return -1;
	} else {
		opts.old_prog_fd = swap->old_program;
		if (bpf_link_update(swap->link, generation_program(swap->skel), &opts) < 0)
			return fail(e, EXIT_FAILED,
				    "interface %s: the program behind its link "
				    "cannot be replaced: %s; another tool may have changed it just "
				    "now",
				    swap->iface, strerror(errno));
	}
	swap->done = true;
	return 0;
}

/* Back to what ran before. A link made by this apply goes with its descriptor and pin. */
static void swap_back(const struct swap *swap)
{
	char path[PATH_MAX];

	if (!swap->done)
		return;
	if (swap->old_program >= 0) {
		bpf_link_update(swap->link, swap->old_program, NULL);
	} else {
		pin_path(path, swap->iface, "link");
		unlink(path);
	}
}

static bool named(const char *iface, char (*names)[IFNAMSIZ], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], iface) == 0)
			return true;
	return false;
}

static void remove_others(const struct apply *apply)
{
	auto_string_list char **pinned = state_interfaces();

	for (char **iface = pinned; *iface; iface++) {
		auto_free char *text = NULL;
		struct error e = {};

		if (named(*iface, apply->wanted, apply->wanted_count))
			continue;
		if (state_remove_interface(*iface, &e) < 0)
			text = xasprintf("interface %s: the policy no longer names it, but sipward "
					 "cannot be detached: %s",
					 *iface, e.text);
		else
			text = xasprintf("interface %s: sipward was detached, because the policy "
					 "no longer names it",
					 *iface);
		apply->note(text);
	}
}

/* Zone numbers in use by the programs that run now. */
static uint64_t numbers_in_use(const struct apply *apply)
{
	uint64_t used = 0;

	for (size_t i = 0; i < apply->interface_count; i++) {
		auto_attachment struct attachment attachment = {};
		struct error ignored = {};

		if (attachment_read(apply->interfaces[i], &attachment, &ignored) < 0 ||
		    !attachment.policy)
			continue;
		for (int zone = 0; zone < SW_ZONES_MAX; zone++)
			if (attachment.policy->zones[zone].methods)
				used |= 1ull << zone;
	}
	return used;
}

static int load_all(const struct apply *apply, struct error *e)
{
	struct apply_work *work = apply->work;

	for (size_t i = 0; i < apply->interface_count; i++)
		if (load_one(&work->swaps[i], &work->source, apply->interfaces[i], e) < 0)
			return -1;
	return 0;
}

/* Where the answers leave, as the policy says or the routes. */
static int find_observers(struct apply *apply, struct error *e)
{
	const struct policy *policy = apply->policy;
	const struct egress egress = {
		.named = policy->observe_count ? policy->observe : apply->wanted,
		.named_count = policy->observe_count ? policy->observe_count : apply->wanted_count,
		.routes = !policy->observe_count,
	};

	if (!apply->work->compiled.observed || !apply->work->source.share)
		return 0;
	apply->observer = fcntl(bpf_program__fd(apply->work->source.share->progs.sipward_egress),
				F_DUPFD_CLOEXEC, 0);
	return observers_find(&apply->observers, &egress, e);
}

/* FNV-1a: tells one set of ports from another. */
static uint64_t fingerprint(const void *data, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const uint8_t *)data)[i]) * 0x100000001b3ull;
	return hash;
}

/* A fingerprint of the notes that the observer takes for rules that judge by a missing note. A rule
 * that needs more notes than before knows nothing of the time before it. */
static uint64_t notes_of(const struct sw_policy *compiled)
{
	bool calls = compiled->egress & SW_EGRESS_DIALOGS, dialogs = compiled->to_tags;

	return fingerprint(compiled->udp_ports, sizeof(compiled->udp_ports)) ^
	       (calls | dialogs << 1);
}

/* Numbers and constants of the new generation. Its number is given out at once: no other generation
 * gets the same one, even if this one fails. */
static int compile(struct apply *apply, struct error *e)
{
	struct apply_work *work = apply->work;
	struct sw_meta meta;

	if (state_meta_read(apply->state, &meta, e) < 0)
		return -1;
	apply->generation = ++meta.generation;
	if (fault_point("prepare: give out a number", e) < 0 ||
	    state_meta_write(apply->state, &meta, e) < 0 ||
	    state_number_zones(apply->state, apply->policy, numbers_in_use(apply),
			       apply->generation, work->numbers, e) < 0)
		return -1;
	compile_policy(apply->policy, work->numbers, &meta, &work->compiled);
	if (state_number_patches(apply->state, apply->policy, &work->compiled, e) < 0)
		return -1;
	work->compiled.compiled = monotonic_ns();
	work->compiled.check_local = apply->check_local;
	apply->services = notes_of(&work->compiled);
	return 0;
}

int apply_prepare(struct apply *apply, struct error *e)
{
	size_t size = (apply->interface_count + 1) * sizeof(struct swap);
	struct apply_work *work = xcalloc(1, sizeof(*work) + size);

	apply->work = work;
	apply->observer = -1;
	work->resize = (struct resize)RESIZE_NONE;
	work->state = *apply->state;
	work->source = (struct generation_source){
		.state = &work->state,
		.policy = apply->policy,
		.compiled = &work->compiled,
		.numbers = work->numbers,
	};
	if (compile(apply, e) < 0 ||
	    resize_prepare(&work->resize, apply->state, &apply->policy->tables, e) < 0)
		return -1;
	resize_use(&work->resize, work->state.fds);
	return load_all(apply, e) < 0 ? -1 : find_observers(apply, e);
}

/* The observer first: its notes are good for any program, and the new one relies on them. */
int apply_swap(struct apply *apply, struct error *e)
{
	struct swap *swaps = apply->work->swaps;

	if (fault_point("swap: the observers", e) < 0 ||
	    (apply->observer >= 0 && observers_swap(&apply->observers, apply->observer, e) < 0))
		return -1;
	for (size_t i = 0; i < apply->interface_count; i++) {
		if (swap_in(&swaps[i], &apply->work->source, apply->note, e) == 0)
			continue;
		while (i-- > 0)
			swap_back(&swaps[i]);
		observers_back(&apply->observers);
		return -1;
	}
	fault_point("swap: take off observers", NULL);
	observers_detach(&apply->observers);
	observers_keep(&apply->observers);
	resize_swap(&apply->work->resize, apply->state);
	return 0;
}

void apply_settle(struct apply *apply)
{
	fault_point("settle", NULL);
	resize_settle(&apply->work->resize, apply->note);
}

void apply_finish(struct apply *apply)
{
	fault_point("finish", NULL);
	resize_finish(&apply->work->resize, apply->state, apply->note);
	remove_others(apply);
	fault_point("finish: done", NULL);
}

int apply_generation(struct apply *apply, struct error *e)
{
	if (apply_prepare(apply, e) < 0 || apply_swap(apply, e) < 0)
		return -1;
	apply_settle(apply);
	apply_finish(apply);
	return 0;
}

void apply_free(struct apply *apply)
{
	work_free(take(apply->work));
	free(apply->interfaces);
	free(apply->wanted);
	free(apply->meant);
	close_fd(&apply->observer);
	observers_free(&apply->observers);
}
