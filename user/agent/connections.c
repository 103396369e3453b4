/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/connections.h"

#include "agent/say.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "export/json.h"
#include "kernel/walk.h"
#include "policy/model.h"
#include "policy/names.h"

/* A count is true for so long: without an agent nobody is kept out by an old one. */
#define COUNT_LIFE (5 * SW_NS_PER_SEC)

/* Counting may take this part of the agent's time: a host has other sockets, too. */
#define COUNT_SHARE 20

/* --- closing --- */

static void on_closing(void *context, const void *data, size_t size)
{
	const struct sw_event *event = data;
	struct connections *c = context;
	struct endpoint local, remote;

	if (size < sizeof(*event) || event->reason >= SW_REASON_COUNT)
		return;
	local = (struct endpoint){.addr = event->dst, .port = event->dport};
	remote = (struct endpoint){.addr = event->src, .port = event->sport};
	if (sockets_destroy(&c->sockets, &local, &remote) == 0)
		c->closed[event->reason]++;
	else if (errno != ENOENT) /* of several messages in it, an earlier one closed it */
		c->failed++;
}

static void on_ring(void *context, int fd)
{
	struct connections *c = context;

	(void)fd;
	ring_read(&c->ring);
}

static void stop_closing(struct connections *c)
{
	if (!c->ring.buffer)
		return;
	loop_remove(c->loop, ring_fd(&c->ring));
	ring_close(&c->ring);
}

static int start_closing(struct connections *c, struct error *e)
{
	c->possible = sockets_can_destroy(&c->sockets);
	if (!c->possible && c->asked)
		c->say(SAY_WARNING "tcp: close: this kernel cannot close connections (it lacks "
				   "CONFIG_INET_DIAG_DESTROY); violations are only counted");
	if (ring_open(&c->ring, c->state->fds[STATE_CLOSINGS], "closings", on_closing, c, e) < 0)
		return -1;
	return loop_add(c->loop, ring_fd(&c->ring), on_ring, c, e);
}

/* --- counting --- */

/* One subscriber, as the data path counts it (struct sw_policy, subscriber). */
static struct sw_source subscriber(const struct sw_addr *addr)
{
	bool ipv4 = addr_is_ipv4(addr);
	struct sw_source source = {.addr = *addr,
				   .length = ipv4 ? SW_SUBSCRIBER_V4 : SW_SUBSCRIBER_V6};

	if (!ipv4)
		memset(source.addr.octets + SW_SUBSCRIBER_V6 / 8, 0, 16 - SW_SUBSCRIBER_V6 / 8);
	return source;
}

static void count_connection(void *context, const struct endpoint *local,
			     const struct endpoint *remote)
{
	struct census *census = context;
	struct source_count one = {.source = subscriber(&remote->addr), .count = 1};

	if (census->ports[local->port >> 6] >> (local->port & 63) & 1)
		append(census->all, census->count, one);
}

static int by_source(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sw_source));
}

/* One entry for each source, with how many it has. */
static void add_up(struct census *census)
{
	size_t sources = 0;

	if (!census->count)
		return;
	qsort(census->all, census->count, sizeof(*census->all), by_source);
	for (size_t i = 1; i < census->count; i++) {
		if (by_source(&census->all[sources], &census->all[i]) == 0)
			census->all[sources].count++;
		else
			census->all[++sources] = census->all[i];
	}
	census->count = sources + 1;
}

static bool drop_old(const void *key, void *value, void *context)
{
	const struct sw_connection_count *count = value;
	const struct census *census = context;

	if (count->expires < monotonic_ns())
		bpf_map_delete_elem(census->map, key);
	return true;
}

static void publish(const struct census *census)
{
	struct error ignored = {};

	for (size_t i = 0; i < census->count; i++) {
		const struct source_count *count = &census->all[i];
		struct sw_connection_count value = {.expires = census->started + COUNT_LIFE,
						    .connections = count->count};

		if (count->count >= census->least)
			bpf_map_update_elem(census->map, &count->source, &value, BPF_ANY);
		else
			bpf_map_delete_elem(census->map, &count->source);
	}
	map_walk(census->map, drop_old, (void *)census, &ignored);
}

