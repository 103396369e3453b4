/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/paths.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include "kernel/private.h"

#define BPFFS "/sys/fs/bpf"

static const char *from_environment(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

const char *bpf_dir(void)
{
	return from_environment("SIPWARD_BPF_DIR", BPFFS "/sipward");
}

const char *run_dir(void)
{
	return from_environment("SIPWARD_RUN_DIR", "/run/sipward");
}

#define PREFIX "if:"
#define PLAIN  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

void pin_name(char name[PIN_NAME_MAX], const char *iface)
{
	char *to = name + sprintf(name, PREFIX);

	_Static_assert(sizeof(PREFIX) + 3 * (IFNAMSIZ - 1) <= PIN_NAME_MAX, "the longest fits");
	for (int i = 0; i < IFNAMSIZ - 1 && iface[i]; i++) {
		unsigned char octet = iface[i];

		if (strchr(PLAIN, octet))
			*to++ = octet;
		else
			to += sprintf(to, "%%%02X", octet);
	}
	*to = '\0';
}

/* The octet at *name, which is moved behind it. */
static char octet_of(const char **name)
{
	unsigned int octet = (unsigned char)**name;
	int length = 1;

	if (octet == '%' && sscanf(*name, "%%%2X%n", &octet, &length) != 1)
		length = 1;
	*name += length;
	return octet;
}

bool pin_name_read(const char *name, char iface[IFNAMSIZ])
{
	const char *at = name + strlen(PREFIX);
	char again[PIN_NAME_MAX];
	size_t used = 0;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return false;
	while (*at && used < IFNAMSIZ - 1)
		iface[used++] = octet_of(&at);
	iface[used] = '\0';
	/* A name that was read wrongly differs when it is written again. */
	pin_name(again, iface);
	return used && strcmp(again, name) == 0;
}

void pin_path(char path[PATH_MAX], const char *iface, const char *name)
{
	char directory[PIN_NAME_MAX] = "";

	if (iface)
		pin_name(directory, iface);
	snprintf(path, PATH_MAX, "%s%s%s/%s", bpf_dir(), iface ? "/" : "", directory, name);
}

bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

int paths_prepare(struct error *e)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME;
	auto_fd int pins = -1, run = -1;

	if (strncmp(bpf_dir(), BPFFS "/", strlen(BPFFS "/")) == 0 && !is_bpffs(BPFFS) &&
	    mount("bpf", BPFFS, "bpf", flags, "mode=700") < 0)
		return fail(e, EXIT_PRIVILEGE,
			    "%s: no BPF file system is mounted there, and mounting it failed: %s; "
			    "run: mount -t bpf bpf " BPFFS,
			    BPFFS, strerror(errno));
	pins = private_directory(bpf_dir(), "meta", e);
	run = pins < 0 ? -1 : private_directory(run_dir(), "lock", e);
	if (run < 0)
		return -1;
	if (!is_bpffs(bpf_dir()))
		return fail(e, EXIT_FAILED,
			    "%s: is not on a BPF file system; point "
			    "SIPWARD_BPF_DIR into one, or run: mount -t bpf bpf " BPFFS,
			    bpf_dir());
	return 0;
}
