/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A policy with its list files on the way from a command to the agent, which may see another
 * /tmp, another /home, or have another working directory: a file in the run directory, which
 * both have.
 */
#ifndef SIPWARD_EXPORT_BUNDLE_H
#define SIPWARD_EXPORT_BUNDLE_H

#include <limits.h>

#include "policy/text.h"

/* Writes it to a new file, for root alone, whose name goes to `path`; the caller removes it. All
 * list files must have been read: policy_text_parse(). */
int bundle_write(const struct policy_text *text, char path[PATH_MAX], struct error *e);

/* Reads it into *text, owned by the caller. */
int bundle_read(const char *path, struct policy_text *text, struct error *e);

#endif
