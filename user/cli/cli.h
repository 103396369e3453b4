/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The commands of the one binary. Each has a file of its own and an entry in the table of
 * main.c; what commands share (options, tables of text) is here.
 */
#ifndef SIPWARD_CLI_CLI_H
#define SIPWARD_CLI_CLI_H

#include <getopt.h>
#include <json-c/json.h>

#include "base/base.h"

struct command {
	const char *name;
	const char *summary;     /* one line of `sipward --help` */
	const char *help;        /* all of `sipward NAME --help`, behind the summary */
	/* 0, or -1 and *e. argv[0] is the command's name. */
	int (*run)(const struct command *self, int argc, char **argv, struct error *e);
};

extern const struct command command_run, command_check, command_status, command_stats,
	command_ban, command_events, command_explain, command_detach, command_version,
	command_tune, command_apply, command_confirm, command_diff, command_doctor, command_allow,
	command_top, command_capture, command_audit;

/* getopt_long that fails in words. Every command takes -h/--help (printed here, exit 0) and
 * those in `options` (short letters with ':' as in getopt; long may be NULL). Options may stand
 * anywhere; behind "--" there are none. Returns the option's letter, -1 when there are no more,
 * with the operands from optind on, or -2 and *e. */
int next_option(const struct command *self, int argc, char **argv, const char *letters,
		const struct option *options, struct error *e);

/* Most commands take only -j. 0, or -1 and *e. */
int only_json(const struct command *self, int argc, char **argv, bool *json, struct error *e);

/* Others take -j and one policy file: its path, out of argv, or NULL and *e. */
const char *only_policy(const struct command *self, int argc, char **argv, bool *json,
			struct error *e);

/* What a command works on that takes -p: the policy at `path`, or without one that of the running
 * agent with what is tuned in it, or the embedded one when none runs (said on stderr, as "`doing`
 * by the embedded policy"). 0, or -1 and *e. Owned by the caller. */
struct edition;
int edition_of(const char *path, const char *doing, struct edition *edition, struct error *e);

/* 0 when all of the output was taken; -1 and *e when the disk is full or nobody reads. */
int finish_output(const char *command, struct error *e);

/* Fails: a word of the command line that is not among `words`, with the nearest of them. */
int unknown_word(const char *where, const char *word, const char *const *words, struct error *e);

/* Prints the object on one line. */
void print_json(struct json_object *o);

/* Sends the agent one command, with arguments (taken over) or NULL, and returns its answer,
 * owned by the caller; NULL and *e when no agent runs (EXIT_NOT_RUNNING) or it refused. */
struct json_object *ask_agent(const char *command, struct json_object *args, struct error *e);

/* Prints what is tuned in one line: an entry of the agent's "tuned". */
void print_deviation(struct json_object *o);

/* The text of a member; NULL when it is null or missing. */
const char *text_of(struct json_object *o, const char *key);

#endif
