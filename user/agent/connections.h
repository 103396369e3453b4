/* SPDX-License-Identifier: GPL-2.0-only
 *
 * TCP connections of the services: those whose content broke a rule are closed where the policy
 * says so, and those of each source are counted where a zone has a limit for them.
 */
#ifndef SIPWARD_AGENT_CONNECTIONS_H
#define SIPWARD_AGENT_CONNECTIONS_H

#include <json-c/json.h>

#include "agent/ring.h"
#include "agent/worker.h"
#include "kernel/sockets.h"
#include "kernel/state_maps.h"

/* Connections of one source. */
struct source_count {
	struct sw_source source;
	uint32_t count;
};

/* One count of all connections; the worker's while it runs. */
struct census {
	struct sockets sockets;
	uint64_t ports[65536 / 64]; /* a bit for each port of a service */
	uint32_t least;
	int map;
	struct source_count *all;
	size_t count;
	uint64_t started, took;
	struct error error;
};

struct connections {
	const struct state *state;
	struct loop *loop;
	void (*say)(const char *text);
	struct sockets sockets;
	struct ring ring; /* of what is to be closed; no buffer: no zone says close */
	bool asked;       /* by `tcp: close` of a zone */
	bool possible;    /* the kernel can close them */
	uint64_t closed[SW_REASON_COUNT];
	uint64_t failed;      /* could not be closed */
	uint64_t *tcp_ports;  /* a bit for each port of a service; NULL: nothing is counted */
	uint32_t least;       /* the smallest limit of a zone */
	uint64_t next_count;  /* when to count again, monotonic ns */
	struct worker worker; /* counts */
	struct census census;
	char trouble[1024]; /* what was said last, or empty */
};

/* As the policy wants. */
int connections_follow(struct connections *connections, const struct policy *policy,
		       struct error *e);
/* Once a second. */
void connections_tick(struct connections *connections);
void connections_close(struct connections *connections);

/* {"possible", "closed": {reason: count}, "failed"}, or NULL where no zone says close. */
struct json_object *connections_json(const struct connections *connections);

#endif
