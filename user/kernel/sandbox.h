/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The system calls that are left to the agent and to its exporter (seccomp). An attacker who takes
 * over one of them through a mistake in its code can do no more than these calls allow.
 */
#ifndef SIPWARD_KERNEL_SANDBOX_H
#define SIPWARD_KERNEL_SANDBOX_H

#include "base/base.h"

#define EXPORTER_PROCESS "sipward-exporter" /* argv[0] of the exporter's process */

/* For the agent, and all threads and processes that it makes from now on: a call that is not
 * allowed fails with EPERM and is noted in the kernel's log (audit, type 1326); the agent goes on,
 * since what it protects matters more than a call that a library tries in vain. */
int sandbox_agent(struct error *e);

/* For the process of the exporter, in addition: reading and writing what is open, and no more. A
 * call that is not allowed kills it: it holds nothing, and the agent starts another. */
int sandbox_exporter(struct error *e);

/* The one program that the agent may run: itself, under another name. The filter knows these
 * strings by their addresses. */
extern const char sandbox_self[];
extern char *const sandbox_self_argv[], *const sandbox_self_environment[];

#endif