/* In a thread of its own: a host may have a million sockets. */
static void take_census(void *context)
{
	struct connections *c = context;
	struct census *census = &c->census;

	uint64_t start = worker_processor_ns();

	census->started = monotonic_ns();
	if ((census->sockets.netlink || sockets_open(&census->sockets, &census->error) == 0) &&
	    sockets_each(&census->sockets, count_connection, census, &census->error) == 0) {
		add_up(census);
		publish(census);
	}
	free(take(census->all));
	census->took = worker_processor_ns() - start;
}

static void census_done(void *context)
{
	struct connections *c = context;
	uint64_t rest = c->census.took * COUNT_SHARE;

	say_once(c->say, c->trouble, sizeof(c->trouble), c->census.error.text);
	c->next_count = c->census.started + (rest < COUNT_LIFE / 2 ? rest : COUNT_LIFE / 2);
}

void connections_tick(struct connections *c)
{
	struct census *census = &c->census;

	if (!c->tcp_ports || !c->worker.open || c->worker.busy || monotonic_ns() < c->next_count)
		return;
	memcpy(census->ports, c->tcp_ports, sizeof(census->ports));
	census->least = c->least;
	census->map = c->state->fds[STATE_CONNECTION_COUNTS]; /* no policy sizes it: it stays */
	census->count = 0;
	census->error = (struct error){};
	worker_start(&c->worker, take_census, census_done, c);
}

/* --- policies --- */

static void follow_limits(struct connections *c, const struct policy *policy)
{
	free(c->tcp_ports);
	c->tcp_ports = NULL;
	c->least = 0;
	for (size_t i = 0; i < policy->zone_count; i++) {
		uint32_t limit = policy->zones[i].connections;

		if (limit && (!c->least || limit < c->least))
			c->least = limit;
	}
	if (!c->least)
		return;
	c->tcp_ports = xcalloc(65536 / 64, sizeof(*c->tcp_ports));
	for (size_t i = 0; i < policy->service_count; i++) {
		const struct service *service = &policy->services[i];

		for (uint32_t port = service->port_first;
		     SW_IS_STREAM(service->transport) && port <= service->port_last; port++)
			c->tcp_ports[port >> 6] |= 1ull << (port & 63);
	}
}

int connections_follow(struct connections *c, const struct policy *policy, struct error *e)
{
	bool close = false;

	c->asked = false;
	for (size_t i = 0; i < policy->zone_count; i++) {
		c->asked |= policy->zones[i].tcp == SW_TCP_CLOSE;
		/* A username that is refused costs its connection. */
		close |= policy->zones[i].bans.thresholds[SW_OFFENCE_AUTH].count > 0;
	}
	close |= c->asked;
	follow_limits(c, policy);
	if (!close)
		stop_closing(c);
	if (close && !c->sockets.netlink && sockets_open(&c->sockets, e) < 0)
		return -1;
	if (c->least && !c->worker.open && worker_open(&c->worker, c->loop, "sipward-count", e) < 0)
		return -1;
	return close && !c->ring.buffer ? start_closing(c, e) : 0;
}

void connections_close(struct connections *c)
{
	stop_closing(c);
	worker_close(&c->worker);
	sockets_close(&c->sockets);
	if (!c->worker.busy)
		sockets_close(&c->census.sockets);
	free(c->tcp_ports);
	c->tcp_ports = NULL;
}

struct json_object *connections_json(const struct connections *c)
{
	struct json_object *o, *closed;

	if (!c->ring.buffer || !c->asked)
		return NULL;
	o = json_object_new_object();
	closed = json_object_new_object();
	json_flag(o, "possible", c->possible);
	for (int i = 0; i < SW_REASON_COUNT; i++)
		if (c->closed[i])
			json_count(closed, reason_name(i), c->closed[i]);
	json_object_object_add(o, "closed", closed);
	json_count(o, "failed", c->failed);
	return o;
}
