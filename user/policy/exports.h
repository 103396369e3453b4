/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Keys of what sipward tells other programs: `events` and `hooks`.
 */
#ifndef SIPWARD_POLICY_EXPORTS_H
#define SIPWARD_POLICY_EXPORTS_H

#include "policy/keys.h"

/* What holds unless the policy says otherwise. */
void set_default_exports(struct policy *policy);

/* `to` is the policy. */
int read_events(struct parse_context *d, const struct key *key, const struct node *value, void *to);
int read_hooks(struct parse_context *d, const struct key *key, const struct node *value, void *to);

/* Why others than its owner decide what runs when the file of a hook is run, and what to do; or
 * NULL. A link is looked at with what it leads to. The text belongs to the caller. */
char *hook_danger(const char *path);

/* What is wrong with the file of a hook, or NULL: it is missing, cannot be executed, or others may
 * write to it. The text belongs to the caller. */
char *hook_fault(const char *path);

#endif
