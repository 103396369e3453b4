/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Gathers what `sipward top` shows: counters each second, samples ten times a second, tables and
 * known endpoints only while somebody looks at them.
 */
#ifndef SIPWARD_EXPORT_TOP_COLLECT_H
#define SIPWARD_EXPORT_TOP_COLLECT_H

#include "export/snapshot.h"
#include "export/top.h"
#include "kernel/samples.h"

#define TOP_PERIOD (SW_NS_PER_SEC) /* of the counters */
#define TOP_POLL   (SW_NS_PER_SEC / 10)

/* The counters of one moment. */
struct top_moment {
	uint64_t time;
	struct snapshot snapshot;
	uint64_t tallies[SW_TALLY_COUNT];
};

struct top_collector {
	const struct state *state;
	struct samples samples;
	uint64_t polled;
	struct top_moment before;
	int zone; /* the only one that counts, or -1 */
	struct top top;
};

int top_open(struct top_collector *collector, const struct state *state, struct error *e);
void top_close(struct top_collector *collector);
#define auto_top cleanup(top_close)

/* From now on only this zone counts; -1: all. What was seen before is forgotten. */
void top_filter(struct top_collector *collector, int zone);

/* The next zone of those that run, behind this one; -1 behind the last. */
int top_next_zone(const struct top_collector *collector);

/* Reads samples: every TOP_POLL. */
void top_poll(struct top_collector *collector);

/* Reads counters, and asks for samples for the time until the next call: every TOP_PERIOD. */
int top_count(struct top_collector *collector, struct error *e);

/* Reads known endpoints and the fill of tables; takes up to some 100 ms when they are large. */
int top_walk(struct top_collector *collector, struct error *e);

#endif
