/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/question.h"

#include <string.h>
#include <strings.h>

int go_on(bool yes, const char *what, const char *command, struct error *e)
{
	char answer[16];

	if (yes)
		return 0;
	if (!isatty(STDIN_FILENO))
		return fail(e, EXIT_USAGE,
			    "%s; nothing was changed, because no terminal can be asked: to do it, "
			    "run: sipward %s --yes",
			    what, command);
	fprintf(stderr, "%s. Go on? [y/N] ", what);
	if (fgets(answer, sizeof(answer), stdin)) {
		answer[strcspn(answer, "\r\n")] = '\0';
		if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
			return 0;
	}
	return fail(e, EXIT_FAILED, "%s: nothing was changed", command);
}
