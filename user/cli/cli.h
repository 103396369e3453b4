/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The commands of the one binary: each is defined in a file of its own, and has an entry in the
 * table of main.c.
 */
#ifndef SIPWARD_CLI_CLI_H
#define SIPWARD_CLI_CLI_H

#include "base/base.h"

struct command {
	const char *name;
	const char *summary; /* one line of `sipward --help` */
	const char *help;    /* all of `sipward NAME --help`, behind the summary */
	/* 0, or -1 and *e. argv[0] is the command's name. */
	int (*run)(const struct command *self, int argc, char **argv, struct error *e);
};

extern const struct command command_run, command_check, command_status, command_stats, command_ban,
	command_events, command_explain, command_detach, command_version, command_tune,
	command_apply, command_confirm, command_diff, command_doctor, command_allow, command_top,
	command_capture, command_audit, command_who, command_lists;

#endif
