/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/source_limits.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <inttypes.h>
#include <string.h>

#include "lib/gcra.h"
#include "lib/way_hash.h"
#include "policy/names.h"

static const enum sw_reason reasons[SW_RATE_COUNT] = {
	[SW_RATE_ANY] = SW_REASON_RATE_SOURCE,
	[SW_RATE_INVITE] = SW_REASON_RATE_SOURCE_METHOD,
	[SW_RATE_REGISTER] = SW_REASON_RATE_SOURCE_METHOD,
	[SW_RATE_OPTIONS] = SW_REASON_RATE_SOURCE_METHOD,
	[SW_RATE_SUBSCRIBE] = SW_REASON_RATE_SOURCE_METHOD,
	[SW_RATE_MESSAGE] = SW_REASON_RATE_SOURCE_METHOD,
	[SW_RATE_DIALOG] = SW_REASON_RATE_DIALOG,
	[SW_RATE_RESPONSE] = SW_REASON_RATE_RESPONSE,
	[SW_RATE_KEEPALIVE] = SW_REASON_KEEPALIVE_RATE,
	[SW_RATE_STUN] = SW_REASON_STUN_RATE,
	[SW_RATE_MALFORMED] = SW_REASON_RATE_MALFORMED,
	[SW_RATE_SYN] = SW_REASON_RATE_SYN,
	[SW_RATE_TLS] = SW_REASON_RATE_TLS,
};

struct found {
	const struct limit_query *query;
	struct source_limit *limits;
	size_t count;
};

static const struct sw_zone *zone_of(const struct limit_query *query)
{
	return &query->policy->zones[query->zone & (SW_ZONES_MAX - 1)];
}

/* Reads a cell as gcra_admit() does. */
static void add(struct found *to, const uint64_t *cell, const struct sw_limit *limit,
		struct source_limit *now)
{
	int64_t ahead = *cell - to->query->now;

	if (!limit->interval)
		return;
	now->limit = *limit;
	now->room = limit->tolerance / limit->interval + 1;
	if (ahead > (int64_t)(limit->tolerance + limit->interval + GCRA_SKEW))
		ahead = limit->tolerance; /* written under another limit */
	now->used = ahead > 0 ? (ahead + limit->interval - 1) / limit->interval : 0;
	if (now->used > now->room)
		now->used = now->room;
	now->spent = !gcra_leaves((const __u64 *)cell, limit, to->query->now, 1, 1);
	append(to->limits, to->count, *now);
}

static void add_source(struct found *to, const struct sw_cells *cells, enum sw_share share)
{
	for (int rate = 0; rate < SW_RATE_SPARE_1; rate++) {
		struct source_limit now = {
			.reason = reasons[rate], .of = LIMIT_OF_SOURCE, .share = share};

		snprintf(now.rule, sizeof(now.rule), "rates.source.%s", rate_name(rate));
		add(to, (const uint64_t *)&cells->tat[rate],
		    &zone_of(to->query)->source_limits[rate], &now);
	}
}

/* The entry of this source in a table that evicts nothing; -1 when it has none. */
static int find_way(int map, const struct limit_query *query, const struct sw_source *source,
		    enum ways table, uint32_t lines, void *line)
{
	uint64_t tag = way_tag((const __u64 *)query->policy->way_keys, source, table);
	uint32_t number = way_line(tag, lines);
	uint64_t tags[SW_WAYS];

	if (bpf_map_lookup_elem(map, &number, line) < 0)
		return -1;
	memcpy(tags, line, sizeof(tags)); /* each line begins with them */
	for (int i = 0; i < SW_WAYS; i++)
		if (tags[i] == tag)
			return i;
	return -1;
}

static void add_sources(struct found *to)
{
	const struct limit_query *query = to->query;
	const struct sw_zone *zone = zone_of(query);
	struct sw_source source = live_source(zone->source, &query->addr);
	struct sw_known_cells known = {};
	struct sw_cell_line line;
	struct sw_cells none = {};
	int way;

	source.zone = query->zone;
	if (query->policy->count_ports && zone->source_port)
		source.port = htons(query->port);
	way = find_way(query->state->fds[STATE_SOURCES], query, &source, WAYS_SOURCES,
		       query->policy->source_lines, &line);
	add_source(to, way < 0 ? &none : &line.cells[way], SW_SHARE_OTHERS);
	if (bpf_map_lookup_elem(query->state->fds[STATE_KNOWN_CELLS], &source, &known) < 0)
		return;
	add_source(to, &known.path, SW_SHARE_PATH);
	add_source(to, &known.proved, SW_SHARE_PROVED);
}

