/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The protected interfaces: the policy is swapped in on all of them, or on none; one that comes
 * back is attached again.
 */
#ifndef SIPWARD_AGENT_INTERFACES_H
#define SIPWARD_AGENT_INTERFACES_H

#include "kernel/apply.h"
#include "policy/model.h"

struct agent;

/* Swaps the policy in. The three steps come one after the other; the first and the last are slow,
 * and give up the lock (jobs.h). *apply is freed by the last one, and by each that fails. */
int protect_prepare(struct agent *agent, const struct policy *policy, struct apply *apply,
		    struct error *e);
int protect_swap(struct agent *agent, struct apply *apply, struct error *e);
void protect_finish(struct agent *agent, struct apply *apply);
/* In place of the other two: frees what was prepared. */
void protect_forget(struct agent *agent, struct apply *apply);
/* All of them. */
int protect(struct agent *agent, const struct policy *policy, struct error *e);

/* Attaches what is there and not attached, as a job; notices what went away. */
void check_interfaces(struct agent *agent);
void interfaces_free(struct agent *agent);
bool is_protected(const struct agent *agent, const char *name);
size_t interfaces_missing(const struct agent *agent);

#endif
