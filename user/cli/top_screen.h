/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The live screen of `sipward top`, and its keys.
 */
#ifndef SIPWARD_CLI_TOP_SCREEN_H
#define SIPWARD_CLI_TOP_SCREEN_H

#include "export/top_collect.h"

/* Until `q`, the end of the terminal, or an error. */
int top_screen(struct top_collector *collector, struct error *e);

#endif
