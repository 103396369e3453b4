/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Metrics for Prometheus. Labels are bounded: interfaces, zones and list files of the policy, and
 * the closed tables of reasons and methods; never an address.
 */
#ifndef SIPWARD_EXPORT_METRICS_H
#define SIPWARD_EXPORT_METRICS_H

#include "export/hook_runner.h"
#include "kernel/state_maps.h"
#include "policy/model.h"

/* Results of watched behaviour since the agent started. */
struct behaviour_counts {
	uint64_t evidence[SW_OFFENCE_COUNT];
	uint64_t hints[SW_OFFENCE_COUNT]; /* offences that may be spoofed */
	uint64_t bans[SW_OFFENCE_COUNT];
	uint64_t would_ban[SW_OFFENCE_COUNT]; /* monitor mode, or the reason is in shadow */
	uint64_t penalties;
	uint64_t refused; /* usernames, to one source each */
	uint64_t would_refuse;
	uint64_t accounts;         /* attacked ones whose newcomers got a limit */
	uint64_t accounts_watched; /* likewise that got none: monitor mode, or no `account` */
	uint64_t full;             /* not banned, or not penalised: the table is full */
};

/* A file of `lists`, or of a zone's sources. */
struct metrics_list {
	const char *file;
	uint64_t entries; /* that hold now */
	uint64_t wrong;   /* lines that are left out */
	uint64_t taken;   /* seconds since 1970 */
	bool kept;        /* the file as it is now is not in force */
};

/* What became of the events that another program was to get. */
struct export_counts {
	uint64_t sent;
	uint64_t suppressed; /* over the budget */
	uint64_t failed;     /* nobody was there to take them */
};

/* What became of the calls of one hook. */
struct hook_counts {
	uint64_t by[HOOK_OUTCOMES];
};

/* Data of the agent beside the maps. Nothing here takes a walk over a table. */
struct metrics_source {
	const struct state *state;
	const struct policy *policy;
	uint64_t generation;
	uint64_t events; /* told to user space since the agent started */
	uint64_t reload_failures;
	size_t interfaces_missing;
	bool observed;    /* some rule needs the observer */
	size_t tuned;     /* values that are not those of the policy file */
	long bans;        /* that hold, when they were last counted; -1: not yet */
	long ban_entries; /* of the table of bans, likewise: allowed and remembered ones, too */
	time_t started;   /* of the agent */
	uint64_t exporter_ends; /* of the exporter's process, by itself */
	const struct behaviour_counts *behaviour;
	uint64_t round_ns;       /* processor time of the longest round of the agent's loop */
	const uint64_t *repairs; /* by enum repair */
	const struct metrics_list *lists;
	size_t list_count;
	const struct export_counts *log, *hep;
	const struct hook_counts *hooks; /* by enum hook */
	const uint64_t *closed;          /* connections closed, by reason; NULL: none ever are */
};

/* The exposition text (Prometheus text format 0.0.4), owned by the caller. NULL and *e. */
char *metrics_render(const struct metrics_source *source, struct error *e);

#endif
