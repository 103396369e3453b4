/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One map of the BPF object, open by its pin, or made and pinned. For the files that open the
 * state.
 */
#ifndef SIPWARD_KERNEL_PINNED_MAP_H
#define SIPWARD_KERNEL_PINNED_MAP_H

#include "kernel/skeleton.h"

/* The BPF object, not loaded: it tells the layout of each map. NULL and *e. */
struct sipward_bpf *open_skeleton(struct error *e);
struct bpf_map *find_map(const struct sipward_bpf *skel, const char *name);

/* Opens the pin at `path`; -1 with *e untouched when there is none. */
int open_pin(const char *path, const struct bpf_map *map, struct error *e);
int make_map(const struct bpf_map *map, uint32_t entries, struct error *e);
int pin_map(int fd, const char *path, struct error *e);

/* Opens the pin, or makes and pins the map, with `entries` or as many as the object defines (0).
 * *made becomes true when it made it. */
int open_or_make(const char *path, const struct bpf_map *map, uint32_t entries, bool *made,
		 struct error *e);

/* The error of a pin that another version made. -1. */
int other_layout(const char *path, struct error *e);

#endif
