/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where sipward keeps things: pins under bpffs, and a run directory for the lock and the
 * control socket. The environment can move both (SIPWARD_BPF_DIR, SIPWARD_RUN_DIR): tests do,
 * so that they never meet a real installation.
 */
#ifndef SIPWARD_KERNEL_PATHS_H
#define SIPWARD_KERNEL_PATHS_H

#include <limits.h>
#include <net/if.h>

#include "base/base.h"

const char *bpf_dir(void); /* /sys/fs/bpf/sipward */
const char *run_dir(void); /* /run/sipward */

/* The directory of an interface under bpf_dir(): "if:" and its name. bpffs takes no dots in names,
 * so every octet but letters, digits, '-' and '_' is written as %HH. No map and no interface has a
 * name with a colon: the directories of versions before, named as the interface, are told apart. */
#define PIN_NAME_MAX 64
void pin_name(char name[PIN_NAME_MAX], const char *iface);
/* The interface of such a directory; false when the name is no such one. */
bool pin_name_read(const char *name, char iface[IFNAMSIZ]);

/* Writes bpf_dir()/NAME, or the NAME in the directory of an interface when iface is not NULL. */
void pin_path(char path[PATH_MAX], const char *iface, const char *name);

/* True when the path is on a BPF file system. */
bool is_bpffs(const char *path);

/* Makes both directories, mounting a bpffs on /sys/fs/bpf when none is there. */
int paths_prepare(struct error *e);

#endif
