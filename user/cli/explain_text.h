/* SPDX-License-Identifier: GPL-2.0-only
 *
 * An explanation for a person.
 */
#ifndef SIPWARD_CLI_EXPLAIN_TEXT_H
#define SIPWARD_CLI_EXPLAIN_TEXT_H

#include "cli/explain.h"

/* Prints the steps, the rule, and the offending line. */
void explain_text(const struct explanation *x);

#endif
