/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Newcomers beside the one that is looked at, and what the agent is told of them. After rig.h.
 */
#ifndef SIPWARD_PACKETS_NEWCOMERS_H
#define SIPWARD_PACKETS_NEWCOMERS_H

#include "rig.h"

/* A policy whose budget spend_budget() can spend. */
#define BUDGET_OF_5 YAML_PLAIN "zones: [{name: public, newcomers: {rate: 5/s burst 5}}]\n"

/* Newcomers from other addresses until one is turned away. */
void spend_budget(struct rig *rig);

/* The agent probes the rig's endpoint with this branch, behind SW_PROBE_BRANCH; the endpoint, or
 * who uses its address, answers with another one or the same. The server never gets the answer. */
void is_probed(struct rig *rig, const char *branch);
void answers_probe(struct rig *rig, const char *branch);
/* Both: it is known from then on. */
void becomes_known(struct rig *rig);

/* How many the agent was told of since the last look, and the backoff of the last one. */
int newcomers_told(const struct rig *rig);
extern uint32_t told_backoff;

#endif
