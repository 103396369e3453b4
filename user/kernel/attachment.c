/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/attachment.h"

#include <errno.h>
#include <string.h>

#include "kernel/netlink.h"
#include "kernel/paths.h"
#include "kernel/pins.h"
#include "kernel/skeleton.h"

const char *attach_mode_name(enum attach_mode mode)
{
	static const char *const names[] = {"none", "native", "generic", "elsewhere"};

	return names[mode];
}

/* The constants of the program, found among its maps: .rodata by its name. Other data that the
 * compiler put there does not matter; the ABI version tells whether the layout is ours. */
static struct sw_policy *read_policy(const struct bpf_prog_info *program, const __u32 *map_ids)
{
	const size_t start = offsetof(struct sipward_bpf__rodata, policy);

	for (__u32 i = 0; i < program->nr_map_ids; i++) {
		auto_fd int fd = bpf_map_get_fd_by_id(map_ids[i]);
		auto_free struct sw_policy *policy = xcalloc(1, sizeof(*policy));
		auto_free char *value = NULL;
		struct bpf_map_info info = {};
		__u32 size = sizeof(info), zero = 0;

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ||
		    !strstr(info.name, ".rodata") || info.value_size < start + sizeof(*policy))
			continue;
		value = xcalloc(1, info.value_size);
		if (bpf_map_lookup_elem(fd, &zero, value) < 0)
			continue;
		memcpy(policy, value + start, sizeof(*policy));
		if (policy->abi_version == SW_ABI_VERSION)
			return take(policy);
	}
	return NULL;
}

static bool is_our_name(const char *program)
{
	return strcmp(program, "sipward_xdp") == 0 || strcmp(program, "sipward_linear") == 0;
}

static int read_program(__u32 id, struct attachment *attachment, struct error *e)
{
	auto_fd int fd = bpf_prog_get_fd_by_id(id);
	__u32 map_ids[64] = {};
	struct bpf_prog_info info = {.nr_map_ids = array_size(map_ids), .map_ids = (__u64)map_ids};
	__u32 size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return fail(e, EXIT_FAILED, "interface %s: program %u cannot be read: %s",
			    attachment->iface, id, strerror(errno));
	attachment->program_id = id;
	attachment->verified = info.verified_insns;
	attachment->multi_buffer = strcmp(info.name, "sipward_xdp") == 0;
	for (int i = 0; i < BPF_TAG_SIZE; i++)
		snprintf(attachment->tag + 2 * i, 3, "%02x", info.tag[i]);
	attachment->policy = read_policy(&info, map_ids);
	if (!attachment->policy && !is_our_name(info.name))
		return fail(e, EXIT_FAILED,
			    "interface %s: the program %u (%s) behind sipward's "
			    "link is not one of sipward's: another tool put it there; the agent "
			    "restores its own (sipward run)",
			    attachment->iface, id, info.name);
	if (!attachment->policy)
		return fail(e, EXIT_FAILED,
			    "interface %s: program %u was loaded by another "
			    "version of sipward; start this version's agent to replace it (sipward "
			    "run)",
			    attachment->iface, id);
	return 0;
}

/* Reads the program on an interface that none of our links holds. */
static void read_other(struct attachment *attachment, const struct link_now *now)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	auto_fd int fd = -1;

	attachment->other = link_program_id(now);
	fd = attachment->other ? bpf_prog_get_fd_by_id(attachment->other) : -1;
	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
		memcpy(attachment->other_name, info.name, sizeof(attachment->other_name));
}

static int read_link(struct attachment *attachment, const struct link_held *held, struct error *e)
{
	struct link_now now = {};

	if (held->ifindex && netlink_link(held->ifindex, &now, e) < 0)
		return -1;
	if (!link_has_program(&now, held->program)) {
		attachment->mode = held->ifindex ? ATTACH_ELSEWHERE : ATTACH_NONE;
		return 0;
	}
	attachment->mode = now.native == held->program ? ATTACH_NATIVE : ATTACH_GENERIC;
	attachment->ifindex = held->ifindex;
	snprintf(attachment->now, sizeof(attachment->now), "%s", now.name);
	return 0;
}

int attachment_read(const char *iface, struct attachment *attachment, struct error *e)
{
	struct link_held held = {};
	struct link_now now;
	char path[PATH_MAX];
	auto_fd int link = -1;

	memset(attachment, 0, sizeof(*attachment));
	snprintf(attachment->iface, sizeof(attachment->iface), "%s", iface);
	pin_path(path, iface, "link");
	link = bpf_obj_get(path);
	if (link < 0 && errno != ENOENT)
		return fail(e, EXIT_FAILED, "%s: cannot be read: %s", path, strerror(errno));
	if (link_read(link, &held) && read_link(attachment, &held, e) < 0)
		return -1;
	if (attachment->mode == ATTACH_NONE)
		attachment->why = link < 0 ? ATTACH_WHY_NO_PIN : ATTACH_WHY_DETACHED;
	if (attachment->mode == ATTACH_NATIVE || attachment->mode == ATTACH_GENERIC)
		return read_program(held.program, attachment, e);
	attachment->ifindex = if_nametoindex(iface);
	if (attachment->ifindex && netlink_link(attachment->ifindex, &now, e) > 0) {
		snprintf(attachment->now, sizeof(attachment->now), "%s", now.name);
		read_other(attachment, &now);
	}
	return attachment->mode == ATTACH_NONE ? 0 : read_program(held.program, attachment, e);
}

bool attachment_is_ours(uint32_t program_id)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	auto_fd int fd = bpf_prog_get_fd_by_id(program_id);

	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && is_our_name(info.name);
}

bool attachment_of_link(const struct link_now *now, struct attachment *attachment)
{
	uint32_t id = link_program_id(now);
	struct error other_version = {};

	memset(attachment, 0, sizeof(*attachment));
	if (!id || !attachment_is_ours(id))
		return false;
	memcpy(attachment->iface, now->name, IFNAMSIZ);
	memcpy(attachment->now, now->name, IFNAMSIZ);
	attachment->ifindex = now->ifindex;
	attachment->mode = now->native ? ATTACH_NATIVE : ATTACH_GENERIC;
	read_program(id, attachment, &other_version);
	return true;
}

int attach_link(const char *iface, int ifindex)
{
	struct link_held held;
	struct link_now now;
	char path[PATH_MAX];
	auto_fd int link = -1;

	pin_path(path, iface, "link");
	link = bpf_obj_get(path);
	if (link < 0)
		return -1;
	if (link_read(link, &held) && held.ifindex == ifindex &&
	    netlink_link(ifindex, &now, NULL) > 0 && link_has_program(&now, held.program))
		return take_fd(link);
	return -1;
}

void attachment_free(struct attachment *attachment)
{
	free(attachment->policy);
	attachment->policy = NULL;
}
