/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/repair.h"

#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/stat.h>

#include <bpf/bpf.h>

#include "agent/core.h"
#include "agent/say.h"
#include "export/json.h"
#include "kernel/attachment.h"
#include "kernel/counters.h"
#include "kernel/namespace.h"
#include "kernel/paths.h"
#include "kernel/pins.h"
#include "kernel/unpin.h"

/* --- telling --- */

static void record(struct agent *agent, enum repair repair, int ifindex, const char *text)
{
	struct sw_event event = {
		.time = monotonic_ns(),
		.ifindex = ifindex,
		.mode = SW_MODE_ENFORCE,
		.kind = SW_EVENT_REPAIR,
		.evidence = repair,
	};

	agent->repairs.counts[repair]++;
	agent->repairs.at = event.time;
	snprintf(agent->repairs.last, sizeof(agent->repairs.last), "%s", text);
	history_add(&agent->history, &event);
}

void repaired(struct agent *agent, enum repair repair, int ifindex, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	say(SAY_WARNING "%s", text);
	record(agent, repair, ifindex, text);
}

static __attribute__((format(printf, 2, 3))) void trouble(struct protected *iface, const char *fmt,
							  ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	say_once(say_text, iface->trouble, sizeof(iface->trouble), text);
}

struct json_object *repairs_json(const struct agent *agent)
{
	struct json_object *o = json_object_new_object();
	struct json_object *counts = json_object_new_object();

	for (int i = 0; i < REPAIR_COUNT; i++)
		json_count(counts, repair_name(i), agent->repairs.counts[i]);
	json_object_object_add(o, "counts", counts);
	json_text(o, "last", agent->repairs.at ? agent->repairs.last : NULL);
	if (agent->repairs.at)
		json_count(o, "seconds_ago", (monotonic_ns() - agent->repairs.at) / SW_NS_PER_SEC);
	return o;
}

/* --- holding --- */

void protected_release(struct protected *iface)
{
	close_fd(&iface->link);
	close_fd(&iface->program);
	close_fd(&iface->counters);
	iface->link = iface->program = iface->counters = -1;
	iface->attached = false;
}

void protected_hold(struct protected *iface)
{
	auto_attachment struct attachment attachment = {};
	struct error ignored = {};
	char path[PATH_MAX];

	iface->link = iface->program = iface->counters = -1;
	if (attachment_read(iface->name, &attachment, &ignored) < 0 ||
	    (attachment.mode != ATTACH_NATIVE && attachment.mode != ATTACH_GENERIC))
		return;
	iface->attached = true;
	iface->generic = attachment.mode == ATTACH_GENERIC;
	iface->ifindex = attachment.ifindex;
	iface->program_id = attachment.program_id;
	pin_path(path, iface->name, "link");
	iface->link = bpf_obj_get(path);
	iface->program = bpf_prog_get_fd_by_id(attachment.program_id);
	iface->counters = state_open_counters(iface->name, false, &ignored);
}

/* --- pins --- */

static uint32_t map_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ? 0 : info.id;
}

static uint32_t link_id(int fd)
{
	struct link_held held;

	return link_read(fd, &held) ? held.id : 0;
}

/* Pins it where it is not. 1 when it had to; -1 and *e when it cannot be. */
static int keep_pinned(const char *path, int fd, uint32_t (*id_of)(int), struct error *e)
{
	auto_fd int there = bpf_obj_get(path);

	if (fd < 0 || (there >= 0 && id_of(there) == id_of(fd)))
		return 0;
	unlink(path);
	if (bpf_obj_pin(fd, path) < 0)
		return fail(e, EXIT_FAILED, "%s: was removed and cannot be pinned again: %s", path,
			    strerror(errno));
	return 1;
}

