/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/table_sizes.h"

uint32_t state_table_size(enum state_map map, const struct tables *tables)
{
	switch (map) {
	case STATE_BANS:
		return tables->bans;
	case STATE_SOURCES:
		return way_lines(tables->sources);
	case STATE_PREFIXES:
		return way_lines(tables->prefixes);
	case STATE_FRAGMENTS:
	case STATE_OTHER_FRAGMENTS:
		return tables->fragments;
	case STATE_QUOTAS:
		return 2 * tables->known;
	case STATE_KNOWN:
	case STATE_KNOWN_CELLS:
	case STATE_GOODS:
		return tables->known;
	case STATE_PROOFS:
	case STATE_SENT_TAGS:
		return tables->proofs;
	case STATE_BRANCHES:
		return tables->branches;
	case STATE_SIGHTS:
		return tables->sights;
	case STATE_OPENINGS:
		return tables->openings;
	case STATE_DIALOGS:
	case STATE_TRANSACTIONS:
	case STATE_ASKS:
		return tables->dialogs;
	case STATE_LOOPS:
		return tables->loops;
	case STATE_CALLERS:
		return tables->callers;
	case STATE_STRANGERS:
		return way_lines(tables->callers);
	default:
		return 0;
	}
}
