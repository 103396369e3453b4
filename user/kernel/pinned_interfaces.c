/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/pinned_interfaces.h"

#include <dirent.h>
#include <net/if.h>

#include "kernel/paths.h"

static int only_directories(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && entry->d_type == DT_DIR;
}

char **pin_directories(void)
{
	struct dirent **entries = NULL;
	int count = scandir(bpf_dir(), &entries, only_directories, alphasort);
	char **names = xcalloc(count > 0 ? count + 1 : 1, sizeof(*names));

	for (int i = 0; i < count; i++) {
		names[i] = xstrdup(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return names;
}

char **state_interfaces(void)
{
	auto_string_list char **all = pin_directories();
	char **names = xcalloc(1, sizeof(*names));
	size_t count = 0;

	for (char **one = all; *one; one++) {
		char iface[IFNAMSIZ], *name;

		if (!pin_name_read(*one, iface))
			continue;
		name = xstrdup(iface);
		names[count] = name;
		names = xrealloc(names, (++count + 1) * sizeof(*names));
		names[count] = NULL;
	}
	return names;
}

void string_list_free(char ***list)
{
	for (char **s = *list; s && *s; s++)
		free(*s);
	free(*list);
	*list = NULL;
}
