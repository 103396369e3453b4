/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/repair_kinds.h"

static const struct {
	const char *name, *text;
} repairs[REPAIR_COUNT] = {
	[REPAIR_LINK] = {"link", "the program was not attached; it is attached again"},
	[REPAIR_PROGRAM] = {"program", "another program had replaced the one of the link; ours is "
				       "restored"},
	[REPAIR_PIN] = {"pin", "pins were removed; they are restored"},
	[REPAIR_NAME] = {"name", "the interface was renamed; it is protected as before"},
	[REPAIR_OBSERVER] = {"observer", "the observer was missing; it is attached again"},
	[REPAIR_LOCK] = {"lock", "a directory, lock or socket was removed; it is restored"},
};

const char *repair_name(enum repair repair)
{
	return repair < REPAIR_COUNT ? repairs[repair].name : "unknown";
}

const char *repair_text(enum repair repair)
{
	return repair < REPAIR_COUNT ? repairs[repair].text : "unknown";
}
