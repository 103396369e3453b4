/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where sipward keeps things: pins under bpffs, and a run directory for the lock and the
 * control socket. The environment can move both (SIPWARD_BPF_DIR, SIPWARD_RUN_DIR): tests do,
 * so that they never meet a real installation.
 */
#ifndef SIPWARD_KERNEL_PATHS_H
#define SIPWARD_KERNEL_PATHS_H

#include <limits.h>

#include "base/base.h"

const char *bpf_dir(void); /* /sys/fs/bpf/sipward */
const char *run_dir(void); /* /run/sipward */

/* Writes bpf_dir()/NAME, or bpf_dir()/IFACE/NAME when iface is not NULL. */
void pin_path(char path[PATH_MAX], const char *iface, const char *name);

/* True when the path is on a BPF file system. */
bool is_bpffs(const char *path);

/* Makes both directories, mounting a bpffs on /sys/fs/bpf when none is there. */
int paths_prepare(struct error *e);

/* Opens and locks RUN_DIR/lock, the one writer of the state; the lock goes with the
 * descriptor. -1 and *e when another process has it: the text names its pid, and says `advice`. */
int state_lock(const char *advice, struct error *e);

#endif