static void keep_interface_pins(struct agent *agent, struct protected *iface)
{
	char directory[PATH_MAX], link[PATH_MAX], counters[PATH_MAX];
	struct error e = {};
	int pinned, counted;

	pin_path(directory, iface->name, "");
	pin_path(link, iface->name, "link");
	pin_path(counters, iface->name, "counters");
	mkdir(directory, 0700);
	pinned = keep_pinned(link, iface->link, link_id, &e);
	counted = keep_pinned(counters, iface->counters, map_id, &e);
	if (pinned < 0 || counted < 0)
		trouble(iface, "%s", e.text);
	else if (pinned || counted)
		repaired(agent, REPAIR_PIN, iface->ifindex,
			 "interface %s: its pins were removed "
			 "(%s%s%s); they are restored, and the program kept running",
			 iface->name, pinned ? "link" : "", pinned && counted ? ", " : "",
			 counted ? "counters" : "");
}

static void keep_state_pins(struct agent *agent)
{
	char path[PATH_MAX];
	struct error e = {};
	int back = 0;

	for (int i = 0; i < STATE_MAP_COUNT; i++) {
		int pinned;

		pin_path(path, NULL, state_map_name(i));
		pinned = keep_pinned(path, agent->state.fds[i], map_id, &e);
		if (pinned > 0)
			back++;
		else if (pinned < 0)
			break;
	}
	if (network_renew())
		back++;
	if (back)
		repaired(agent, REPAIR_PIN, 0,
			 "%s: %d pin%s of the state had been removed; %s "
			 "restored",
			 bpf_dir(), back, back > 1 ? "s" : "", back > 1 ? "they are" : "it is");
	say_once(say_text, agent->pin_trouble, sizeof(agent->pin_trouble), e.text);
}

/* Another process could lock what comes in the place of what was removed; and nobody reaches an
 * agent without its socket. */
static bool keep_locks(struct agent *agent)
{
	struct error e = {};
	bool held = lock_holds(&agent->lock);
	int again = 0;

	if ((held || lock_take(&agent->lock, "two agents would write the same state", &e) == 0) &&
	    (again = control_keep(&agent->control, &e)) >= 0) {
		if (!held || again)
			repaired(agent, REPAIR_LOCK, 0,
				 "%s, or the lock or the control socket in "
				 "%s, had been removed; they are restored",
				 bpf_dir(), run_dir());
		return true;
	}
	say_once(say_text, agent->pin_trouble, sizeof(agent->pin_trouble), e.text);
	return false;
}

/* --- links --- */

/* Nothing protects it for now. Program and counters are held for when it can be attached again. */
static void let_go(struct protected *iface)
{
	close_fd(&iface->link);
	iface->link = -1;
	iface->attached = false;
}

static void lost(struct protected *iface)
{
	say(SAY_WARNING "interface %s: disappeared; sipward attaches to it when it comes back",
	    iface->name);
	let_go(iface);
}

/* It filters where neither this agent's addresses nor its policy mean anything. */
static void moved_away(struct protected *iface)
{
	struct error ignored = {};

	say(SAY_WARNING
	    "interface %s: was moved to another network namespace; sipward is detached from it, "
	    "and attaches to it when it comes back",
	    iface->name);
	state_detach(iface->name, &ignored);
	let_go(iface);
}

/* The program is held: a new link is a matter of microseconds. */
static bool attach_held(struct protected *iface, int ifindex)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = iface->generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	int link = bpf_link_create(iface->program, ifindex, BPF_XDP, &opts);
	struct error e = {};
	char path[PATH_MAX];

	if (link < 0)
		return false;
	close_fd(&iface->link);
	iface->link = link;
	iface->ifindex = ifindex;
	iface->attached = true;
	iface->trouble[0] = '\0';
	pin_path(path, iface->name, "link");
	if (keep_pinned(path, link, link_id, &e) < 0)
		trouble(iface, "%s", e.text);
	return true;
}

/* Anything else needs a whole apply. */
static void give_up_held(struct protected *iface, int reason)
{
	trouble(iface,
		"interface %s: its program cannot be attached again (%s); a new one is "
		"loaded",
		iface->name, strerror(reason));
	protected_release(iface);
}

