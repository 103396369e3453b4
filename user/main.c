/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "export/http.h"
#include "kernel/sandbox.h"

static const struct command *const commands[] = {
	&command_run, &command_check, &command_diff, &command_apply, &command_confirm,
	&command_tune, &command_status, &command_top, &command_stats, &command_events,
	&command_capture, &command_explain, &command_audit, &command_ban, &command_allow,
	&command_doctor, &command_detach, &command_version,
};

static void print_help(FILE *out)
{
	fputs("sipward protects the SIP server on this host: it drops hostile packets in the NIC's "
	      "driver,\nand tells why.\n\nUsage: sipward COMMAND [OPTIONS]\n\n", out);
	for (size_t i = 0; i < array_size(commands); i++)
		fprintf(out, "  %-8s  %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n`sipward COMMAND --help` tells more. Exit codes: 0 done, 1 failed, 2 wrong usage, "
	      "3 wrong policy,\n4 missing privilege, 5 interface, 6 not running.\n", out);
}

static const struct command *find_command(const char *name, struct error *e)
{
	const char *names[array_size(commands) + 1] = {};
	const char *near;

	for (size_t i = 0; i < array_size(commands); i++) {
		names[i] = commands[i]->name;
		if (strcmp(names[i], name) == 0)
			return commands[i];
	}
	near = nearest_word(name, names);
	fail(e, EXIT_USAGE, "there is no command '%s'%s%s%s; see: sipward --help", name,
	     near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
	return NULL;
}

/* What was asked for may be evidence: half of it must not look like all of it. */
static int run_command(const struct command *command, int argc, char **argv, struct error *e)
{
	if (command->run(command, argc, argv, e) < 0)
		return -1;
	if (fflush(stdout) || ferror(stdout))
		return fail(e, EXIT_FAILED, "%s: the output could not be written: %s",
			    command->name, strerror(errno));
	return 0;
}

int main(int argc, char **argv)
{
	const struct command *command;
	struct error e = {};

	if (argc > 0 && strcmp(argv[0], EXPORTER_PROCESS) == 0)
		return http_process();
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return EXIT_OK;
	}
	command = find_command(strcmp(argv[1], "--version") == 0 ? "version" : argv[1], &e);
	if (command && run_command(command, argc - 1, argv + 1, &e) == 0)
		return EXIT_OK;
	if (e.text[0])
		fprintf(stderr, "sipward: %s\n", e.text);
	return e.code ? e.code : EXIT_FAILED;
}
