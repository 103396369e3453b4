/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The agent's side of /metrics: it listens where the policy wants it, keeps a process that
 * serves what comes in there (export/http.h), and makes it a page when it asks for one, at most
 * once a second.
 */
#ifndef SIPWARD_AGENT_EXPORTER_PROCESS_H
#define SIPWARD_AGENT_EXPORTER_PROCESS_H

#include <json-c/json.h>

#include "agent/loop.h"
#include "policy/model.h"

struct exporter;

/* Where it runs, and what makes its page. */
struct exporter_host {
	struct loop *loop;
	char *(*render)(void *context, struct error *e);
	void *context;
	void (*say)(const char *text);
};

/* Listens where the policy wants it; `now` (may be NULL) listens already, maybe there, and goes
 * on. NULL and *e. Owned by the caller: exporter_close(). */
struct exporter *exporter_open(const struct exporter_host *host, const struct policy *policy,
			       const struct exporter *now, struct error *e);
void exporter_close(struct exporter **exporter);

/* Starts its process; does nothing when the policy wants no exporter. */
int exporter_start(struct exporter *exporter, struct error *e);

/* Once a second: starts a process that ended again, and makes the page that has to wait. */
void exporter_tick(struct exporter *exporter);

/* For status; NULL when there is none. Owned by the caller. */
struct json_object *exporter_json(const struct exporter *exporter);
/* How often its process ended by itself. */
uint64_t exporter_ends(const struct exporter *exporter);

#endif
