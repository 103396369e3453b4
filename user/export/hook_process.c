/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/hook_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/log.h"
#include "export/hook_runner.h"
#include "kernel/privilege.h"

int hook_process(int argc, char **argv)
{
	static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};
	struct error e = {};

	/* It ends with its channel: a signal to the whole service is for the agent. */
	for (size_t i = 0; i < array_size(ignored); i++)
		signal(ignored[i], SIG_IGN);
	prctl(PR_SET_NAME, HOOK_PROCESS);
	close_range(HOOK_CHANNEL + 1, ~0u, 0);
	fcntl(HOOK_CHANNEL, F_SETFD, FD_CLOEXEC);
	if (argc < 3)
		return EXIT_USAGE;
	if (privilege_drop_to(argv[1], &e) < 0) {
		auto_free char *text = xasprintf("%shooks cannot be run: %s", SAY_ERROR, e.text);

		log_write(text);
		return EXIT_FAILED;
	}
	return hook_serve(HOOK_CHANNEL, argv + 2, argc - 2, &hook_limits) < 0 ? EXIT_FAILED :
										EXIT_OK;
}
