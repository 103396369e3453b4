/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/table_sizes.h"

uint32_t state_table_size(enum state_map map, const struct tables *tables)
{
	switch (map) {
	case STATE_BANS:
		return tables->entries[TABLE_BANS];
	case STATE_SOURCES:
		return way_lines(tables->entries[TABLE_SOURCES]);
	case STATE_PREFIXES:
		return way_lines(tables->entries[TABLE_PREFIXES]);
	case STATE_FRAGMENTS:
	case STATE_OTHER_FRAGMENTS:
		return tables->entries[TABLE_FRAGMENTS];
	case STATE_QUOTAS:
		return 2 * tables->entries[TABLE_KNOWN];
	case STATE_KNOWN:
	case STATE_KNOWN_CELLS:
	case STATE_AUTHENTICATED:
		return tables->entries[TABLE_KNOWN];
	case STATE_PROOFS:
	case STATE_SENT_TAGS:
		return tables->entries[TABLE_PROOFS];
	case STATE_BRANCHES:
		return tables->entries[TABLE_BRANCHES];
	case STATE_GREYLIST:
		return tables->entries[TABLE_GREYLIST];
	case STATE_OPENINGS:
		return tables->entries[TABLE_OPENINGS];
	case STATE_DIALOGS:
	case STATE_TRANSACTIONS:
	case STATE_ASKS:
		return tables->entries[TABLE_DIALOGS];
	case STATE_LOOPS:
		return tables->entries[TABLE_LOOPS];
	case STATE_DIALERS:
		return tables->entries[TABLE_DIALERS];
	case STATE_UNPROVEN_DIALERS:
		return way_lines(tables->entries[TABLE_DIALERS]);
	default:
		return 0;
	}
}
