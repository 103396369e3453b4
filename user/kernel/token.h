/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tokens as user space makes them: the same as the data path's (bpf/token.h).
 */
#ifndef SIPWARD_KERNEL_TOKEN_H
#define SIPWARD_KERNEL_TOKEN_H

#include "kernel/state.h"

/* The token of a probe's branch, with the seed of this host. */
uint64_t probe_token(const struct sw_meta *meta, const char *branch);

#endif
