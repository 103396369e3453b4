/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "export/hook_process.h"
#include "export/http.h"
#include "export/process.h"
#include "kernel/sandbox.h"

static const struct command *const commands[] = {
	&command_run,     &command_check,   &command_diff,   &command_apply,  &command_confirm,
	&command_tune,    &command_status,  &command_top,    &command_stats,  &command_events,
	&command_capture, &command_explain, &command_audit,  &command_ban,    &command_allow,
	&command_lists,   &command_who,     &command_doctor, &command_detach, &command_version,
};

static void print_help(FILE *out)
{
	fputs("sipward protects the SIP server on this host: it drops hostile packets in the NIC's "
	      "driver,\nand tells why.\n\nUsage: sipward COMMAND [OPTIONS]\n\n",
	      out);
	for (size_t i = 0; i < array_size(commands); i++)
		fprintf(out, "  %-8s  %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n`sipward COMMAND --help` tells more. Exit codes: 0 done, 1 failed, 2 wrong usage, "
	      "3 wrong policy,\n4 missing privilege, 5 interface, 6 not running.\n",
	      out);
}

static const struct command *find_command(const char *name, struct error *e)
{
	const char *names[array_size(commands) + 1] = {};
	const char *near;

	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		return &command_version;
	if (*name == '-') {
		fail(e, EXIT_USAGE,
		     "'%s': write options after the command, as in sipward status "
		     "-j; see: sipward --help",
		     name);
		return NULL;
	}
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

/* The output of a command may be evidence: half of it must not look like all of it. */
static int run_command(const struct command *command, int argc, char **argv, struct error *e)
{
	int done = command->run(command, argc, argv, e);

	/* A command that printed why it failed, as JSON, has no text left to say. */
	if (e->text[0])
		return -1;
	if (done < 0) {
		enum exit_code code = e->code;

		e->code = EXIT_OK;
		finish_output(command->name, e);
		e->code = code ? code : EXIT_FAILED;
		return -1;
	}
	return finish_output(command->name, e);
}

/* An error text may contain names and texts that others chose. */
static void print_error(const struct error *e)
{
	auto_free char *text = xasprintf("%s%s", SAY_ERROR, e->text);

	if (*e->text)
		log_write(text);
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* A file that is opened must not get the number of an output that was closed: messages would be
 * written into it. A write to these descriptors fails. */
static void fill_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	const struct command *command;
	struct error e = {};

	if (argc > 0 && strcmp(argv[0], EXPORTER_PROCESS) == 0)
		return http_process();
	if (argc > 0 && strcmp(argv[0], HOOK_PROCESS) == 0)
		return hook_process(argc, argv);
	fill_standard_files();
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (is_help(argv[1])) {
		print_help(stdout);
		if (finish_output("help", &e) == 0)
			return EXIT_OK;
	} else {
		command = find_command(argv[1], &e);
		if (command && run_command(command, argc - 1, argv + 1, &e) == 0)
			return EXIT_OK;
	}
	print_error(&e);
	return e.code ? e.code : EXIT_FAILED;
}
