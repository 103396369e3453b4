/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/unpin.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/fault.h"
#include "kernel/paths.h"

int remove_pin(const char *iface, const char *name, struct error *e)
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
