/* SPDX-License-Identifier: GPL-2.0-only
 *
 * "Go on?", before something is deleted.
 */
#ifndef SIPWARD_CLI_QUESTION_H
#define SIPWARD_CLI_QUESTION_H

#include "base/base.h"

/* Asks on the terminal: 0 when the answer is yes, or `yes` was given. -1 and *e when it is no, and
 * when nobody can be asked. `command` is how to say it with --yes. */
int go_on(bool yes, const char *what, const char *command, struct error *e);

#endif