static void add_prefix(struct found *to)
{
	const struct limit_query *query = to->query;
	struct sw_source source = live_source(query->policy->network, &query->addr);
	struct sw_prefix_line line;
	struct sw_prefix_cells none = {};
	const struct sw_prefix_cells *cells = &none;
	int way;

	source.zone = query->zone;
	way = find_way(query->state->fds[STATE_PREFIXES], query, &source, WAYS_PREFIXES,
		       query->policy->prefix_lines, &line);
	if (way >= 0)
		cells = &line.cells[way];
	for (int share = 0; share < SW_SHARE_UNTIL; share++) {
		struct source_limit now = {.rule = "rates.prefix",
					   .reason = SW_REASON_RATE_PREFIX,
					   .of = LIMIT_OF_PREFIX,
					   .share = share};

		add(to, (const uint64_t *)&cells->tat[share], &zone_of(query)->prefix_limit, &now);
	}
}

static void add_zone(struct found *to)
{
	const struct sw_zone *zone = zone_of(to->query);
	struct sw_zone_cell cell = {};
	struct source_limit all = {
		.rule = "rates.zone", .reason = SW_REASON_RATE_ZONE, .of = LIMIT_OF_ZONE};
	struct source_limit newcomers = {
		.rule = "newcomers.rate", .reason = SW_REASON_NEWCOMERS, .of = LIMIT_OF_NEWCOMERS};
	uint32_t number = to->query->zone;

	bpf_map_lookup_elem(to->query->state->fds[STATE_ZONE_CELLS], &number, &cell);
	add(to, (const uint64_t *)&cell.tat[SW_ZONE_ALL], &zone->zone_limit, &all);
	if (zone->trust != SW_TRUST_PEER)
		add(to, (const uint64_t *)&cell.tat[SW_ZONE_NEWCOMERS], &zone->newcomers,
		    &newcomers);
}

static void add_unproven(struct found *to)
{
	struct sw_ceilings ceilings = {};
	uint32_t number = to->query->zone;

	bpf_map_lookup_elem(to->query->state->fds[STATE_CEILINGS], &number, &ceilings);
	for (int class = 0; class < SW_UNPROVEN_REASONS; class ++) {
		struct source_limit now = {.reason = SW_REASON_OF_UNPROVEN(class),
					   .of = LIMIT_OF_UNPROVEN};

		snprintf(now.rule, sizeof(now.rule), "unproven.%s", unproven_words[class]);
		add(to, (const uint64_t *)&ceilings.first[class],
		    &zone_of(to->query)->unproven[class], &now);
	}
}

/* Which service the source asks cannot be told: all of them. */
static void add_services(struct found *to)
{
	for (uint32_t i = 0; i < to->query->policy->service_count; i++) {
		const struct sw_service *service = &to->query->policy->services[i];
		struct source_limit now = {.reason = SW_REASON_RATE_SERVICE,
					   .of = LIMIT_OF_SERVICE};
		struct sw_zone_cell cell = {};

		bpf_map_lookup_elem(to->query->state->fds[STATE_SERVICE_CELLS], &i, &cell);
		if (service->port_first == service->port_last)
			snprintf(now.rule, sizeof(now.rule), "%s/%u",
				 transport_name(service->transport), service->port_first);
		else
			snprintf(now.rule, sizeof(now.rule), "%s/%u-%u",
				 transport_name(service->transport), service->port_first,
				 service->port_last);
		add(to, (const uint64_t *)&cell.tat[SW_ZONE_ALL], &service->limit, &now);
	}
}

void source_limits(const struct limit_query *query, struct source_limit **limits, size_t *count)
{
	struct found found = {.query = query};

	add_sources(&found);
	add_prefix(&found);
	add_zone(&found);
	add_unproven(&found);
	add_services(&found);
	*limits = found.limits;
	*count = found.count;
}

char *limit_text(const struct sw_limit *limit)
{
	static const struct {
		uint64_t period;
		const char *name;
	} units[] = {{SW_NS_PER_SEC, "s"}, {60 * SW_NS_PER_SEC, "m"}, {3600 * SW_NS_PER_SEC, "h"}};
	uint64_t interval = limit->interval, burst = limit->tolerance / interval + 1;

	for (size_t i = 0; i < array_size(units); i++) {
		uint64_t count = (units[i].period + interval - 1) / interval;

		/* It was rounded up. */
		if ((units[i].period + count - 1) / count == interval)
			return xasprintf("%" PRIu64 "/%s burst %" PRIu64, count, units[i].name,
					 burst);
	}
	return xasprintf("1/%" PRIu64 "ms burst %" PRIu64, interval / 1000000, burst);
}
