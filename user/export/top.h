/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What `sipward top` shows, as numbers and texts: all of it in one place, so that the screen, the
 * text and the JSON say the same. Texts of strangers are here as they came.
 */
#ifndef SIPWARD_EXPORT_TOP_H
#define SIPWARD_EXPORT_TOP_H

#include <sipward/state.h>
#include <stdbool.h>

#include "export/summary.h"

enum top_view {
	TOP_ZONES,
	TOP_SOURCES,
	TOP_CALLED,
	TOP_AGENTS,
	TOP_KNOWN,
	TOP_TABLES,
	TOP_VIEW_COUNT
};

/* A zone or a reason: what happens in a second. */
struct top_rate {
	char name[64];
	double pass, drop, would_drop; /* of a reason no pass */
	uint64_t total;                /* ever refused, would-drop too */
};

struct top_known {
	struct sw_source endpoint;
	uint64_t since, seen; /* seconds ago */
	uint32_t proofs;
	bool good; /* the server accepted its credentials or its call */
};

struct top_table {
	const char *name;
	uint64_t filled, capacity;
	bool at_least; /* there may be more */
	bool evicts;   /* full, it forgets the oldest entry; the others refuse new ones */
};

struct top_rates {
	struct top_rate *items;
	size_t count;
};

struct top {
	char interfaces[128]; /* "eth0 native enforce" */
	double pass, drop, would_drop;
	double greylisted, again;
	bool behind; /* the server falls behind */
	struct top_rates zones, reasons;
	char zone_names[SW_ZONES_MAX][SW_NAME_MAX];
	struct summary sources, called, prefixes, agents;
	uint32_t one_of; /* packets; what was asked for last */
	uint64_t lost;   /* samples */
	struct top_known *known;
	size_t known_count;
	uint64_t known_filled;
	uint64_t bans;
	struct top_table *tables;
	size_t table_count;
};

#endif
