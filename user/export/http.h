/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The HTTP side of the exporter: GET /metrics, nothing else. It is a process of its own, which
 * holds a listening socket and a channel to the agent, and no more: no map, no file, no
 * privilege. It asks over the channel for a page when somebody asked for one, keeps the page for
 * a second, and answers from it.
 */
#ifndef SIPWARD_EXPORT_HTTP_H
#define SIPWARD_EXPORT_HTTP_H

#include <stdint.h>

#include "base/base.h"

/* Descriptors that the process starts with, beside the standard ones. */
#define HTTP_LISTENER 3
#define HTTP_CHANNEL  4

/* The messages on the channel, a packet each: HTTP_ASK from the process; from the agent HTTP_PAGE
 * with a descriptor of the text beside it, or HTTP_FAILED and why there is no page. */
#define HTTP_ASK    'a'
#define HTTP_PAGE   'p'
#define HTTP_FAILED 'f'

#define HTTP_PAGE_MAX (64u << 20) /* octets */

struct http_limits {
	unsigned int connections; /* at a time; above that, the oldest are closed */
	unsigned int of_a_peer;   /* likewise, of one IPv4 address or one IPv6 /64 */
	uint64_t grace;           /* nanoseconds that a connection has before that, however many
				    * there are: time to send a request and to be answered */
	uint64_t request;         /* nanoseconds from the connection to the end of its request */
	uint64_t answer;          /* likewise, from there to the end of the answer */
	uint64_t fresh;           /* age of a page that is sent without asking for a newer one */
	uint64_t page_timeout;    /* how long a request waits for a page */
	uint64_t stale;           /* age of a page that is sent when no newer one came */
};

#define HTTP_CONNECTIONS_MAX \
	256 /* with those above the limits that have their grace; others wait
				  * until they are accepted */

extern const struct http_limits http_limits;

/* Serves until the channel is closed. 0; or -1 when the server cannot be started. `ready` (may
 * be NULL) is called before the first request is read; a result below 0 ends all. */
int http_serve(int listener, int channel, const struct http_limits *limits, int (*ready)(void));

#endif
