/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The HTTP side of the exporter: GET /metrics, nothing else. Runs inside the agent's loop, so
 * a request sees a consistent agent.
 */
#ifndef SIPWARD_EXPORT_HTTP_H
#define SIPWARD_EXPORT_HTTP_H

#include <stdint.h>

#include "base/base.h"

struct http {
	struct MHD_Daemon *daemon; /* NULL: not listening */
	char *(*render)(void *context, struct error *e);
	void *context;
};

/* Listens on the numeric address; `render` makes the page. Port 0: does nothing. */
int http_open(struct http *http, const char *host, uint16_t port, struct error *e);
void http_close(struct http *http);

/* Readable when there is something to do: http_run(). -1 when not listening. */
int http_fd(const struct http *http);
void http_run(struct http *http);

#endif
