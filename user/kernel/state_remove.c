/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/state_remove.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/fault.h"
#include "kernel/namespace.h"
#include "kernel/paths.h"
#include "kernel/pinned_interfaces.h"
#include "kernel/pins.h"
#include "kernel/state_maps.h"
#include "kernel/unpin.h"

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

static int remove_map(enum state_map map, struct error *e)
{
	char fresh[64];

	snprintf(fresh, sizeof(fresh), "%s_new", state_map_name(map));
	return remove_pin(NULL, state_map_name(map), e) < 0 ? -1 : remove_pin(NULL, fresh, e);
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
		return fail(e, EXIT_FAILED,
			    "%s: holds '%s', which is not of this version of "
			    "sipward and was left alone; remove it (rm -r), then run detach again",
			    bpf_dir(), found_in(bpf_dir(), foreign));
	return fail(e, EXIT_FAILED, "%s: cannot be removed: %s", bpf_dir(), strerror(errno));
}