static void attach_again(struct agent *agent, struct protected *iface, const struct link_now *now)
{
	if (link_program_id(now)) {
		trouble(iface,
			"interface %s: another XDP program (id %u) took the place of "
			"sipward and is left alone; nothing protects the interface now. Remove "
			"that program, and sipward attaches again",
			iface->name, link_program_id(now));
		let_go(iface);
	} else if (!attach_held(iface, iface->ifindex)) {
		give_up_held(iface, errno);
	} else {
		repaired(agent, REPAIR_LINK, iface->ifindex,
			 "interface %s: sipward had been "
			 "detached; it is attached again, with the same program",
			 iface->name);
	}
}

static void come_back(struct agent *agent, struct protected *iface)
{
	int ifindex = if_nametoindex(iface->name);
	struct link_now now;

	if (!ifindex || netlink_link(ifindex, &now, NULL) <= 0 || !now.up || link_program_id(&now))
		return;
	if (!attach_held(iface, ifindex))
		give_up_held(iface, errno);
	else
		repaired(agent, REPAIR_LINK, ifindex,
			 "interface %s: came back, and is attached "
			 "again, with the same program",
			 iface->name);
}

static void put_back_program(struct agent *agent, struct protected *iface, uint32_t found)
{
	if (bpf_link_update(iface->link, iface->program, NULL) < 0)
		trouble(iface,
			"interface %s: program %u replaced the one of sipward's link, and "
			"ours cannot be restored: %s",
			iface->name, found, strerror(errno));
	else
		repaired(agent, REPAIR_PROGRAM, iface->ifindex,
			 "interface %s: another program (id "
			 "%u) had replaced the one of sipward's link; ours is restored",
			 iface->name, found);
}

static void renamed(struct agent *agent, struct protected *iface, const char *now)
{
	struct error e = {};
	char before[IFNAMSIZ];

	memcpy(before, iface->name, IFNAMSIZ);
	if (pins_rename(before, now, &e) < 0) {
		trouble(iface, "interface %s is named %s now, but its pins cannot be renamed: %s",
			before, now, e.text);
		return;
	}
	snprintf(iface->name, sizeof(iface->name), "%s", now);
	observation_renamed(&agent->observation, before, now);
	repaired(agent, REPAIR_NAME, iface->ifindex,
		 "interface %s is named %s now, and is "
		 "protected as before; the policy or the command line names %s: write %s there "
		 "before the next start",
		 before, now, iface->meant, now);
}

static void keep_attached(struct agent *agent, struct protected *iface)
{
	struct link_held held;
	struct link_now now;

	if (!link_read(iface->link, &held))
		return;
	if (!held.ifindex) {
		int there = netlink_link(iface->ifindex, &now, NULL);

		if (there == 0 || (there > 0 && strcmp(now.name, iface->name) != 0))
			lost(iface);
		else if (there > 0)
			attach_again(agent, iface, &now);
		return;
	}
	switch (netlink_link(held.ifindex, &now, NULL)) {
	case -1:
		return;
	case 0:
		moved_away(iface);
		return;
	}
	if (!link_has_program(&now, held.program)) {
		moved_away(iface);
		return;
	}
	if (held.program != iface->program_id)
		put_back_program(agent, iface, held.program);
	if (strcmp(now.name, iface->name) != 0)
		renamed(agent, iface, now.name);
}

/* The observer's filter is mended elsewhere, where the log is told, too. */
static void tell_observers(struct agent *agent)
{
	uint64_t mended = observation_mended(&agent->observation);

	if (mended > agent->repairs.observers_mended)
		record(agent, REPAIR_OBSERVER, 0, repair_text(REPAIR_OBSERVER));
	agent->repairs.counts[REPAIR_OBSERVER] = mended;
	agent->repairs.observers_mended = mended;
}

void repair_tick(struct agent *agent)
{
	if (agent->applying || !keep_locks(agent))
		return;
	keep_state_pins(agent);
	for (size_t i = 0; i < agent->interface_count; i++) {
		struct protected *iface = &agent->interfaces[i];

		if (iface->attached)
			keep_attached(agent, iface);
		else if (iface->program >= 0)
			come_back(agent, iface);
		if (iface->attached)
			keep_interface_pins(agent, iface);
	}
	tell_observers(agent);
}
