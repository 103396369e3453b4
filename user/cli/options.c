/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/options.h"

#include "cli/cli.h"

#include <errno.h>
#include <string.h>

#include "export/json.h"

#define OPTIONS_MAX 16 /* of one command */

static const struct option help_only[] = {{"help", no_argument, NULL, 'h'}, {}};

/* A letter that nobody knows, a long name that nobody knows, or a value where none is wanted. */
static int fail_option(const struct command *self, const char *word, const struct option *options,
		       struct error *e)
{
	const char *names[OPTIONS_MAX + 1] = {}, *near;
	auto_free char *typed = NULL;

	for (size_t i = 0; i < OPTIONS_MAX && options[i].name; i++) {
		if (optopt && options[i].val == optopt)
			return fail(e, EXIT_USAGE,
				    "%s: --%s takes no value; see: sipward %s --help", self->name,
				    options[i].name, self->name);
		names[i] = options[i].name;
	}
	if (optopt)
		return fail(e, EXIT_USAGE, "%s: there is no option -%c; see: sipward %s --help",
			    self->name, optopt, self->name);
	typed = xasprintf("%.*s", (int)strcspn(word, "="), word);
	near = nearest_word(typed + strspn(typed, "-"), names);
	return fail(e, EXIT_USAGE, "%s: there is no option %s%s%s%s; see: sipward %s --help",
		    self->name, typed, near ? ", did you mean --" : "", near ?: "", near ? "?" : "",
		    self->name);
}

int finish_output(const char *command, struct error *e)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	return fail(e, EXIT_FAILED, "%s: the output could not be written: %s", command,
		    errno ? strerror(errno) : "a part of it is lost");
}

int unknown_word(const char *where, const char *word, const char *const *words, struct error *e)
{
	const char *near = nearest_word(word, words);
	auto_free char *all = xstrdup("");

	if (near)
		return fail(e, EXIT_USAGE, "%s: '%s' is not known, did you mean %s?", where, word,
			    near);
	for (; *words; words++) {
		auto_free char *before = all;

		all = xasprintf("%s%s%s", before, *words,
				!words[1] ? "" :
				words[2]  ? ", " :
					    " or ");
	}
	return fail(e, EXIT_USAGE, "%s: '%s' is not known; it is %s", where, word, all);
}

int next_option(const struct command *self, int argc, char **argv, const char *letters,
		const struct option *options, struct error *e)
{
	char with_help[64];
	int letter;

	snprintf(with_help, sizeof(with_help), ":h%s", letters);
	opterr = 0;
	letter = getopt_long(argc, argv, with_help, options ? options : help_only, NULL);
	if (letter == 'h') {
		printf("sipward %s: %s\n\n%s", self->name, self->summary, self->help);
		if (finish_output(self->name, e) < 0)
			return -2;
		exit(EXIT_OK);
	}
	if (letter == ':')
		fail(e, EXIT_USAGE, "%s: %s needs a value; see: sipward %s --help", self->name,
		     argv[optind - 1], self->name);
	else if (letter == '?')
		fail_option(self, argv[optind - 1], options ? options : help_only, e);
	return letter == ':' || letter == '?' ? -2 : letter;
}

/* The operands behind the options are left from optind on. */
static int read_json(const struct command *self, int argc, char **argv, bool *json, struct error *e)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {}};
	int letter;

	*json = false;
	while ((letter = next_option(self, argc, argv, "j", options, e)) >= 0)
		*json = true;
	return letter == -2 ? -1 : 0;
}

int only_json(const struct command *self, int argc, char **argv, bool *json, struct error *e)
{
	if (read_json(self, argc, argv, json, e) < 0)
		return -1;
	if (optind < argc)
		return fail(e, EXIT_USAGE, "%s: unexpected argument '%s'; see: sipward %s --help",
			    self->name, argv[optind], self->name);
	return 0;
}

const char *only_policy(const struct command *self, int argc, char **argv, bool *json,
			struct error *e)
{
	if (read_json(self, argc, argv, json, e) < 0)
		return NULL;
	if (optind == argc - 1)
		return argv[optind];
	fail(e, EXIT_USAGE, "%s: name one policy file; see: sipward %s --help", self->name,
	     self->name);
	return NULL;
}

void print_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_STYLE));
}
