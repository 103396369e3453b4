/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/netlink.h"
#include "kernel/paths.h"
#include "kernel/pinned_interfaces.h"
#include "kernel/unpin.h"

/* On their way to another name: two interfaces may have swapped theirs. */
#define MOVING "moving:"

bool link_read(int fd, struct link_held *held)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	memset(held, 0, sizeof(*held));
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ||
	    info.type != BPF_LINK_TYPE_XDP)
		return false;
	held->id = info.id;
	held->program = info.prog_id;
	held->ifindex = info.xdp.ifindex;
	return true;
}

static void in_directory(char path[PATH_MAX], const char *directory, const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s%s%s", bpf_dir(), directory, name ? "/" : "",
		 name ? name : "");
}

/* The interface of the link in a directory, as this namespace sees it. */
enum holding { HOLDS_NOTHING, HOLDS_HERE, HOLDS_ELSEWHERE };

static enum holding holding(const char *directory, struct link_now *now)
{
	char path[PATH_MAX];
	auto_fd int fd = -1;
	struct link_held held;

	in_directory(path, directory, "link");
	fd = bpf_obj_get(path);
	if (!link_read(fd, &held) || !held.ifindex)
		return HOLDS_NOTHING;
	return netlink_link(held.ifindex, now, NULL) > 0 && link_has_program(now, held.program) ?
		       HOLDS_HERE :
		       HOLDS_ELSEWHERE;
}

bool pins_hold_elsewhere(void)
{
	auto_string_list char **all = pin_directories();
	struct link_now now;

	for (char **one = all; *one; one++)
		if (holding(*one, &now) == HOLDS_ELSEWHERE)
			return true;
	return false;
}

/* --- their names --- */

static int move(const char *from, const char *to, struct error *e)
{
	char old[PATH_MAX], new[PATH_MAX];

	in_directory(old, from, NULL);
	in_directory(new, to, NULL);
	if (rename(old, new) < 0)
		return fail(e, EXIT_FAILED, "%s: cannot be renamed to %s: %s", old, to,
			    strerror(errno));
	return 0;
}

/* Moves the pins of an interface that is gone out of the way of one that has a right to the name.
 * One that holds an interface still has been moved before. */
static int make_room(const char *iface, struct error *e)
{
	char name[PIN_NAME_MAX], path[PATH_MAX];

	pin_name(name, iface);
	in_directory(path, name, NULL);
	return access(path, F_OK) < 0 ? 0 : state_remove_interface(iface, e);
}

static int settle(const char *directory, const char *iface, struct error *e)
{
	char name[PIN_NAME_MAX];

	pin_name(name, iface);
	if (strcmp(directory, name) == 0)
		return 0;
	return make_room(iface, e) < 0 ? -1 : move(directory, name, e);
}

static void say(void (*note)(const char *), const char *iface, const char *before)
{
	char old[IFNAMSIZ];
	auto_free char *text = NULL;

	if (!note || !pin_name_read(before, old))
		return;
	text = xasprintf("interface %s: it was named %s when sipward was attached to it; the "
			 "program and its counters are kept",
			 iface, old);
	note(text);
}

/* First those whose link says where they belong, all out of the way of each other. */
static int set_out(void (*note)(const char *), struct error *e)
{
	auto_string_list char **all = pin_directories();

	for (char **one = all; *one; one++) {
		char name[PIN_NAME_MAX], moving[PIN_NAME_MAX];
		struct link_now now;

		if (holding(*one, &now) != HOLDS_HERE)
			continue;
		pin_name(name, now.name);
		if (strcmp(*one, name) == 0)
			continue;
		snprintf(moving, sizeof(moving), MOVING "%d", now.ifindex);
		if (move(*one, moving, e) < 0)
			return -1;
		say(note, now.name, *one);
	}
	return 0;
}

/* A start was killed on the way, and the interface went away since. */
static void remove_stray(const char *directory)
{
	static const char *const names[] = {"link", "counters", NULL};
	char path[PATH_MAX];

	for (size_t i = 0; i < array_size(names); i++) {
		in_directory(path, directory, names[i]);
		remove(path);
	}
}

/* Then to their places; also what a start that was killed on the way left. */
static int arrive(struct error *e)
{
	auto_string_list char **all = pin_directories();

	for (char **one = all; *one; one++) {
		char iface[IFNAMSIZ];
		struct link_now now;

		if (holding(*one, &now) == HOLDS_HERE) {
			if (settle(*one, now.name, e) < 0)
				return -1;
		} else if (strncmp(*one, MOVING, strlen(MOVING)) == 0) {
			remove_stray(*one);
		} else if (!pin_name_read(*one, iface) && strlen(*one) < IFNAMSIZ &&
			   !strchr(*one, ':')) {
			/* Of a version before, and not attached now. */
			snprintf(iface, sizeof(iface), "%.15s", *one);
			if (settle(*one, iface, e) < 0)
				return -1;
		}
	}
	return 0;
}

int pins_follow(void (*note)(const char *text), struct error *e)
{
	return set_out(note, e) < 0 ? -1 : arrive(e);
}

int pins_rename(const char *from, const char *to, struct error *e)
{
	char name[PIN_NAME_MAX];

	pin_name(name, from);
	return settle(name, to, e);
}
