/* SPDX-License-Identifier: GPL-2.0-only
 *
 * May this process load programs here, and can this kernel run them? Asked before anything is
 * touched, so that the answer is a sentence and not a verifier log. And what it gives up once
 * it knows.
 */
#ifndef SIPWARD_KERNEL_PRIVILEGE_H
#define SIPWARD_KERNEL_PRIVILEGE_H

#include "base/base.h"

/* 0; or -1 and EXIT_PRIVILEGE naming the missing capabilities. */
int privilege_check(struct error *e);
/* Likewise, for an agent, which needs more than a test run of a program. */
int privilege_check_agent(struct error *e);

/* 0; or -1 and the first feature of kernel 6.1 that is missing. */
int kernel_check(struct error *e);

/* Gives up every capability that the agent does not need any more, for good, and the right to
 * gain any by running a program. Capabilities belong to a thread: called before others start. */
int privilege_drop(struct error *e);

/* Gives up all of them, and root: the process is that of nobody. */
int privilege_drop_all(struct error *e);

/* Likewise, but the process is that of this user; one that is not root's keeps its user. */
int privilege_drop_to(const char *user, struct error *e);

#endif
