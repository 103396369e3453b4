/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Known endpoints and bans on the disk, for the time when the kernel forgets: over a reboot.
 * Text, one entry a line, with a version at its head and a checksum at its end. Times in maps
 * are monotonic, which begins anew with the kernel; in the file they are those of the wall
 * clock. Knows the format only; maps are read and written elsewhere.
 */
#ifndef SIPWARD_AGENT_STATE_FILE_H
#define SIPWARD_AGENT_STATE_FILE_H

#include "kernel/bans.h"
#include "kernel/known.h"

/* Both clocks at one moment, in nanoseconds; the wall's since 1970. */
struct clocks {
	uint64_t monotonic;
	uint64_t wall;
};

struct clocks clocks_now(void);

struct saved {
	struct known_entry *known;
	size_t known_count;
	struct ban_entry *bans;
	size_t ban_count;
	size_t expired; /* out of state_file_read(): left out, for their time is over */
	uint64_t age;   /* likewise: nanoseconds since the file was written */
};

void saved_free(struct saved *saved);
#define auto_saved cleanup(saved_free)

/* Writes the file whole or not at all: the old file stays until the new one is on the disk. Makes
 * the last directory of the path when it is missing. */
int state_file_write(const char *path, const struct saved *saved, struct clocks now,
		     struct error *e);

/* Reads it: 1, or 0 when there is none; -1 and *e when it is damaged, of another version, or
 * could have been written by somebody else; STATE_FILE_UNREAD and *e when it cannot be read now.
 * Endpoints idle for longer than `known_for`
 * nanoseconds and ended bans are left out. A wall clock that is behind the file's (no battery)
 * is taken for one that stood still. */
#define STATE_FILE_UNREAD (-2)
int state_file_read(const char *path, struct clocks now, uint64_t known_for, struct saved *saved,
		    struct error *e);

#endif
