/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Code that commands share: for their options and operands, and for their output.
 */
#ifndef SIPWARD_CLI_OPTIONS_H
#define SIPWARD_CLI_OPTIONS_H

#include <getopt.h>
#include <json-c/json.h>

#include "cli/cli.h"

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

/* 0 when all of the output was taken; -1 and *e when the disk is full or nobody reads. */
int finish_output(const char *command, struct error *e);

/* Fails: a word of the command line that is not among `words`, with the nearest of them. */
int unknown_word(const char *where, const char *word, const char *const *words, struct error *e);

/* Prints the object on one line. */
void print_json(struct json_object *o);

#endif
