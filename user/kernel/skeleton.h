/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The generated skeleton, and libbpf's own voice: both are met only in user/kernel.
 */
#ifndef SIPWARD_KERNEL_SKELETON_H
#define SIPWARD_KERNEL_SKELETON_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <sipward/policy.h>
#include <sipward/state.h>

#include "base/base.h"
#include "sip/sip_msg.h"
#include "sipward.skel.h"

static inline void skeleton_destroy(struct sipward_bpf **skel)
{
	sipward_bpf__destroy(*skel);
	*skel = NULL;
}
#define auto_skeleton cleanup(skeleton_destroy)

/* Keeps what libbpf prints (a verifier log is long) until somebody asks for its end. */
void libbpf_log_start(void);
/* The last lines that libbpf wrote since libbpf_log_start(); valid until the next start. */
const char *libbpf_log_tail(void);

#endif
