/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Files and directories that nobody but the user of this process may open: a user who can open a
 * lock file can hold its lock for ever. Too wide a mode is corrected where the file is ours; a
 * symbolic link, or a file of another user, is refused.
 */
#ifndef SIPWARD_KERNEL_PRIVATE_H
#define SIPWARD_KERNEL_PRIVATE_H

#include "base/base.h"

/* Makes the directory where it is missing, with mode 0700. One that is open to others is only
 * corrected when it is empty or has a file `mark`: a name like /run must not lock out the host.
 * A descriptor, or -1 and *e. */
int private_directory(const char *path, const char *mark, struct error *e);

/* Opens a file for reading and writing, made where it is missing, with mode 0600. */
int private_file(int directory, const char *path, const char *name, struct error *e);

#endif
