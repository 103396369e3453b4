/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/process.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "base/log.h"
#include "export/http.h"
#include "kernel/privilege.h"
#include "kernel/sandbox.h"

#define NICE 10 /* behind the SIP server, when both want the processor */

/* It ends with its channel: a signal to the whole group, or to the whole service, is for the
 * agent, which may still have to say something. */
static void ignore_signals(void)
{
	static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};

	for (size_t i = 0; i < array_size(ignored); i++)
		signal(ignored[i], SIG_IGN);
}

/* Nothing may be written to a file, and no process may be made. */
static void limit_resources(void)
{
	static const struct {
		int resource;
		rlim_t most;
	} limits[] = {
		{RLIMIT_NOFILE, HTTP_CONNECTIONS_MAX + 32},
		{RLIMIT_FSIZE, 0},
		{RLIMIT_NPROC, 0},
		{RLIMIT_CORE, 0},
	};

	for (size_t i = 0; i < array_size(limits); i++) {
		const struct rlimit limit = {limits[i].most, limits[i].most};

		setrlimit(limits[i].resource, &limit);
	}
}

/* The last thing that is said goes to the log; then that is gone, too. */
static int confine(void)
{
	struct error e = {};
	auto_fd int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	limit_resources();
	/* The Date of an answer makes the C library read its time zone, once. */
	setenv("TZ", "UTC0", 1);
	tzset();
	if (privilege_drop_all(&e) < 0 || sandbox_exporter(&e) < 0) {
		auto_free char *text =
			xasprintf("%sthe exporter cannot start: %s", SAY_ERROR, e.text);

		log_write(text);
		return -1;
	}
	dup2(nowhere, STDERR_FILENO);
	return 0;
}

int http_process(void)
{
	ignore_signals();
	prctl(PR_SET_NAME, EXPORTER_PROCESS);
	close_range(HTTP_CHANNEL + 1, ~0u, 0);
	setpriority(PRIO_PROCESS, 0, NICE);
	return http_serve(HTTP_LISTENER, HTTP_CHANNEL, &http_limits, confine) < 0 ? EXIT_FAILED :
										    EXIT_OK;
}
