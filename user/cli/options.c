/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/cli.h"

#include <string.h>

#include "export/json.h"

static const struct option help_only[] = {{"help", no_argument, NULL, 'h'}, {}};

int next_option(const struct command *self, int argc, char **argv, const char *letters,
		const struct option *options, struct error *e)
{
	char with_help[64];
	int letter;

	snprintf(with_help, sizeof(with_help), "+:h%s", letters);
	opterr = 0;
	letter = getopt_long(argc, argv, with_help, options ? options : help_only, NULL);
	if (letter == 'h') {
		printf("sipward %s: %s\n\n%s", self->name, self->summary, self->help);
		exit(EXIT_OK);
	}
	if (letter == ':')
		fail(e, EXIT_USAGE, "%s: %s wants a value; see: sipward %s --help", self->name,
		     argv[optind - 1], self->name);
	else if (letter == '?')
		fail(e, EXIT_USAGE, "%s: there is no option %s; see: sipward %s --help", self->name,
		     argv[optind - 1], self->name);
	return letter == ':' || letter == '?' ? -2 : letter;
}

int only_json(const struct command *self, int argc, char **argv, bool *json, struct error *e)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {}};
	int letter;

	*json = false;
	while ((letter = next_option(self, argc, argv, "j", options, e)) >= 0)
		*json = true;
	if (letter == -2)
		return -1;
	if (optind < argc)
		return fail(e, EXIT_USAGE, "%s: '%s' is not wanted; see: sipward %s --help", self->name,
			    argv[optind], self->name);
	return 0;
}

void print_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_STYLE));
}
