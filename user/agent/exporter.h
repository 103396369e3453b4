/* SPDX-License-Identifier: GPL-2.0-only
 *
 * /metrics where the policy wants it, and the page that the agent writes there.
 */
#ifndef SIPWARD_AGENT_EXPORTER_H
#define SIPWARD_AGENT_EXPORTER_H

#include "agent/exporter_process.h"

struct agent;

/* The caller owns the result. */
struct exporter *open_exporter(struct agent *agent, const struct policy *policy, struct error *e);
int use_exporter(struct agent *agent, struct exporter *exporter, struct error *e);

#endif
